#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The box fails xlbd: more rtnetlink events than it can read, a bpffs that is read-only, a kernel that
# refuses maps or programs. It says what, where and why; the kernel forwards as it did, and all is
# right again once the box is.
#
# In other tests: interfaces that go and come, and belong to other programs (interfaces, no_native),
# memory (no_memory), daemons that die (crash, killed_start), full disks (pflog).

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
REFUSE_BPF=$XLB_BUILD/tests/e2e/refuse_bpf
[ -x "$REFUSE_BPF" ] || skip "not built: $REFUSE_BPF"

network_up two-arm
servers_start
WEB=$(web_conf web "3 4 5 6" "mode roundrobin")
LIVE=$RUN/live.conf

# live [SERVICE]: the configuration, and one more relay and redirect of that name.
live()
{
	cp "$WEB" "$LIVE"
	[ $# -eq 0 ] || cat >>"$LIVE" <<-EOF
		table <more> { $(node4 3) $(node4 4) }
		relay "$1" {
			listen on $VIP4 port 80
			forward to <more> port 80 mode roundrobin check tcp
		}
	EOF
}

relayed()
{
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" "http://$PUBLIC4/"
}

serves()
{
	{ get 4 0 && get 6 1; } >/dev/null
}

logged() # REGEX: how many lines of the log match
{
	grep -Ec -- "$1" "$RUN/xlbd.log" || true
}

has_logged()
{
	[ "$(logged "$1")" -gt 0 ]
}

remount() # ro|rw
{
	mount -o "remount,$1" "$RUN/bpf"
}

# try_start [COMMAND...]: a daemon, as an argument of COMMAND, that is expected to end by itself; what it says
# is in SAID, its status in STATUS.
try_start()
{
	STATUS=0
	SAID=$(ns lb timeout 20 "$@" "$XLBD" -d -f "$LIVE" -s "$SOCKET" --bpffs "$BPFFS" 2>&1) || STATUS=$?
}

# check_refused NAME REGEX: what try_start has tried.
check_refused()
{
	check_equal "$1: status" 1 "$STATUS"
	check_match "$1: it says why, and where" "$2" "$SAID"
}

# The maps that are pinned, by their ids: the same ones hold the same connections.
map_ids()
{
	local map
	for map in flows4 hosts rows services settings; do
		bpftool -j map show pinned "$BPFFS/$map" | jq .id
	done
}

live

diag "nothing is pinned yet"
remount ro
try_start
check_refused "bpffs is read-only" "cannot make $BPFFS: Read-only file system"
remount rw
try_start "$REFUSE_BPF" PROG_LOAD EPERM
check_refused "programs are not allowed" 'refuses the programs.*bpf\(2\).*Operation not permitted \(.*BPF program'
try_start "$REFUSE_BPF" MAP_CREATE ENOMEM
check_refused "no memory for maps" "no memory for maps and programs.*\(.*map '[a-z0-9_]+': failed to create"
try_start "$REFUSE_BPF" OBJ_PIN ENOSPC
check_refused "nothing can be pinned" "cannot pin: No space left on device \(pinning $BPFFS/[a-z0-9_]+\)"
check_equal "no interface runs a program" "" "$(xdp_mode em0)$(xdp_mode em1)"
xlbd_start "$LIVE"
check_nodes_up 3 4 5 6
check "requests succeed" serves

diag "more events than the socket holds"
# Ends with a node's other MAC, another address of the box, and a link that was not there.
storm()
{
	seq -f 'route add 10.%.0f.0.0/16 via 192.168.1.1' 1 200
	for i in $(seq 100); do
		seq -f 'route replace 172.16.%.0f.0/24 via 192.168.1.1' 1 200
		seq -f 'route replace 172.16.%.0f.0/24 via 192.168.0.1' 1 200
	done
}
storm >"$RUN/storm"
hold_start held 4 4
kill -STOP "$XLBD_PID"
ip -n lb -batch "$RUN/storm"
replace_nic 3
ip -n lb addr add 192.168.77.1/24 dev em0
NEW_MAC=$(mac_of node3 "$NODE_IF")
kill -CONT "$XLBD_PID"
check_within "the daemon says that it has read everything anew" 5 has_logged 'rtnetlink.*read anew'
kernel_has_mac() # HOST MAC
{
	bpftool -j map dump pinned "$BPFFS/hosts" |
		jq -e --arg mac "$2" --arg host "$1" '[.[].formatted.value[] | select(.name == $host)
			| .dst_mac | map(if type == "string" then . else tostring end) | join(":")] | any(. == $mac)'
}
mac_bytes() # as bpftool prints them
{
	local byte bytes=()
	for byte in ${1//:/ }; do
		bytes+=("$((16#$byte))")
	done
	(IFS=: && echo "${bytes[*]}")
}
check_within "the kernel has the node's new MAC" 10 kernel_has_mac "$(node4 3)" "$(mac_bytes "$NEW_MAC")"
check_within "the nodes are up" 10 hosts_up 4
check_equal "requests succeed" 0 "$(failed_requests 4 32)"
check_equal "that was said once" 1 "$(logged 'rtnetlink.*read anew')"
hold_stop held
check_equal "no held connection of the other nodes broke" "" \
	"$(grep -v 'errors=none' "$RUN/held.hold" | grep -v node3 || true)"

diag "bpffs becomes read-only"
remount ro
live relayed
OUTPUT=$(ctl reload 2>&1) && STATUS=0 || STATUS=$?
check_equal "a reload that needs pins: status" 1 "$STATUS"
check_match "it says what, where and why, and what comes next" \
	"tried again.*Read-only file system \(.*$BPFFS/[a-z_]+/[0-9]+" "$OUTPUT"
check "the others' requests succeed" serves
OUTPUT=$(ctl detach em1 2>&1) && STATUS=0 || STATUS=$?
check_equal "detach: status" 1 "$STATUS"
check_match "it says so" "em1, it goes on: Read-only file system \(changing $BPFFS/links\)" "$OUTPUT"
OUTPUT=$(ctl detach 2>&1) && STATUS=0 || STATUS=$?
check_equal "detach from all: status" 1 "$STATUS"
check_match "it says so, too" "Read-only file system \(changing $BPFFS/links\)" "$OUTPUT"
check_equal "both interfaces still run the program" "xdp xdp" "$(xdp_mode em0) $(xdp_mode em1)"
check "and requests succeed" serves
ip -n lb link add new0 type veth peer name new1
OUTPUT=$(ctl attach new0 2>&1) && STATUS=0 || STATUS=$?
check_equal "attach: status" 1 "$STATUS"
check_match "it says so" "new0.*Read-only file system.*$BPFFS/(links|tc)/new0" "$OUTPUT"
check_equal "and leaves nothing there" "" "$(xdp_mode new0)"
check_within "the log says it, too" 5 has_logged "updating the kernel's maps: .*Read-only file system \(.*$BPFFS"
check_at_most "once" 1 "$(logged "updating the kernel's maps: .*Read-only")"
remount rw
check_within "it is writable again: the new service is served, unasked" 10 relayed
check "attach" ctl attach new0
check "detach" ctl detach new0
check "reload" ctl reload
check "requests succeed" serves

diag "the next start is refused"
xlbd_stop
MAPS=$(map_ids)
remount ro
try_start
check_refused "bpffs is read-only" "Read-only file system \(.* $BPFFS/"
OUTPUT=$(ctl detach 2>&1) && STATUS=0 || STATUS=$?
check_match "xlbctl detach, without a daemon" "Read-only file system \(changing $BPFFS" "$STATUS $OUTPUT"
remount rw
check "requests succeed" serves
while read -r command error what; do
	try_start "$REFUSE_BPF" "$command" "$error"
	check_refused "$command fails" "$what"
	check "$command fails: the kernel goes on, by redirects" serves
	check "$command fails: and by relays" relayed
	check_equal "$command fails: the maps are still there" "$MAPS" "$(map_ids 2>&1)"
done <<END
PROG_LOAD EPERM refuses the programs.*Operation not permitted
PROG_LOAD EACCES refuses the programs: Permission denied
MAP_CREATE ENOMEM refuses the programs.*map '.*' is referenced but wasn't created
OBJ_GET EPERM Operation not permitted \(opening $BPFFS/
OBJ_PIN ENOSPC No space left on device \(pinning $BPFFS/
END
try_start unshare --user --map-root-user
check_refused "root of a user namespace" 'Operation not permitted'
check_equal "it leaves the maps alone" "$MAPS" "$(map_ids 2>&1)"

diag "text views are refused only"
start_in lb "$RUN/xlbd.log" "$REFUSE_BPF" LINK_CREATE EINVAL "$XLBD" -d -f "$LIVE" -s "$SOCKET" --bpffs "$BPFFS"
XLBD_PID=$STARTED
check_within "the daemon starts without them" 15 xlbd_has_started
check_within "and says so" 5 has_logged 'text views'
xlbd_stop

xlbd_start "$LIVE"
check_equal "after all that it goes on with the maps of before" "$MAPS" "$(map_ids)"
check_nodes_up 3 4 5 6
check "requests succeed" serves
check "detach leaves nothing" ctl detach
check_equal "no pin is left" "" "$(ls "$BPFFS" 2>/dev/null || true)"
finish
