#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Every mode and every way of NAT: relays, transparent ones, redirects with "forward to", a fixed
# target, backups, UDP; with both families.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

CLIENTS=24

network_up two-arm
servers_start
nodes_return_by_lb
for n in "${NODES[@]}"; do
	echo_start "$n" "$(node4 "$n"),$(node6 "$n")" 5300
done
for n in "${NODES[@]}"; do
	wait_for 10 node_listens "$n" 5300 || die "no server on node$n"
done

# nat_conf NAME < LINES: the lines once for each family, in which VIP, NODES, NODE3... and V stand for
# that family's.
nat_conf()
{
	local lines v
	lines=$(cat)
	{
		printf 'interval 1\ntimeout 500\n'
		for v in 4 6; do
			sed "s/NODES/$(node$v 3) $(node$v 4) $(node$v 5) $(node$v 6)/; s/VIP/$(vip $v)/
				s/NODE\([3-6]\)/$(node$v '\1')/g; s/=V/$v/g" <<<"$lines"
		done
	} >"$RUN/$1.conf"
	echo "$RUN/$1.conf"
}

serve() # NAME: the configuration on standard input
{
	xlbd_start "$(nat_conf "$1")"
	wait_for 10 all_up || die "the nodes are not up"
}

# Nobody listens on port 9.
all_up()
{
	ctl -j show hosts | jq -e '[.hosts[] | select(.table | endswith(":9") | not) | .usable] | all'
}

stop_serving()
{
	ctl detach >/dev/null
	xlbd_stop
}

# How many of the answers on standard input came from each node, as "10 10 10 10".
shares()
{
	grep -o 'node[3-6]$' | sort | uniq -c | awk '{ print $1 }' | paste -sd' '
}

same_client() # 4|6 COUNT
{
	local i
	for ((i = 0; i < $2; i++)); do
		web "$1" 3 || echo none
	done
}

# ---- modes of relays ------------------------------------------------------------------------------
for mode in roundrobin random source-hash hash maglev; do
	serve "$mode" <<-EOF
		table <nodes=V> { NODES }
		relay "web=V" {
			listen on VIP port 80
			forward to <nodes=V> port 80 mode $mode check tcp
		}
	EOF
	for v in 4 6; do
		case $mode in
		roundrobin)
			check_equal "$mode, IPv$v: one client goes around" "5 5 5 5" \
				"$(same_client $v 20 | shares)" ;;
		random | maglev)
			check_equal "$mode, IPv$v: one client's connections reach all nodes" 4 \
				"$(same_client $v 60 | sort -u | grep -c node)" ;;
		source-hash)
			check_equal "$mode, IPv$v: one client has one node" 1 \
				"$(same_client $v 5 | sort -u | grep -c node)"
			check_equal "$mode, IPv$v: many clients have all nodes" 4 \
				"$(web_assignments $v $CLIENTS | cut -d' ' -f2 | sort -u |
					grep -c node)" ;;
		hash)
			check_equal "$mode, IPv$v: all clients have one node" 1 \
				"$(web_assignments $v $CLIENTS | cut -d' ' -f2 | sort -u |
					grep -c .)" ;;
		esac
	done
	stop_serving
done

# ---- ways --------------------------------------------------------------------------------------
serve ways <<-EOF
	table <nodes=V> { NODES }
	table <none=V> { NODE3 }
	relay "kept=V" {
		listen on VIP port 80
		transparent forward to <nodes=V> port 80 mode roundrobin check tcp
	}
	redirect "moved=V" {
		listen on VIP port 8080
		sticky-address
		forward to <nodes=V> port 80 mode least-states check tcp
	}
	relay "fixed=V" {
		listen on VIP port 8081
		forward to NODE4 port 80
	}
	relay "spare=V" {
		listen on VIP port 8082
		forward to <none=V> port 9 check tcp
		forward to <nodes=V> port 9 check tcp
		forward to <nodes=V> port 80 mode roundrobin check tcp
	}
	relay "two=V" {
		listen on VIP port 8083
		listen on VIP port 8084
		forward to <nodes=V> port 80 mode source-hash "one key" check tcp
	}
