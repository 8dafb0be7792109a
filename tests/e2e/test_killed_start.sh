#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbd, or xlbctl where there is no daemon, is killed right before each step of what it does: system
# calls that change something which outlives it. Whoever comes next finishes the work: the same is
# pinned as if nothing had happened, nothing of the half-finished is left, and connections live on.
#
# Some steps of each row, spread evenly; XLB_STEPS=all: every one. XLB_ROWS="fresh adopt": these rows.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/steps.sh
. "$LIB_DIR/steps.sh"
test_begin_xlb "$0" "$@"
KILL_AT=$XLB_BUILD/tests/e2e/kill_at
[ -x "$KILL_AT" ] || skip "not built: $KILL_AT"

STEPS=${XLB_STEPS:-4}
ROWS=${XLB_ROWS:-fresh adopt layout trace reload attach detach}

network_up two-arm
servers_start
mkdir "$RUN/log"

# steps_conf NAME LISTEN-OPTION [RELAY]: a redirect with rows, a relay with connections, and one more of
# that name.
steps_conf()
{
	both_paths_conf "$1" 443 source-hash loadbalance "$2"
	[ -z "${3-}" ] || cat >>"$RUN/$1.conf" <<-EOF
		relay "$3" {
			listen on $VIP4 port 80
			forward to <nodes4> port 80 mode roundrobin check tcp
		}
	EOF
}
steps_conf plain ""
steps_conf logged pflog

# What is pinned. Inner maps have the numbers of places that depend on history: how many there are.
pins()
{
	[ ! -e "$BPFFS" ] || find "$BPFFS" -mindepth 1 -printf '%P\n' |
		sed -E 's,^((rows|conns)_of)/[0-9]+$,\1/N,' | sort | uniq -c
}

pins_are() # FILE
{
	[ "$(pins)" = "$(cat "$1")" ]
}

# The same, however many inner maps there are: services that have gone keep theirs for a while.
names_are() # FILE
{
	[ "$(pins | awk '{ print $2 }')" = "$(awk '{ print $2 }' "$1")" ]
}

relayed() # PORT
{
	local scheme=https
	[ "$1" != 80 ] || scheme=http
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" --cacert "$RUN/cert.pem" "$scheme://$PUBLIC4:$1/"
}

serves()
{
	{ get 4 0 && get 4 1 && relayed 6443; } >/dev/null
}

daemon() # CONFIG [COMMAND...]: xlbd in the background, as an argument of COMMAND
{
	local conf=$1
	shift
	start_in lb "$RUN/xlbd.log" "$@" "$XLBD" -d -f "$RUN/$conf.conf" -s "$SOCKET" --bpffs "$BPFFS" \
		--pflog "$RUN/log/pflog"
	XLBD_PID=$STARTED
}

# Ends it, if nobody has killed it. Whatever else it dies of is none of ours.
quit()
{
	quit_xlbd
	[ "$QUIT" = 0 ] || [ "$QUIT" = 137 ] || CRASHED+=("$QUIT")
}

# stepped CONFIG STEP: a daemon that is killed before that step, or has started.
stepped()
{
	daemon "$1" "$KILL_AT" "$2" "$RUN/steps"
	wait_for 20 gone_or_started
	quit
}

gone_or_started()
{
	process_gone "$XLBD_PID" || { xlbd_has_started && { [ "$ROW" != trace ] || ring_is_pinned; }; }
}

ring_is_pinned()
{
	[ -e "$BPFFS/xlb_traces" ]
}

# started CONFIG: a daemon that nobody kills, until it has finished.
started()
{
	daemon "$1"
	wait_for 15 xlbd_has_started && wait_for 10 pins_are "$RUN/$1.pins" && wait_for 5 serves
}

# What a start without any accident leaves.
learn() # CONFIG
{
	local before
	daemon "$1"
	wait_for 15 xlbd_has_started || die "xlbd does not start"
	[ "$1" != logged ] || wait_for 15 ring_is_pinned || die "no trace ring"
	wait_for 10 serves || die "it does not serve"
	pins >"$RUN/$1.pins"
	quit
}

# Steps to die before: all up to COUNT, or some, with the first and the last.
# Steps are counted from 1.
steps_of() # COUNT
{
	sample "$1" "$STEPS" | awk '{ print $1 + 1 }'
}

# row NAME TEXT [FUNCTIONS]: NAME_try STEP is killed before the step (0: never), NAME_next STEP
# recovers; both begin and end in the same state, which NAME_begin has made. FUNCTIONS: their
# names begin so instead.
row()
{
	local count step failed=() text=$2 functions=${3:-$1}
	ROW=$1 INTERRUPTED=() CRASHED=()
	wants_row "$ROW" || return 0
	"${functions}_begin"
	"${functions}_try" 0 >>"$RUN/rounds.log" 2>&1
	count=$(wc -l <"$RUN/steps")
	cp "$RUN/steps" "$RUN/steps.$1"
	"${functions}_next" 0 >>"$RUN/rounds.log" 2>&1 || die "$text: not even without a kill: $(pins)"
	for step in $(steps_of "$count"); do
		"${functions}_try" "$step" >>"$RUN/rounds.log" 2>&1
		[ "$(wc -l <"$RUN/steps")" = "$step" ] || echo "step $step was not reached" >>"$RUN/rounds.log"
		"${functions}_next" "$step" >>"$RUN/rounds.log" 2>&1 && continue
		failed+=("$step")
		diag "before $(sed -n "${step}p" "$RUN/steps.$1"):" "$(pins | diff "$RUN/plain.pins" - || true)"
	done
	check_at_least "$text: there are steps" 1 "$count"
	check_equal "$text: whoever is not killed ends in order" "" "${CRASHED[*]}"
	check_equal "$text: the kernel goes on, whatever died" "" "${INTERRUPTED[*]}"
	check_equal "$text: killed before $(steps_of "$count" | wc -l) of $count steps" "" "${failed[*]}"
}

