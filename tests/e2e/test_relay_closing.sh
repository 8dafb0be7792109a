#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What real stacks do when segments are lost, overtake each other, or belong to nothing: a SYN or its
# answer that is sent again, both sides closing at once, FINs that arrive before the data, segments
# out of the window. In all of that the load balancer is to be one connection, and to know when it is over.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up two-arm
make_certificate
make_file thousand 1
head -c 1000 "$RUN/thousand" >"$RUN/kilobyte"
nodes_return_by_lb
start_in node3 "$RUN/closing.log" "$PYTHON" "$LIB_DIR/../peers/closing.py" serve 9
start_in node3 "$RUN/half.log" "$PYTHON" "$LIB_DIR/../peers/half_close.py" serve 5300
for port in 9 5300; do
	wait_for 10 node_listens 3 $port || die "no server: $(cat "$RUN/closing.log" "$RUN/half.log")"
done
for v in 4 6; do
	for way in "" transparent; do
		cat <<-EOF
			relay "talk$v$way" {
				listen on $(vip $v) port 9${way:+00}
				$way forward to $(node$v 3) port 9
			}
			relay "half$v$way" {
				listen on $(vip $v) port 53${way:+00}
				$way forward to $(node$v 3) port 5300
			}
		EOF
	done
done >"$RUN/closing.conf"
xlbd_start "$RUN/closing.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done

# lose RULE: packets between client and load balancer that the rule matches are lost on their way, the
# first one or all of them. (Where they are sent their sender would notice.)
lose() # RULE [all]
{
	ns router nft -f - <<-EOF
		table inet lossy {
			counter lost {}
			chain forward {
				type filter hook forward priority 0
				$1 ${2-limit rate 1/day burst 1 packets} counter name lost drop
			}
		}
	EOF
}

lost()
{
	ns router nft -j list counter inet lossy lost | jq '.nftables[].counter.packets // empty'
}

lose_no_more()
{
	ns router nft delete table inet lossy
}

snmp() # NS NAME
{
	ns "$1" nstat -asz "$2" | awk '!/^#/ { print $2 }'
}

# A client's connection; what it is told with ask is done, and answered. CLIENT_PORT is its own.
ask_start() # 4|6 PORT
{
	coproc ASKER { ns client "$PYTHON" "$LIB_DIR/../peers/closing.py" ask "$(vip "$1")" "$2" \
		"$(client_address "$1" 3)" 2>>"$RUN/asker.log"; }
	ASKER_ID=$ASKER_PID
	SANDBOX_PIDS+=("$ASKER_ID")
	read -r -t 20 -u "${ASKER[0]}" _ CLIENT_PORT || die "no connection: $(cat "$RUN/asker.log")"
}

ask()
{
	local said
	echo "$1" >&"${ASKER[1]}"
	read -r -t 20 -u "${ASKER[0]}" said || said=nothing
	echo "$said"
}

ask_stop()
{
	stop_process "$ASKER_ID"
}

# The states of the client's connections of this port, as the load balancer has them.
states()
{
	ctl -j show sessions 100000 |
		jq -r --argjson port "$CLIENT_PORT" \
			'[.sessions[] | select(.client_port == $port) | .state] | join(" ")'
}

state_is()
{
	[ "$(states)" = "$1" ]
}

# Both ends have sent a FIN, and neither has seen the other's.
both_wait() # PORT
{
	[ -n "$(ns client ss -Htn state fin-wait-1 "dport = :$1")" ] &&
		[ -n "$(ns node3 ss -Htn state fin-wait-1 "sport = :9")" ]
}

nobody_waits()
{
	[ -z "$(ns client ss -Htn state fin-wait-1 state closing state last-ack)" ] &&
		[ -z "$(ns node3 ss -Htn state fin-wait-1 state closing state last-ack)" ]
}

half_close() # 4|6 PORT
{
	ns client "$PYTHON" "$LIB_DIR/../peers/half_close.py" ask "$(vip "$1")" "$2" \
		"$(client_address "$1" 3)" <"$RUN/kilobyte" | sha256sum
}

sum=$(sha256sum <"$RUN/kilobyte")
for way in "" transparent; do
	for v in 4 6; do
		name="${way:-relay}, IPv$v"
		port=9${way:+00} half=53${way:+00}

		lose "tcp dport $port tcp flags & (syn | ack) == syn"
		ask_start $v "$port"
		check_equal "$name: the first SYN is lost, the second is answered" "1 answered" \
			"$(lost) $(ask talk)"
		lose_no_more
		check_equal "$name: … as one connection" ESTABLISHED "$(states)"
		ask_stop

		again=$(snmp client TcpExtTCPSynRetrans)
		lose "tcp sport $port tcp flags & (syn | ack) == syn | ack"
		ask_start $v "$port"
		check_equal "$name: the answer to a SYN is lost" "1 answered" "$(lost) $(ask talk)"
		lose_no_more
		check_at_least "$name: … the client has sent its SYN again" 1 \
			$(($(snmp client TcpExtTCPSynRetrans) - again))
		check_equal "$name: … as one connection" ESTABLISHED "$(states)"

		check_equal "$name: data out of the window" "sent answered" "$(ask "stray data") $(ask talk)"
		check_equal "$name: a reset out of the window" "sent answered" \
			"$(ask "stray reset") $(ask talk)"
		check_within "$name: … the connection is what it was" 5 state_is ESTABLISHED

		resets="$(snmp client TcpOutRsts) $(snmp node3 TcpOutRsts)"
		lose "tcp flags & fin == fin" " "
		ask close >/dev/null
		check_within "$name: both sides close at once" 10 both_wait "$port"
		lose_no_more
		check_within "$name: … and learn of it" 20 nobody_waits
		check_within "$name: … the connection is over" 10 state_is TIME_WAIT
		check_equal "$name: … without a reset" "$resets" \
			"$(snmp client TcpOutRsts) $(snmp node3 TcpOutRsts)"
		ask_stop

		early=$(snmp node3 TcpExtTCPOFOQueue)
		lose "tcp dport $half meta length > 500"
		check_equal "$name: the client's FIN overtakes its data" "$sum" "$(half_close $v "$half")"
		check_equal "$name: … which was lost" 1 "$(lost)"
		check_at_least "$name: … and came after it" $((early + 1)) "$(snmp node3 TcpExtTCPOFOQueue)"
		lose_no_more
		early=$(snmp client TcpExtTCPOFOQueue)
		lose "tcp sport $half meta length > 500"
		check_equal "$name: the node's FIN overtakes its data" "$sum" "$(half_close $v "$half")"
		check_equal "$name: … which was lost" 1 "$(lost)"
		check_at_least "$name: … and came after it" $((early + 1)) \
			"$(snmp client TcpExtTCPOFOQueue)"
		lose_no_more
	done
done

finish
