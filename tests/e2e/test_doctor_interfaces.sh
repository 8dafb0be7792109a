#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl doctor and the load balancer's own interfaces: what can be wrong with them is found when it is.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/doctor.sh
. "$LIB_DIR/doctor.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start

CONF=$(one_conf one "3 4" "mode roundrobin")
xlbd_start "$CONF"
CONF=
check_within "the nodes are up" 10 hosts_up 4 3 4
check_healthy "all in order"
check "detach em1" ctl detach em1
check_finds "nothing at the interface where requests come in" "error xdp: nothing is attached to em1"
ns lb ethtool -K em0 gro on
check "attach --mode generic" ctl attach --mode generic em0 em1
check_finds "generic mode" "warning xdp: em0 \(driver veth\) runs XDP in generic mode"
check_finds "generic mode with GRO" "error offload: em0 merges packets \(GRO, in generic mode\)"
xlbd_stop
check "detach" ctl detach

CONF=$RUN/one.conf
ns lb ethtool -K em1 tx on >/dev/null
check_finds "unfinished checksums" "warning offload: em1 is a veth that hands on unfinished checksums"
ns lb ethtool -K em1 tx off >/dev/null

ip -n lb link set em0 mtu 1400
check_finds "a smaller MTU towards the hosts" "error mtu: em1 takes packets of 1500 bytes, em0 sends only 1400"
ip -n lb link set em0 mtu 1500

ns lb sysctl -qw net.ipv4.conf.em1.rp_filter=1
check_within "rp_filter where the way back is the same" 20 finds_nothing
ip -n lb route replace default via 192.168.1.1
check_finds "rp_filter where it is not" "warning rp_filter: requests come in by em1, but the default route leaves by em0"
ip -n lb route replace default via 192.168.0.1
ns lb sysctl -qw net.ipv4.conf.em1.rp_filter=0

sed 's/port 443$/port 443 interface em0/' "$CONF" >"$RUN/elsewhere.conf"
sed 's/port 443$/port 443 interface vether7/' "$CONF" >"$RUN/missing.conf"
sed "s/listen on $VIP4/listen on 192.168.0.77/" "$CONF" >"$RUN/routed.conf"
sed 's/interface em0$/interface em9/' "$CONF" >"$RUN/noway.conf"
sed "s/$(node4 3)/203.0.113.10/; s/interface em0\$/interface em1/" "$CONF" >"$RUN/behind.conf"
CONF=$RUN/elsewhere.conf
check_finds "an interface that does not carry the VIP" \
	"error interface: redirect \"web4\": it serves what comes in by em0, but $VIP4 is on em1"
CONF=$RUN/missing.conf
check_finds "an interface that is not there" 'error interface: .* there is no interface vether7 here'
check_match "with the command that makes it" 'ip link property add dev em1 altname vether7' \
	"$(jq -r '.findings[].advice' "$RUN/doctor.json")"
CONF=$RUN/routed.conf
check_finds "a VIP that is on no interface" 'note interface: .* 192\.168\.0\.77 is no address of this box'
CONF=$RUN/noway.conf
check_finds "an interface towards hosts that is not there" "error neighbour: host $(node4 3): there is no interface em9 here"
CONF=$RUN/behind.conf
check_finds "a host behind a router" 'error router: host 203\.0\.113\.10 is behind the router 192\.168\.0\.1'

finish
