# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# complete.bash FILE WORD...: what bash offers for the last word of "xlbctl WORD...", a line each.
# shellcheck source=/dev/null
. "$1"
shift
# shellcheck disable=SC2034 # for the function
COMP_WORDS=(xlbctl "$@") COMP_CWORD=$#
COMPREPLY=()
_xlbctl
printf '%s\n' "${COMPREPLY[@]}"
