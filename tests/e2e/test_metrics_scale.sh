#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A thousand redirects to ten hosts each, checked by the hundred a second, while the metrics and the
# status page are asked for without a pause, idle connections take all places, and slow readers read
# nothing: checks keep their pace, memory stays within bounds, and whoever asks is answered.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/status.sh
. "$LIB_DIR/status.sh"
test_begin_xlb "$0" "$@"
network_up two-arm
servers_start
SERVICES=1000
HOSTS=10
INTERVAL=20
for ((n = 7; n < 3 + HOSTS; n++)); do
	address node3 "$NODE_IF" "$(node4 "$n")/24"
done

big_conf()
{
	local i n nodes=''
	for ((n = 3; n < 3 + HOSTS; n++)); do
		nodes+=" $(node4 "$n")"
	done
	printf 'status listen on 127.0.0.1 port %s\ninterval %s\ntimeout 5000\n' "$STATUS_PORT" "$INTERVAL"
	for ((i = 0; i < SERVICES; i++)); do
		printf 'table <t%d> {%s }\nredirect r%d {\n\tlisten on %s port %d\n' "$i" "$nodes" "$i" "$VIP4" $((1000 + i))
		printf '\troute to <t%d> port 443 mode least-states check tcp interface em0\n}\n' "$i"
	done
}

all_up()
{
	[ "$(status_get /metrics | grep -c '^xlb_backend_up.* 1$')" = $((SERVICES * HOSTS)) ]
}

resident_mb()
{
	awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$XLBD_PID/status"
}

# Of all hosts.
checks()
{
	status_get /metrics | awk '/^xlb_checks_total/ { n += $2 } END { print n + 0 }'
}

cpu_ms()
{
	awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$XLBD_PID/stat"
}

# pace SECONDS: checks a second; what they should be is SERVICES * HOSTS / INTERVAL.
pace()
{
	local before from=${EPOCHREALTIME/[.,]/} after
	before=$(checks)
	sleep "$1"
	after=$(checks)
	echo $(((after - before) * 1000000 / (${EPOCHREALTIME/[.,]/} - from)))
}
# How late the daemon's loop was on average, in ms, since the last call.
SUM=0 COUNT=0
delay()
{
	local sum count
	sum=$(metric xlb_loop_delay_seconds_sum) count=$(metric xlb_loop_delay_seconds_count)
	DELAY=$(awk -v s="$sum" -v s0="$SUM" -v n="$count" -v n0="$COUNT" 'BEGIN { printf "%.1f", (s - s0) * 1000 / (n - n0 + 1e-9) }')
	SUM=$sum COUNT=$count
}
WANTED=$((SERVICES * HOSTS / INTERVAL))

big_conf | conf big >/dev/null
start_in lb "$RUN/xlbd.log" "$XLBD" -d -f "$RUN/big.conf" -s "$SOCKET" --bpffs "$BPFFS"
XLBD_PID=$STARTED
check_within "all hosts are up" 120 all_up

# ---- one scrape
status_get /metrics >"$RUN/metrics"
check_equal "a line for each host of each service" $((SERVICES * HOSTS)) \
	"$(grep -c '^xlb_backend_bytes_total' "$RUN/metrics")"
diag "a scrape: $(wc -l <"$RUN/metrics") lines, $(($(stat -c %s "$RUN/metrics") / 1000)) kB"
sleep 3
before=$(cpu_ms)
took=$(status_get /metrics -o /dev/null -w '%{time_total}')
diag "takes $took s from begin to end, and $(($(cpu_ms) - before)) ms of the daemon's CPU (checks included)"
check_at_most "a scrape takes less than a second, on a busy machine" 1000 \
	"$(whole "$(awk -v t="$took" 'BEGIN { print t * 1000 }')")"

# ---- many, and their burden
delay
quiet=$(pace 10)
delay
diag "checks a second: $quiet of $WANTED, the loop is late by $DELAY ms on average"
memory=$(resident_mb)
scrape()
{
	while :; do
		status_get "$1" -o /dev/null || true
	done
}
for path in /metrics /metrics /v1/status /v1/status; do
	scrape "$path" 2>>"$RUN/scrapes.log" &
	SANDBOX_PIDS+=($!)
done
start_in lb "$RUN/idle.log" "$PYTHON" "$LIB_DIR/../peers/http_readers.py" idle 127.0.0.1 "$STATUS_PORT" 64 "$RUN/idle"
start_in lb "$RUN/slow.log" "$PYTHON" "$LIB_DIR/../peers/http_readers.py" slow 127.0.0.1 "$STATUS_PORT" 32 "$RUN/slow" \
	--path /metrics
wait_for 10 test -s "$RUN/slow" || die "readers: $(cat "$RUN/idle.log" "$RUN/slow.log")"
busy=$(pace 20)
delay
diag "under load: $busy checks a second, late by $DELAY ms, $(resident_mb) MB after $memory MB"
check_at_least "checks keep their pace" $((WANTED * 9 / 10)) "$busy"
check "who asks is answered, with no free place" status_get /metrics -f -o /dev/null
check_at_least "idle connections made room" 1 "$(metric xlb_status_evicted_total)"
check_at_least "slow readers were dropped" 1 "$(metric xlb_status_slow_readers_total)"
# Three former answers of each kind, one of 10 MB and one of 4, the one in use, and the next.
check_at_most "memory is bounded: MB more" 150 "$(($(resident_mb) - memory))"
check_equal "no host went down" "" "$(grep -E 'state up -> down' "$RUN/xlbd.log" | head -3 || true)"
finish
