# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What must be true of every served port 443, whatever the topology, family or mode.

# Requests in a row, none of which may fail.
REQUESTS=100

# check_direct_return 4|6 MEGABYTES: requests and an upload succeed, the nodes see the client, and
# what they answer does not cross the LB.
check_direct_return()
{
	local v=$1 node mark=mark-$RANDOM
	make_file blob "$2"
	capture_start from-switch switch sw-lb src host "$(vip "$v")" and src port 443
	capture_start to-router router "$ROUTER_OUT" src host "$(vip "$v")" and src port 443 \
		and ether src "$(mac_of lb "$LB_IN")"

	node=$(get "$v" 1 "?$mark") || node="no answer"
	check_match "IPv$v: a request is answered by a node" '^node[3-6]$' "$node"
	case $node in
	node[3-6])
		check_match "IPv$v: $node saw the client's address" \
			"^$(client_address "$v" 1) GET /.$mark 200 443\$" "$(access_log "${node#node}")"
		;;
	esac
	check_equal "IPv$v: $REQUESTS requests, none fails" 0 "$(failed_requests "$v" "$REQUESTS")"
	check_equal "IPv$v: an upload of $2 MB over TLS arrives intact" \
		"$(sha256sum <"$RUN/blob")" "$(upload "$v" blob)"

	capture_stop from-switch
	check_equal "IPv$v: no reply goes from a node to the LB" 0 "$CAPTURED"
	capture_stop to-router
	check_equal "IPv$v: no reply comes from the LB" 0 "$CAPTURED"
}

# check_spread 4|6: all of the client's addresses are served, by all four nodes, none of which has
# more than twice its share; and each address stays with its node.
check_spread()
{
	local v=$1 first second
	first=$(assignments "$v" 0 "$CLIENT_COUNT")
	check_no_match "IPv$v: every client is served" 'none' "$first"
	check_equal "IPv$v: all nodes are used" "$(printf 'node%s\n' "${NODES[@]}")" \
		"$(cut -d' ' -f2 <<<"$first" | sort -u)"
	check_at_most "IPv$v: no node has more than twice its share" \
		$((2 * CLIENT_COUNT / ${#NODES[@]})) \
		"$(cut -d' ' -f2 <<<"$first" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }')"
	second=$(assignments "$v" 0 "$CLIENT_COUNT" backwards)
	check_equal "IPv$v: each client stays on its node" "$first" "$second"
}
