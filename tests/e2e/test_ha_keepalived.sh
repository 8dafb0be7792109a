#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# examples/ha-keepalived with the real keepalived: two load balancers, of which one loses its power and
# comes back, again and again. Downloads that have begun go on.
#
# XLB_HA=full: ten failovers instead of four.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/pair.sh
. "$LIB_DIR/pair.sh"
test_begin_xlb "$0" "$@"
command -v keepalived >/dev/null || skip "keepalived is not installed (see tests/packages)"

EXAMPLE=$SOURCE_DIR/examples/ha-keepalived
CYCLES=2 DOWNLOADS=10
[ "${XLB_HA-}" != full ] || CYCLES=5 DOWNLOADS=50

network_up one-arm
pair_up
# As filters of NICs do: one does not get what is for the other, even when the switch has forgotten
# where that is. Its program would forward it at once, and there would be no pause to measure.
for port in sw-lb sw-lb2; do
	ip -n switch link set $port type bridge_slave flood off
done
servers_start
make_document blob 1
declare -A KEEPALIVED=()

# The example has https; downloads of this test are plain, and there is more of them.
for redirect in 4 6; do
	sed "/redirect \"web$redirect\"/,/^}/!d; s/\"web$redirect\"/\"plain$redirect\"/
		s/port 443/port 80/g" "$EXAMPLE/xlb.conf"
done | cat <(echo "log state changes") "$EXAMPLE/xlb.conf" - >"$RUN/pair.conf"

lb_start() # NS
{
	pair_xlbd_start "$1" "$RUN/pair.conf" --track-file "$RUN/$1.unserved"
}

# lb is lb1 in the example.
keepalived_start() # NS
{
	local id=$1
	[ "$id" != lb ] || id=lb1
	sed "s,/run/xlb/unserved,$RUN/$1.unserved," "$EXAMPLE/keepalived.conf" >"$RUN/$1.keepalived"
	start_in "$1" "$RUN/$1.keepalived.log" keepalived --dont-fork --log-console --vrrp -i "$id" \
		--use-file="$RUN/$1.keepalived" --pid="$RUN/$1.pid" --vrrp_pid="$RUN/$1.vrrp.pid"
	KEEPALIVED[$1]=$STARTED
}

has_addresses() # NS
{
	[ -n "$(ns "$1" ip address show dev em0 to "$VIP4/32")" ] &&
		[ -n "$(ns "$1" ip address show dev em0 to "$VIP6/128")" ]
}

unserved_is() # NS NUMBER
{
	[ "$(cat "$RUN/$1.unserved")" = "$2" ]
}

# The whole machine is gone, and what it had in memory.
power_off() # NS
{
	ip -n switch link set "sw-$1" down
	kill_process "${KEEPALIVED[$1]}"
	kill -KILL "$(cat "$RUN/$1.vrrp.pid")" 2>/dev/null || true
	kill_process "${PAIR_XLBD[$1]}"
	pair_ctl "$1" detach >/dev/null
	ip -n "$1" address flush dev em0 to "$VIP4/32"
	ip -n "$1" address flush dev em0 to "$VIP6/128"
	ip -n "$1" address flush dev em0 to fe80::1:100/128
	rm -f "$RUN/$1.unserved" "$RUN/$1.pid" "$RUN/$1.vrrp.pid"
}

power_on() # NS
{
	ip -n switch link set "sw-$1" up
	keepalived_start "$1"
	lb_start "$1"
}

# lb reaches these nodes, or does not.
lb_nodes() # up|down NUMBER...
{
	local n action=add
	[ "$1" = down ] || action=del
	shift
	for n; do
		ip -n lb route $action blackhole "$(node4 "$n")/32"
		ip -n lb route $action blackhole "$(node6 "$n")/128"
	done
}

# As ports of switches come up, or hosts after a failure of the power.
power_on_with_one_node()
{
	ip -n switch link set sw-lb up
	lb_nodes down 4 5 6
	lb_start lb
	check_within "lb1 has one node" 5 unserved_is lb 0
	lb_nodes up 4 5 6
	check_within "lb1 has all of them" 10 pair_serves lb
	keepalived_start lb
}

load_runs() # NAME
{
	[ "$(jq .downloads_open "$RUN/$1.load.ready")" -ge "$DOWNLOADS" ]
}

# Those that waited for a packet to be sent again, too.
downloads_go_on()
{
	load_renew
	[ "$(load_sum downloads_waiting)" = 0 ]
}

power_on lb
power_on lb2
for name in lb lb2; do
	check_within "$name is ready" 15 pair_serves $name
	check_within "$name: no service is unserved" 5 unserved_is $name 0
done
check_within "lb1 gets the addresses" 15 has_addresses lb
check_fails "lb2 has none of them" has_addresses lb2
check_within "IPv4 is served" 10 get 4
check_within "IPv6 is served" 10 get 6
for v in 4 6; do
	load_start "IPv$v" $v 80 blob --seconds 20 --downloads "$DOWNLOADS"
	check_within "IPv$v: downloads run" 20 load_runs "IPv$v"
done

for ((i = 1; i <= CYCLES; i++)); do
	power_off lb
	check_within "failover $((2 * i - 1)): lb2 takes over" 15 has_addresses lb2
	check_within "failover $((2 * i - 1)): requests are answered" 10 get 4
	check_within "failover $((2 * i - 1)): downloads go on" 10 downloads_go_on
	if [ "$i" = "$CYCLES" ]; then
		power_on_with_one_node
	else
		power_on lb
	fi
	check_within "failover $((2 * i)): lb1 is back" 20 has_addresses lb
	check_within "failover $((2 * i)): requests are answered" 10 get 6
	check_within "failover $((2 * i)): downloads go on" 10 downloads_go_on
	check_equal "no download broke until now" "" "$(load_errors)"
done
for v in 4 6; do
	load_stop "IPv$v"
	pause=$(jq .longest_pause_ms "$RUN/IPv$v.load")
	diag "IPv$v: $(cat "$RUN/IPv$v.load")"
	check_at_most "IPv$v: the longest pause of a download was $pause ms" 3000 "$pause"
done
check_equal "no download broke" "" "$(load_errors)"

diag "lb1 loses its hosts, as lb2 does not"
lb_nodes down "${NODES[@]}"
check_within "its file says so" 20 unserved_is lb 4
check_within "lb2 takes over" 15 has_addresses lb2
check_within "requests are answered" 10 get 4
lb_nodes up "${NODES[@]}"
check_within "they are back" 20 unserved_is lb 0
check_within "so is lb1" 20 has_addresses lb
check_within "requests are answered" 10 get 4

diag "the daemon alone ends"
stop_process "${PAIR_XLBD[lb]}"
check_equal "its file stays, as the kernel forwards" 0 "$(cat "$RUN/lb.unserved")"
check "and so do the addresses" has_addresses lb
check_equal "requests are answered" 0 "$(failed_requests 4 8)"
finish
