# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bash completion for xlbctl(8). Commands are those that "xlbctl help" lists, names are asked of the running daemon.

# Words that can follow the given ones.
_xlbctl_words()
{
	xlbctl help "$@" 2>/dev/null | awk -v n=$(($# + 1)) '
		/^  [a-z]/ { sub(/^  /, ""); sub(/  .*/, ""); if ($n ~ /^[a-z][a-z-]*$/) print $n }'
}

# Names of the rows of one type in "show summary": host, table, redirect, relay.
_xlbctl_names()
{
	"${ask[@]}" show summary 2>/dev/null | awk -F'\t' -v type="$1" '
		{ gsub(/ +$/, "", $2); gsub(/ +$/, "", $3); sub(/ parent .*/, "", $3) } $2 == type { print $3 }'
}

_xlbctl_interfaces()
{
	ip -o link 2>/dev/null | awk -F': ' '{ sub(/@.*/, "", $2); print $2 }'
}

_xlbctl_attached()
{
	"${ask[@]}" show interfaces 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_xlbctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words="" i
	local ask=(xlbctl) given=()

	# bash takes the colons of names for the ends of words.
	if declare -F _get_comp_words_by_ref >/dev/null; then
		local COMP_WORDS_ALL cword
		_get_comp_words_by_ref -n : -c cur -p previous -w COMP_WORDS_ALL -i cword
	else
		local COMP_WORDS_ALL=("${COMP_WORDS[@]}") cword=$COMP_CWORD
	fi
	for ((i = 1; i < cword; i++)); do
		case ${COMP_WORDS_ALL[i]} in
		-s | --socket)
			((++i))
			[ "${given[0]-}" = capture ] || ask+=(-s "${COMP_WORDS_ALL[i]}")
			;;
		-w | --watch | --bpffs | --mode | --confirm | -f | -D | -F | -c | -i) ((i++)) ;;
		-*) ;;
		*) given+=("${COMP_WORDS_ALL[i]}") ;;
		esac
	done
	[ "${given[0]-}" = top ] && [ "$previous" = -s ] && previous=--sort
	# its options are its own
	[ "${given[0]-}" != capture ] || previous=capture$previous
	case $previous in
	capture-F) words="pflog pcapng" ;;
	capture-w) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	capture-[scd]) return ;;
	--sort) words="order packets bits sessions states name" ;;
	--mode) words="auto native generic" ;;
	-s | --socket | --bpffs | -f) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	-w | --watch | --confirm | -D | -d | -n) return ;;
	-i) words=$(_xlbctl_interfaces) ;;
	*)
		case "${given[*]}" in
		attach*) words="--mode -f $(_xlbctl_interfaces)" ;;
		detach*) words=$(_xlbctl_attached) ;;
		check | load)
			words="-D"
			[ "${given[0]}" = check ] && words+=" --plan" || words+=" --confirm"
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			;;
		reload) words="--confirm" ;;
		node-setup*) words="--sysctl --networkd --netplan --ifupdown -f $(_xlbctl_names host)" ;;
		top*) words="-b -d -n -s" ;;
		capture*) words="-w -F -s -c -d --all" ;;
		doctor) words="-f"; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
		why*)
			words="--syn --mid-stream -i"
			((${#given[@]} == 3)) && words+=" tcp udp"
			;;
		help*) words=$(_xlbctl_words "${given[@]:1}") ;;
		"show redirects" | "show relays" | "show hosts" | "show interfaces" | "show counters") words="-v" ;;
		"show rules"*) words="-v -vv $(_xlbctl_names redirect) $(_xlbctl_names relay)" ;;
		"host "* | "table "* | "redirect "* | "relay "*) words=$(_xlbctl_names "${given[0]}") ;;
		"") words="-j -w -s --bpffs $(_xlbctl_words)" ;;
		*) words=$(_xlbctl_words "${given[@]}") ;;
		esac
		;;
	esac
	[[ $cur == -* ]] || words=$(tr ' ' '\n' <<<"$words" | grep -v '^-')
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
}

complete -F _xlbctl xlbctl
