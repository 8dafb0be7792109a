#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Reloads of many services: one change is one change in the kernel, and reload after reload breaks no
# connection and loses none. XLB_RELOAD_SERVICES, XLB_RELOAD_HOSTS and XLB_RELOAD_COUNT make it larger.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

SERVICES=${XLB_RELOAD_SERVICES:-100}
HOSTS=${XLB_RELOAD_HOSTS:-10}
COUNT=${XLB_RELOAD_COUNT:-40}
PATIENCE=$((60 + SERVICES / 5))

network_up two-arm
servers_start
for ((n = 7; n < 3 + HOSTS; n++)); do
	address node3 "$NODE_IF" "$(node4 "$n")/24"
done

# big_conf OPTIONS: a redirect of port 443 to those that answer by name, and others; OPTIONS are for one
# host of the one in the middle.
big_conf()
{
	local i n
	printf 'interval 10\ntimeout 3000\n'
	for ((i = 0; i < SERVICES; i++)); do
		printf 'table <t%d> {' "$i"
		for ((n = 3; n < 3 + HOSTS; n++)); do
			printf ' %s' "$(node4 "$n")"
			[ "$i" != $((SERVICES / 2)) ] || [ "$n" != 4 ] || printf ' %s' "$1"
			printf ','
		done
		printf ' }\nredirect r%d {\n\tlisten on %s port %d\n' "$i" "$VIP4" $((443 + i))
		printf '\troute to <t%d> port 443 mode roundrobin check tcp interface em0\n}\n' "$i"
	done | sed 's/,\( }\)/\1/'
}
for weight in 1 2; do
	big_conf "weight $weight" >"$RUN/weight$weight.conf"
done
LIVE=$RUN/live.conf
cp "$RUN/weight1.conf" "$LIVE"

usable_hosts()
{
	ctl -j show hosts | jq '[.hosts[] | select(.usable)] | length'
}

all_usable()
{
	[ "$(usable_hosts)" = $((SERVICES * HOSTS)) ]
}

cpu_ticks()
{
	awk '{ print $14 + $15 }' "/proc/$XLBD_PID/stat"
}

operations()
{
	sed -n 's/^plan: //p' "$RUN/xlbd.log"
}

# The daemon has done its best to bring up what could be brought up, and has nothing to do.
xlbd_start "$LIVE" -v
check_within "$SERVICES services of $HOSTS hosts are in use" "$PATIENCE" all_usable
diag "the start took $(cpu_ticks) ticks of CPU"

diag "one change"
PLAN=$(ctl -j check --plan "$RUN/weight2.conf" 2>/dev/null)
check_equal "is one host, and its service's pool and rows" '["host change","pool r","rows r"]' \
	"$(jq -c '[.operations[].text | sub("[0-9].*"; "") | sub(" $"; "")]' <<<"$PLAN")"
check_equal "moves no flow" 0 "$(jq .flows <<<"$PLAN")"
hold_start held 4 8
start_in client "$RUN/short.log" "$BASH" -c '
	trap "exit 0" TERM
	while :; do
		if curl -fsS --max-time 5 --cacert "$1" "$2" >/dev/null; then echo ok; else echo failed; fi
	done' short "$RUN/cert.pem" "$(url 4)"
SHORT=$STARTED
: >"$RUN/xlbd.log"
before=$(cpu_ticks)
cp "$RUN/weight2.conf" "$LIVE"
check "is loaded" ctl reload
check_equal "is what was planned" "$(jq -r '.operations[].text' <<<"$PLAN")" "$(operations)"
diag "operations: $(operations | wc -l), ticks of CPU: $(($(cpu_ticks) - before))"

diag "$COUNT reloads in a row, the file another one each time"
failed=0
before=$(cpu_ticks)
: >"$RUN/xlbd.log"
for ((i = 0; i < COUNT; i++)); do
	cp "$RUN/weight$((i % 2 + 1)).conf" "$LIVE"
	ctl reload >/dev/null 2>>"$RUN/reload.log" || failed=$((failed + 1))
done
check_equal "all succeed" 0 "$failed"
check_equal "with three operations each" $((3 * COUNT)) "$(operations | wc -l)"
diag "ticks of CPU for each: $((($(cpu_ticks) - before) / COUNT))"
stop_process "$SHORT"
hold_stop held
check_equal "no held connection broke or moved" "" \
	"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/held.hold" || true)"
check_equal "no request failed" 0 "$(grep -c failed "$RUN/short.log" || true)"
check_at_least "and there were some" "$((COUNT / 2))" "$(grep -c ok "$RUN/short.log")"
check "all hosts are still in use" all_usable

diag "as often a broken file"
echo 'interval never' >"$LIVE"
: >"$RUN/xlbd.log"
for ((i = 0; i < COUNT / 10; i++)); do
	ctl reload >/dev/null 2>&1 && fail "a broken file is loaded"
done
check_equal "changes nothing" 0 "$(operations | wc -l)"
check "all hosts are still in use" all_usable
check_equal "requests succeed" 0 "$(failed_requests 4 16)"
finish
