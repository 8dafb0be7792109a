#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What bash and zsh complete: every command that there is, and the names that the daemon knows.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin")"
check_within "all nodes are up" 10 hosts_up 4
check_within "interfaces are attached" 10 eval 'ctl show interfaces | grep -q em1'
COMPLETION=$SOURCE_DIR/loader/cli/completion
PATH=$(dirname "$XLBCTL"):$PATH

in_bash()
{
	ns lb "$BASH" "$LIB_DIR/../peers/complete.bash" "$COMPLETION/xlbctl.bash" "$@"
}

in_zsh()
{
	ns lb zsh -f "$LIB_DIR/../peers/complete.zsh" "$COMPLETION" "$@"
}

# offers SHELL WORD...: in one line
offers()
{
	"in_$1" "${@:2}" | sort -u | paste -sd' '
}

# The first words of the commands; the second ones of COMMAND.
commands_of()
{
	ctl help "$@" | sed -n 's/^  \([a-z]\)/\1/p' | cut -d' ' -f $(($# + 1)) | sort -u | paste -sd' '
}

check_shell()
{
	local shell=$1 command
	check_equal "$shell: all commands" "$(commands_of)" "$(offers "$shell" "")"
	check_at_least "$shell: which are some" 18 "$(offers "$shell" "" | wc -w)"
	for command in show host table redirect relay log; do
		check_equal "$shell: the words after $command" "$(commands_of "$command")" \
			"$(offers "$shell" "$command" "")"
	done
	check_equal "$shell: by what is there of a word" "reload" "$(offers "$shell" rel | tr ' ' '\n' | grep reload)"
	check_equal "$shell: options" "-j -s -w --bpffs" \
		"$(offers "$shell" - | tr ' ' '\n' | sort -k1.1,1.2 | sort | paste -sd' ' | sed 's/--bpffs -j -s -w/-j -s -w --bpffs/')"
	check_equal "$shell: hosts" "192.168.1.3 192.168.1.4 192.168.1.5 192.168.1.6" \
		"$(offers "$shell" host drain 192)"
	check_equal "$shell: tables" "web4:443 web6:443" "$(offers "$shell" table disable "")"
	check_equal "$shell: redirects" "web4 web6" "$(offers "$shell" -s "$SOCKET" redirect enable w)"
	check_equal "$shell: interfaces to attach to" "em0 em1" "$(offers "$shell" attach em)"
	check_equal "$shell: interfaces to detach from" \
		"$(ctl -j show interfaces | jq -r '.interfaces[].name' | sort | paste -sd' ')" \
		"$(offers "$shell" detach "")"
	check_equal "$shell: modes" "auto generic native" "$(offers "$shell" attach --mode "")"
	check_equal "$shell: files" "$RUN/web.conf" "$(offers "$shell" load "$RUN/web.c")"
	check_equal "$shell: what a command takes" "--plan" "$(offers "$shell" check --)"
	check_equal "$shell: rules of one" "-v -vv web4 web6" \
		"$({ offers "$shell" show rules -; offers "$shell" show rules w; } | paste -sd' ')"
	check_equal "$shell: what top sorts by" "bits name order packets sessions states" \
		"$(offers "$shell" top -s "")"
	check_equal "$shell: nothing where nothing fits" "" "$(offers "$shell" poll "")"
}

check_shell bash
if command -v zsh >/dev/null; then
	check_shell zsh
else
	diag "zsh is not installed: not tested"
fi
xlbd_stop
check_equal "without a daemon there are no names" "" "$(offers bash host drain "")"
finish
