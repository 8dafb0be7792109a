#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# docs/from-relayd.md says the truth: each command of its section "The founding post, command by
# command" is run in the founding network under load, and each line of output that the page shows has
# to come, whatever its numbers are. A line of the page with "…" stands for any others.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

PAGE=$SOURCE_DIR/docs/from-relayd.md
SECTION='The founding post, command by command'

section()
{
	awk -v title="## $SECTION" '/^## / { on = ($0 == title) } on' "$PAGE"
}

# Commands are "    $ ..." lines of the section, with what is shown below each of them.
commands()
{
	section | sed -n 's/^    \$ //p'
}

shown_below() # COMMAND
{
	section | awk -v command="    \$ $1" '
		$0 == command { on = 1; next }
		/^    \$ / || !/^    / { on = 0 }
		on && !/…/ { print substr($0, 5) }'
}

# Numbers and blanks are not what the page promises; names of nodes and of interfaces are.
plain()
{
	sed -E 's/[0-9]+(\.[0-9]+)*/N/g; s/[[:blank:]]+/ /g; s/^ //; s/ $//'
}

# Lines of the page that did not come.
missing() # SHOWN OUTPUT
{
	grep -Fvxf <(plain <<<"$2") <(plain <<<"$1") || true
}

# ---- what the commands find on the load balancer ---------------------------------------------
# xlbctl for this run's daemon; its log, which is no journal here.
make_programs()
{
	mkdir "$RUN/bin"
	cat >"$RUN/bin/xlbctl" <<-END
		#!/bin/sh
		exec $XLBCTL -s $SOCKET --bpffs $BPFFS "\$@"
	END
	cat >"$RUN/bin/journalctl" <<-END
		#!/bin/sh
		cat $RUN/xlbd.log
	END
	chmod 755 "$RUN"/bin/*
}

in_lb() # COMMAND: its output, for at most half a minute
{
	ns lb env PATH="$RUN/bin:$PATH" LC_ALL=C.UTF-8 timeout 30 \
		bash -c "${1//\/var\/log\/xlb\/pflog/$RUN\/pflog}" 2>/dev/null || true
}

OUTPUT=
comes() # COMMAND
{
	OUTPUT=$(in_lb "$1")
	[ -z "$(missing "$(shown_below "$1")" "$OUTPUT")" ]
}

network_up two-arm
servers_start
make_programs
# The founding configuration with a check each second, and with what the page adds.
sed 's/^interval .*/interval 1/; s/^timeout .*/timeout 900/' "$SOURCE_DIR/examples/k3s.conf" >"$RUN/k3s.conf"
section | awk '/^```/ { on = ($0 == "```xlb.conf"); next } on' | grep -v '^#' >"$RUN/additions" || true
while IFS= read -r line; do
	case $line in
	*"listen on "*) sed -i "s#^[[:blank:]]*listen on .* interface vether0\$#$line#" "$RUN/k3s.conf" ;;
	*) sed -i "1i $line" "$RUN/k3s.conf" ;;
	esac
done <"$RUN/additions"
check "the configuration with the page's additions is right" ns lb "$XLBD" -n -f "$RUN/k3s.conf"
check_equal "every line of them is in it" "" "$(grep -Fvxf "$RUN/k3s.conf" "$RUN/additions" || true)"
OPTIONS=()
[ ! -s "$RUN/additions" ] || ! grep -q pflog "$RUN/additions" || OPTIONS=(--pflog "$RUN/pflog")
xlbd_start "$RUN/k3s.conf" "${OPTIONS[@]}"
check_within "all nodes are up" 60 hosts_up 4

# A client at work on all three services, from three of its addresses.
start_in client "$RUN/load.log" bash -c "while :; do
	for address in $(client4 1) $(client4 2) $(client4 3); do
		curl -ksS -o /dev/null --max-time 5 --interface \$address 'https://$PUBLIC4/'
		curl -ksS -o /dev/null --max-time 5 --interface \$address 'https://$PUBLIC4:6443/healthz'
		curl -ksS -o /dev/null --max-time 5 --interface \$address 'http://$PUBLIC4/'
		sleep 0.1
	done
done"
LOAD=$STARTED

mapfile -t COMMANDS < <(commands)
check_at_least "the page has commands" 8 "${#COMMANDS[@]}"
for command in "${COMMANDS[@]}"; do
	if wait_for 45 comes "$command"; then
		pass "$command"
	else
		mapfile -t LINES_MISSING < <(missing "$(shown_below "$command")" "$OUTPUT")
		mapfile -t LINES_THERE < <(head -30 <<<"$OUTPUT")
		fail "$command" "not in its output:" "${LINES_MISSING[@]}" "its output:" "${LINES_THERE[@]}"
	fi
done

# The test sees what is wrong.
check_equal "a line that the page invents is found" "is not there N" \
	"$(missing "  is  not there 17" "something else")"

stop_process "$LOAD"
finish
