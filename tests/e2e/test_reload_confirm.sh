#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A configuration is looked at before it is loaded, loaded for a while, confirmed or rolled back; and
# what systemd is told of all that.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
LIVE=$RUN/live.conf
ALL=$(web_conf all "3 4 5 6" "mode roundrobin")
FEWER=$(web_conf fewer "3 4 5" "mode roundrobin")
BROKEN=$(conf broken <<<'interval soon')
cp "$ALL" "$LIVE"

# What the daemon tells systemd, one datagram a line (no newline in between: they are replaced).
start_in lb "$RUN/notify.log" "$PYTHON" "$LIB_DIR/../peers/notify_socket.py" "$RUN/notify"
wait_for 10 test -S "$RUN/notify" || die "the notify socket does not come"
export NOTIFY_SOCKET=$RUN/notify

status()
{
	grep -o 'STATUS=.*' "$RUN/notify.log" | tail -n 1
}

status_says() # REGEX
{
	status | grep -Eq -- "$1"
}

hosts()
{
	ctl -j show tables | jq -c '[.tables[].hosts]'
}

state()
{
	ctl -j show config | jq -r .state
}

state_is()
{
	[ "$(state)" = "$1" ]
}

# ids and admin states of the hosts
identities()
{
	ctl -j show hosts | jq -c '[.hosts[] | [.id, .name, .status]]'
}

xlbd_start "$LIVE"
check_within "all nodes are up" 10 hosts_up 4
check_within "IPv6, too" 10 hosts_up 6
check_within "systemd is told how things are" 5 status_says '2 services, 8 of 8 hosts up'

diag "the configuration in use"
ctl show config >"$RUN/printed.conf"
check "what is printed is a configuration" ctl check "$RUN/printed.conf"
check "it can be loaded" ctl load "$RUN/printed.conf"
check_equal "and is printed the same" "" "$(ctl show config | diff - "$RUN/printed.conf" || true)"
check_match "the daemon says what it uses" "in use: .*printed.conf, loaded" "$(ctl version)"
check "back to the daemon's own" ctl reload

diag "plans"
hold_start held 4 8
check_equal "of the same: nothing" "0 operations, 0 live flows would move" \
	"$(ctl check --plan "$ALL" | tail -n 1)"
PLAN=$(ctl check --plan "$FEWER")
check_match "of a node less: its host, which keeps its flows" \
	' 0  host change [0-9]+ web4 192.168.1.6 .*keeps its flows' "$PLAN"
check_match "which is no flow that moves" 'operations, 0 live flows would move' "$PLAN"
sed 's/port 443$/port 444/' "$ALL" >"$RUN/otherport.conf"
PLAN=$(ctl -j check --plan "$RUN/otherport.conf")
check_at_least "of another port: the flows of the former" 8 "$(jq .flows <<<"$PLAN")"
check_equal "by the operation that takes the address away" '["vip remove"]' \
	"$(jq -c '[.operations[] | select(.flows > 0) | .text[0:10]] | unique' <<<"$PLAN")"
check_fails "of a broken file" ctl check --plan "$BROKEN"
check_equal "and nothing has changed" '[4,4]' "$(hosts)"

diag "includes and macros come along"
mkdir -m 700 "$RUN/private"
cp "$FEWER" "$RUN/private/part.conf"
printf 'include "part.conf"\n' >"$RUN/private/whole.conf"
check "a file that includes another" ctl load "$RUN/private/whole.conf"
check_equal "is loaded with it" '[3,3]' "$(hosts)"
STATUS=0
OUTPUT=$(ns lb curl -sS --unix-socket "$SOCKET" http://xlb/v1/load \
	-d '{"file":"a.conf","text":"include \"/etc/shadow\"\n"}' 2>&1) || STATUS=$?
check_match "the daemon reads no file for others" 'failed to include file /etc/shadow' "$OUTPUT"
check_no_match "of which nothing is told" 'root:' "$OUTPUT"
check "the daemon's own again" ctl reload
check_within "all nodes are up" 10 hosts_up 4

