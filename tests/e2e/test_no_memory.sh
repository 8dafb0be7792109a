#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The n-th allocation fails, for many n: when a file is checked, at a start, in a reload, in requests to
# the API, between these in checks and what else goes on; then all of them for a while. xlbd says so or goes on, it does not crash; the kernel
# forwards as it did, and what was missed is made up for when there is memory again.
#
# Some n of each row, spread evenly; XLB_STEPS=all: every one. XLB_ROWS="check start": these rows.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/steps.sh
. "$LIB_DIR/steps.sh"
test_begin_xlb "$0" "$@"
FAIL_ALLOC=$XLB_BUILD/tests/e2e/fail_alloc
[ -x "$FAIL_ALLOC" ] || skip "not built: $FAIL_ALLOC"

STEPS=${XLB_STEPS:-}
ROWS=${XLB_ROWS:-check start checks reload api while}
ORDERS=$RUN/orders # when allocations fail

network_up two-arm
servers_start

# memory_conf NAME MODE [RELAY]: services of both kinds, rules, and what is included.
memory_conf()
{
	local v
	cat >"$RUN/$1.tables" <<-EOF
		table <nodes4> { $(node4 3) $(node4 4) $(node4 5) $(node4 6) }
		table <nodes6> { $(node6 3) $(node6 4) $(node6 5) $(node6 6) }
	EOF
	{
		printf 'https = "443"\ninterval 1\ntimeout 500\nlog state changes\n'
		printf 'include "%s"\n' "$RUN/$1.tables"
		printf 'http protocol "web" {\n\tmatch url log\n}\n'
		for v in 4 6; do
			cat <<-EOF
				redirect "web$v" {
					listen on $(vip $v) port \$https
					route to <nodes$v> port \$https mode $2 check tcp interface em0
				}
				relay "${3-nat}$v" {
					listen on $(vip $v) port 80
					protocol "web"
					forward to <nodes$v> port 80 mode loadbalance check http "/" code 200
				}
			EOF
		done
	} >"$RUN/$1.conf"
}
memory_conf live roundrobin
memory_conf other source-hash more

# failing SKIP N: N allocations fail, after SKIP more.
failing()
{
	"$FAIL_ALLOC" "$ORDERS" "$1" "$2"
}

# How many there were.
allocations()
{
	"$FAIL_ALLOC" "$ORDERS" | cut -d' ' -f1
}

serves()
{
	{ get 4 0 && get 6 1; } >/dev/null 2>&1
}

# libbpf has other words, where it reads the kernel's types.
says_why() # FILE
{
	grep -Eqi 'out of memory|cannot allocate memory|loading vmlinux BTF' "$1"
}

if wants_row check; then
	diag "a file is checked"
	check_only() # FILE
	{
		ns lb timeout 20 "$FAIL_ALLOC" "$ORDERS" -- "$XLBD" -n -f "$RUN/$1.conf" >"$RUN/check.log" 2>&1
	}
	# check_file NAME STATUS: of the file when nothing fails.
	check_file()
	{
		local count i status bad=()
		failing 0 0
		status=0
		check_only "$1" || status=$?
		check_equal "$1.conf: what is said of it" "$2" "$status"
		count=$(allocations)
		for i in $(sample "$count" "${STEPS:-30}"); do
			failing "$i" 1
			status=0
			check_only "$1" || status=$?
			if [ "$status" -gt 1 ] || [ "$status" -lt "$2" ] ||
				{ [ "$status" = 1 ] && [ "$2" = 0 ] && ! says_why "$RUN/check.log"; }; then
				bad+=("$i:$status")
			fi
		done
		check_equal "$1.conf, one of $count allocations fails: it is said, or not missed" "" "${bad[*]}"
	}
	sed 's/roundrobin/nosuchmode/' "$RUN/live.conf" >"$RUN/wrong.conf"
	check_file live 0
	check_file wrong 1
fi

# daemon NAME: with allocations that fail as they have been told to.
daemon()
{
	start_in lb "$RUN/xlbd.log" "$FAIL_ALLOC" "$ORDERS" -- "$XLBD" -d -f "$RUN/$1.conf" -s "$SOCKET" --bpffs "$BPFFS"
	XLBD_PID=$STARTED
}

started()
{
	wait_for 15 xlbd_has_started && wait_for 10 hosts_up 4 && wait_for 10 hosts_up 6
}

over_or_started()
{
	process_gone "$XLBD_PID" || xlbd_has_started
}

failing 0 0
daemon live
started || die "xlbd does not start"
check "requests succeed" serves
COUNT=$(allocations)
quit_xlbd

if wants_row start; then
	diag "a start, where the kernel forwards already"
	BAD=() SILENT=() INTERRUPTED=()
	for i in $(sample "$COUNT" "${STEPS:-6}"); do
		failing "$i" 1
		: >"$RUN/xlbd.log"
		daemon live
		wait_for 20 over_or_started || BAD+=("$i:hangs")
		serves || INTERRUPTED+=("$i")
		quit_xlbd
		# 127: the C library's loader, for a name service of the system's.
		[ "$QUIT" -le 1 ] || [ "$QUIT" = 127 ] || BAD+=("$i:$QUIT")
		[ "$QUIT" = 0 ] || says_why "$RUN/xlbd.log" || SILENT+=("$i")
		cat "$RUN/xlbd.log" >>"$RUN/starts.log"
	done
	check_equal "one of $COUNT allocations fails: xlbd starts or ends in order" "" "${BAD[*]}"
	check_equal "and says why where it does not start" "" "${SILENT[*]}"
	check_equal "the kernel goes on" "" "${INTERRUPTED[*]}"
