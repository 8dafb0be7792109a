#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What the daemon's checks must survive: more hosts than descriptors, a resolver that does not answer,
# scripts that fork and hang, servers that send for ever. All the while the other hosts are
# checked as if nothing were wrong, and the daemon grows no fatter.
#
# A step of the clock is not among the rows: namespaces do not have a CLOCK_REALTIME of their own, and
# a test must not set the machine's. The prober takes all its times from CLOCK_MONOTONIC, which has
# no steps; the last row sees to it that no other clock is armed in the daemon.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
good=$(node4 4)

start_in node3 "$RUN/misbehave.log" "$PYTHON" "$LIB_DIR/../peers/misbehave.py" "$(node4 3)" \
	silent:7001 stream:7006 udp-silent:7053
wait_for 10 grep -q ready "$RUN/misbehave.log" || die "misbehave: $(cat "$RUN/misbehave.log")"

checks_of() # TABLE, as "checks up of checks"
{
	ctl -j show hosts | jq -r --arg t "$1" 'first(.hosts[] | select(.table == $t) | "\(.checks_up) \(.checks)")'
}

# The good host is checked on: some more checks have come, and none has failed.
goes_on()
{
	local up all before=$1
	read -r up all < <(checks_of good:443)
	[ "$up" = "$all" ] && [ "$all" -ge $((before + 3)) ]
}
check_goes_on() # NAME
{
	local all
	read -r _ all < <(checks_of good:443)
	check_within "$1: the good host is checked on, without a failure" 8 goes_on "$all"
}

resident_kb()
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$XLBD_PID/status"
}

descriptors()
{
	find "/proc/$XLBD_PID/fd" -mindepth 1 | wc -l
}

redirect() # NAME PORT CHECK
{
	printf 'redirect "%s" {\n\tlisten on %s port %d\n\troute to <%s> port %s check %s interface em0\n}\n' \
		"$1" "$VIP4" $((20000 + $2 + RANDOM % 5000)) "$1" "$2" "$3"
}

# ---- more hosts than descriptors -------------------------------------------------------------------
many=200
for ((i = 0; i < many; i++)); do
	printf 'address add 192.168.1.%d/32 dev eth0\n' $((20 + i))
done | ip -n node3 -batch -
# The server listens on one address only: the others lead there.
ns node3 nft -f - <<-EOF
	table ip others {
		chain in {
			type nat hook prerouting priority dstnat
			tcp dport { 7001, 7006 } dnat to $(node4 3)
		}
	}
EOF
{
	printf 'interval 1\ntimeout 800\nlog state changes\n'
	printf 'table <good> { %s }\n' "$good"
	redirect good 443 tcp
	printf 'table <many> {'
	for ((i = 0; i < many; i++)); do
		printf ' 192.168.1.%d' $((20 + i))
	done
	printf ' }\n'
	redirect many 7001 'send nothing expect "never"'
} >"$RUN/many.conf"
start_in lb "$RUN/xlbd.log" prlimit --nofile=128 "$XLBD" -d -f "$RUN/many.conf" -s "$SOCKET" \
	--bpffs "$BPFFS"
XLBD_PID=$STARTED
check_within "the daemon starts" 10 ctl show summary
check_equal "the daemon may have 128 descriptors" 128 \
	"$(prlimit --pid "$XLBD_PID" --nofile --noheadings -o SOFT | tr -d ' ')"
# Each check holds its connection until the deadline, and the daemon keeps most descriptors for
# itself. So it cannot keep up with the interval, and hosts wait; none may be called down for that.
all_judged()
{
	ctl -j show hosts | jq -e 'all(.hosts[] | select(.table == "many:7001"); .reason)'
}
check_within "$many hosts have their results, each in its turn" 20 all_judged
check_equal "for what they did, not for what we lacked" "tcp read timeout" \
	"$(ctl -j show hosts | jq -r '.hosts[] | select(.table == "many:7001") | .reason' | sort -u)"
check "the control socket answers" ctl show summary
xlbd_stop

