#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The unit as systemd reads it: no mistakes, and a sandbox of at most 2.0.

. "$(dirname "$0")/lib.sh"
package_make systemd-analyze systemd-sysusers

UNIT=usr/lib/systemd/system/xlbd.service

# What the unit runs is not looked for: the tree is no whole system.
check_equal "systemd finds no mistake in it" "" \
	"$(systemd-analyze verify --root="$TREE" --man=no --recursive-errors=no "$TREE/$UNIT" 2>&1 |
		grep -F xlbd.service | grep -Ev 'is not executable' || true)"
exposure=$(systemd-analyze security --offline=yes --no-pager "$TREE/$UNIT" |
	sed -n 's/.*Overall exposure level for xlbd.service: \([0-9.]*\) .*/\1/p')
diag "exposure: $exposure"
check_at_most "its exposure, in tenths" 20 "$(sed 's/\.//; s/^0*//' <<<"$exposure")"

mkdir -p "$RUN/root/etc"
check "sysusers.d makes the user" systemd-sysusers --root="$RUN/root" "$TREE/usr/lib/sysusers.d/xlb.conf"
check_match "the user has no shell" '^xlb:.*:/usr/sbin/nologin$' "$(cat "$RUN/root/etc/passwd")"
finish