diag "a broken file"
cp "$BROKEN" "$LIVE"
check_fails "is refused" ctl reload
check_within "systemctl status says why" 5 status_says 'hosts up; reload of .*live.conf failed: .*live.conf:1:'
check_equal "nothing has changed" '[4,4]' "$(hosts)"

diag "a reload that nobody confirms"
ctl host drain 192.168.1.6 >/dev/null
IDENTITIES=$(identities)
cp "$FEWER" "$LIVE"
check "reload --confirm 2" ctl reload --confirm 2
check_no_match "the mistake is over" 'failed' "$(status)"
check_match "systemctl status says what is to come" 'rolled back at ..:..:.. unless confirmed' "$(status)"
check_equal "it is in use" '[3,3]' "$(hosts)"
check_within "it is rolled back" 10 state_is "rolled back"
check_equal "all hosts are there" '[4,4]' "$(hosts)"
check_within "with their ids and states" 10 eval '[ "$(identities)" = "$IDENTITIES" ]'
check_match "systemctl status says so" 'rolled back: nobody confirmed' "$(status)"
check_fails "nothing is left to confirm" ctl confirm
xlbd_stop
xlbd_start "$LIVE"
check_equal "a restart does not confirm it" '[4,4]' "$(hosts)"
check_equal "and says so" "rolled back" "$(state)"
check_within "all nodes are up" 10 hosts_up 4 3 4 5
check "a reload loads the file" ctl reload
check_equal "which is in use now" '[3,3] loaded' "$(hosts) $(state)"
xlbd_stop
xlbd_start "$LIVE"
check_equal "after a restart, too" '[3,3] loaded' "$(hosts) $(state)"

diag "one that is confirmed"
cp "$ALL" "$LIVE"
check "reload --confirm 600" ctl reload --confirm 600
check_equal "it waits" "unconfirmed" "$(state)"
check "confirm" ctl confirm
check_equal "it stays" "[4,4] loaded" "$(hosts) $(state)"
xlbd_stop
xlbd_start "$LIVE"
check_equal "after a restart, too" "[4,4] loaded" "$(hosts) $(state)"

diag "a daemon that dies meanwhile"
cp "$FEWER" "$LIVE"
check "reload --confirm 600" ctl reload --confirm 600
kill_process "$XLBD_PID"
xlbd_start "$LIVE"
check_equal "is as before" "[4,4] rolled back" "$(hosts) $(state)"
sed -i 's/^interval 1/interval 2/' "$LIVE"
xlbd_stop
xlbd_start "$LIVE"
check_equal "another file is another decision" "[3,3] loaded" "$(hosts) $(state)"

diag "one that is undone at once, and one after the other"
cp "$ALL" "$LIVE"
check "reload --confirm 600" ctl reload --confirm 600
check "rollback" ctl rollback
check_equal "what was before is in use" '[3,3] rolled back' "$(hosts) $(state)"
check "reload --confirm 600" ctl reload --confirm 600
check "load --confirm 600 of another" ctl load --confirm 600 "$ALL"
check "rollback" ctl rollback
check_equal "goes back to what was confirmed" '[3,3] rolled back' "$(hosts) $(state)"
check "reload --confirm 600" ctl reload --confirm 600
check "a reload confirms what it loads" ctl reload
check_fails "nothing is left to confirm" ctl confirm
check_equal "it stays" "[4,4] loaded" "$(hosts) $(state)"

diag "watching"
start_in lb "$RUN/watch.log" "$XLBCTL" -s "$SOCKET" -w 0.1 show summary
WATCH=$STARTED
check_within "show is shown again" 10 eval '[ "$(grep -c web4 "$RUN/watch.log")" -ge 9 ]'
xlbd_stop
check_within "a daemon that goes is told" 10 grep -q 'cannot reach the daemon' "$RUN/watch.log"
xlbd_start "$LIVE"
lines()
{
	[ "$(wc -l <"$RUN/watch.log")" -gt $((LINES_BEFORE + 20)) ]
}
LINES_BEFORE=$(wc -l <"$RUN/watch.log")
check_within "and waited for" 10 lines
stop_process "$WATCH"

check_within "all nodes are up" 10 hosts_up 4
hold_stop held
check_equal "no held connection broke or moved" "" \
	"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/held.hold" || true)"
finish
