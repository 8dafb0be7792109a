#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What "xlbctl why" says of a client's packet is what then happens: direct server return by row, by
# address, by a client's entry and in turn; NAT, new and with a connection; services without a host,
# hosts that are disabled, and addresses that are nobody's. And asking changes nothing.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up two-arm
servers_start

endpoint() # 4|6 ADDRESS PORT
{
	[ "$1" = 4 ] && echo "$2:$3" || echo "[$2]:$3"
}

# why 4|6 INDEX CLIENT-PORT PORT [OPTION...]: the answer, as JSON.
why()
{
	local v=$1 client port=$4
	client=$(endpoint "$v" "$(client_address "$v" "$2")" "$3")
	shift 4
	ctl -j why "$@" "$client" "$(endpoint "$v" "$(vip "$v")" "$port")"
}

# The node that it names.
why_node()
{
	why "$@" | jq -r '.why.host.name' | sed 's/.*[.:]/node/'
}

# One request from that port of the client's; prints the node's name.
https_from() # 4|6 INDEX CLIENT-PORT
{
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" --cacert "$RUN/cert.pem" --local-port "$3" \
		--interface "$(client_address "$1" "$2")" "$(url "$1")"
}

web_from() # 4|6 INDEX CLIENT-PORT
{
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" --local-port "$3" \
		--interface "$(client_address "$1" "$2")" "http://$(public "$1")/"
}

# "INDEX NODE" lines for COUNT clients, each from one port of its own, as foretold, or as it is. A port can
# be used once: then it waits.
foretold() # 4|6 COUNT PORT
{
	local i
	for ((i = 0; i < $2; i++)); do
		echo "$i $(why_node "$1" "$i" $(($3 + i)) 443)"
	done
}

real() # 4|6 COUNT PORT
{
	local i
	for ((i = 0; i < $2; i++)); do
		echo "$i $(https_from "$1" "$i" $(($3 + i)) 2>>"$RUN/client.log" || echo none)"
	done
}

# All that the program could have left behind; checks of hosts have their share of some counters. The
# packet tests compare all maps.
kernel_state()
{
	ctl -j show counters | jq -c '[.counters[] |
		select(.name | IN("no_service", "not_ip", "icmp_other") | not) | [.name, .count]]'
	ctl -j show sessions | jq -c '.sessions | map([.client, .client_port, .host, .state])'
	ctl -j show redirects | jq -c '.redirects | map([.name, .packets, .sessions])'
	ctl -j show relays | jq -c '.relays | map([.name, .packets, .sessions])'
	ns lb bpftool -j map dump pinned "$BPFFS/cursors" | sha256sum
	ns lb bpftool -j map dump pinned "$BPFFS/target_cursors" | sha256sum
}

all_usable()
{
	ctl -j show hosts | jq -e '[.hosts[].usable] | length > 0 and all'
}

