#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# One interface for the clients' side and the nodes: what comes in goes out there (XDP_TX). The VIP
# is an additional address of the LB.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up one-arm
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	check_direct_return "$v" 20
	check_spread "$v"
done
check_equal "em0 runs native XDP" xdp "$(xdp_mode em0)"

finish
