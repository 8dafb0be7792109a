#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Floods fill the kernel's tables: the flow table of a mode that tracks, and the ports towards a host. It
# is counted by its name and told once, those who are connected stay so, and new ones are served as
# docs/architecture.md says. (Packet tests fill all of them; relay_many floods NAT with room left.)
#
# XLB_FLOOD: how many SYNs go to the flow table, which has room for 1,179,648.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
FLOOD=${XLB_FLOOD:-1500000}
SYN_FLOOD=$XLB_BUILD/tests/e2e/syn_flood

network_up two-arm
servers_start
# Nobody answers to those who do not exist.
ip -n router route add blackhole 10.0.0.0/8
for n in "${NODES[@]}"; do
	ip -n "node$n" route add blackhole 10.0.0.0/8
done

cat >"$RUN/full.conf" <<EOF
table <many> { $(node4 3) $(node4 4) $(node4 5) $(node4 6) }
table <one> { $(node4 3) }
redirect "tracked" {
	listen on $VIP4 port 443
	route to <many> port 443 mode roundrobin check tcp interface em0
}
relay "ports" {
	listen on $VIP4 port 6443
	forward to <one> port 443 mode roundrobin check tcp
}
EOF
xlbd_start "$RUN/full.conf"
check_within "the nodes are up" 10 hosts_up 4

logged() # REGEX: how many lines of the log match
{
	grep -Ec -- "$1" "$RUN/xlbd.log" || true
}

has_logged()
{
	[ "$(logged "$1")" -gt 0 ]
}

relayed()
{
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" --cacert "$RUN/cert.pem" "https://$PUBLIC4:6443/"
}

counted() # COUNTER
{
	[ "$(counter "$1")" -gt 0 ]
}

# flood PORT COUNT SECONDS
flood()
{
	ns router "$SYN_FLOOD" lan0 "$VIP4" "$1" "$(mac_of lb em1)" "$2" "$3" >"$RUN/flood.log"
	diag "SYNs, seconds: $(cat "$RUN/flood.log")"
}

# check_held NAME: those who were connected before.
check_held()
{
	hold_stop "$1"
	check_equal "no connection broke or moved" "" "$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/$1.hold" || true)"
}

diag "ports towards a host"
check "a new connection is made" relayed
hold_start relayed 4 8 6443
flood 6443 45000 20
check_within "it is counted" 5 counted no_nat_port
check_within "it is told, with what to do" 5 has_logged 'no NAT port is free .*nat to.*no_nat_port: [0-9]+ packets'
check_held relayed
check_equal "once" 1 "$(logged no_nat_port)"

diag "the flow table"
hold_start direct 4 8
flood 443 "$FLOOD" 28
check_at_least "so many SYNs were sent" "$FLOOD" "$(awk '{ print $1 }' "$RUN/flood.log")"
check_equal "new connections are made" 0 "$(failed_requests 4 16)"
check_within "it is counted" 5 counted flow_table_full
check_within "it is told, with what to do" 5 has_logged 'no room for flow entries.*flow_table_full: [0-9]+ packets'
check_equal "once" 1 "$(logged flow_table_full)"
check_held direct

diag "the SYNs are forgotten"
check_within "there are ports again" 60 relayed
finish
