#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl attach em0, with nothing but a configuration in place, is all it takes; the maps read like
# tables; a daemon started later adopts what it finds; xlbctl detach leaves the box as it was. All
# with the default paths.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

PINS=/sys/fs/bpf/xlb

network_up two-arm
servers_start
mkdir -p /etc/xlb
mount -t tmpfs tmpfs /etc/xlb
cp "$SOURCE_DIR/examples/k3s.conf" /etc/xlb/xlb.conf

xlbctl()
{
	ns lb env "PATH=$(dirname "$XLBD"):$PATH" "$XLBCTL" "$@"
}

# "KIND ID" of everything that is pinned, and of the programs that the interfaces run. A pin that is
# not of the kind asked for makes bpftool print an error instead, without an id.
kernel_objects()
{
	local pin kind id
	find "$PINS" -type f | while read -r pin; do
		for kind in map link prog; do
			id=$({ bpftool -j "$kind" show pinned "$pin" 2>/dev/null || true; } |
				jq -r '.id // empty')
			[ -z "$id" ] || break
		done
		echo "$kind $id"
	done
	ns lb ip -j -d link show | jq -r '.[].xdp.prog.id // empty | "prog \(.)"'
}

# no_object_left FILE: none of the objects in FILE exists any more.
no_object_left()
{
	local kind id
	while read -r kind id; do
		! bpftool "$kind" show id "$id" >/dev/null 2>&1 || return
	done <"$1"
}

check_box_is_clean() # NAME FILE
{
	check_equal "$1: no pin is left" "" "$(find "$PINS" 2>/dev/null || true)"
	check_equal "$1: no interface runs a program" "" \
		"$(ns lb ip -d link show | grep -E 'xdp|prog/' || true)"
	check_equal "$1: no tc filter" "" "$(ns lb tc filter show dev em0 ingress 2>/dev/null || true)"
	check_within "$1: no program, map or link is left in the kernel" 10 no_object_left "$2"
}

dump()
{
	bpftool map dump pinned "$PINS/$1"
}

# Kernels may be made to refuse programs that walk through maps.
iterators_allowed()
{
	local refusal
	refusal=$(bpftool prog loadall "$XLB_BUILD/bpf/xlb_show.bpf.o" /sys/fs/bpf/iterators 2>&1) || {
		[[ $refusal == *"Operation not permitted"* ]] && return 1
		die "$refusal"
	}
	rm -r /sys/fs/bpf/iterators
}

diag "without a daemon"
check "attach em0" xlbctl attach em0
check_equal "no daemon was started" "" "$(pgrep -x xlbd || true)"
check_equal "em1 runs the program" xdp "$(xdp_mode em1)"
check_equal "em0 runs the program" xdp "$(xdp_mode em0)"
check_equal "requests are served" 0 "$(failed_requests 4 32)"

services=$(dump services)
check_match "the dump of the services has their names" '"name": "https_forwarder"' "$services"
check_match "the dump of the services has their fields" '"timeout": ' "$services"
hosts=$(dump hosts)
check_match "the dump of the hosts has their names" '"name": "192.168.1.6"' "$hosts"
check_match "the dump of the hosts has their fields" '"dst_mac": ' "$hosts"
# The whole dump is half a gigabyte of mostly empty entries: its beginning will do.
flows=$(dump flows4 | head -n 20 || true)
for field in client client_port port listen host state; do
	check_match "the dump of the flows has the field $field" "\"$field\": " "$flows"
done
if iterators_allowed; then
	check_match "what is in use of them reads like a table" "client .*$CLIENT4\$" \
		"$(cat "$PINS/show_flows4")"
	check_match "the services do, too" 'https_forwarder' "$(cat "$PINS/show_services")"
	check_match "the hosts do, too" '192\.168\.1\.6' "$(cat "$PINS/show_hosts")"
else
	pass_over "what is in use of them reads like a table" \
		"this kernel does not allow iterators over maps"
fi

kernel_objects | sort -u >"$RUN/objects"
check_at_least "there are kernel objects to look for" 5 "$(wc -l <"$RUN/objects")"
check "detach" xlbctl detach
check_box_is_clean "without a daemon" "$RUN/objects"

diag "a daemon adopts what is pinned"
check "attach em0" xlbctl attach em0
assignments 4 0 16 >"$RUN/before"
kernel_objects | grep ^map | sort -u >"$RUN/maps"
start_in lb "$RUN/xlbd.log" "$XLBD" -d
XLBD_PID=$STARTED SOCKET=/run/xlb/xlbd.sock BPFFS=$PINS
check_within "the daemon answers" 10 xlbctl show summary
check_within "all nodes are up" 5 hosts_up 4
check_equal "it has kept the maps" "$(cat "$RUN/maps")" "$(kernel_objects | grep ^map | sort -u)"
check_equal "clients stay with their nodes" "$(cat "$RUN/before")" \
	"$(assignments 4 0 16 backwards)"

diag "with a daemon"
kernel_objects | sort -u >"$RUN/objects"
check "detach em1" xlbctl detach em1
check_equal "em1 runs no program" "" "$(xdp_mode em1)"
check_equal "em0 still does" xdp "$(xdp_mode em0)"
check "attach em1" xlbctl attach em1
check_equal "requests are served" 0 "$(failed_requests 4 16)"
kernel_objects | sort -u >>"$RUN/objects"
check "detach" xlbctl detach
check_equal "no interface runs a program" "" "$(ns lb ip -d link show | grep -E 'xdp|prog/' || true)"
xlbd_stop
check_box_is_clean "with a daemon" "$RUN/objects"

STATUS=0
xlbctl show summary >/dev/null 2>&1 || STATUS=$?
check_equal "no daemon to talk to: exit status" 3 "$STATUS"

finish