EOF

# any_web 4|6 PORT [PATH]: to the VIP itself, which the router has a route for.
any_web()
{
	local address=$VIP4
	[ "$1" = 4 ] || address="[$VIP6]"
	ns client curl -fsS --max-time 5 --interface "$(client_address "$1" 5)" \
		"http://$address:$2/${3-}"
}

saw() # 4|6 MARK: what the node saw the request come from
{
	local n
	for n in "${NODES[@]}"; do
		access_log "$n"
	done | awk -v path="/?$2" '$3 == path { print $1 }'
}

for v in 4 6; do
	check_match "transparent, IPv$v: answered" '^node' "$(web $v 5 "?kept$v")"
	check_equal "transparent, IPv$v: the node sees the client" "$(client_address $v 5)" \
		"$(saw $v "kept$v")"
	check_match "redirect forward to, IPv$v: answered" '^node' "$(any_web $v 8080 "?moved$v")"
	check_equal "redirect forward to, IPv$v: the node sees the client" "$(client_address $v 5)" \
		"$(saw $v "moved$v")"
	check_equal "redirect forward to, IPv$v: sticky-address" 1 \
		"$(for i in 1 2 3 4 5 6; do any_web $v 8080; done | sort -u | grep -c node)"
	check_equal "fixed target, IPv$v" "node4 node4 node4" \
		"$(for i in 1 2 3; do any_web $v 8081; done | paste -sd' ')"
	check_equal "the second backup serves, IPv$v" "2 2 2 2" \
		"$(for i in 1 2 3 4 5 6 7 8; do any_web $v 8082; done | shares)"
	check_match "… and relayctl says so, IPv$v" "spare$v +	 *	active \(using backup table\)" \
		"$(ctl show relays)"
	check_equal "a relay with two listeners and a key, IPv$v: both answer, with the same node" 1 \
		"$({ any_web $v 8083; any_web $v 8084; } | sort -u | grep -c node)"
	check_match "… the second is a relay by its own name, IPv$v" "two${v}[0-9]+:8084 " \
		"$(ctl show relays)"
done
stop_serving

# ---- UDP ---------------------------------------------------------------------------------------
# flows 4|6 PORT SIZE: five datagrams of at least SIZE on a flow of each of the client's addresses.
flows()
{
	local i sources=() target=$PUBLIC4
	[ "$1" = 4 ] || target=$PUBLIC6
	for ((i = 0; i < CLIENTS; i++)); do
		sources+=("$(client_address "$1" "$i")")
	done
	ns client "$PYTHON" "$LIB_DIR/../peers/udp_flows.py" ${4:+--seen "$4"} "$target" "$2" 5 \
		"$3" "${sources[@]}"
}

for way in "" transparent; do
	serve "udp$way" <<-EOF
		table <nodes=V> { NODES }
		dns protocol "names=V" { }
		relay "names=V" {
			listen on VIP port 5300
			protocol "names=V"
			$way forward to <nodes=V> port 5300 mode roundrobin check tcp
		}
	EOF
	for v in 4 6; do
		for size in 10 4000; do
			out=$(flows $v 5300 $size "$([ -n "$way" ] || nat_address $v)")
			name="UDP ${way:-relay}, IPv$v, $size bytes"
			check_equal "$name: every datagram is answered" "$CLIENTS" \
				"$(awk '$2 == 5' <<<"$out" | wc -l)"
			check_equal "$name: a flow has one node" "" "$(awk 'NF != 3' <<<"$out")"
			check_equal "$name: all nodes are used" "node3 node4 node5 node6" \
				"$(awk '{ print $3 }' <<<"$out" | sort -u | paste -sd' ')"
		done
	done
	stop_serving
done

finish
