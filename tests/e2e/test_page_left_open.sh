#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Status pages that are left open for XLB_PAGE_SECONDS (default 60; an hour is 3600), one in sight and one
# behind it, beside readers that are idle or slow, while clients have requests and hosts come and go: the
# daemon's memory and files stay what they were, and so does the heap of the pages' scripts; checks go on.
#
# shellcheck disable=SC2016 # scripts of the page have dollars of their own

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/status.sh
. "$LIB_DIR/status.sh"
# shellcheck source=tests/e2e/lib/browser.sh
. "$LIB_DIR/browser.sh"
test_begin_xlb "$0" "$@"

LEFT_OPEN=${XLB_PAGE_SECONDS:-60}
ROUNDS=12 # looks at what is used; the first few are no measure, as plots and lists fill up
WARM=4
MAX_DAEMON_KB=2048 # more at the end than when warm
MAX_HEAP_KB=1024
MAX_FILES=$((64 + 32)) # more than before: connections that the page's address may have, and checks

daemon_files()
{
	find "/proc/$XLBD_PID/fd" -mindepth 1 2>/dev/null | wc -l
}

page_start 3 2900
files_before=$(daemon_files)
browser_start lb "$PAGE_URL"
live='document.querySelector("#link").textContent === "live"'
browser eval 'window.open("/") !== null' >/dev/null
browser look 1
check "the second page is live" browser wait 30 "$live"
browser look 0
check "the first page is live" browser wait 30 "$live"

readers() # KIND COUNT
{
	start_in lb "$RUN/$1.log" "$PYTHON" "$LIB_DIR/../peers/http_readers.py" "$1" 127.0.0.1 "$STATUS_PORT" "$2" "$RUN/$1"
}
readers idle 24
idle=$STARTED
readers slow 16
slow=$STARTED
hold_start clients 4 8

# Its own; not the maps, which it shares with the kernel, and of which it sees more page by page.
daemon_kb()
{
	awk '/^RssAnon:/ { print $2 }' "/proc/$XLBD_PID/status"
}
heap_kb() # of both pages: they are of one site, and so of one process
{
	echo $(($(browser heap) / 1024))
}
# One round: hosts come and go, so that there are events, too.
round() # SECONDS
{
	local end=$((SECONDS + $1)) host
	host=$(ctl -j show hosts | jq '[.hosts[] | select(.name == "192.168.1.6").id][0]')
	while [ "$SECONDS" -lt "$end" ]; do
		ctl host disable "$host" >/dev/null
		get 4 $((RANDOM % CLIENT_COUNT)) >/dev/null || echo failed >>"$RUN/requests"
		sleep 1 # a pace, not a hope
		ctl host enable "$host" >/dev/null
	done
}

: >"$RUN/requests"
failures_before=$(ctl -j show hosts | jq '[.hosts[] | .checks - .checks_up] | add')
most_files=0
for ((i = 1; i <= ROUNDS; i++)); do
	round $((LEFT_OPEN / ROUNDS))
	kb=$(daemon_kb) files=$(daemon_files) heap=$(heap_kb)
	[ "$files" -le "$most_files" ] || most_files=$files
	diag "after $((i * (LEFT_OPEN / ROUNDS))) s: daemon $kb kB, $files files; heap $heap kB"
	[ "$i" -ne "$WARM" ] || warm_kb=$kb warm_heap=$heap
done

# at_most NAME MOST VALUE
at_most()
{
	check "$1: $3, at most $2" test "$3" -le "$2"
}
at_most "the daemon's memory, kB" $((warm_kb + MAX_DAEMON_KB)) "$kb"
at_most "the daemon's files" $((files_before + MAX_FILES)) "$most_files"
at_most "the heap of the pages, kB" $((warm_heap + MAX_HEAP_KB)) "$heap"
check "the page in sight is still live" browser wait 30 "$live"
browser look 1
check "so is the one behind it" browser wait 30 "$live"
check_equal "no complaint on the console" "" "$(browser console)"
check_equal "no request failed" "" "$(cat "$RUN/requests")"
check_equal "no check failed" "$failures_before" \
	"$(ctl -j show hosts | jq '[.hosts[] | .checks - .checks_up] | add')"
check_at_least "slow readers are ended" 17 "$(cat "$RUN/slow")"
check_at_least "idle ones, too" 25 "$(cat "$RUN/idle")"
diag "connections made: slow $(cat "$RUN/slow"), idle $(cat "$RUN/idle"); loop late by $(metric xlb_loop_delay_max_seconds) s at most"
hold_stop clients
stop_process "$idle"
stop_process "$slow"
browser_stop
finish
