# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Sourced by tests/run and examples/demo: what turns a fresh Debian 12 into a machine that builds and
# runs xlb. Does nothing, and quickly so, where all is in place.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

say()
{
	printf '\n=== %s\n' "$*"
}

# Lists of packages, one a line. Who needs more than building and the demo does adds to them.
PACKAGE_LISTS=("$TOP/examples/packages")

# Those of the lists that are not installed.
packages_missing()
{
	local wanted
	mapfile -t wanted < <(grep -hEv '^ *(#|$)' "${PACKAGE_LISTS[@]}")
	comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
		<(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
			awk '$1 == "ii" { print $2 }' | sort)
}

# Services that come with the packages are neither started nor enabled: nginx and others run in
# namespaces of the demo and the tests, and are nobody's business outside.
disable_service() # PACKAGE SERVICE: if the package is one of $missing
{
	if grep -qx "$1" <<<"$missing" && command -v systemctl >/dev/null; then
		systemctl --quiet disable "$2" 2>/dev/null || true
	fi
}

install_packages()
{
	local missing policy=/usr/sbin/policy-rc.d status=0
	missing=$(packages_missing)
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || {
		echo "packages missing, and only root may install them:" "$missing" >&2
		return 1
	}
	say "Installing packages:" "$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update || return
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	else
		policy=
	fi
	# shellcheck disable=SC2086 # a list of words
	apt-get -q -y --no-install-recommends install $missing || status=$?
	[ -z "$policy" ] || rm -f "$policy"
	disable_service nginx nginx
	disable_service haproxy haproxy
	disable_service bird2 bird
	disable_service keepalived keepalived
	disable_service ifupdown networking
	disable_service prometheus prometheus
	disable_service nfdump nfdump
	return "$status"
}

# build PRESET: configures and builds into build/PRESET; what it prints is shown on failure only.
build()
{
	local log="$TOP/build/$1.log" status=0
	mkdir -p "$TOP/build"
	(cd "$TOP" && cmake --preset "$1" && cmake --build --preset "$1") >"$log" 2>&1 || status=$?
	[ "$status" -eq 0 ] || {
		cat "$log"
		echo "building $1 failed, see above" >&2
	}
	return "$status"
}
