#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Each mode spreads the clients over all nodes, and keeps a client where it is.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start

spread_with() # NAME TARGET-OPTIONS [LINE...]
{
	diag "$*"
	xlbd_start "$(web_conf "$@")"
	check_within "$1: the nodes are up" 5 hosts_up 4
	check_within "$1: the nodes are up, IPv6" 5 hosts_up 6
	check_spread 4
	check_spread 6
	ctl detach
	xlbd_stop
}

spread_with roundrobin "3 4 5 6" "mode roundrobin" sticky-address
spread_with random "3 4 5 6" "mode random" sticky-address
spread_with least-states "3 4 5 6" "mode least-states" sticky-address
spread_with source-hash "3 4 5 6" "mode source-hash"

finish
