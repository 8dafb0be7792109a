#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# States and how they come about: fall and rise, looking again sooner meanwhile, panic, and what the
# administrator switched over a restart of the daemon.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
n3=$(node4 3) n4=$(node4 4) n5=$(node4 5) n6=$(node4 6)

web() # OPTIONS: the redirect over all nodes
{
	cat <<-EOF
		interval 2
		timeout 500
		log state changes
		log host checks
		table <web> { $n3, $n4, $n5, $n6 }
		redirect "web" {
			listen on $VIP4 port 443
			route to <web> port 443 check tcp $* interface em0
		}
	EOF
}

# The daemon's lines about a host's checks so far, one letter each: u(p) or d(own) as the check said,
# and the state after it.
history_of() # HOST
{
	sed -n "s/^host $1, check tcp ([0-9]*ms,tcp connect \(.\)[a-z]*), state [a-z]* -> \(.\).*/\1\2/p" \
		"$RUN/xlbd.log" | sed 's/^o/u/; s/^f/d/' | tr '\n' ' '
}

ends_with() # HOST PATTERN
{
	history_of "$1" | grep -Eq "$2 \$"
}

status_of_web()
{
	ctl show redirects | grep -o 'active.*\|down.*\|disabled.*'
}

web_is() # STATUS
{
	[ "$(status_of_web)" = "$1" ]
}

# ---- fall and rise --------------------------------------------------------------------------------
{
	web rise 2 fall 3 fast interval 1
	printf 'table <plain> { %s, %s }\nrelay "plain" {\n\tlisten on %s port 8080\n' "$n3" "$n4" "$VIP4"
	printf '\tforward to <plain> port 80\n}\n'
} >"$RUN/counting.conf"
xlbd_start "$RUN/counting.conf"
check_within "all nodes are up" 5 hosts_up 4
check_match "relayd's line of a relay's table" '^adding 2 hosts from table plain:80 \(no check\)$' \
	"$(cat "$RUN/xlbd.log")"
check_equal "relayd's lines of a redirect's table: all that came" 4 \
	"$(sed -n 's/^table web: \([0-9]*\) added, 0 deleted, 0 changed, 0 killed$/\1/p' "$RUN/xlbd.log" |
		awk '{ n += $1 } END { print n }')"
server_stop 5
check_within "the third failure in a row takes a host down, not the first two" 9 ends_with "$n5" 'uu du du dd'
check_match "the table has lost it" '^table web: 0 added, 1 deleted, 0 changed, 0 killed$' \
	"$(grep -A5 "^host $n5, .* up -> down" "$RUN/xlbd.log")"
check_match "relayd's line, with the availability" \
	"^host $n5, check tcp \([0-9]+ms,tcp connect failed\), state up -> down, availability [0-9]+\.[0-9]{2}%\$" \
	"$(cat "$RUN/xlbd.log")"
server_start 5
check_within "the second success brings it back" 9 ends_with "$n5" 'dd( dd)* ud uu( uu)*'
check_match "and the table has it again" '^table web: 1 added, 0 deleted, 0 changed, 0 killed$' \
	"$(grep -A5 "^host $n5, .* down -> up" "$RUN/xlbd.log")"
check "others never changed" ends_with "$n4" '(uu )*uu'
xlbd_stop

# ---- panic ----------------------------------------------------------------------------------------
web panic 50% | conf panic >/dev/null
xlbd_start "$RUN/panic.conf"
check_within "all nodes are up" 5 hosts_up 4
# Checks fail while the service is well: new connections to the port from the LB are refused.
fail_checks() # NODE
{
	ns "node$1" nft -f - <<-EOF
		table inet checks {
			chain input {
				type filter hook input priority 0
				ip saddr 192.168.1.2 tcp dport 443 reject with tcp reset
			}
		}
	EOF
}
fail_checks 3
fail_checks 4
check_within "two of four are down" 5 host_is "$n4" down
check_within "(both)" 5 host_is "$n3" down
check "50 % up is enough" web_is active
check_no_match "nobody is served by them" 'node[34]|none' "$(assignments 4 0 32)"
fail_checks 5
check_within "with one of four left, health is ignored" 5 web_is 'active (panic)'
check_equal "all nodes are used" "node3 node4 node5 node6" \
	"$(assignments 4 0 64 | cut -d' ' -f2 | sort -u | paste -sd' ')"
check "while the hosts are shown as down" host_is "$n5" down
check_match "the table says it, too" 'active \(panic\)' "$(ctl show tables; ctl show summary)"
ns node5 nft flush ruleset
check_within "with two of four up it is over" 5 web_is active
check_no_match "nobody is served by those that are down" 'node[34]|none' "$(assignments 4 0 32)"
ns node3 nft flush ruleset
ns node4 nft flush ruleset
check_within "all nodes are up again" 5 hosts_up 4

# ---- over a restart -------------------------------------------------------------------------------
ctl host disable "$n3" >/dev/null
ctl host drain "$n4" >/dev/null
xlbd_stop
xlbd_start "$RUN/panic.conf"
check_within "the others are up" 5 host_is "$n5" up
check "a host that was disabled still is" host_is "$n3" disabled
check "one that was draining still is" host_is "$n4" draining
check_no_match "they get nothing new" 'node[34]|none' "$(assignments 4 0 32)"
ctl host enable "$n3" >/dev/null
ctl redirect disable web >/dev/null
xlbd_stop
xlbd_start "$RUN/panic.conf"
check "a redirect that was disabled still is" web_is disabled
ctl redirect enable web >/dev/null
check_within "enabled, it serves" 5 web_is active
check "so does the host that was enabled" wait_for 5 host_is "$n3" up

ctl host disable "$n6" >/dev/null
xlbd_stop
printf '{ "version": 1, "hosts": [ {' >"$STATE_DIRECTORY/state.json"
xlbd_start "$RUN/panic.conf"
check_match "a state file that breaks off is put aside, and said so" \
	"^$STATE_DIRECTORY/state.json: .*; what was switched before is forgotten, the file is now .*\.bad\$" \
	"$(cat "$RUN/xlbd.log")"
check_equal "nothing of it is lost" '{ "version": 1, "hosts": [ {' "$(cat "$STATE_DIRECTORY/state.json.bad")"
check_within "and the daemon serves" 5 host_is "$n6" up

finish
