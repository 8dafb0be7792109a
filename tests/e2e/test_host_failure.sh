#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A node's server stops: after one check no request fails. It returns: it is used again. When no
# node is left, the client is refused at once.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"

# Half of the client's addresses before the failure, the rest when the node is back.
half=$((CLIENT_COUNT / 2))
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	assignments "$v" 0 "$half" >"$RUN/before$v"
	check_match "IPv$v: node5 is used" 'node5' "$(cat "$RUN/before$v")"
done

server_stop 5
for v in 4 6; do
	check_within "IPv$v: node5 is down" 5 host_is "$("node$v" 5)" down
	check_match "IPv$v: relayd's line, with the clients that lose their node" \
		"^table web$v: 0 added, 1 deleted, 0 changed, [1-9][0-9]* killed\$" "$(cat "$RUN/xlbd.log")"
	check_equal "IPv$v: no request fails" 0 "$(failed_requests "$v" 100 "$half")"
	assignments "$v" 0 "$half" >"$RUN/without$v"
	check_no_match "IPv$v: node5 is not used" 'node5|none' "$(cat "$RUN/without$v")"
	check_equal "IPv$v: the clients of the other nodes stay there" \
		"$(grep -v node5 "$RUN/before$v")" "$(grep -xFf "$RUN/before$v" "$RUN/without$v")"
done

server_start 5
for v in 4 6; do
	check_within "IPv$v: node5 is up again" 5 host_is "$("node$v" 5)" up
	check_match "IPv$v: node5 is used again, by new clients" node5 \
		"$(assignments "$v" "$half" "$half")"
done

before_all=$(($(wc -l <"$RUN/xlbd.log") + 1))
for n in "${NODES[@]}"; do
	server_stop "$n"
	for v in 4 6; do
		check_within "IPv$v: node$n is down" 5 host_is "$("node$v" "$n")" down
	done
done
refused()
{
	local status=0
	get "$1" || status=$?
	[ "$status" -eq 7 ]
}
for v in 4 6; do
	check_within "IPv$v: with no node left the client is refused" 5 refused "$v"
	check_equal "IPv$v: the last to go has no line, as with relayd" 3 \
		"$(tail -n +"$before_all" "$RUN/xlbd.log" | grep -c "^table web$v: 0 added, 1 deleted" || true)"
done

finish
