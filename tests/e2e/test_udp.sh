#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# UDP: nodes bound to the VIP answer the client directly, a flow stays with its node, and clients
# spread over all of them.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
for n in "${NODES[@]}"; do
	mkdir -p "$(node_dir "$n")"
	echo_start "$n" "$VIP4,$VIP6" 5300
done
for n in "${NODES[@]}"; do
	wait_for 10 node_listens "$n" 5300 || die "no server on node$n"
done

udp_conf() # MODE
{
	local v
	conf "udp-$1" < <(
		echo 'interval 1'
		echo 'timeout 500'
		for v in 4 6; do
			cat <<-EOF
				table <names$v> {
					$("node$v" 3) $("node$v" 4) $("node$v" 5) $("node$v" 6)
				}
				redirect "names$v" {
					listen on $(vip "$v") udp port 5300
					route to <names$v> port 5300 mode $1 check tcp interface em0
				}
			EOF
		done
	)
}

# flows 4|6 SIZE: five datagrams of at least SIZE on a flow of each of the client's addresses.
flows()
{
	local i sources=() target=$PUBLIC4
	[ "$1" = 4 ] || target=$PUBLIC6
	for ((i = 0; i < CLIENT_COUNT; i++)); do
		sources+=("$(client_address "$1" "$i")")
	done
	ns client "$PYTHON" "$LIB_DIR/../peers/udp_flows.py" "$target" 5300 5 "$2" \
		"${sources[@]}"
}

for mode in roundrobin source-hash; do
	xlbd_start "$(udp_conf "$mode")"
	for v in 4 6; do
		check_within "$mode, IPv$v: all nodes are up" 5 hosts_up "$v"
		capture_start replies switch sw-lb udp and src port 5300
		out=$(flows "$v" 10)
		capture_stop replies
		check_equal "$mode, IPv$v: every datagram of $CLIENT_COUNT flows is answered" \
			"$CLIENT_COUNT" "$(awk '$2 == 5' <<<"$out" | wc -l)"
		check_equal "$mode, IPv$v: a flow has one node" \
			"" "$(awk 'NF != 3' <<<"$out")"
		check_equal "$mode, IPv$v: all nodes are used" "node3 node4 node5 node6" \
			"$(awk '{ print $3 }' <<<"$out" | sort -u | paste -sd' ')"
		check_at_most "$mode, IPv$v: no node has more than twice its share" \
			$((2 * CLIENT_COUNT / ${#NODES[@]})) \
			"$(awk '{ print $3 }' <<<"$out" | sort | uniq -c | sort -rn |
				awk 'NR == 1 { print $1 }')"
		check_equal "$mode, IPv$v: no reply goes to the LB" 0 "$CAPTURED"

		out=$(flows "$v" 4000)
		check_equal "$mode, IPv$v: every datagram that takes three fragments is answered" \
			"$CLIENT_COUNT" "$(awk '$2 == 5' <<<"$out" | wc -l)"
		check_equal "$mode, IPv$v: a flow in fragments has one node" \
			"" "$(awk 'NF != 3' <<<"$out")"
	done
	ctl detach
	xlbd_stop
done

finish
