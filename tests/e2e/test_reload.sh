#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A configuration that cannot be read, is wrong, or does not fit into the kernel's maps leaves
# everything as it was; one that says the same changes nothing.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
ALL=$(web_conf all "3 4 5 6" "mode roundrobin")
FEWER=$(web_conf fewer "3 4 5" "mode roundrobin")
ln -s all.conf "$RUN/live.conf"

cat "$ALL" - >"$RUN/wrong.conf" <<-EOF
	redirect again {
		listen on 192.168.0.2 port 444
		route to <nosuch> port 443 check tcp
	}
EOF

too_much()
{
	local i
	echo 'table <t> { 192.168.1.3 }'
	for ((i = 1; i <= 2100; i++)); do
		printf 'redirect r%d {\n\tlisten on 192.168.0.2 port %d\n' "$i" $((10000 + i))
		printf '\troute to <t> port 80 check tcp interface em0\n}\n'
	done
}
too_much >"$RUN/toomuch.conf"

tables()
{
	ctl -j show tables | jq -c '[.tables[] | [.name, .hosts]]'
}

# check_refused NAME FILE REGEX
check_refused()
{
	local output status=0
	ln -sfn "$2" "$RUN/live.conf"
	output=$(ctl reload 2>&1) || status=$?
	check_equal "$1: exit status" 1 "$status"
	check_match "$1: it is said what is wrong" "$3" "$output"
	check_match "$1: and what is loaded" 'not loaded, the former configuration stays' "$output"
	check_equal "$1: nothing has changed" "$TABLES" "$(tables)"
	check_equal "$1: requests succeed" 0 "$(failed_requests 4 8)"
}

xlbd_start "$RUN/live.conf" -v
check_within "all nodes are up" 10 hosts_up 4
check_within "IPv6, too" 10 hosts_up 6
TABLES=$(tables)
hold_start held 4 8

check_refused "a file that is not there" "$RUN/nosuch" 'cannot read'
check_refused "a file with mistakes" "$RUN/wrong.conf" 'error: .*nosuch'
check_refused "more than the maps hold" "$RUN/toomuch.conf" 'error: more than 2048 services'
check_match "xlbd -n says that, too" 'error: more than 2048 services' \
	"$("$XLBD" -n -f "$RUN/toomuch.conf" 2>&1 | tail -n 1)"
: >"$RUN/xlbd.log"
kill -HUP "$XLBD_PID"
check_within "by SIGHUP it is logged" 5 grep -q 'more than 2048 services' "$RUN/xlbd.log"

diag "what is right"
ln -sfn "$ALL" "$RUN/live.conf"
: >"$RUN/xlbd.log"
check "the same again" ctl reload
check_equal "changes nothing in the kernel" 0 "$(grep -c '^plan:' "$RUN/xlbd.log" || true)"
ln -sfn "$FEWER" "$RUN/live.conf"
check "one node less: the link leads elsewhere" ctl reload
check_equal "it is read from there" '[["web4:443",3],["web6:443",3]]' "$(tables)"
check_equal "requests succeed" 0 "$(failed_requests 4 16)"
ln -sfn "$ALL" "$RUN/live.conf"
check "and back" ctl reload
check_within "all nodes are up" 10 hosts_up 4
hold_stop held
check_equal "no connection broke or moved but that of the node that was taken out" "" \
	"$(grep -v 'errors=none nodes=node[345]$\|nodes=node6' "$RUN/held.hold" || true)"
xlbd_stop

diag "at the start"
OUTPUT=$(ns lb "$XLBD" -d -f "$RUN/toomuch.conf" -s "$SOCKET" --bpffs "$BPFFS" 2>&1 | tail -n 1) || true
check_match "more than the maps hold: no start" 'more than 2048 services' "$OUTPUT"
check_equal "and the kernel goes on" 0 "$(failed_requests 4 16)"
finish
