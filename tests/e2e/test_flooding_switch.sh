#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Two load balancers on a switch that knows no MACs and sends every frame to every port: what one of
# them has sent to a node arrives at the other one, too, which must leave it alone. Else each would
# send on what comes from the other one, without end.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/pair.sh
. "$LIB_DIR/pair.sh"
test_begin_xlb "$0" "$@"

network_up one-arm
pair_up
servers_start
# lb is the one that is asked; with maglev and a key both choose the same node.
address lb em0 "$VIP4/32"
ip -n lb address add "$VIP6/128" dev em0 nodad preferred_lft 0
CONF=$(web_conf pair "3 4 5 6" 'mode maglev "one key for both"')
for name in lb lb2; do
	pair_xlbd_start $name "$CONF"
	check_within "$name is ready" 15 pair_serves $name
done
for v in 4 6; do
	check_within "IPv$v is served" 10 get $v
done

reason() # NS NAME
{
	pair_ctl "$1" -j show counters | jq --arg name "$2" '.counters[] | select(.name == $name) | .count'
}

frames_from() # PORT-OF-THE-SWITCH
{
	ip -n switch -j -s link show dev "$1" | jq '.[].stats64.rx.packets'
}

ip -n switch link set br0 type bridge ageing_time 0
ns switch bridge fdb flush dev br0 2>/dev/null || true
for v in 4 6; do
	before=$(frames_from sw-lb) before2=$(frames_from sw-lb2)
	flooded=$(reason lb flooded) flooded2=$(reason lb2 flooded)
	check_equal "IPv$v: requests succeed" 0 "$(failed_requests $v 16)"
	# it sends some ten frames for each request, and its checks
	check_at_most "IPv$v: lb does not send on what lb2 has sent" 1000 \
		$(($(frames_from sw-lb) - before))
	check_at_most "IPv$v: nor lb2 what lb has sent" 1000 \
		$(($(frames_from sw-lb2) - before2))
	check_at_least "IPv$v: lb has seen them and says so" 16 $(($(reason lb flooded) - flooded))
	check_at_least "IPv$v: so has lb2" 16 $(($(reason lb2 flooded) - flooded2))
done
finish
