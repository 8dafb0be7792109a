#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Relays with NAT addresses of their own choice: several at once, which come and go, and which have
# ports next to what they listen on themselves.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

CLIENTS=16

# By number: the usual one, one that is added, one that comes later.
nat_of() # 4|6 NUMBER
{
	case $1 in
	4) echo "192.168.1.$2" ;;
	6) echo "2001:db8:1::$2" ;;
	esac
}

network_up two-arm
servers_start
address lb em0 "$(nat_of 4 20)/24" "$(nat_of 6 20)/64"
for v in 4 6; do
	cat <<-EOF
		table <nodes$v> { $(node$v 3) }
		relay "web$v" {
			listen on $(vip $v) port 80
			nat to { $(nat_of $v 2), $(nat_of $v 20) }
			nat to $(nat_of $v 21)
			forward to <nodes$v> port 80 mode roundrobin check tcp
		}
		relay "absent$v" {
			listen on $(vip $v) port 6443
			nat to $(nat_of $v 22)
			forward to <nodes$v> port 80 mode roundrobin check tcp
		}
	EOF
done >"$RUN/nat.conf"
check_match "-n: an address that is not there is a warning" \
	'nat.conf:5:8: warning: no interface here has the NAT address 192.168.1.21$' \
	"$(ns lb "$XLBD" -n -f "$RUN/nat.conf" 2>&1)"
xlbd_start "$RUN/nat.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done

# The addresses that node3 has seen requests for /?MARK from, and how many requests there were.
seen() # MARK
{
	access_log 3 | awk -v path="/?$1" '$3 == path { print $1 }'
}

ask_all() # 4|6 MARK
{
	local i
	for ((i = 0; i < CLIENTS; i++)); do
		web "$1" "$i" "?$2" >/dev/null || true
	done
}

refused() # 4|6 PORT
{
	local status=0
	ns client curl -sS --max-time 5 -o /dev/null "http://$(public "$1"):$2/" 2>/dev/null ||
		status=$?
	[ "$status" = 7 ]
}

# used_are 4|6 NUMBER...: new connections have these NAT addresses, all of them and no others.
ROUND=0
used_are()
{
	local v=$1 n
	shift
	ROUND=$((ROUND + 1))
	ask_all "$v" "round$ROUND"
	[ "$(seen "round$ROUND" | sort -u)" = "$(for n; do nat_of "$v" "$n"; done | sort)" ]
}

for v in 4 6; do
	ask_all $v "two$v"
	check_equal "IPv$v: every request is answered" $CLIENTS "$(seen "two$v" | wc -l)"
	check_equal "IPv$v: the node has seen both addresses" "$(nat_of $v 2) $(nat_of $v 20)" \
		"$(seen "two$v" | sort -u | paste -sd' ')"
	check_match "IPv$v: the log names the one that is not there" \
		"relay web$v: no interface has NAT address $(nat_of $v 21): not used until one does" \
		"$(cat "$RUN/xlbd.log")"
	check "IPv$v: a relay with no NAT address refuses" refused $v 6443
	check_match "IPv$v: … and is down" "absent$v +	 *	down" "$(ctl show relays)"

	address lb em0 "$(nat_of $v 21)/32"
	check_within "IPv$v: an address that comes is used" 10 used_are $v 2 20 21
	ip -n lb address del "$(nat_of $v 20)/$([ $v = 4 ] && echo 24 || echo 64)" dev em0
	wait_for 5 grep -q "NAT address $(nat_of $v 20):" "$RUN/xlbd.log" || die "20 is not missed"
	check_within "IPv$v: one that goes is not used for new connections" 10 used_are $v 2 21
	ask_all $v "gone$v"
	check_equal "IPv$v: … and every request is answered" $CLIENTS "$(seen "gone$v" | wc -l)"
done

# ---- the VIP is the NAT address, too ------------------------------------------------------------
# Answers to a port that the relay itself listens on would be taken for requests: such ports are not
# used. 13 are left beside those of local programs and the relay's own.
xlbd_stop
ctl detach >/dev/null
ns lb sysctl -qw net.ipv4.ip_local_port_range="1044 65535"
cat >"$RUN/own.conf" <<-EOF
	relay "own" {
		listen on $VIP4 port 1030
		nat to $VIP4
		forward to $(node4 3) port 80
	}
EOF
# The nodes have the VIP for themselves; this one is to answer it.
ip -n node3 address del "$VIP4/32" dev lo
ip -n node3 route add "$VIP4/32" via 192.168.1.2
xlbd_start "$RUN/own.conf"
wait_for 10 host_usable "$(node4 3)" || die "node3 is not reached"
answered=0
for ((i = 0; i < 13; i++)); do
	[ "$(ns client curl -sS --max-time 2 --interface "$(client4 "$i")" "http://$VIP4:1030/")" = node3 ] &&
		answered=$((answered + 1))
done
check_equal "13 connections from the VIP as NAT address" 13 "$answered"
ports=$(ctl -j show sessions 100 | jq -r '.sessions[].nat.port' | sort -n | paste -sd' ')
check_equal "their ports are beside the one that is listened on" \
	"$(seq 1031 1043 | paste -sd' ')" "$ports"

finish
