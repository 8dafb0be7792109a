#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Interfaces that are not there yet, go and come back, belong to another XDP program, or do not take
# the mode asked for: said once, with the rest going on, and used as soon as they can be.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
WEB=$(web_conf web "3 4 5 6" "mode roundrobin")

logged() # REGEX: how many lines of the log match
{
	grep -Ec -- "$1" "$RUN/xlbd.log" || true
}

has_logged()
{
	[ "$(logged "$1")" -gt 0 ]
}

attached_to() # INTERFACE
{
	[ -n "$(xdp_mode "$1")" ]
}

em0_up()
{
	plug_into_switch lb em0 sw-lb
	accept_xdp_frames switch sw-lb
	address lb em0 192.168.1.2/24 2001:db8:1::2/64
}

diag "not there yet"
ip -n lb link del em0
xlbd_start "$WEB"
check_within "a missing interface is reported" 5 has_logged '^there is no interface em0'
check_within "the other one is used" 5 attached_to em1
em0_up
check_within "it is used as soon as it appears" 5 attached_to em0
check_within "all nodes are up" 10 hosts_up 4
check_equal "requests succeed" 0 "$(failed_requests 4 16)"
check_equal "it was reported once" 1 "$(logged '^there is no interface em0')"

diag "gone and back"
ip -n lb link del em1
check_within "the daemon notices" 5 has_logged 'interface with index .* is gone'
lb_em1_up "$VIP4" "$VIP6"
check_within "it is used again" 5 attached_to em1
check_equal "requests succeed" 0 "$(failed_requests 4 16)"
check_equal "no pin of the former one is left" "em0 em1" \
	"$(find "$BPFFS/links" -type f -printf '%f\n' | sort | paste -sd' ')"

diag "gone and back while no daemon is there"
xlbd_stop
ip -n lb link del em1
lb_em1_up "$VIP4" "$VIP6"
xlbd_start "$WEB"
check_within "it is used again" 5 attached_to em1
check_within "requests succeed" 5 get 4

diag "taken by another program"
check "detach em1" ctl detach em1
check "reload" ctl reload
check_equal "a detached interface stays so" "" "$(xdp_mode em1)"
ip -n lb link set dev em1 xdpdrv obj "$XDP_PASS_OBJ" sec xdp
OUTPUT=$(ctl attach em1 2>&1) || true
check_equal "attach says so" "xlbctl: em1: another XDP program is attached" "$OUTPUT"
xlbd_stop
ctl detach
: >"$RUN/xlbd.log"
xlbd_start "$WEB"
check_within "so does the start" 5 has_logged 'em1: another XDP program is attached'
check_within "the other interface is used" 5 attached_to em0
for mtu in 1490 1480 1500; do
	ip -n lb link set em0 mtu "$mtu"
done
ip -n lb link set dev em1 xdpdrv off
check_within "it is used once it is free" 15 get 4
check_equal "it was complained of once" 1 "$(logged 'em1: another XDP program')"

diag "modes"
check_match "lo takes generic mode only, and that is said" 'generic mode \(native: .*support' \
	"$(ctl attach lo)"
OUTPUT=$(ctl attach --mode native lo 2>&1) || true
check_match "native mode is refused" 'cannot attach in native mode' "$OUTPUT"
check_equal "and the other one is still there" xdpgeneric "$(xdp_mode lo)"
check "detach lo" ctl detach lo

diag "all of them at once"
check "detach" ctl detach
check "attach em0" ctl attach em0
check_equal "brings the configuration's other interfaces along" xdp "$(xdp_mode em1)"
check_within "requests succeed" 5 get 4
check_fails "attach of no interface" ctl attach nosuch0
check_fails "detach of no interface" ctl detach nosuch0

diag "without a daemon"
xlbd_stop
ip -n lb link property add dev em0 altname uplink0
check "detach by an altname" ctl detach uplink0
check_equal "em0 runs no program" "" "$(xdp_mode em0)"
check_equal "em1 still does" xdp "$(xdp_mode em1)"
check "detach" ctl detach
STATUS=0
ns lb "$XLBD" --oneshot -f "$WEB" --bpffs "$BPFFS" --attach nosuch0 >"$RUN/oneshot.log" 2>&1 ||
	STATUS=$?
check_equal "oneshot with no such interface: exit status" 1 "$STATUS"
check_match "and it says so" 'there is no interface nosuch0$' "$(cat "$RUN/oneshot.log")"
check_equal "the others are attached" "xdp xdp" "$(xdp_mode em0) $(xdp_mode em1)"
finish
