#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# "log connection": how connections of relays and of redirects with "forward to" begin and end, in
# relayd's words and then ours; and no more lines than a log can take.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up two-arm
servers_start
nodes_return_by_lb
start_in node3 "$RUN/misbehave.log" "$PYTHON" "$LIB_DIR/../peers/misbehave.py" "$(node4 3)" silent:7

log_conf() # LOG-LINES...
{
	local v
	printf '%s\n' "$@"
	for v in 4 6; do
		cat <<-EOF
			relay "web$v" {
				listen on $(vip $v) port 80
				forward to $(node$v 3) port 80
			}
			table <nodes$v> { $(node$v 3) }
			redirect "kept$v" {
				listen on $(vip $v) port 8080
				forward to <nodes$v> port 80 check tcp
			}
		EOF
	done
	cat <<-EOF
		relay "refused" {
			listen on $VIP4 port 81
			forward to $(node4 3) port 9
		}
		relay "idle" {
			listen on $VIP4 port 82
			session timeout 2
			forward to $(node4 3) port 7
		}
		relay "silent" {
			listen on $VIP4 port 83
			forward to $(node4 3) port 7
		}
		relay "mute" {
			listen on $VIP4 port 85
			forward to $(node4 3) port 8
		}
		relay "down" {
			listen on $VIP4 port 84
			forward to <nodes4> port 7 check tcp
		}
	EOF
}

log_conf "interval 1" "log connection" "log connection opens" >"$RUN/log.conf"
check_no_match "-n: nothing is left undone" 'not done yet' \
	"$(ns lb "$XLBD" -n -f "$RUN/log.conf" 2>&1)"
xlbd_start "$RUN/log.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done

