#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl doctor and the hosts: a healthy network has nothing, with and without a daemon; and each thing
# that can be wrong with a node is found when it is.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/doctor.sh
. "$LIB_DIR/doctor.sh"
test_begin_xlb "$0" "$@"

# As the doctor writes it.
VIP6_TEXT=2001:db8::2

network_up two-arm
servers_start

CONF=$(web_conf web "3 4 5 6" "mode roundrobin")
check_healthy "without a daemon"
xlbd_start "$CONF"
CONF=
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 10 hosts_up "$v"
done
check_healthy "with a daemon"
check "its exit status is 0" ctl doctor
check_match "in words" '^[0-9]+ tests: 0 errors, 0 warnings, 0 notes$' "$(ctl doctor)"

ip -n node5 address del "$VIP4/32" dev lo
check_finds "a node without the VIP" "error vip: host $(node4 5) does not answer for $VIP4"
check_fails "the exit status says so" ctl doctor
check_match "and the text what to do" "^    do: .*xlbctl node-setup $(node4 5) " "$(ctl doctor || true)"
ip -n node5 address add "$VIP4/32" dev lo

ip -n node5 address del "$VIP6/128" dev lo
check_finds "IPv6: a node without the VIP" "error vip: host $(node6 5) does not answer for $VIP6_TEXT"
ip -n node5 address add "$VIP6/128" dev lo nodad

ns node4 sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.lo.arp_ignore=1
check_finds "a node that answers ARP for the VIP, with conf.lo set" \
	"warning arp: host $(node4 4) answers ARP for $VIP4 on em0"
ns node4 sysctl -qw net.ipv4.conf.all.arp_ignore=1

# Without an answer it asks again and again, each time as the VIP.
ns node4 sysctl -qw net.ipv4.conf.all.arp_announce=0
start_in node4 "$RUN/ping.log" ping -q -i 0.2 -I "$VIP4" 192.168.1.99
check_finds "a node that announces the VIP" "warning arp: host $(node4 4) announces $VIP4"
stop_process "$STARTED"
ns node4 sysctl -qw net.ipv4.conf.all.arp_announce=2

ip -n node4 address add "$VIP6/128" dev "$NODE_IF" nodad
check_finds "IPv6: a node that has the VIP on its interface" \
	"warning arp: host $(node6 4) answers neighbour solicitations for $VIP6_TEXT"
ip -n node4 address del "$VIP6/128" dev "$NODE_IF"

ip -n router address add "$VIP4/32" dev lan1
check_finds "somebody else has the VIP" "error arp: $(mac_of router lan1) on em0 says .* $VIP4, and so does this box"
ip -n router address del "$VIP4/32" dev lan1

ip -n node6 link set "$NODE_IF" mtu 1400
check_finds "a node with a smaller MTU" "warning mtu: host $(node4 6): packets of 1500 bytes"
ip -n node6 link set "$NODE_IF" mtu 1500

ns node6 nft -f - <<-EOF
	table inet filter {
		chain input {
			type filter hook input priority 0
			ip daddr $VIP4 tcp dport 443 reject with tcp reset
			ip6 daddr $VIP6 tcp dport 443 drop
		}
	}
EOF
check_finds "a node that refuses connections to the VIP" \
	"error port: host $(node4 6) has $VIP4, but refuses connections to port 443"
check_finds "a node that does not answer connections to the VIP" \
	"error port: host $(node6 6) has $VIP6_TEXT, but does not answer on port 443"
ns node6 nft delete table inet filter

ip -n node3 link set "$NODE_IF" down
check_finds "a node that is gone" "error neighbour: host $(node4 3): ARP has no answer on em0"
ip -n node3 link set "$NODE_IF" up
ip -n node3 address replace "$(node6 3)/64" dev "$NODE_IF" nodad
check_healthy "all in order again"
xlbd_stop

finish
