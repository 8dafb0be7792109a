#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# "xlbctl top" in a real terminal, tmux's: rates of real traffic, a host that goes down, keys, sizes, a
# daemon that is started anew, and the terminal as it was when it is over. And as text.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/terminal.sh
. "$LIB_DIR/terminal.sh"

network_up two-arm
servers_start
sed 's/^interval .*/interval 1/; s/^timeout .*/timeout 900/' "$SOURCE_DIR/examples/k3s.conf" >"$RUN/k3s.conf"
xlbd_start "$RUN/k3s.conf"
check_within "all nodes are up" 60 hosts_up 4

top() # OPTION...
{
	echo "$XLBCTL -s $SOCKET top $*"
}

# The number in a column of the row of https_forwarder on the screen, and of batches.
packets_shown()
{
	awk '/^redirect https_forwarder/ { print $4; exit }'
}

diag "as text"
TEXT=$(ctl top -n 1)
check_equal "every service and host has a row" 14 "$(grep -Ec '^(redirect|relay|192\.168)' <<<"$TEXT")"
check_match "the head" '^3 services  [0-9]+/11 hosts up  ' "$TEXT"
check_no_match "no escapes" $'\033' "$TEXT"
check_at_most "no line is longer than 80 characters" 80 "$(awk '{ print length }' <<<"$TEXT" | sort -n | tail -1)"
check_equal "two looks, an empty line between" 2 \
	"$(ctl top -b -d 0.2 -n 2 -s name | grep -c '^xlbd .* by name')"
STATUS=0
OUTPUT=$(ctl -s /nowhere.sock top -n 1 2>&1) || STATUS=$?
check_equal "nobody there: exit status" 3 "$STATUS"
check_match "and it says so" 'cannot reach the daemon' "$OUTPUT"

diag "rates"
LOAD_SECONDS=240
start_in client "$RUN/load.log" bash -c "for ((i = 0; i < $LOAD_SECONDS * 10; i++)); do
	curl -fsS -o /dev/null --max-time 5 --cacert '$RUN/cert.pem' '$(url 4)'; sleep 0.1; done"
LOAD=$STARTED
terminal_start 80 24 "$(top)"
some_packets()
{
	terminal | packets_shown | grep -Eq '^[0-9.]*[1-9][0-9.]*k?$'
}
check_within "80x24: packets a second appear" 20 some_packets
check_within "and what was before as a line of blocks" 20 terminal_shows \
	'^redirect https_forwarder .*[▁▂▃▄▅▆▇█].*[▁▂▃▄▅▆▇█].*[▁▂▃▄▅▆▇█]'
check_match "all of it is on the screen: the keys" '^q quit' "$(terminal | tail -1)"
check_match "the hosts" '^192\.168\.1\.6 +kube_hosts:443 +up' "$(terminal)"
check_match "the reasons" '^no_service +pass' "$(terminal)"

diag "a host goes down"
server_stop 5
check_within "live: it is down" 20 terminal_shows '^192\.168\.1\.5 kube_hosts:443 +down'
check_within "and counted so" 10 terminal_shows ' 8/11 hosts up'
server_start 5
check_within "and up again" 20 terminal_shows '^192\.168\.1\.5 kube_hosts:443 +up'

diag "keys"
terminal_type s
check_within "s: by packets" 10 terminal_shows 'by packets'
terminal_type S
check_within "S: back" 10 terminal_shows 'by order'
terminal_type p
check_within "p: paused" 10 terminal_shows 'paused'
CLOCK=$(terminal | head -1)
terminal_type '?'
check_within "?: help" 10 terminal_shows 'scroll by a page'
check_equal "the clock stands still meanwhile" "$CLOCK" "$(terminal | head -1)"
terminal_type '?'
terminal_type p
check_within "p: it goes on" 10 terminal_lacks 'paused'

diag "sizes"
terminal_resize 132 43
check_within "132x43: the last line is the 43rd" 10 terminal_line_is 43 '^q quit'
check_within "meanings have more room" 10 terminal_shows 'neither IPv4 nor IPv6 \(ARP, LLDP, \.\.\.\)'
terminal_resize 80 12
check_within "80x12: not all rows fit, and it says which do" 10 terminal_shows '1-4/14$'
terminal_type NPage
check_within "page down" 10 terminal_shows '5-8/14$'
terminal_type Down
check_within "down" 10 terminal_shows '6-9/14$'
terminal_type End
check_within "end" 10 terminal_shows '11-14/14$'
terminal_type Home
check_within "home" 10 terminal_shows '1-4/14$'
terminal_resize 30 5
check_within "30x5: too small, and no harm done" 10 terminal_shows '^too small'
terminal_resize 80 24
check_within "80x24 again" 10 terminal_line_is 24 '^q quit'

diag "the daemon is started anew"
xlbd_stop
check_within "it says that there is no answer" 15 terminal_shows 'xlbd does not answer .*, trying again'
check_match "what was last known stays" '^redirect https_forwarder' "$(terminal)"
xlbd_start "$RUN/k3s.conf"
check_within "and goes on by itself" 20 terminal_line_is 24 '^q quit'

diag "the end"
terminal_type q
check_within "q: the shell is back" 10 terminal_shows 'over: 0$'
check_no_match "and the screen is as it was" 'q quit' "$(terminal)"
check_equal "so are the terminal's settings" "$TERMINAL_SETTINGS" "$(terminal_settings)"
for signal in INT TERM HUP; do
	terminal_run "$(top)"
	check_within "SIG$signal: it runs" 15 terminal_shows '^q quit'
	kill -s "$signal" "$(terminal_child)"
	check_within "SIG$signal: the shell is back" 10 terminal_shows 'over: 0$'
	check_equal "SIG$signal: the terminal's settings are as before" "$TERMINAL_SETTINGS" "$(terminal_settings)"
done

diag "other terminals"
for term in vt100 xterm linux screen; do
	terminal_run "TERM=$term $(top)"
	check_within "TERM=$term: the table is there" 15 terminal_shows '^redirect https_forwarder'
	terminal_type q
	check_within "TERM=$term: and over" 10 terminal_shows 'over: 0$'
done
terminal_run "TERM=dumb $(top -n 1)"
check_within "TERM=dumb: as text" 15 terminal_shows 'over: 0$'
terminal_run "LC_ALL=C $(top -n 4)"
check_within "no UTF-8: ASCII" 15 terminal_shows '^redirect https_forwarder .*#'
check_within "-n: over after so many looks" 15 terminal_shows 'over: 0$'

stop_process "$LOAD"
finish
