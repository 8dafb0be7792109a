#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The kernel forwards whether the daemon is there or not: established connections, new ones, IPv4 and
# IPv6. A daemon that starts again takes over what is there and changes nothing. It is not root, and
# has its unit's capabilities only.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
WEB=$(web_conf web "3 4 5 6" "mode roundrobin")

plan_operations()
{
	grep -c '^plan:' "$RUN/xlbd.log" || true
}

# start_again NAME: what is logged from now on is this daemon's.
start_again()
{
	: >"$RUN/xlbd.log"
	xlbd_start "$WEB" -v
	check_within "$1: all nodes are up" 10 hosts_up 4
	check_within "$1: the daemon has settled" 10 grep -q 'adopted 8 hosts' "$RUN/xlbd.log"
}

# check_undisturbed NAME: the held connections have gone on all the time.
check_undisturbed()
{
	local v
	for v in 4 6; do
		hold_stop "held$v"
		check_equal "$1: IPv$v: no held connection broke or moved" "" \
			"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/held$v.hold" || true)"
		check_equal "$1: IPv$v: they are on all nodes" "$(printf 'node%s\n' "${NODES[@]}")" \
			"$(sed 's/.*nodes=//' "$RUN/held$v.hold" | sort -u)"
	done
}

# shellcheck disable=SC2119
confine_xlbd
xlbd_start "$WEB" -v
check_within "IPv4: all nodes are up" 10 hosts_up 4
check_within "IPv6: all nodes are up" 10 hosts_up 6
check_at_least "filling the maps takes operations" 8 "$(plan_operations)"
hold_start held4 4 12
hold_start held6 6 12

diag "orderly"
xlbd_stop
check_equal "no daemon: IPv4 requests succeed" 0 "$(failed_requests 4 16)"
check_equal "no daemon: IPv6 requests succeed" 0 "$(failed_requests 6 16)"
start_again "restart"
check_equal "restart: requests succeed" 0 "$(failed_requests 4 16)"
check_equal "restart: nothing in the kernel changes" 0 "$(plan_operations)"

diag "killed"
kill_process "$XLBD_PID"
check_equal "killed: requests succeed" 0 "$(failed_requests 4 16)"
start_again "after a kill"
check_equal "after a kill: nothing in the kernel changes" 0 "$(plan_operations)"

diag "one at a time"
check_match "a second daemon is refused" 'another xlbd is running' \
	"$(ns lb "$XLBD" -d -f "$WEB" -s "$SOCKET" --bpffs "$BPFFS" 2>&1 || true)"
check_match "with another socket, too" 'in use by another xlbd' \
	"$(ns lb "$XLBD" -d -f "$WEB" -s "/run/xlb/other.sock" --bpffs "$BPFFS" 2>&1 || true)"
check_match "in the background it says so, too" 'in use by another xlbd' \
	"$(ns lb "$XLBD" -f "$WEB" -s "/run/xlb/other.sock" --bpffs "$BPFFS" 2>&1 || true)"
check_fails "xlbctl does not pull the pins from under it" \
	ns lb "$XLBCTL" -s "/run/xlb/other.sock" --bpffs "$BPFFS" detach
check_equal "none of that disturbs" 0 "$(failed_requests 4 16)"
check_undisturbed "all the time"

diag "while it was away, a node has gone"
xlbd_stop
server_stop 5
: >"$RUN/xlbd.log"
xlbd_start "$WEB" -v
check_within "it finds out" 10 host_is "$(node4 5)" down
check_equal "no request fails" 0 "$(failed_requests 4 32)"
finish
