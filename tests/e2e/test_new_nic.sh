#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A node's NIC is replaced, and the new one has another MAC: traffic follows at once. The
# interval of the checks is a minute here, so it is not them that find out.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
INTERVAL=60 xlbd_start "$(INTERVAL=60 web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"

# The index of a client address that node5 serves.
client_of_node5() # 4|6
{
	assignments "$1" 0 16 | awk '$2 == "node5" { print $1; exit }'
}

answered_by_node5() # 4|6 INDEX
{
	[ "$(get "$1" "$2")" = node5 ]
}

declare -A client
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	client[$v]=$(client_of_node5 "$v")
	[ -n "${client[$v]}" ] || die "IPv$v: no client on node5"
done

old=$(mac_of node5 eth0)
replace_nic 5
check_fails "the new NIC has another MAC" test "$old" = "$(mac_of node5 eth0)"
for v in 4 6; do
	check_within "IPv$v: node5's client is served by node5 again" 5 \
		answered_by_node5 "$v" "${client[$v]}"
	check_equal "IPv$v: no request fails from then on" 0 "$(failed_requests "$v" 64)"
done

finish