# Connections by the redirect and by the relay, which outlive all of it.
held_begin()
{
	hold_start direct 4 6
	hold_start relayed 4 6 6443
}

held_end() # NAME
{
	local kind
	for kind in direct relayed; do
		hold_stop $kind
		check_equal "$1: no held connection broke or moved ($kind)" "" \
			"$(grep -v 'errors=none nodes=node[3-6]$' "$RUN/$kind.hold" || true)"
	done
}

all_removed()
{
	ctl detach && [ ! -e "$BPFFS" ] && ! ns lb ip -d link show | grep -q 'prog/xdp'
}

diag "a first start"
for config in plain logged; do
	learn $config
done
all_removed || die "detach leaves: $(pins)"

fresh_begin() { :; }
fresh_try() { stepped plain "$1"; }
fresh_next()
{
	local status=0
	started plain || status=1
	quit
	all_removed && return "$status"
}
row fresh "a first start"

diag "a start that adopts what is pinned"
in_place()
{
	started plain || die "xlbd does not start: $(pins | diff "$RUN/plain.pins" -)"
	quit
}

# start_row NAME TEXT CONFIG [BEFORE]: a start with that configuration, after the command BEFORE, where
# the kernel forwards already.
start_row()
{
	wants_row "$1" || return 0
	CONFIG=$3 BEFORE=${4-}
	row "$1" "$2" start
	held_end "$2"
}
start_begin() { held_begin; }
start_try()
{
	[ -z "$BEFORE" ] || "$BEFORE"
	stepped "$CONFIG" "$1"
	serves || INTERRUPTED+=("$1")
}
start_next()
{
	local status=0
	started "$CONFIG" || status=1
	quit
	if [ "$CONFIG" != plain ]; then
		started plain || status=1
		quit
	fi
	return "$status"
}
in_place
start_row adopt "adopting" plain

diag "a start that finds another layout"
# The version is the first number of the settings.
be_older()
{
	local value
	mapfile -t value < <(bpftool -j map dump pinned "$BPFFS/settings" | jq -r '.[0].value[]')
	value[0]=$(printf '0x%02x' $((value[0] - 1)))
	bpftool map update pinned "$BPFFS/settings" key 0 0 0 0 value "${value[@]}"
}
start_row layout "another layout" plain be_older

diag "a start with a log that other programs write"
start_row trace "a log" logged

diag "a reload"
reload_begin() { held_begin; }
# A service of another name each time: one that was there a moment ago would find its places again.
reload_try()
{
	cp "$RUN/plain.conf" "$RUN/live.conf"
	daemon live "$KILL_AT" -u "$1" "$RUN/steps"
	wait_for 15 xlbd_has_started || die "xlbd does not start"
	steps_conf live "" "more$1"
	kill -USR1 "$XLBD_PID"
	ctl reload || true
	quit
	serves || INTERRUPTED+=("$1")
}
reload_next()
{
	local status=0
	daemon live
	wait_for 15 xlbd_has_started && wait_for 10 names_are "$RUN/plain.pins" &&
		wait_for 5 relayed 80 && serves || status=1
	quit
	return "$status"
}
if wants_row reload; then
	row reload "a reload"
	held_end "a reload"
fi

all_removed || die "detach leaves: $(pins)"

diag "xlbctl, without a daemon"
xlbctl_()
{
	ns lb env "PATH=$(dirname "$XLBD"):$PATH" "$@"
}
alone()
{
	xlbctl_ "$XLBCTL" -s "$SOCKET" --bpffs "$BPFFS" attach -f "$RUN/plain.conf" em0 >>"$RUN/rounds.log" 2>&1
}
alone || die "xlbctl attach fails"
pins >"$RUN/alone.pins"
all_removed

attach_begin() { :; }
attach_try()
{
	xlbctl_ "$KILL_AT" "$1" "$RUN/steps" "$XLBCTL" -s "$SOCKET" --bpffs "$BPFFS" \
		attach -f "$RUN/plain.conf" em0 || true
}
attach_next()
{
	local status=0
	alone && pins_are "$RUN/alone.pins" && wait_for 5 serves || status=1
	all_removed && return "$status"
}
row attach "xlbctl attach"

detach_begin() { alone; }
detach_try()
{
	xlbctl_ "$KILL_AT" "$1" "$RUN/steps" "$XLBCTL" -s "$SOCKET" --bpffs "$BPFFS" detach || true
}
# Odd ones are detached again, which leaves nothing, the others attached again.
detach_next()
{
	if [ $(($1 % 2)) = 1 ]; then
		all_removed || return
	fi
	alone && pins_are "$RUN/alone.pins" && wait_for 5 serves
}
row detach "xlbctl detach"
finish
