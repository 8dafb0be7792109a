# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Sourced first thing by every test (and by examples/demo), which then is in a sandbox, as root,
# with XLB_BUILD, XLBD, XLBCTL and XDP_PASS_OBJ set:
#
#   . "$(dirname "$0")/lib.sh"
#   test_begin "$0" "$@"
#   network_up two-arm
#   ...
#   finish

set -Eeuo pipefail

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
SOURCE_DIR=$(cd "$LIB_DIR/../../.." && pwd)

# The daemon and other system programs live in sbin.
PATH=$PATH:/usr/sbin:/sbin

# Debian's own, whatever else is in PATH.
PYTHON=/usr/bin/python3

# shellcheck source=tests/e2e/lib/sandbox.sh
. "$LIB_DIR/sandbox.sh"
# shellcheck source=tests/e2e/lib/assert.sh
. "$LIB_DIR/assert.sh"
# shellcheck source=tests/e2e/lib/network.sh
. "$LIB_DIR/network.sh"
# shellcheck source=tests/e2e/lib/servers.sh
. "$LIB_DIR/servers.sh"
# shellcheck source=tests/e2e/lib/client.sh
. "$LIB_DIR/client.sh"
# shellcheck source=tests/e2e/lib/capture.sh
. "$LIB_DIR/capture.sh"
# shellcheck source=tests/e2e/lib/xlb.sh
. "$LIB_DIR/xlb.sh"
# shellcheck source=tests/e2e/lib/scenario.sh
. "$LIB_DIR/scenario.sh"

# Skips when this machine cannot run the tests, and says what is missing.
test_requirements()
{
	local program missing=()
	[ "$(id -u)" = 0 ] || skip "needs root: network namespaces and BPF"
	for program in unshare nsenter ip bridge ethtool nft sysctl ss nginx openssl curl jq \
		tcpdump bpftool ping "$PYTHON"; do
		command -v "$program" >/dev/null || missing+=("$program")
	done
	[ ${#missing[@]} -eq 0 ] || skip "programs missing: ${missing[*]} (see examples/packages)"
	unshare --mount --pid --net --fork true 2>/dev/null ||
		skip "namespaces cannot be made here"
	[ -f /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
}

# test_begin "$0" "$@"
test_begin()
{
	test_requirements
	sandbox_enter "$@"
	trap 'die "line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND"' ERR
	XLB_BUILD=$(cd "${XLB_BUILD:-$SOURCE_DIR/build/release}" 2>/dev/null && pwd) ||
		skip "nothing built: cmake --preset release && cmake --build --preset release"
	XDP_PASS_OBJ=$XLB_BUILD/tests/e2e/xdp_pass.bpf.o
	[ -f "$XDP_PASS_OBJ" ] || skip "not built: $XDP_PASS_OBJ"
}

# For the tests of xlb itself, all but one.
test_begin_xlb()
{
	test_begin "$@"
	xlb_find
}
