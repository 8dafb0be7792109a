#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Generic XDP, for interfaces whose driver has nothing better.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
# Merged packets are longer than the nodes' interface takes.
for dev in em0 em1; do
	ns lb ethtool -K "$dev" gro off
done
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"
check "attach --mode generic" ctl attach --mode generic em0 em1
for dev in em0 em1; do
	check_equal "$dev runs generic XDP" xdpgeneric "$(xdp_mode "$dev")"
	check_match "show interfaces says so of $dev" "$dev.*generic" "$(ctl show interfaces)"
done
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	check_direct_return "$v" 20
	check_spread "$v"
done

finish
