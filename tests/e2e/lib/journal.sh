# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A systemd-journald of the test's own: sourced after test_begin_xlb, by tests of what the journal has.

JOURNALD=/lib/systemd/systemd-journald
for program in "$JOURNALD" journalctl systemd-cat; do
	command -v "$program" >/dev/null || skip "programs missing: $program (systemd)"
done
mkdir -p /run/systemd /run/log
mount -t tmpfs tmpfs /run/systemd
mount -t tmpfs tmpfs /run/log
mkdir -p /run/systemd/journal /run/log/journal

# Sets JOURNALD_PID.
journald_start()
{
	start "$RUN/journald.log" "$JOURNALD"
	JOURNALD_PID=$STARTED
	wait_for 10 test -S /run/systemd/journal/stdout ||
		skip "systemd-journald does not run here: $(cat "$RUN/journald.log")"
}

# xlbd_start_journaled FILE: systemd-cat connects standard error to the journal, as a unit's is, and
# becomes the daemon. Which stream that is systemd would say.
xlbd_start_journaled()
{
	# shellcheck disable=SC2016 # for the shell there
	start_in lb "$RUN/xlbd.log" systemd-cat bash -c \
		'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"' bash \
		"$XLBD" -d -f "$1" -s "$SOCKET" --bpffs "$BPFFS"
	XLBD_PID=$STARTED
	wait_for 10 ctl show summary || die "xlbd does not answer"
}

journal() # MATCH...: entries as JSON
{
	journalctl -q -D /run/log/journal -o json "$@"
}
