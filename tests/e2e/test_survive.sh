#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Under downloads and requests, by direct server return and through a relay, IPv4 and IPv6: xlbd is
# killed each second, then upgraded, then reloaded, again and again. No request fails, and every
# download arrives whole.
#
# XLB_SURVIVE=full: 500 downloads, 2,000 requests a second, 60 kills, 20 upgrades, 20 reloads.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
command -v objcopy >/dev/null || skip "objcopy is missing (see tests/packages)"

# LEAST: of the rate, in percent; the other tests beside this one may keep the processors busy.
DOWNLOADS=60 RATE=300 LEAST=50 KILLS=5 UPGRADES=2 RELOADS=3
[ "${XLB_SURVIVE-}" != full ] || DOWNLOADS=500 RATE=2000 LEAST=95 KILLS=60 UPGRADES=20 RELOADS=20

network_up two-arm
servers_start
make_document blob 256K

for mode in roundrobin source-hash; do
	both_paths_conf $mode 80 $mode $mode
done
cp "$RUN/roundrobin.conf" "$RUN/live.conf"

# Two builds, as far as their files tell; INSTALLED is where a package would have put it.
BUILDS=("$XLBD" "$RUN/xlbd.other")
echo other >"$RUN/note"
objcopy --add-section .note.other="$RUN/note" "$XLBD" "$RUN/xlbd.other"
XLBD=$RUN/xlbd.installed

install_build() # NUMBER
{
	cp "${BUILDS[$1]}" "$XLBD.new"
	mv "$XLBD.new" "$XLBD"
}

daemon_start()
{
	start_in lb "$RUN/xlbd.log" "$XLBD" -d -f "$RUN/live.conf" -s "$SOCKET" --bpffs "$BPFFS"
	XLBD_PID=$STARTED
}

# The programs that run on the interface where requests come in.
programs()
{
	ns lb bpftool -j net show dev "$LB_IN" | jq -c '[.. | .id? // .prog_id? // empty] | sort'
}

LOADS=(direct4 direct6 nat4 nat6)
load() # direct4|direct6|nat4|nat6
{
	local port=80
	[ "${1%?}" = direct ] || port=6443
	load_start "$1" "${1: -1}" $port blob --seconds 8 \
		--downloads $((DOWNLOADS / 4)) --rate $((RATE / 4))
}

downloads_run()
{
	[ "$(load_sum downloads_open)" -ge "$DOWNLOADS" ]
}

check_unharmed() # NAME
{
	load_renew
	check_equal "$1: no request failed" 0 "$(load_sum requests_failed)"
	check_equal "$1: no download broke" 0 "$(load_sum downloads_broken)"
	check_at_least "$1: downloads go on" $((DOWNLOADS * 9 / 10)) "$(load_sum downloads_open)"
	load_errors | sed 's/^/# /'
}

# Seconds since the last call's end, at least one: whoever waits for it was quick.
second_over()
{
	local now=${EPOCHREALTIME/[.,]/} left
	left=$((SECOND_FROM + 1000000 - now))
	[ "$left" -le 0 ] || sleep "$((left / 1000000)).$(printf '%06d' $((left % 1000000)))"
	SECOND_FROM=${EPOCHREALTIME/[.,]/}
}

install_build 0
xlbd_start "$RUN/live.conf"
check_within "IPv4: all nodes are up" 10 hosts_up 4
check_within "IPv6: all nodes are up" 10 hosts_up 6
for load in "${LOADS[@]}"; do
	load "$load"
done
check_within "downloads run" 30 downloads_run
BEGUN=${EPOCHREALTIME/[.,]/} REQUESTS_BEFORE=$(load_sum requests)

diag "killed each second"
SECOND_FROM=${EPOCHREALTIME/[.,]/}
for ((i = 0; i < KILLS; i++)); do
	kill_process "$XLBD_PID"
	daemon_start
	second_over
done
wait_for 15 xlbd_has_started || die "xlbd does not start"
check_unharmed "$KILLS kills"

diag "upgraded"
same=0
for ((i = 1; i <= UPGRADES; i++)); do
	before=$(programs)
	install_build $((i % 2))
	stop_process "$XLBD_PID"
	xlbd_start "$RUN/live.conf"
	[ "$(programs)" != "$before" ] || same=$((same + 1))
done
check_equal "each upgrade brings its own programs" 0 "$same"
check_unharmed "$UPGRADES upgrades"

diag "reloaded"
for ((i = 1; i <= RELOADS; i++)); do
	mode=source-hash
	[ $((i % 2)) = 1 ] || mode=roundrobin
	cp "$RUN/$mode.conf" "$RUN/live.conf"
	check "reload $i: $mode" ctl reload
done
check_unharmed "$RELOADS reloads"

milliseconds=$(((${EPOCHREALTIME/[.,]/} - BEGUN) / 1000))
requests=$(($(load_sum requests) - REQUESTS_BEFORE))
for load in "${LOADS[@]}"; do
	load_stop "$load"
	diag "$load: $(cat "$RUN/$load.load")"
done
diag "$requests requests in $milliseconds ms, $(load_sum downloads_done) downloads"
check_at_least "the rate was kept, by $LEAST % at least" \
	$((RATE * LEAST * milliseconds / 100000)) "$requests"
check_at_least "downloads were finished" 1 "$(load_sum downloads_done)"
finish
