# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# For tests that try every one of many steps of the daemon's, or some of them. They have
# their rows in ROWS, and in XLBD_PID the daemon that is on trial.

wants_row() # NAME
{
	[[ " $ROWS " = *" $1 "* ]]
}

# sample COUNT N: numbers from 0 to COUNT - 1: N of them, spread evenly, or all.
sample()
{
	local i
	if [ "$2" = all ] || [ "$2" -ge "$1" ]; then
		seq 0 $(($1 - 1))
		return
	fi
	for ((i = 0; i < $2; i++)); do
		echo $((i * ($1 - 1) / ($2 - 1)))
	done
}

# Ends the daemon in order, if it is still there; its status is in QUIT.
quit_xlbd()
{
	QUIT=0
	forget_process "$XLBD_PID"
	kill -TERM "$XLBD_PID" 2>/dev/null || true
	wait "$XLBD_PID" 2>/dev/null || QUIT=$?
}
