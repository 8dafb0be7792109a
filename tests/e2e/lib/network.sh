# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The founding network in namespaces:
#
#   client ---- router ------------ lb        client  203.0.113.10 (to .73), 2001:db8:cafe::10
#   (internet)    |      192.168.0   |        router  203.0.113.1, 192.168.0.1, 192.168.1.1
#                 |              em1 | em0    lb      em1 (vether0) 192.168.0.2, em0 192.168.1.2
#                 | 192.168.1        |        nodes   192.168.1.3 to .6, each with the VIP on lo
#                 +----- switch -----+
#                     |  |  |  |
#                   node3 ... node6
#
# The router forwards ports 80, 443 and 6443 (tcp) and 5300 (udp, tcp) of its public address to the
# VIP and is the nodes' default gateway: requests go client, router, lb, node, and replies go
# node, router, client. It does not masquerade, so the nodes see the client's address. IPv6
# is the same without port forwarding: the client talks to the VIP itself.
#
# Topologies: two-arm as drawn; one-arm, where the LB has em0 only and the VIP is an additional
# address there; routed, where the VIP is an address of no interface of the LB, and the router
# has a route for it.

NODES=(3 4 5 6)
NODE_IF=eth0

CLIENT4=203.0.113.10
CLIENT6=2001:db8:cafe::10
CLIENT_COUNT=64
ROUTER4=203.0.113.1

node4() { echo "192.168.1.$1"; }
node6() { echo "2001:db8:1::$1"; }

# The client's addresses, by index.
client4() { echo "203.0.113.$((10 + $1))"; }
client6() { printf '2001:db8:cafe::%x\n' "$((16 + $1))"; }

# Set by network_up for the topology: what is served, and what the client connects to.
VIP4='' VIP6='' PUBLIC4='' PUBLIC6=''

# The interface of the LB where the requests come in, and the router's that they come from.
LB_IN='' ROUTER_OUT=''

netns_add()
{
	ip netns add "$1"
	ip -n "$1" link set lo up
	ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}

# veth hands on unfinished checksums, and XDP forwards them as they are: the receiver would drop
# the packets. So every end finishes its own, the switch's ends, too.
plain_offloads()
{
	ns "$1" ethtool -K "$2" tx off >/dev/null
}

# wire NS1 IF1 NS2 IF2: a cable between two namespaces.
wire()
{
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
	plain_offloads "$1" "$2"
	plain_offloads "$3" "$4"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

address() # NS IF ADDRESS...
{
	local name=$1 dev=$2 a
	shift 2
	for a; do
		ip -n "$name" address add "$a" dev "$dev"
	done
}

route() # NS DESTINATION GATEWAY
{
	ip -n "$1" route add "$2" via "$3"
}

# The peer of an interface where XDP sends frames out; see xdp_pass.bpf.c.
accept_xdp_frames() # NS IF
{
	ip -n "$1" link set dev "$2" xdpdrv obj "$XDP_PASS_OBJ" sec xdp
}

switch_up()
{
	netns_add switch
	ip -n switch link add br0 type bridge stp_state 0 mcast_snooping 0
	ip -n switch link set br0 up
}

plug_into_switch() # NS IF PORT
{
	wire "$1" "$2" switch "$3"
	ip -n switch link set "$3" master br0
}

client_up()
{
	local i
	netns_add client
	wire client eth0 router wan
	for ((i = 0; i < CLIENT_COUNT; i++)); do
		printf 'address add %s/24 dev eth0\n' "$(client4 "$i")"
		printf 'address add %s/64 dev eth0 nodad\n' "$(client6 "$i")"
	done | ip -n client -batch -
	address router wan "$ROUTER4/24" 2001:db8:cafe::1/64
	route client default "$ROUTER4"
	route client default 2001:db8:cafe::1
}

router_up()
{
	netns_add router
	ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	client_up
	plug_into_switch router lan1 sw-router
	address router lan1 192.168.1.1/24 2001:db8:1::1/64
}

# Requests from outside go to the VIP; nothing is masqueraded.
port_forwarding() # ADDRESS
{
	ns router nft -f - <<-EOF
		table ip forwarding {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr $ROUTER4 tcp dport { 80, 443, 5300, 6443 } dnat to $1
				ip daddr $ROUTER4 udp dport 5300 dnat to $1
			}
		}
	EOF
}

