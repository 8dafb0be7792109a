#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# While requests run, another host is added and one is removed; the daemon is reloaded, with a file
# that is wrong, too, restarted and killed. No established connection moves.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start

CONNECTIONS=24

# Time for each held connection to have had some more requests.
some_rounds()
{
	local from
	from=$(hold_rounds "$1")
	wait_for 20 rounds_since "$1" $((from + 5)) || die "$1: requests do not run"
}

rounds_since() # NAME ROUNDS
{
	[ "$(hold_rounds "$1")" -ge "$2" ]
}

change() # FILE: the daemon's own file, which is what reload reads
{
	cp "$1" "$RUN/xlb.conf"
	ctl reload
}

# check_moves NAME [NODE]: no connection broke or changed its node; those of NODE do not count.
check_moves()
{
	local all
	all=$(cat "$RUN/$1.hold")
	check_equal "$1: all connections were there to the end" "$CONNECTIONS" \
		"$(grep -c requests <<<"$all")"
	check_equal "$1: no connection broke" "" "$(grep -v 'errors=none' <<<"$all" || true)"
	check_equal "$1: no connection changed its node" "" \
		"$(grep 'nodes=.*,' <<<"$all" || true)"
}

changes_with() # NAME MODE [LINE...]
{
	local name=$1 mode=$2
	shift 2
	cp "$(web_conf "$name-345" "3 4 5" "mode $mode" "$@")" "$RUN/xlb.conf"
	xlbd_start "$RUN/xlb.conf"
	check_within "$name: three nodes are up" 5 hosts_up 4 3 4 5
	check_within "$name: three nodes are up, IPv6" 5 hosts_up 6 3 4 5
	hold_start "$name" 4 "$CONNECTIONS"
	hold_start "$name-v6" 6 "$CONNECTIONS"
	some_rounds "$name"

	check "$name: reload with a fourth node" change \
		"$(web_conf "$name-3456" "3 4 5 6" "mode $mode" "$@")"
	check_within "$name: the fourth node is up" 5 hosts_up 4
	check_equal "$name: no request fails" 0 "$(failed_requests 4 32)"
	some_rounds "$name"

	echo 'redirect "web4" { listen on' >"$RUN/broken.conf"
	check_fails "$name: reload of a broken file says so" change "$RUN/broken.conf"
	check_equal "$name: after it no request fails" 0 "$(failed_requests 4 32)"

	check "$name: reload without the fourth node" change "$RUN/$name-345.conf"
	check_equal "$name: no request fails without it" 0 "$(failed_requests 4 32)"
	some_rounds "$name"

	xlbd_stop
	check_equal "$name: the daemon is stopped: no request fails" 0 "$(failed_requests 4 32)"
	xlbd_start "$RUN/xlb.conf"
	some_rounds "$name"
	kill -KILL "$XLBD_PID"
	check_equal "$name: the daemon is killed: no request fails" 0 "$(failed_requests 4 32)"
	xlbd_start "$RUN/xlb.conf"
	check_within "$name: three nodes are up again" 5 hosts_up 4 3 4 5
	some_rounds "$name"

	hold_stop "$name"
	hold_stop "$name-v6"
	check_moves "$name"
	check_moves "$name-v6"
	ctl detach
	xlbd_stop
}

changes_with roundrobin roundrobin
changes_with source-hash source-hash
changes_with maglev maglev

finish
