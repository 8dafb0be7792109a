#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The VIP is an address of no interface of the LB: the router has a route for it.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up routed
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"
# No address to find the interface by: it is named.
ctl attach em1
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	check_direct_return "$v" 20
	check_spread "$v"
done

finish
