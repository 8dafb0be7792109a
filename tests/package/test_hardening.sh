#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What the compiler and the linker were asked for is in the programs.

. "$(dirname "$0")/lib.sh"
package_make readelf

hardened() # NAME FILE
{
	local header segments dynamic symbols
	header=$(readelf -hW "$2") segments=$(readelf -lW "$2") dynamic=$(readelf -dW "$2")
	symbols=$(readelf -W --dyn-syms "$2")
	check_match "$1: position-independent" 'Type: +DYN' "$header"
	check_match "$1: is a program, not a library" 'Flags: .*PIE' "$dynamic"
	check_match "$1: relocations are read-only" 'GNU_RELRO' "$segments"
	check_match "$1: all symbols are bound at the start" 'BIND_NOW|Flags: .*NOW' "$dynamic"
	check_match "$1: the stack is not executable" 'GNU_STACK .* RW ' "$segments"
	check_no_match "$1: no segment is writable and executable" '^ *LOAD .* RWE ' "$segments"
	check_no_match "$1: libraries are the system's" 'RPATH|RUNPATH' "$dynamic"
	check_match "$1: the stack is guarded" '__stack_chk_fail' "$symbols"
	check_match "$1: copies are checked" '__(snprintf|vsnprintf|memcpy|strcpy)_chk' "$symbols"
}

hardened xlbd "$TREE/usr/sbin/xlbd"
hardened xlbctl "$TREE/usr/bin/xlbctl"
check_equal "no program has rights of its own" "" "$(find "$TREE" -perm /7000)"
finish
