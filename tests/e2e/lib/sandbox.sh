# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A place of its own for each run: the script starts itself again in new mount and pid namespaces.
# Network namespaces, bpffs and files made there are seen by nobody else, carry no names that could
# collide with another run, and go away with the script, even when that is killed.
#
# To look around while a test is held up: nsenter -t PID -m -p, then ip netns exec client ...

# Scratch directory of this run: configurations, logs, certificates, the nodes' documents.
RUN=

# What cleanup() ends, newest last.
SANDBOX_PIDS=()

# sandbox_enter "$0" "$@": returns inside the sandbox only.
sandbox_enter()
{
	if [ -z "${XLB_SANDBOX-}" ]; then
		XLB_SANDBOX=1 exec unshare --mount --propagation private --pid --fork \
			--kill-child --mount-proc -- "$@"
	fi
	unset XLB_SANDBOX
	mkdir -p /run/netns /run/xlb
	mount -t tmpfs tmpfs /run/netns
	mount -t tmpfs tmpfs /run/xlb
	mount -t bpf bpf /sys/fs/bpf
	export TC_BPF_MNT=/sys/fs/bpf # of iproute2, which else takes the first one that it finds
	RUN=$(mktemp -d "${TMPDIR:-/tmp}/xlb-e2e.XXXXXX")
	chmod 755 "$RUN"
	export STATE_DIRECTORY=$RUN/state
	trap sandbox_leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# The scratch directory is kept when the environment says XLB_KEEP=1.
sandbox_leave()
{
	local status=$? pid
	trap - EXIT
	for pid in "${SANDBOX_PIDS[@]}"; do
		stop_process "$pid"
	done
	if [ -n "${XLB_KEEP-}" ]; then
		echo "# kept: $RUN" >&2
	else
		umount "$RUN/bpf" 2>/dev/null || true
		rm -rf "$RUN"
	fi
	exit "$status"
}

# ns NAME COMMAND...: runs COMMAND in a network namespace. Unlike "ip netns exec" this leaves
# /sys alone, so that bpffs stays where it is.
ns()
{
	local name=$1
	shift
	nsenter --net="/run/netns/$name" -- "$@"
}

# start LOG COMMAND...: starts COMMAND in the background, its output in LOG; STARTED is its pid.
# (nsenter replaces itself by the command, so the pid of "start LOG nsenter ..." is the command's.)
start()
{
	local log=$1
	shift
	"$@" >>"$log" 2>&1 </dev/null &
	STARTED=$!
	SANDBOX_PIDS+=("$STARTED")
}

# start_in NS LOG COMMAND...
start_in()
{
	local name=$1 log=$2
	shift 2
	start "$log" nsenter --net="/run/netns/$name" -- "$@"
}

process_gone()
{
	! kill -0 "$1" 2>/dev/null
}

forget_process()
{
	local left=() p
	for p in "${SANDBOX_PIDS[@]}"; do
		[ "$p" = "$1" ] || left+=("$p")
	done
	SANDBOX_PIDS=("${left[@]}")
}

# Ends a process that start() made: politely, then after five seconds for good.
stop_process()
{
	local pid=$1 tries=0
	forget_process "$pid"
	kill -TERM "$pid" 2>/dev/null || true
	while ! process_gone "$pid" && [ $((tries += 1)) -lt 50 ]; do
		sleep 0.1
	done
	process_gone "$pid" || kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
}

# Ends it as a crash would.
kill_process()
{
	forget_process "$1"
	kill -KILL "$1"
	wait "$1" 2>/dev/null || true
}
