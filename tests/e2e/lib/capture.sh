# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Who sees which packets. Frames that XDP takes never reach a capture on the same interface, so
# the capturing is done at the other end of the cable.

declare -A CAPTURE_PID=()

# capture_start NAME NS IF FILTER...
capture_start()
{
	local name=$1 where=$2 dev=$3
	shift 3
	start_in "$where" "$RUN/$name.tcpdump" tcpdump -i "$dev" -n -p -U -s 128 \
		-w "$RUN/$name.pcap" -- "$@"
	CAPTURE_PID[$name]=$STARTED
	wait_for 10 grep -q 'listening on' "$RUN/$name.tcpdump" ||
		die "tcpdump: $(cat "$RUN/$name.tcpdump")"
}

# Ends a capture; CAPTURED is the number of packets that it has seen.
capture_stop()
{
	stop_process "${CAPTURE_PID[$1]}"
	CAPTURED=$(tcpdump -n -r "$RUN/$1.pcap" 2>/dev/null | wc -l)
}