# ---- a resolver that does not answer ---------------------------------------------------------------
# Nobody is at this address; the daemon's own files say so in here only.
printf 'nameserver 192.168.1.250\noptions timeout:5 attempts:3\n' >"$RUN/resolv.conf"
printf 'hosts: files dns\n' >"$RUN/nsswitch.conf"
mount --bind "$RUN/resolv.conf" "$(realpath /etc/resolv.conf)"
mount --bind "$RUN/nsswitch.conf" /etc/nsswitch.conf
{
	printf 'interval 1\ntimeout 800\nlog state changes\n'
	printf 'table <good> { %s }\n' "$good"
	redirect good 443 tcp
	printf 'table <named> { nobody.example, nobody2.example }\n'
	redirect named 80 tcp
	printf 'table <dns> { %s }\n' "$(node4 3)"
	redirect dns 7053 'dns "www.example"'
} >"$RUN/dns.conf"
from=$SECONDS
start_in lb "$RUN/xlbd.log" "$XLBD" -d -f "$RUN/dns.conf" -s "$SOCKET" --bpffs "$BPFFS"
XLBD_PID=$STARTED
check_within "the daemon starts, although names do not resolve" 40 ctl show summary
diag "start took $((SECONDS - from)) s"
check_within "the good host is up" 5 host_is "$good" up
check_within "a DNS server that is silent is down" 5 host_is "$(node4 3)" down
check_goes_on "silent DNS"
xlbd_stop
umount /etc/nsswitch.conf "$(realpath /etc/resolv.conf)"

# ---- scripts that fork and hang, servers that send for ever -----------------------------------------
mkdir "$RUN/scripts"
printf '#!/bin/sh\nfor i in 1 2 3; do (sleep 985 & sleep 985) & done\nsleep 985\n' >"$RUN/scripts/hang"
chmod 755 "$RUN/scripts/hang"
{
	printf 'interval 1\ntimeout 800\nlog state changes\n'
	printf 'table <good> { %s }\n' "$good"
	redirect good 443 tcp
	printf 'table <hang> { %s }\n' "$(seq -s ', ' -f '192.168.1.%.0f' 20 39)"
	redirect hang 80 "script \"$RUN/scripts/hang\""
	printf 'table <stream> { %s }\n' "$(seq -s ', ' -f '192.168.1.%.0f' 20 27)"
	redirect stream 7006 "http \"/\" digest \"$(printf '' | md5sum | cut -d' ' -f1)\""
	printf 'table <talk> { %s }\n' "$(seq -s ', ' -f '192.168.1.%.0f' 20 27)"
	redirect talk 7006 'send nothing expect "never"'
} >"$RUN/hang.conf"
xlbd_start "$RUN/hang.conf"
check_within "the good host is up" 5 host_is "$good" up
state_of() # TABLE
{
	ctl -j show hosts | jq -r --arg t "$1" '.hosts[] | select(.table == $t) | "\(.status) \(.reason)"' | sort -u
}
table_is() # TABLE TEXT
{
	[ "$(state_of "$1")" = "$2" ]
}
check_within "scripts that hang are killed" 8 table_is hang:80 'down script failed'
check_within "a body without an end ends at the deadline" 8 table_is stream:7006 'down tcp read timeout'
check_within "talk without an end ends" 8 table_is talk:7006 'down send/expect failed'
check_goes_on "hanging and streaming"
kb=$(resident_kb) fds=$(descriptors)
check_goes_on "and some time later"
check_at_most "the daemon's memory stays what it was" $((kb + 4096)) "$(resident_kb)"
check_at_most "so do its descriptors" $((fds + 64)) "$(descriptors)"
# A script of 20 hosts is 7 processes for 800 ms of each second. Some end while they are counted:
# grep then finds no file, which is no failure.
check_at_most "no more processes than those of one round" 160 \
	"$({ grep -lzx -e 985 /proc/[0-9]*/cmdline 2>/dev/null || true; } | wc -l)"

clocks()
{
	# descriptors may be closed while they are looked at
	{ sed -n 's/^clockid: //p' /proc/"$XLBD_PID"/fdinfo/* 2>/dev/null || true; } |
		sort -u | paste -sd' '
}
check_equal "no timer of the daemon is on another clock than CLOCK_MONOTONIC" 1 "$(clocks)"

nothing_left()
{
	! grep -lzx -e 985 /proc/[0-9]*/cmdline
}
xlbd_stop
check_within "when the daemon ends nothing of its scripts is left" 5 nothing_left

finish
