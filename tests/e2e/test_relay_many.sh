#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Many connections: 50,000 short ones from one client address to two hosts, after which the tables empty
# by themselves; and a flood of SYNs from a million sources, during which connections that stand go on.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

COUNT=50000
FLOOD=1000000

network_up two-arm
servers_start
# One client has enough ports for all.
ns client sysctl -qw net.ipv4.ip_local_port_range="1024 65535"
for n in 3 4; do
	ns "node$n" sysctl -qw net.core.somaxconn=4096
	start_in "node$n" "$RUN/short.log" "$PYTHON" "$LIB_DIR/../peers/short_connections.py" serve 9
	wait_for 10 node_listens "$n" 9 || die "no server: $(cat "$RUN/short.log")"
done
for v in 4 6; do
	cat <<-EOF
		table <two$v> { $(node$v 3), $(node$v 4) }
		relay "short$v" {
			listen on $(vip $v) port 9
			forward to <two$v> port 9 mode roundrobin
		}
		relay "web$v" {
			listen on $(vip $v) port 80
			forward to <two$v> port 80 mode roundrobin
		}
		relay "tls$v" {
			listen on $(vip $v) port 443
			forward to <two$v> port 443 mode roundrobin
		}
	EOF
done >"$RUN/many.conf"
xlbd_start "$RUN/many.conf"
for v in 4 6; do
	wait_for 10 hosts_up $v 3 4 || die "the nodes are not reached"
done

no_sessions()
{
	[ "$(ctl -j show sessions 10 | jq '.sessions | length')" = 0 ]
}

# What is left is over, and only keeps its port for a while.
none_runs()
{
	ctl -j show sessions 100000 | jq -e '[.sessions[] | select(.nat.running)] == []'
}

# ---- short connections ---------------------------------------------------------------------------
for v in 4 6; do
	began=$SECONDS
	check_equal "IPv$v: $COUNT short connections from one address, all are answered" \
		"answered $COUNT" "$(ns client "$PYTHON" "$LIB_DIR/../peers/short_connections.py" ask \
			"$(vip $v)" 9 "$(client_address $v 0)" $COUNT 100)"
	diag "$((COUNT / (SECONDS - began + 1))) connections a second"
	check_equal "IPv$v: the relay has counted them" $COUNT "$(ctl -j show relays |
		jq --arg name "short$v" '.relays[] | select(.name == $name) | .sessions')"
	check_equal "IPv$v: each host has had half of them" "$((COUNT / 2)) $((COUNT / 2))" \
		"$(ctl -j show hosts | jq -r --arg table "two$v:9" \
			'[.hosts[] | select(.table == $table) | .sessions] | join(" ")')"
	check_within "IPv$v: none stands any more" 10 none_runs
done
for name in no_nat_port connection_table_full no_connection event_lost; do
	diag "$name: $(counter $name)"
done
check_equal "no NAT port was missing" 0 "$(counter no_nat_port)"
check_equal "the table was never full" 0 "$(counter connection_table_full)"

# ---- a flood ---------------------------------------------------------------------------------------
# Connections on port 443 that make a request each 100 ms, while SYNs from ever new sources arrive at
# port 80 as fast as the router can make them.
ip -n router route add blackhole 10.0.0.0/8
hold_start held 4 100
start_in router "$RUN/flood.log" "$XLB_BUILD/tests/e2e/syn_flood" lan0 "$VIP4" 80 \
	"$(mac_of lb em1)" $FLOOD 60
flood=$STARTED
flood_over()
{
	! kill -0 "$flood" 2>/dev/null
}
rounds=$(hold_rounds held)
wait_for 70 flood_over || die "the flood does not end"
goes_on()
{
	[ "$(hold_rounds held)" -ge $((rounds + 5)) ]
}
check_within "100 connections go on" 10 goes_on
hold_stop held
check_equal "none of them broke during the flood" 100 \
	"$(grep -c 'errors=none nodes=node[34]$' "$RUN/held.hold" || true)"
diag "$(cat "$RUN/flood.log")"
check_equal "a million SYNs were sent" $FLOOD "$(awk '{ print $1 }' "$RUN/flood.log")"
diag "no_nat_port: $(counter no_nat_port), connection_table_full: $(counter connection_table_full)"
check_within "after the flood, new connections are made" 60 web 4 1

check_within "the tables are empty again" 150 no_sessions

finish
