#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The nodes are behind a card whose driver has no native XDP. Such a driver does not send what came in
# natively elsewhere, so all of it runs generic, without being told to; and natively again when the
# nodes are behind another card.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
# macvlan is such a driver: em0 becomes one, with the former em0 below it.
ns lb ethtool -K em1 gro off
mac=$(ip -n lb -j link show dev em0 | jq -r ".[0].address")
ip -n lb link set em0 down
ip -n lb link set em0 name card
ip -n lb address flush dev card
ip -n lb link set card up address 02:00:00:00:00:01
ns lb ethtool -K card gro off
ip -n lb link add em0 link card address "$mac" type macvlan mode bridge
ip -n lb link set em0 up
address lb em0 192.168.1.2/24 2001:db8:1::2/64

xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin" sticky-address)"
is_generic() # INTERFACE
{
	[ "$(xdp_mode "$1")" = xdpgeneric ]
}
check_within "em0 runs generic XDP" 5 is_generic em0
check_within "em1 does, too" 5 is_generic em1
check_match "show interfaces says why" 'em1.*generic.*frames leave by em0, which has no native mode' \
	"$(ctl show interfaces)"
check_match "the log says so" 'attached to em1 in generic mode.*frames leave by em0' "$(cat "$RUN/xlbd.log")"
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	check_direct_return "$v" 1
done

finish