fi

failing 0 0
daemon live
started || die "xlbd does not start"
same_daemon()
{
	! process_gone "$XLBD_PID"
}

# Of all that failed: lines of the log of hosts that went down, but node 3, which does.
gone_down()
{
	grep 'up -> down' "$RUN/xlbd.log" | grep -Ev "host ($(node4 3)|$(node6 3))," || true
}

failed_at_least() # N
{
	[ "$("$FAIL_ALLOC" "$ORDERS" | cut -d' ' -f2)" -ge "$1" ]
}

if wants_row checks; then
	diag "checks, and what is done each second"
	for i in $(sample 200 25); do
		before=$("$FAIL_ALLOC" "$ORDERS" | cut -d' ' -f2)
		failing "$i" 1
		wait_for 5 failed_at_least $((before + 1)) || true
		same_daemon || break
	done
	failing 0 0
	check "one allocation fails: xlbd goes on" same_daemon
	check_equal "no host is down for that" "" "$(gone_down)"
	check_within "the nodes are up" 10 hosts_up 4
fi

if wants_row reload && same_daemon; then
	diag "a reload"
	# reload_as NAME: of another configuration, and back, with all of it.
	reload_as()
	{
		cp "$RUN/$1.conf" "$RUN/live.conf"
		ctl reload >"$RUN/reload.log" 2>&1
	}
	cp "$RUN/live.conf" "$RUN/first.conf"
	reload_as other
	reload_as first
	before=$(allocations)
	reload_as other
	COUNT=$(($(allocations) - before))
	reload_as first
	BAD=()
	for i in $(sample "$COUNT" "${STEPS:-15}"); do
		failing "$i" 1
		reload_as other || true # it is the library of the socket or of JSON that fails, too
		failing 0 0
		reload_as first || BAD+=("$i: not afterwards: $(head -c 200 "$RUN/reload.log")")
		serves || BAD+=("$i: requests fail")
		same_daemon || break
	done
	check "one of $COUNT allocations fails: xlbd goes on" same_daemon
	check_equal "the next one is done, and requests succeed" "" "${BAD[*]}"
fi

if wants_row api && same_daemon; then
	diag "the API"
	API=("show hosts" "show redirects" "show relays" "show tables" "show sessions" "show counters" "show interfaces"
		"show summary" "-j show rules" "why $VIP4 443" "host disable $(node4 3)" "host enable $(node4 3)"
		"attach em0" "check" "poll" "log brief")
	BAD=()
	for request in "${API[@]}"; do
		read -ra words <<<"$request"
		before=$(allocations)
		ctl "${words[@]}" >/dev/null 2>&1 || true
		COUNT=$(($(allocations) - before))
		for i in $(sample "$((COUNT + 1))" 4); do
			failing "$i" 1
			timeout 10 nsenter --net=/run/netns/lb -- "$XLBCTL" -s "$SOCKET" --bpffs "$BPFFS" "${words[@]}" \
				>/dev/null 2>&1 || [ $? != 124 ] || BAD+=("$request $i: no answer")
			same_daemon || BAD+=("$request $i: ended")
			same_daemon || break 2
		done
	done
	failing 0 0
	ctl host enable "$(node4 3)" >/dev/null 2>&1 || true
	check_equal "one allocation fails in each of ${#API[@]} requests: xlbd goes on" "" "${BAD[*]}"
	check_within "the nodes are up" 10 hosts_up 4
	check "requests succeed" serves
fi

if wants_row while && same_daemon; then
	diag "no memory for a while"
	hold_start held 4 4
	failing 0 1000000000
	check_equal "requests go on" 0 "$(failed_requests 4 8 8)"
	server_stop 3
	ip -n lb link add new0 type veth peer name new1
	ip -n lb link set new0 up
	ip -n lb addr add 192.168.77.1/24 dev new0
	ctl reload >/dev/null 2>&1 || true
	ctl show hosts >/dev/null 2>&1 || true
	check_within "allocations fail" 20 failed_at_least 30
	check "xlbd is there" same_daemon
	failing 0 0
	check_within "there is memory again: the API answers" 10 ctl show hosts
	interface_known()
	{
		ctl attach new0
	}
	check_within "an interface that came meanwhile is known" 10 interface_known
	check_within "the node that has stopped meanwhile is down" 10 host_is "$(node4 3)" down
	server_start 3
	check_within "the nodes are up" 10 hosts_up 4
	check "reload" ctl reload
	check_equal "requests succeed" 0 "$(failed_requests 4 16)"
	check_equal "no other host was taken for down" "" "$(gone_down)"
	hold_stop held
	check_equal "no held connection broke" "" "$(grep -v 'errors=none' "$RUN/held.hold" | grep -v node3 || true)"
fi
quit_xlbd
check_equal "it ends in order" 0 "$QUIT"
finish
