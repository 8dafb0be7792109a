#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The programs that tell of packets come and go under traffic: an upload, held connections and requests,
# DSR and NAT, notice nothing. What wants packets is found again by a daemon that is started anew, which
# changes nothing in the kernel's maps.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

SWAPS=4 # on, and off

network_up two-arm
servers_start
make_file big 40

# trace_conf NAME [pflog]
trace_conf()
{
	local v
	{
		printf 'interval 1\ntimeout 500\n'
		for v in 4 6; do
			printf 'table <web%s> { %s }\n' $v "$(for n in "${NODES[@]}"; do "node$v" "$n"; done |
				paste -sd' ')"
			printf 'redirect "dsr%s" {\n\tlisten on %s port 443 %s\n' $v "$(vip $v)" "${2-}"
			printf '\troute to <web%s> port 443 mode roundrobin check tcp interface em0\n}\n' $v
			printf 'relay "nat%s" {\n\tlisten on %s port 80\n' $v "$(vip $v)"
			printf '\tforward to <web%s> port 80 mode roundrobin check tcp\n}\n' $v
		done
	} >"$RUN/$1.conf"
	echo "$RUN/$1.conf"
}

# The programs on the interfaces, by id.
programs()
{
	ns lb bpftool -j net show | jq -c '.[] | [.xdp[]?.id, .tc[]?.prog_id] | sort'
}

program_changed() # BEFORE
{
	[ "$(programs)" != "$1" ]
}

program_is() # BEFORE
{
	[ "$(programs)" = "$1" ]
}

interfaces()
{
	ctl -j show interfaces | jq -c '.interfaces | map([.name, .mode, .nat]) | sort'
}

requests_fail()
{
	local i v failed=0
	for ((i = 0; i < 6; i++)); do
		for v in 4 6; do
			get $v "$i" >/dev/null 2>>"$RUN/client.log" || failed=$((failed + 1))
			web $v "$i" >/dev/null 2>>"$RUN/client.log" || failed=$((failed + 1))
		done
	done
	echo "$failed"
}

plan_operations()
{
	grep -c '^plan:' "$RUN/xlbd.log" || true
}

PLAIN=$(trace_conf plain)
LOGGED=$(trace_conf logged pflog)
xlbd_start "$PLAIN" -v --pflog "$RUN/pflog"
check_nodes_up "${NODES[@]}"
before=$(programs) attached=$(interfaces)
hold_start held4 4 8
hold_start held6 6 8

diag "nobody waits for the verifier"
code() # PATH [CURL-OPTION...]
{
	local path=$1
	shift
	ns lb curl -sS --max-time 20 -o "$RUN/answer" -w '%{http_code}' --unix-socket "$SOCKET" "http://xlb$path" "$@"
}
check_equal "a capture is told to come again" '503 true' "$(code '/v1/capture?count=1') $(jq .again "$RUN/answer")"
check_equal "others are answered meanwhile" 200 "$(code /v1/hosts)"
why="{\"client\":\"$(client4 1)\",\"vip\":\"$VIP4\",\"port\":443,\"interface\":\"em1\"}"
check_equal "so is whoever asks why" '503 true' "$(code /v1/why -d "$why") $(jq .again "$RUN/answer")"
why_answers()
{
	[ "$(code /v1/why -d "$why")" = 200 ]
}
check_within "it is answered in a while" 30 why_answers
check_equal "a capture that nobody waits for is none" "$before" "$(programs)"

diag "captures come and go"
upload 4 big >"$RUN/sum4" &
upload_pid=$!
swapped=0
for ((i = 0; i < SWAPS; i++)); do
	ctl capture -d 4 -w "$RUN/capture$i" >/dev/null 2>>"$RUN/capture.log" &
	capture_pid=$!
	wait_for 15 program_changed "$before" && swapped=$((swapped + 1))
	check_equal "capture $i: requests succeed" 0 "$(requests_fail)"
	check_equal "capture $i: the interfaces are as they were" "$attached" "$(interfaces)"
	wait "$capture_pid" || true
	wait_for 15 program_is "$before" || fail "capture $i: the plain programs are back"
done
check_equal "each capture brought programs of its own" "$SWAPS" "$swapped"
wait "$upload_pid"
check_equal "the upload is whole" "$(sha256sum <"$RUN/big")" "$(cat "$RUN/sum4")"
check_at_least "there are packets in the captures" 100 "$(stat -c %s "$RUN/capture0")"

diag "a service's packets, over restarts"
lost=$(counter trace_lost) # of captures, which tell of each packet of an upload
ctl load "$LOGGED" >/dev/null
check_within "a log of packets brings the programs" 15 program_changed "$before"
check_equal "requests succeed" 0 "$(requests_fail)"
xlbd_stop
check_equal "no daemon: requests succeed" 0 "$(requests_fail)"
for how in stopped killed; do
	: >"$RUN/xlbd.log"
	xlbd_start "$LOGGED" -v --pflog "$RUN/pflog"
	check_within "$how: the daemon has settled" 15 grep -q 'adopted' "$RUN/xlbd.log"
	check_within "$how: the nodes are up" 15 hosts_up 4
	check_equal "$how: requests succeed" 0 "$(requests_fail)"
	check_equal "$how: nothing in the kernel's maps changes" 0 "$(plan_operations)"
	check_equal "$how: the interfaces are as they were" "$attached" "$(interfaces)"
	[ "$how" = killed ] || kill_process "$XLBD_PID"
done
for v in 4 6; do
	hold_stop "held$v"
	check_equal "IPv$v: no held connection broke or moved" "" \
		"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/held$v.hold" || true)"
done
check_equal "nothing told was lost over restarts" "$lost" "$(counter trace_lost)"
finish
