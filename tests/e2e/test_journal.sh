#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What the daemon says of hosts and tables is in the journal with fields, by which it can be asked for.
# The journal is a systemd-journald of this run.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

# shellcheck source=tests/e2e/lib/journal.sh
. "$LIB_DIR/journal.sh"
journald_start

network_up two-arm
servers_start
n5=$(node4 5)
file=$(web_conf web "3 4 5 6" "mode maglev" sticky-address)
printf 'log host checks\n' >>"$file"
xlbd_start_journaled "$file"
check_within "all nodes are up" 10 hosts_up 4
server_stop 5
check_within "node5 is down" 5 host_is "$n5" down

has()
{
	[ -n "$(journal "$@")" ]
}
field() # NAME MATCH...: of the first entry
{
	local name=$1
	shift
	journal "$@" | jq -rs --arg name "$name" '.[0][$name]'
}
down=("XLB_HOST=$n5" XLB_NEW_STATE=down XLB_OLD_STATE=up)
check_within "the change is found by its fields" 5 has "${down[@]}"
check_match "with relayd's line" \
	"^host $n5, check tcp \([0-9]+ms,tcp connect failed\), state up -> down, availability [0-9.]+%\$" \
	"$(field MESSAGE "${down[@]}")"
for row in XLB_TABLE=web4:443 XLB_CHECK=tcp 'XLB_REASON=tcp connect failed' PRIORITY=6 \
	SYSLOG_IDENTIFIER=xlbd; do
	check_equal "its ${row%%=*}" "${row#*=}" "$(field "${row%%=*}" "${down[@]}")"
done
check_match "its XLB_LATENCY_MS" '^[0-9]+$' "$(field XLB_LATENCY_MS "${down[@]}")"
check_match "its XLB_AVAILABILITY" '^[0-9]+\.[0-9]{2}$' "$(field XLB_AVAILABILITY "${down[@]}")"
check "it is the daemon's own" [ "$(field _PID "${down[@]}")" = "$XLBD_PID" ]

lost=(XLB_REDIRECT=web4 XLB_DELETED=1)
check_within "what that did to the table, too" 5 has "${lost[@]}"
check_match "with relayd's line" '^table web4: 0 added, 1 deleted, 0 changed, [0-9]+ killed$' \
	"$(field MESSAGE "${lost[@]}")"
check_within "checks that change nothing are there" 5 has "XLB_HOST=$(node4 3)" XLB_OLD_STATE=up XLB_NEW_STATE=up
check_equal "nothing is said twice" 1 "$(journal "${down[@]}" | wc -l)"
check_equal "and nothing beside the journal" "" "$(cat "$RUN/xlbd.log")"

finish