node_up() # NUMBER
{
	local name=node$1
	netns_add "$name"
	# An address of lo must not be answered for or announced on the nodes' segment; the
	# kernel takes the larger value of "all" and the interface's own.
	# ndisc_notify: a new NIC announces its IPv6 address, as network managers do.
	ns "$name" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
		net.ipv6.conf.all.ndisc_notify=1 net.ipv6.conf.default.ndisc_notify=1
	node_nic "$1"
	ip -n "$name" address add "$VIP4/32" dev lo
	ip -n "$name" address add "$VIP6/128" dev lo nodad
}

# Plugs in a node's NIC; its MAC is a new one each time.
node_nic() # NUMBER
{
	local name=node$1
	plug_into_switch "$name" "$NODE_IF" "sw-$name"
	address "$name" "$NODE_IF" "$(node4 "$1")/24" "$(node6 "$1")/64"
	route "$name" default 192.168.1.1
	route "$name" default 2001:db8:1::1
}

# A node says something to its gateway soon: its ARP request for that is what the others learn
# from. Three times, as they believe a change no sooner than a second after the last one.
replace_nic() # NUMBER
{
	local i
	ip -n "node$1" link del "$NODE_IF"
	node_nic "$1"
	for i in 1 2 3; do
		ip -n "node$1" neigh flush dev "$NODE_IF"
		ns "node$1" ping -qc1 -W2 192.168.1.1 >/dev/null ||
			die "node$1 does not reach its gateway"
		[ "$i" = 3 ] || sleep 0.6
	done
}

mac_of() # NS IF
{
	ns "$1" ip -j link show dev "$2" | jq -r '.[0].address'
}

# The LB's arm in the nodes' segment.
lb_em0_up()
{
	netns_add lb
	plug_into_switch lb em0 sw-lb
	accept_xdp_frames switch sw-lb
	address lb em0 192.168.1.2/24 2001:db8:1::2/64
}

# The LB's arm towards the router.
lb_em1_up() # ADDRESS4 ADDRESS6
{
	wire lb em1 router lan0
	accept_xdp_frames router lan0
	ip -n lb link property add dev em1 altname vether0
	address router lan0 192.168.0.1/24 2001:db8:0::1/64
	address lb em1 "$1/24" "$2/64"
	route lb default 192.168.0.1
	route lb default 2001:db8:0::1
}

lb_two_arm()
{
	LB_IN=em1 ROUTER_OUT=lan0 VIP4=192.168.0.2 VIP6=2001:db8:0::2 PUBLIC4=$ROUTER4
	lb_em0_up
	lb_em1_up "$VIP4" "$VIP6"
}

lb_routed()
{
	LB_IN=em1 ROUTER_OUT=lan0 VIP4=198.51.100.7 VIP6=2001:db8:5::7 PUBLIC4=$VIP4
	lb_em0_up
	lb_em1_up 192.168.0.2 2001:db8:0::2
	route router "$VIP4/32" 192.168.0.2
	route router "$VIP6/128" 2001:db8:0::2
}

lb_one_arm()
{
	LB_IN=em0 ROUTER_OUT=lan1 VIP4=192.168.1.100 VIP6=2001:db8:1::100 PUBLIC4=$ROUTER4
	lb_em0_up
	address lb em0 "$VIP4/32"
	# Deprecated: else it is the source of what the LB itself asks the nodes, who take it for theirs.
	ip -n lb address add "$VIP6/128" dev em0 nodad preferred_lft 0
	route lb default 192.168.1.1
	route lb default 2001:db8:1::1
}

# network_up two-arm|one-arm|routed
network_up()
{
	local n
	switch_up
	router_up
	case $1 in
	two-arm) lb_two_arm ;;
	one-arm) lb_one_arm ;;
	routed) lb_routed ;;
	*) die "unknown topology: $1" ;;
	esac
	PUBLIC6=$VIP6
	[ "$PUBLIC4" = "$VIP4" ] || port_forwarding "$VIP4"
	for n in "${NODES[@]}"; do
		node_up "$n"
	done
}
