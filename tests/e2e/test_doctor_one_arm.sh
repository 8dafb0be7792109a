#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl doctor where the VIP is on the nodes' own segment: nothing is found there either, until a node
# answers for the VIP, which takes all clients away. And a VIP that is an address of no interface.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/doctor.sh
. "$LIB_DIR/doctor.sh"
test_begin_xlb "$0" "$@"

network_up one-arm
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin")"
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 10 hosts_up "$v"
done
check_healthy "all in order"

ns node4 sysctl -qw net.ipv4.conf.all.arp_ignore=0
check_finds "a node that answers ARP for the VIP" \
	"error arp: host $(node4 4) answers ARP for $VIP4 on em0: clients' packets go to it alone"
ns node4 sysctl -qw net.ipv4.conf.all.arp_ignore=1

ip -n node5 address add "$VIP6/128" dev "$NODE_IF" nodad
check_finds "IPv6: a node that has the VIP on its interface" \
	"error arp: host $(node6 5) answers neighbour solicitations for $VIP6 on em0: clients'"
ip -n node5 address del "$VIP6/128" dev "$NODE_IF"
check_healthy "all in order again"

# The VIP moves to another load balancer of a pair.
ip -n lb address del "$VIP4/32" dev em0
ip -n router address add "$VIP4/32" dev lan1
check_finds "the VIP is at another load balancer" \
	"note arp: $(mac_of router lan1) on em0 says that it has $VIP4\$"
check_finds "and not here" "note interface: .* $VIP4 is no address of this box"
check_no_match "neither is wrong" '^(warning|error) ' "$(findings)"
check "the exit status says so" ctl doctor
xlbd_stop

finish
