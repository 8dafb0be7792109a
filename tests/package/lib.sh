# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Sourced first thing: PACKAGE is the Debian package of $XLB_BUILD, TREE what is in it.

set -euo pipefail

SOURCE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
XLB_BUILD=${XLB_BUILD:-$SOURCE_DIR/build/release}
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=tests/e2e/lib/assert.sh
. "$SOURCE_DIR/tests/e2e/lib/assert.sh"

package_requirements() # PROGRAM...
{
	local program
	for program in cpack dpkg-deb dpkg-shlibdeps file "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	grep -q '^CMAKE_BUILD_TYPE:.*=\(RelWithDebInfo\|Release\)$' "$XLB_BUILD/CMakeCache.txt" ||
		skip "only what is built for release is packed"
}

# package_make [PROGRAM...]: these programs are needed, too.
package_make()
{
	package_requirements "$@"
	RUN=$(mktemp -d "${TMPDIR:-/tmp}/xlb-package.XXXXXX")
	trap 'rm -rf "$RUN"' EXIT
	cpack --config "$XLB_BUILD/CPackConfig.cmake" -B "$RUN" >"$RUN/cpack.log" 2>&1 ||
		die "cpack: $(cat "$RUN/cpack.log")"
	PACKAGE=$(find "$RUN" -maxdepth 1 -name '*.deb')
	TREE=$RUN/tree
	dpkg-deb -x "$PACKAGE" "$TREE"
}
