# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The doctor: sourced after lib.sh by its tests.

# The file whose site is examined; empty: the daemon's.
CONF=

# Its findings as "SEVERITY TEST: TEXT" lines.
findings()
{
	ctl -j doctor ${CONF:+-f "$CONF"} >"$RUN/doctor.json" || true
	jq -r '.findings[] | "\(.severity) \(.test): \(.seen)"' "$RUN/doctor.json"
}

finds() # REGEX
{
	grep -Eq -- "$1" <<<"$(findings)"
}

finds_nothing()
{
	[ -z "$(findings)" ]
}

# The kernel and the doctor ask more than once, but a busy machine may be slower than both.
check_finds() # NAME REGEX
{
	check_within "$1" 20 finds "$2"
	check_equal "$1: it is said what to do" "" \
		"$(jq -r '.findings[] | select(.advice == null) | .test' "$RUN/doctor.json")"
}

check_healthy() # NAME
{
	check_within "$1: nothing is found" 20 finds_nothing
	check_equal "$1: nothing is left untested" "" \
		"$(jq -r '[.untested[].test] | unique | join(" ")' "$RUN/doctor.json")"
	check_at_least "$1: a good number of tests" 20 "$(jq .tests "$RUN/doctor.json")"
}

# One redirect for IPv4: fewer hosts to wait for.
one_conf() # NAME NODES TARGET-OPTIONS [LINE...]
{
	web_conf "$@" >/dev/null
	sed -i '/^table <web6>/,$d' "$RUN/$1.conf"
	echo "$RUN/$1.conf"
}
