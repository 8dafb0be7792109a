#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbd -n: the founding configuration is OK, what has no effect in it is named, and what is wrong
# in a file is shown with its place. All that without root, and without the network that it is for.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

# Not root, and a network without any of the interfaces.
netns_add empty
unprivileged()
{
	ns empty setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

# xlbd_check FILE [OPTION...]: sets STATUS and OUTPUT (both streams).
xlbd_check()
{
	local file=$1
	shift
	STATUS=0
	OUTPUT=$(unprivileged "$XLBD" -n "$@" -f "$file" 2>&1) || STATUS=$?
}

xlbd_check "$SOURCE_DIR/examples/k3s.conf"
check_equal "the founding configuration: exit status" 0 "$STATUS"
check_match "the founding configuration: it is OK" 'configuration OK' "$OUTPUT"
check_match "prefork is said to have no effect" 'k3s\.conf:[0-9]+:[0-9]+:.*prefork' "$OUTPUT"
check_match "tcp options are said to have no effect" 'k3s\.conf:[0-9]+:[0-9]+:.*nodelay' "$OUTPUT"
check_no_match "nothing is said not to be served" 'not served' "$OUTPUT"
check_no_match "no error is reported" ' error: ' "$OUTPUT"

wrong=$(conf wrong <<-'EOF'
	table <web> { 192.168.1.3 }
	redirect "web" {
		listen on 192.168.0.2 port 443
		route to <web> port 443 mode roundrobbin check tcp interface em0
	}
	redirect "nobody" {
		listen on 192.168.0.2 port 70000
		route to <missing> port 443 check tcp interface em0
	}
EOF
)
chmod 644 "$wrong"
xlbd_check "$wrong"
check_equal "a file with errors: exit status" 1 "$STATUS"
check_match "an unknown mode is shown with its place" 'wrong\.conf:4:[0-9]+: error: ' "$OUTPUT"
check_match "the nearest keyword is suggested" 'roundrobin' "$OUTPUT"
check_match "the line is quoted, with a caret" '^ *\|? *\^|\^' "$OUTPUT"
check_match "a port out of range is reported in the same run" 'wrong\.conf:7:[0-9]+: error: ' "$OUTPUT"
check_match "an unknown table is reported in the same run" 'wrong\.conf:8:[0-9]+: error: ' "$OUTPUT"
check_no_match "a file with errors is not OK" 'configuration OK' "$OUTPUT"

xlbd_check "$SOURCE_DIR/examples/k3s.conf" -D local_addr=192.168.0.77
check_equal "a macro from the command line: exit status" 0 "$STATUS"

STATUS=0
unprivileged "$XLBD" --no-such-option >/dev/null 2>&1 || STATUS=$?
check_equal "an unknown option: exit status" 2 "$STATUS"

STATUS=0
OUTPUT=$(unprivileged "$XLBCTL" check -f "$SOURCE_DIR/examples/k3s.conf" 2>&1) || STATUS=$?
check_equal "xlbctl check -f: exit status" 0 "$STATUS"
STATUS=0
OUTPUT=$(unprivileged "$XLBCTL" check -f "$wrong" 2>&1) || STATUS=$?
check_equal "xlbctl check -f of a file with errors: exit status" 1 "$STATUS"
check_match "xlbctl check -f shows the errors" 'wrong\.conf:4:' "$OUTPUT"

finish
