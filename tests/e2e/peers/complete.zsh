# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# complete.zsh DIRECTORY WORD...: what zsh offers for the last word of "xlbctl WORD...", a line each. The
# function is the one that compinit finds; outside of the line editor it is given a compadd of ours.
fpath=($1 $fpath)
shift
autoload -Uz compinit
compinit -D
[[ $_comps[xlbctl] == _xlbctl ]] || exit 1
compadd()
{
	local -a matches
	if [[ $1 == -a ]]; then matches=(${(P)2}); else matches=($@); fi
	matches=(${(M)matches:#$words[CURRENT]*})
	(( ! $#matches )) || print -rl -- $matches
}
_files()
{
	local -a files=($words[CURRENT]*(N))
	(( ! $#files )) || print -rl -- $files
}
words=(xlbctl "$@")
CURRENT=$#words
$_comps[xlbctl]
