# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A terminal with a shell on the load balancer, driven by tmux.

TERMINAL_SETTINGS=

tmux_()
{
	LC_ALL=C.UTF-8 tmux -L xlb -f /dev/null "$@"
}

# terminal_start WIDTH HEIGHT COMMAND: a shell that runs the command and says "over: STATUS" then.
terminal_start()
{
	command -v tmux >/dev/null || skip "tmux is missing"
	export TMUX_TMPDIR=$RUN
	cat >"$RUN/shell" <<-'END'
		while read -r line; do
			clear
			eval "$line"
			echo "over: $?"
		done
	END
	# Its server ends with the sandbox.
	LC_ALL=C.UTF-8 nsenter --net=/run/netns/lb -- tmux -L xlb -f /dev/null new-session -d -s top -x "$1" -y "$2" \
		"bash $RUN/shell"
	TERMINAL_SETTINGS=$(terminal_settings)
	terminal_run "$3"
}

terminal_run() # COMMAND
{
	tmux_ clear-history -t top
	tmux_ send-keys -t top -l "$1"
	tmux_ send-keys -t top Enter
}

# What is on the screen.
terminal()
{
	tmux_ capture-pane -p -t top
}

terminal_shows() # REGEX
{
	terminal | LC_ALL=C.UTF-8 grep -Eq -- "$1"
}

terminal_lacks() # REGEX
{
	! terminal_shows "$1"
}

terminal_line_is() # NUMBER REGEX
{
	terminal | sed -n "$1p" | grep -Eq -- "$2"
}

terminal_type() # KEY
{
	tmux_ send-keys -t top "$1"
}

terminal_resize() # WIDTH HEIGHT
{
	tmux_ resize-window -t top -x "$1" -y "$2"
}

terminal_settings()
{
	stty -g -F "$(tmux_ display-message -p -t top '#{pane_tty}')"
}

# What the shell runs.
terminal_child()
{
	pgrep -P "$(tmux_ display-message -p -t top '#{pane_pid}')"
}
