#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The founding network over IPv6: direct server return, and who gets which client.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"
check_within "all nodes are up" 5 hosts_up 6
check_direct_return 6 100
check_spread 6

finish
