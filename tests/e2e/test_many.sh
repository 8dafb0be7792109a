#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# 200 redirects to ten hosts each: a start, a reload and a restart take no longer than they should. What
# is bounded is the CPU's time, as the machine may have other things to do: far above the 3 s that a
# start takes, and below the 17 s of one round over everything for each of the 2,000 hosts.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
REDIRECTS=200
HOSTS=10
for ((n = 7; n < 3 + HOSTS; n++)); do
	address node3 "$NODE_IF" "$(node4 "$n")/24"
done

big_conf() # HOSTS
{
	local i n
	printf 'interval 2\ntimeout 1000\n'
	for ((i = 0; i < REDIRECTS; i++)); do
		printf 'table <t%d> {' "$i"
		for ((n = 3; n < 3 + $1; n++)); do
			printf ' %s' "$(node4 "$n")"
		done
		printf ' }\nredirect r%d {\n\tlisten on %s port %d\n' "$i" "$VIP4" $((443 + i))
		printf '\troute to <t%d> port 443 mode roundrobin check tcp interface em0\n}\n' "$i"
	done
}

usable_hosts()
{
	ctl -j show hosts | jq '[.hosts[] | select(.usable)] | length'
}

all_usable()
{
	[ "$(usable_hosts)" = $((REDIRECTS * HOSTS)) ]
}

# Seconds of CPU that the daemon has had.
cpu_seconds()
{
	awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) / hz) }' "/proc/$XLBD_PID/stat"
}

plan_operations()
{
	grep -c '^plan:' "$RUN/xlbd.log" || true
}

big_conf "$HOSTS" >"$RUN/big.conf"
xlbd_start "$RUN/big.conf" -v
check_within "start: all hosts are in use" 60 all_usable
check_at_most "start: seconds of CPU" 8 "$(cpu_seconds)"
check_equal "requests succeed" 0 "$(failed_requests 4 16)"

: >"$RUN/xlbd.log"
check "reload of the same" ctl reload
check_equal "changes nothing in the kernel" 0 "$(plan_operations)"

hold_start held 4 8
xlbd_stop
: >"$RUN/xlbd.log"
xlbd_start "$RUN/big.conf" -v
check_within "restart: all hosts are in use" 30 all_usable
check_at_most "restart: seconds of CPU" 4 "$(cpu_seconds)"
check_equal "changes nothing in the kernel" 0 "$(plan_operations)"

big_conf $((HOSTS - 1)) >"$RUN/big.conf"
check "reload with a host less in each" ctl reload
check_equal "requests succeed" 0 "$(failed_requests 4 16)"
hold_stop held
check_equal "no held connection broke or moved" "" \
	"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/held.hold" || true)"

# What fails at once is found at once.
ip -n switch link set sw-node3 down
node3_hosts_down()
{
	[ "$(usable_hosts)" = $((REDIRECTS * 3)) ]
}
check_within "a node with 1,200 of the hosts goes" 30 node3_hosts_down
check_equal "requests succeed" 0 "$(failed_requests 4 16)"
finish
