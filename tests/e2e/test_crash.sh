#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Whenever xlbd is killed, whatever it was about to do: clients notice nothing, and the next one
# goes on from there.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
ALL=$(web_conf all "3 4 5 6" "mode roundrobin")
FEWER=$(web_conf fewer "3 4 5" "mode source-hash")
LIVE=$RUN/live.conf
cp "$ALL" "$LIVE"

RANDOM=1 # the same delays each time, as far as the machine allows

# die_soon MILLISECONDS: the daemon is killed after a random part of that time.
die_soon()
{
	local ms=$((RANDOM % $1))
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	kill_process "$XLBD_PID"
}

start_only()
{
	start_in lb "$RUN/xlbd.log" "$XLBD" -d -f "$LIVE" -s "$SOCKET" --bpffs "$BPFFS"
	XLBD_PID=$STARTED
}

# check_rounds NAME N ROUND
check_rounds()
{
	local i failed=()
	for ((i = 1; i <= $2; i++)); do
		"$3" "$i" >>"$RUN/rounds.log" 2>&1 || failed+=("$i")
	done
	check_equal "$1 ($2 times)" "" "${failed[*]}"
}

requests_succeed()
{
	[ "$(failed_requests 4 4)" = 0 ]
}

diag "from nothing"
first_start()
{
	start_only
	die_soon 400
	xlbd_start "$LIVE"
	wait_for 10 hosts_up 4 && requests_succeed && ctl detach
	xlbd_stop
	[ ! -e "$BPFFS" ]
}
check_rounds "killed in its first start, then started again: it serves, and leaves nothing" 12 \
	first_start

xlbd_start "$LIVE"
check_within "all nodes are up" 10 hosts_up 4
hold_start held 4 16

diag "starting again"
xlbd_stop
restart()
{
	start_only
	die_soon 700
	requests_succeed
}
check_rounds "killed in its start: requests succeed" 20 restart

diag "reloading"
xlbd_start "$LIVE"
reload()
{
	cp "$([ $(($1 % 2)) = 1 ] && echo "$FEWER" || echo "$ALL")" "$LIVE"
	kill -HUP "$XLBD_PID"
	die_soon 40
	requests_succeed || return
	xlbd_start "$LIVE"
	requests_succeed
}
check_rounds "killed in a reload: requests succeed, then and after the next start" 20 reload
hold_stop held
check_equal "no held connection broke or moved" "" \
	"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/held.hold" || true)"

diag "attaching and detaching"
attaching()
{
	local w
	if [ $(($1 % 2)) = 1 ]; then
		{ ctl detach em1; ctl attach em1; } &
	else
		{ ctl detach; ctl attach em1; } &
	fi
	w=$!
	die_soon 120
	wait "$w" || true
	xlbd_start "$LIVE"
	wait_for 10 requests_succeed
}
check_rounds "killed in an attach or detach: the next start serves" 12 attaching
finish