# hold PORT: a connection that says nothing, until it is closed; its port is in HELD_PORT.
hold()
{
	coproc QUIET { ns client "$PYTHON" -c '
import socket, struct, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
print(s.getsockname()[1], flush=True)
for line in sys.stdin:
    if line == "reset\n":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()' "$VIP4" "$1"; }
	HOLDER=$QUIET_PID
	SANDBOX_PIDS+=("$HOLDER")
	read -r -t 10 -u "${QUIET[0]}" HELD_PORT || die "no connection to port $1"
}

# The log since the last log_mark.
MARK=0
log_mark()
{
	MARK=$(wc -l <"$RUN/xlbd.log")
}

log_since()
{
	tail -n "+$((MARK + 1))" "$RUN/xlbd.log"
}

logged() # PATTERN
{
	grep -qE -- "^$1\$" < <(log_since)
}

N='[0-9]+'
COUNTS="in $N packets $N bytes, out $N packets $N bytes, $N s"
session() # NAME KIND
{
	echo "$2 $1, session $N \\($N active\\), 0,"
}

# ---- errors: begun first, as some of them take their time ------------------------------------------
ns client curl -s --max-time 5 "http://$VIP4:81/" >/dev/null 2>&1 || true
ns node3 nft -f - <<-EOF
	table ip mute {
		chain input {
			type filter hook input priority 0
			tcp dport 8 drop
		}
	}
EOF
ns client curl -s --max-time 1 "http://$VIP4:85/" >/dev/null 2>&1 || true
hold 83
RESET_PORT=$HELD_PORT
echo reset >&"${QUIET[1]}"
stop_process "$HOLDER"

for v in 4 6; do
	port=$((41000 + v))
	ns client curl -fsS --max-time 5 --local-port $port \
		--interface "$(client_address $v 3)" "http://$(public $v)/" >/dev/null
	who="$(session "web$v" relay) $(client_address $v 3) -> $(node$v 3):80"
	nat=$(nat_address $v)
	[ $v = 4 ] || nat="\\[$nat\\]"
	check_within "IPv$v: a relay's connection is told when it begins" 20 \
		logged "$who, open, client port $port, nat $nat:$N"
	check_within "IPv$v: … and when it has ended" 20 \
		logged "$who, done, client port $port, nat $nat:$N, $COUNTS"
	id=$(sed -nE "s/^relay web$v, session ($N) .*, open, client port $port,.*/\1/p" "$RUN/xlbd.log")
	check_match "IPv$v: with the same number" "^$N\$" "$id"
	check "IPv$v: … both times" logged "relay web$v, session $id .* done, client port $port,.*"
	ns client curl -fsS --max-time 5 --local-port $port --interface "$(client_address $v 4)" \
		"http://$([ $v = 4 ] && echo "$VIP4" || echo "[$VIP6]"):8080/" >/dev/null
	check_within "IPv$v: a redirect's connection is told, too" 20 \
		logged "$(session "kept$v" redirect) $(client_address $v 4) -> $(node$v 3):80, done, client port $port, $COUNTS"
done
bytes=$(sed -nE "s/^relay web4, .* done, .* in ($N) packets ($N) bytes, out ($N) packets ($N) bytes.*/\1 \2 \3 \4/p" "$RUN/xlbd.log")
check_match "packets and bytes are those of a small request" \
	'^([4-9]|1[0-9]) [2-9][0-9]{2} ([3-9]|1[0-9]) [3-9][0-9]{2}$' "$bytes"

check_within "a host that refuses" 30 logged "$(session refused relay) .*:9, connect failed: Connection refused, client port .*"
check_within "a connection that was reset" 30 \
	logged "$(session silent relay) .*:7, buffer event error: Connection reset by peer, client port $RESET_PORT, .*"
hold 82
check_within "a connection that was idle for too long" 30 \
	logged "$(session idle relay) .*:7, hard timeout: Connection timed out, client port $HELD_PORT, .*"
stop_process "$HOLDER"
# The check's port is the same: a node that is gone is down.
hold 84
ip -n switch link set sw-node3 down
check_within "a connection whose host went down" 30 \
	logged "$(session down relay) .*:7, session aborted: Host is down, client port $HELD_PORT, .*"
stop_process "$HOLDER"
ip -n switch link set sw-node3 up
check_within "a host that did not answer" 60 \
	logged "$(session mute relay) .*:8, connect timeout: Connection timed out, .*"

# ---- less is wanted ------------------------------------------------------------------------------
log_conf "interval 1" "log connection errors" >"$RUN/log.conf"
ctl reload
wait_for 10 host_usable "$(node4 3)" || die "node3 does not return"
log_mark
web 4 1 >/dev/null
hold 82
check_within "log connection errors: an error" 30 logged "$(session idle relay) .*: Connection timed out, .*"
stop_process "$HOLDER"
check_no_match "… neither a beginning nor a good end" \
	'^(relay|redirect) [a-z0-9]+, session .* (open|done),' "$(log_since)"

# ---- a flood -------------------------------------------------------------------------------------
log_conf "interval 1" "log connection" "log connection opens" >"$RUN/log.conf"
ctl reload
wait_for 10 host_usable "$(node4 3)" || die "node3 does not return"
log_mark
ip -n router route add blackhole 10.0.0.0/8
start_in router "$RUN/flood.log" "$XLB_BUILD/tests/e2e/syn_flood" lan0 "$VIP4" 80 \
	"$(mac_of lb em1)" 200000 10
flood=$STARTED
flood_over()
{
	! kill -0 "$flood" 2>/dev/null
}
wait_for 30 flood_over || die "the flood does not end"
check_within "what is too much is counted" 10 \
	logged 'log connection: [0-9]+ lines are left out, as there are more than 1000 a second'
check "the daemon answers" ctl show summary
busiest()
{
	log_since | grep -c '^relay web4, session .*, open,'
}
check_at_most "lines of a flood of ten seconds" 20000 "$(busiest)"
# Those of IPv4 have no port left at this host, until the half-open ones are over.
check_equal "new connections are made" node3 "$(web 6 1 || true)"

finish
