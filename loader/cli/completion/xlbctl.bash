# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bash completion for xlbctl(8); names are asked of the running daemon.

# Names of the rows of one type in `show summary`: host, table, redirect, relay.
_xlbctl_names()
{
	xlbctl show summary 2>/dev/null | awk -F'\t' -v type="$1" '
		{ gsub(/ +$/, "", $2); gsub(/ +$/, "", $3) } $2 == type { print $3 }'
}

_xlbctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words="" command="" object="" i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --bpffs | --mode | -f) ((i++)) ;;
		-*) ;;
		*) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; else object=${COMP_WORDS[i]}; fi ;;
		esac
	done
	case $command in
	"") words="attach check detach doctor help host log monitor node-setup poll redirect relay reload show table version" ;;
	show) words="counters hosts interfaces redirects relays sessions summary tables" ;;
	log) words="brief verbose" ;;
	attach | detach) words=$(ls /sys/class/net) ;;
	host) [ -z "$object" ] && words="disable drain enable" || words=$(_xlbctl_names host) ;;
	table | redirect | relay)
		[ -z "$object" ] && words="disable enable" || words=$(_xlbctl_names "$command")
		;;
	node-setup) words="--sysctl --networkd --netplan --ifupdown -f $(_xlbctl_names host)" ;;
	check | doctor) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _xlbctl xlbctl
