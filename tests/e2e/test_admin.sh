#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What an administrator does while clients are there: take a host out and put it back, switch a
# redirect off and on, watch; and the API below it all.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin")"
check_within "all nodes are up" 5 hosts_up 4

CONNECTIONS=12

nodes_answering()
{
	assignments 4 0 16 | cut -d' ' -f2 | sort -u | paste -sd' '
}

# no_connection_moved NAME: those to the node that is taken out stay there, as do all others.
check_no_connection_moved()
{
	check_equal "$1: no held connection broke or moved" "" \
		"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/$1.hold" || true)"
	check_match "$1: some of them were on node5" 'nodes=node5' "$(cat "$RUN/$1.hold")"
}

for verb in drain disable; do
	hold_start "$verb" 4 "$CONNECTIONS"
	check "host $verb" ctl host "$verb" "$(node4 5)"
	check_equal "$verb: new connections go to the others" "node3 node4 node6" "$(nodes_answering)"
	check "host enable after $verb" ctl host enable "$(node4 5)"
	check_within "after $verb: node5 is up" 5 hosts_up 4
	check_equal "after $verb: all are used again" "node3 node4 node5 node6" "$(nodes_answering)"
	hold_stop "$verb"
	check_no_connection_moved "$verb"
done

refused()
{
	local status=0
	get 4 || status=$?
	[ "$status" -eq 7 ]
}
check "redirect disable" ctl redirect disable web4
check_within "the client is refused" 5 refused
check_match "show redirects says disabled" 'web4.*disabled' "$(ctl show redirects)"
check_equal "the other redirect works" 0 "$(failed_requests 6 8)"
check "redirect enable" ctl redirect enable web4
check_within "it works again" 5 get 4

start_in lb "$RUN/monitor.log" "$XLBCTL" -s "$SOCKET" monitor
monitor=$STARTED
server_stop 5
check_within "monitor shows the host go down" 10 grep -Eq '\b192\.168\.1\.5\b.*\bdown\b' "$RUN/monitor.log"
check "monitor runs on" kill -0 "$monitor"
server_start 5
check_within "a poll finds it up" 5 hosts_up 4

check_equal "the API by curl" 8 \
	"$(ns lb curl -fsS --unix-socket "$SOCKET" http://xlb/v1/hosts | jq '.hosts | length')"
check_at_least "sessions are listed" 1 "$(ctl -j show sessions | jq '.sessions | length')"

STATUS=0
OUTPUT=$(ctl shwo hosts 2>&1) || STATUS=$?
check_equal "an unknown word: exit status" 2 "$STATUS"
check_match "an unknown word: the nearest one" '"show"' "$OUTPUT"
check_fails "an unknown host is an error" ctl host disable 192.168.1.99

finish
