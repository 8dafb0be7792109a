# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Named results in TAP's form, and waiting for things instead of sleeping.

TEST_COUNT=0
TEST_FAILED=0

diag()
{
	printf '# %s\n' "$@"
}

# skip REASON: ends the script with the status that ctest takes for "skipped".
skip()
{
	printf '1..0 # SKIP %s\n' "$*"
	exit 77
}

# die TEXT: the test itself cannot go on.
die()
{
	printf 'Bail out! %s\n' "$*"
	declare -F test_evidence >/dev/null && test_evidence
	exit 1
}

pass()
{
	TEST_COUNT=$((TEST_COUNT + 1))
	printf 'ok %d - %s\n' "$TEST_COUNT" "$1"
}

# pass_over NAME REASON: a check that cannot be made here.
pass_over()
{
	TEST_COUNT=$((TEST_COUNT + 1))
	printf 'ok %d - %s # SKIP %s\n' "$TEST_COUNT" "$1" "$2"
}

# fail NAME LINE...: the lines say what was expected and what came instead.
fail()
{
	TEST_COUNT=$((TEST_COUNT + 1))
	TEST_FAILED=$((TEST_FAILED + 1))
	printf 'not ok %d - %s\n' "$TEST_COUNT" "$1"
	shift
	diag "$@"
}

# check NAME COMMAND...: passes when COMMAND succeeds; shows what it printed when not.
check()
{
	local name=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	if [ "$status" -eq 0 ]; then
		pass "$name"
	else
		fail "$name" "expected success of: $*" "got status $status${output:+, output:}"
		[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/#   /'
	fi
}

check_fails()
{
	local name=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	if [ "$status" -ne 0 ]; then
		pass "$name"
	else
		fail "$name" "expected failure of: $*" "got status 0, output: $output"
	fi
}

check_equal()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected: $2" "got:      $3"
	fi
}

check_at_most()
{
	if [ "$3" -le "$2" ] 2>/dev/null; then
		pass "$1"
	else
		fail "$1" "expected: at most $2" "got:      $3"
	fi
}

check_at_least()
{
	if [ "$3" -ge "$2" ] 2>/dev/null; then
		pass "$1"
	else
		fail "$1" "expected: at least $2" "got:      $3"
	fi
}

# check_match NAME REGEX TEXT (extended regular expression, somewhere in TEXT)
check_match()
{
	if grep -Eq -- "$2" <<<"$3"; then
		pass "$1"
	else
		fail "$1" "expected a match of: $2" "got:"
		printf '%s\n' "$3" | head -40 | sed 's/^/#   /'
	fi
}

check_no_match()
{
	if grep -Eq -- "$2" <<<"$3"; then
		fail "$1" "expected no match of: $2" "got:"
		grep -E -- "$2" <<<"$3" | head -10 | sed 's/^/#   /'
	else
		pass "$1"
	fi
}

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds; fails when the time is over.
wait_for()
{
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# check_within NAME SECONDS COMMAND...
check_within()
{
	local name=$1 seconds=$2 from=${EPOCHREALTIME/[.,]/}
	shift 2
	if wait_for "$seconds" "$@"; then
		pass "$name ($(((${EPOCHREALTIME/[.,]/} - from) / 1000)) ms)"
	else
		fail "$name" "expected within $seconds s: $*" "last output: $({ "$@" 2>&1 || true; } | tail -5)"
	fi
}

# The last line of every test.
finish()
{
	printf '1..%d\n' "$TEST_COUNT"
	if [ "$TEST_FAILED" -gt 0 ]; then
		diag "$TEST_FAILED of $TEST_COUNT failed"
		declare -F test_evidence >/dev/null && test_evidence
		exit 1
	fi
	exit 0
}
