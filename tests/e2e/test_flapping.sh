#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# 50 hosts that go up and down all the time break no connection to a host that does not: node3 to
# node5 stay up with three quarters of the weight, the 50 are addresses of node6 that by turns refuse
# the checks. FLAP_SECONDS in the environment makes it longer.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

flapping=50 seconds=${FLAP_SECONDS:-20}

network_up two-arm
servers_start
for ((i = 0; i < flapping; i++)); do
	printf 'address add 192.168.1.%d/32 dev eth0\n' $((100 + i))
done | ip -n node6 -batch -
ns node6 nft -f - <<-EOF
	table ip checks {
		set down {
			type ipv4_addr
		}
		chain input {
			type filter hook input priority 0
			ip saddr 192.168.1.2 ip daddr @down tcp dport 443 reject with tcp reset
		}
	}
EOF
{
	printf 'interval 1\ntimeout 800\nlog state changes\n'
	printf 'table <web> { %s weight 50, %s weight 50, %s weight 50' \
		"$(node4 3)" "$(node4 4)" "$(node4 5)"
	printf ', 192.168.1.%d' $(seq 100 $((99 + flapping)))
	printf ' }\nredirect "web" {\n\tlisten on %s port 443\n' "$VIP4"
	printf '\troute to <web> port 443 mode maglev check tcp interface em0\n}\n'
} >"$RUN/flap.conf"
xlbd_start "$RUN/flap.conf"
all_usable()
{
	ctl -j show hosts | jq -e 'all(.hosts[]; .usable)'
}
check_within "all $((3 + flapping)) hosts are usable" 15 all_usable

hold_start held 4 120

# Even and odd addresses by turns, a little longer than it takes to check them all.
elements() # FIRST: every second address from there
{
	seq -s ', ' -f '192.168.1.%.0f' "$1" 2 $((99 + flapping))
}
turn=0
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	ns node6 nft "flush set ip checks down; add element ip checks down { $(elements $((100 + turn))) }"
	turn=$((1 - turn))
	failed_requests 4 10 >>"$RUN/new-requests"
	sleep 1.2
done
ns node6 nft flush set ip checks down
hold_stop held

changes=$(grep -c 'state up -> down' "$RUN/xlbd.log")
check_at_least "the hosts did flap" $((flapping * seconds / 10)) "$changes"
diag "$changes times a host went down, in $seconds s"
check_no_match "none of those that should not" "^host $(node4 '[345]'), .*up -> down" "$(cat "$RUN/xlbd.log")"
steady=$(grep -E 'nodes=node[345](,|$)' "$RUN/held.hold")
check_at_least "connections to hosts that do not flap" 60 "$(wc -l <<<"$steady")"
check_no_match "each of them stays there, and none breaks" 'errors=[^n]|nodes=.*,' "$steady"
diag "of those to hosts that flap, $(grep -Ec 'nodes=node6' "$RUN/held.hold" || true), $(grep -E 'nodes=node6' "$RUN/held.hold" | grep -vc 'errors=none' || true) broke"

finish