# ---- direct server return -----------------------------------------------------------------------
first_port=41000
for mode in maglev source-hash; do
	xlbd_start "$(web_conf "$mode" "3 4 5 6" "mode $mode")"
	check_within "$mode: the nodes are up" 10 all_usable
	for v in 4 6; do
		told=$(foretold "$v" 8 "$first_port")
		check_equal "$mode: IPv$v: clients go where why says" "$told" \
			"$(real "$v" 8 "$first_port")"
		check_at_least "$mode: IPv$v: which is not one node" 2 \
			"$(cut -d' ' -f2 <<<"$told" | sort -u | wc -l)"
	done
	first_port=$((first_port + 500))
	check_equal "$mode: it is the row that says so" '"row" "stable" "xdp" "forward"' \
		"$(why 4 0 41000 443 | jq -r '.why | [.by, .row.state, .program, .verdict] | @json' |
			tr -d '[]' | tr ',' ' ')"
	[ "$mode" = maglev ] || { ctl detach >/dev/null; xlbd_stop; }
	[ "$mode" = maglev ] || continue

	diag "a disabled host"
	node=$(why_node 4 0 41000 443)
	ctl host disable "$(node4 "${node#node}")" >/dev/null
	check_no_match "maglev: a new connection goes to another node" "^$node$" \
		"$(why_node 4 0 41000 443)"
	check_equal "maglev: and so it does" "$(foretold 4 4 41100)" "$(real 4 4 41100)"
	ctl host enable "$(node4 "${node#node}")" >/dev/null
	check_within "maglev: it is back" 10 all_usable

	diag "nobody's"
	check_equal "no such port: nobody's" "pass no_service null" \
		"$(why 4 0 41000 9 | jq -r '.why | "\(.verdict) \(.reason) \(.service)"')"
	check_match "… which the text says, with a hint" 'hint .*listen' \
		"$(ctl why 203.0.113.10 "$VIP4:9")"
	check_match "… of UDP, too" 'no_service' "$(ctl why 203.0.113.10 "$VIP4:443" udp)"
	check_match "an interface without a program" 'hint .*attach' \
		"$(ctl why -i lo 203.0.113.10 "$VIP4:443")"
	check_fails "an interface that is not there" ctl why -i em9 203.0.113.10 "$VIP4:443"
	check_fails "no address" ctl why nobody "$VIP4:443"

	diag "nothing changes"
	before=$(kernel_state)
	for i in $(seq 10); do
		why 4 "$i" 42000 443 >/dev/null
		why 6 "$i" 42000 443 --mid-stream >/dev/null
	done
	check_equal "maglev: asking changes nothing" "$before" "$(kernel_state)"

	diag "no host"
	for n in "${NODES[@]}"; do
		server_stop "$n"
	done
	check_within "all nodes are down" 15 eval '! ctl -j show hosts | jq -e "[.hosts[].usable] | any"'
	check_equal "no host: passed to the stack" "pass no_host" \
		"$(why 4 0 41000 443 | jq -r '.why | "\(.verdict) \(.reason)"')"
	for n in "${NODES[@]}"; do
		server_start "$n"
	done
	ctl detach >/dev/null
	xlbd_stop
done

# ---- a client's entry, and turns ----------------------------------------------------------------
xlbd_start "$(web_conf sticky "3 4 5 6" "mode roundrobin" sticky-address)"
check_within "sticky: the nodes are up" 10 all_usable
for v in 4 6; do
	check_equal "sticky: IPv$v: a new client's turn is told" "$(why_node "$v" 5 43000 443)" \
		"$(https_from "$v" 5 43000)"
	check_equal "sticky: IPv$v: then it is the client's entry" "client entry" \
		"$(why "$v" 5 43001 443 | jq -r .why.by)"
	check_equal "sticky: IPv$v: the same node" "$(why_node "$v" 5 43001 443)" \
		"$(https_from "$v" 5 43001)"
done
before=$(kernel_state)
for i in $(seq 10); do
	why 4 $((20 + i)) 42000 443 >/dev/null
done
check_equal "sticky: asking changes nothing" "$before" "$(kernel_state)"
ctl detach >/dev/null
xlbd_stop

# ---- NAT ------------------------------------------------------------------------------------------
xlbd_start "$(conf relays <<-EOF
	interval 1
	timeout 500
	table <a> { $(for n in "${NODES[@]}"; do node4 "$n"; done | paste -sd' ') }
	table <b> { $(for n in "${NODES[@]}"; do node6 "$n"; done | paste -sd' ') }
	relay "a" {
		listen on $VIP4 port 80
		forward to <a> port 80 mode source-hash check tcp
	}
	relay "b" {
		listen on $VIP6 port 80
		forward to <b> port 80 mode roundrobin check tcp
	}
EOF
)"
check_within "relays: the nodes are up" 10 all_usable
for v in 4 6; do
	before=$(kernel_state)
	told=$(why "$v" 3 44000 80)
	check_equal "relays: IPv$v: asking changes nothing" "$before" "$(kernel_state)"
	check_equal "relays: IPv$v: the TC program is asked" '"tc" "forward"' \
		"$(jq -r '.why | [.program, .verdict] | @json' <<<"$told" | tr -d '[]' | tr ',' ' ')"
	check_equal "relays: IPv$v: the host it names is the one" \
		"$(jq -r .why.host.name <<<"$told" | sed 's/.*[.:]/node/')" "$(web_from "$v" 3 44000)"
	check_equal "relays: IPv$v: so is the NAT port" "$(jq -r .why.nat.port <<<"$told")" \
		"$(ctl -j show sessions | jq -r ".sessions[] |
			select(.client == \"$(client_address "$v" 3)\") | .nat.port")"
	check_equal "relays: IPv$v: a packet of that connection has its record" "connection" \
		"$(why "$v" 3 44000 80 --mid-stream | jq -r .why.by)"
	check_equal "relays: IPv$v: one of no connection is reset" "pass no_connection" \
		"$(why "$v" 9 44001 80 --mid-stream | jq -r '.why | "\(.verdict) \(.reason)"')"
done
finish
