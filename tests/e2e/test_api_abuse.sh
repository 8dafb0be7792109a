#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Slow, oversized, malformed and flooding clients of the control API get their answers or are shown the
# door, and all the while every host is checked as if nothing were: no check is late or fails, and a node
# that fails is found.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
SECONDS_OF_ABUSE=6
xlbd_start "$(TIMEOUT=900 web_conf web "3 4 5 6" "mode roundrobin")"
check_within "all nodes are up" 10 hosts_up 4
check_within "IPv6, too" 10 hosts_up 6

# "NAME CHECKS FAILED" of each host
checks()
{
	ctl -j show hosts | jq -r '.hosts[] | "\(.name) \(.checks) \(.checks - .checks_up)"' | sort
}

# abuse KIND: begins it; the result is in $RUN/KIND.abuse
declare -A ABUSE=()
abuse()
{
	start_in lb "$RUN/$1.abuse" "$PYTHON" "$LIB_DIR/../peers/api_abuse.py" "$SOCKET" "$1" \
		"$SECONDS_OF_ABUSE"
	ABUSE[$1]=$STARTED
}

abuse_over()
{
	process_gone "${ABUSE[$1]}"
}

# check_abuse KIND...: all at once. The interval is 1 s; of the checks that are due half may be late.
check_abuse()
{
	local kind name="$*" before after
	before=$(checks)
	for kind; do
		abuse "$kind"
	done
	sleep 1
	check "$name: another client is answered" ctl show summary
	for kind; do
		check_within "$kind: it is over" $((3 * SECONDS_OF_ABUSE)) abuse_over "$kind"
	done
	after=$(checks)
	check_equal "$name: no check has failed" "" \
		"$(join <(cut -d' ' -f1,3 <<<"$before") <(cut -d' ' -f1,3 <<<"$after") |
			awk '$2 != $3')"
	check_equal "$name: each host was checked all the time" "" \
		"$(join <(cut -d' ' -f1,2 <<<"$before") <(cut -d' ' -f1,2 <<<"$after") |
			awk -v n=$((SECONDS_OF_ABUSE / 2)) '$3 - $2 < n')"
}

check_abuse slow
check_abuse oversized
check_match "oversized: it is said so" '413:[1-9]' "$(cat "$RUN/oversized.abuse")"
check_no_match "oversized: it is never taken" '200:' "$(cat "$RUN/oversized.abuse")"
check_abuse malformed
check_match "malformed: it is said so" '400:[1-9]' "$(cat "$RUN/malformed.abuse")"
check_no_match "malformed: it is never taken" '200:' "$(cat "$RUN/malformed.abuse")"

diag "all at once, and a node fails"
: >"$RUN/xlbd.log"
server_stop 5 &
STOPPER=$!
check_abuse_all()
{
	local kind
	for kind in flood slow oversized malformed; do
		abuse "$kind"
	done
	check_within "the node that failed is found" 10 \
		grep -q 'host 192.168.1.5.*-> down' "$RUN/xlbd.log"
	check_equal "requests succeed" 0 "$(failed_requests 4 16)"
	check "another client is answered" ctl show summary
	for kind in flood slow oversized malformed; do
		check_within "$kind: it is over" $((3 * SECONDS_OF_ABUSE)) abuse_over "$kind"
	done
}
check_abuse_all
wait "$STOPPER" || true
check_match "the flood was answered" '200:[1-9]' "$(cat "$RUN/flood.abuse")"
check_no_match "no other node was thought down" '192.168.1.[346] .*-> down' "$(cat "$RUN/xlbd.log")"
diag "answers: $(cd "$RUN" && grep -H . ./*.abuse | tr '\n' ' ')"
check_match "the daemon grows no fatter: MiB" '^[0-9]{1,2}$' \
	"$(($(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$XLBD_PID/status") / 1024))"
finish
