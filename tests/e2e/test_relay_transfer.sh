#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Much data through a relay, both directions, four streams: every byte arrives and is counted, no
# checksum is wrong, nobody repeats itself; with the interfaces' offloads on and off. Then paths with
# a smaller MTU, before and behind the LB.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

command -v iperf3 >/dev/null || skip "programs missing: iperf3 (see tests/packages)"

SECONDS_EACH=3

network_up two-arm
servers_start
make_document big 5
for v in 4 6; do
	cat <<-EOF
		table <nodes$v> { $(node$v 3) }
		relay "iperf$v" {
			listen on $(vip $v) port 5201
			forward to <nodes$v> port 5201 mode roundrobin
		}
		relay "web$v" {
			listen on $(vip $v) port 80
			forward to <nodes$v> port 80 mode roundrobin
		}
	EOF
done >"$RUN/transfer.conf"
xlbd_start "$RUN/transfer.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done
start_in node3 "$RUN/iperf3.log" iperf3 -s
wait_for 10 node_listens 3 5201 || die "no iperf3 server"

# The ends of all cables between client and node.
offloads() # on|off
{
	local end
	for end in client:eth0 router:wan router:lan0 router:lan1 lb:em1 lb:em0 switch:sw-lb \
		switch:sw-router switch:sw-node3 node3:eth0; do
		ns "${end%:*}" ethtool -K "${end#*:}" tx "$1" tso "$1" gso "$1" gro "$1" \
			>/dev/null 2>&1 || true
	done
}

# iperf VERSION DIRECTION: the sum in bytes of what was sent, of what arrived, and retransmissions.
iperf()
{
	local reverse=() address=$VIP4
	[ "$2" = up ] || reverse=(-R)
	[ "$1" = 4 ] || address=$VIP6
	ns client iperf3 -J -c "$address" -P 4 -t "$SECONDS_EACH" "${reverse[@]}" \
		>"$RUN/iperf.json" || return
	jq -r '.end | "\(.sum_sent.bytes) \(.sum_received.bytes) \(.sum_sent.retransmits)"' \
		"$RUN/iperf.json"
}

# agrees SENT RECEIVED REPEATED COUNTED: is that what was counted? At the end some is under way.
agrees()
{
	[ "$4" -ge "$2" ] && [ "$4" -le $(($1 + $1 / 15 + $3 * 1500 + 100000)) ]
}

for state in off on; do
	offloads $state
	for v in 4 6; do
		for direction in up down; do
			name="IPv$v $direction, offloads $state"
			from=$(bad_checksums client) from3=$(bad_checksums node3)
			case $direction in
			up) counted=bytes_in ;;
			down) counted=bytes_out ;;
			esac
			earlier=$(sessions_ports "iperf$v")
			if ! read -r sent received repeated < <(iperf "$v" "$direction"); then
				fail "$name: iperf3" "$(jq -r .error "$RUN/iperf.json")"
				continue
			fi
			through=$(sessions_sum "iperf$v" "$counted" "$earlier")
			diag "$name: $((received / SECONDS_EACH / 125000)) Mbit/s, $repeated repeated"
			check_at_least "$name: data arrives" 10000000 "$received"
			# In what is counted are IP and TCP headers (at most 72 of 1448 bytes), and what
			# was sent again; how much of that is lost again behind the LB is not known.
			check "$name: show sessions has counted the same bytes" \
				agrees "$sent" "$received" "$repeated" "$through"
			# A full queue of some cable loses segments now and then, on a busy machine more of
			# them; a wrong checksum or a split gone wrong has nearly all sent again.
			check_at_most "$name: not everything is sent twice" \
				$((received / 1448 / 4)) "$repeated"
			check_equal "$name: no bad checksum at the client" "$from" "$(bad_checksums client)"
			check_equal "$name: no bad checksum at the node" "$from3" "$(bad_checksums node3)"
		done
	done
done

# ---- smaller MTUs ----------------------------------------------------------------------------------
download() # 4|6
{
	web "$1" 0 big | sha256sum
}

push() # 4|6: puts the document, prints the sum of what arrived
{
	ns client curl -fsS --max-time 10 -T "$RUN/big" "http://$(public "$1")/upload/pushed" || return
	sha256sum <"$(node_dir 3)/html/upload/pushed"
	rm "$(node_dir 3)/html/upload/pushed"
}

sum=$(sha256sum <"$RUN/big")
for state in off on; do
	offloads $state
	ip -n router link set wan mtu 1300
	ip -n client link set eth0 mtu 1500
	for v in 4 6; do
		before=$(counter icmp_error)
		check_equal "IPv$v, offloads $state: replies arrive over a small link before the LB" "$sum" \
			"$(download $v)"
		check_at_least "IPv$v, offloads $state: the node was told" $((before + 1)) \
			"$(counter icmp_error)"
		# forgotten, for the next turn
		ns node3 ip route flush cache
		ns node3 ip -6 route flush cache
	done
	ip -n router link set wan mtu 1500
done

# Behind the LB: node3 moves behind another router, whose far link is small.
behind_router()
{
	netns_add inner
	ns inner sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	plug_into_switch inner lan sw-inner
	address inner lan 192.168.1.50/24 2001:db8:1::50/64
	netns_add far
	wire inner far0 far eth0
	address inner far0 10.9.0.1/24 2001:db8:9::1/64
	address far eth0 10.9.0.2/24 2001:db8:9::2/64
	route far default 10.9.0.1
	route far default 2001:db8:9::1
	route lb 10.9.0.0/24 192.168.1.50
	route lb 2001:db8:9::/64 2001:db8:1::50
	ip -n inner link set far0 mtu 1300
	start_in far "$RUN/far.log" nginx -p "$(node_dir 3)" -c nginx.conf -e far.log
}

far_answers()
{
	ns lb curl -fsS --max-time 2 -o /dev/null http://10.9.0.2/
}

server_stop 3
behind_router
wait_for 10 far_answers || die "no server behind the inner router: $(cat "$RUN/far.log")"
sed -i "s/$(node4 3)/10.9.0.2/; s/$(node6 3)/2001:db8:9::2/" "$RUN/transfer.conf"
ctl reload
wait_for 10 host_usable 10.9.0.2 || die "10.9.0.2 is not reached"
wait_for 10 host_usable 2001:db8:9::2 || die "2001:db8:9::2 is not reached"
for v in 4 6; do
	before=$(counter icmp_error)
	check_equal "IPv$v: requests arrive over a small link behind the LB" "$sum" "$(push $v)"
	check_at_least "IPv$v: the client was told" $((before + 1)) "$(counter icmp_error)"
	check_equal "IPv$v: replies from behind a router arrive" "$sum" "$(download $v)"
done

finish
