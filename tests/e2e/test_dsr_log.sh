#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# "log connection" of direct server return, as far as the client's half shows it: begin and end, what
# the client sent, ends that nobody saw; also in the journal, and no more of a flood than a log can
# take.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

# shellcheck source=tests/e2e/lib/journal.sh
. "$LIB_DIR/journal.sh"

network_up two-arm
servers_start
for n in "${NODES[@]}"; do
	echo_start "$n" "$VIP4,$VIP6" 5300
done

N='[0-9]+'

# redirects MODE LOG-LINE...
redirects()
{
	local mode=$1 v
	shift
	printf '%s\n' 'interval 1' 'timeout 500' "$@"
	for v in 4 6; do
		cat <<-EOF
			table <nodes$v> { $(node$v 3), $(node$v 4), $(node$v 5), $(node$v 6) }
			redirect "https$v" {
				listen on $(vip $v) port 443
				session timeout 5
				route to <nodes$v> port 443 mode $mode check tcp interface em0
			}
			redirect "dns$v" {
				listen on $(vip $v) udp port 5300
				session timeout 3
				route to <nodes$v> port 443 mode $mode check tcp interface em0
			}
		EOF
	done
}

lines()
{
	cat "$RUN/xlbd.log"
}

logged() # PATTERN
{
	grep -qE -- "^$1\$" "$RUN/xlbd.log"
}

told() # 4|6 CLIENT-PORT REST
{
	logged "redirect https$1, session $N \\($N active\\), 0, $(client_address "$1" 3) -> $(node_pattern "$1"):443, $3"
}

node_pattern()
{
	[ "$1" = 4 ] && echo '192\.168\.1\.[3-6]' || echo '2001:db8:1::[3-6]'
}

request() # 4|6 CLIENT-PORT
{
	ns client curl -fsS --max-time 10 --cacert "$RUN/cert.pem" --local-port "$2" \
		--interface "$(client_address "$1" 3)" "$(url "$1")"
}

# ---- requests, in a mode that hashes and in one that tracks ----------------------------------------
for mode in maglev roundrobin; do
	redirects "$mode" "log connection" "log connection opens" >"$RUN/log.conf"
	if [ "$mode" = maglev ]; then
		check_complete "$RUN/log.conf"
		xlbd_start "$RUN/log.conf"
	else
		ctl reload >/dev/null
	fi
	for v in 4 6; do
		check_within "$mode, IPv$v: all nodes are up" 10 hosts_up $v
		port=$((42000 + v + ${#mode}))
		request $v $port >/dev/null
		check_within "$mode, IPv$v: a connection is told when it begins" 5 \
			told $v $port "open, client port $port"
		check_within "$mode, IPv$v: … and when it has ended" 5 \
			told $v $port "done, client port $port, in $N bytes of data, 0 s"
		bytes=$(sed -nE "s/.* done, client port $port, in ($N) bytes of data, .*/\1/p" "$RUN/xlbd.log")
		check_at_least "$mode, IPv$v: what the client sent, TLS and a request" 400 "$bytes"
		check_at_most "$mode, IPv$v: … and no more" 2000 "$bytes"
		id=$(sed -nE "s/^redirect https$v, session ($N) .*, done, client port $port,.*/\1/p" "$RUN/xlbd.log")
		check "$mode, IPv$v: both with one number" \
			logged "redirect https$v, session $id .* open, client port $port"
	done
done

head -c 300000 /dev/urandom >"$RUN/blob"
for v in 4 6; do
	port=$((43000 + v))
	ns client curl -fsS --max-time 10 --cacert "$RUN/cert.pem" --local-port $port \
		--interface "$(client_address $v 3)" -T "$RUN/blob" -o /dev/null "$(url $v upload/blob)"
	check_within "IPv$v: an upload's end" 10 told $v $port "done, client port $port, in $N bytes of data, $N s"
	bytes=$(sed -nE "s/.* client port $port, in ($N) bytes of data, .*/\1/p" "$RUN/xlbd.log")
	check_at_least "IPv$v: all that was sent" 300000 "$bytes"
	check_at_most "IPv$v: … and TLS" 310000 "$bytes"
done
port=43100
ns client "$PYTHON" - "$PUBLIC4" "$port" "$(client_address 4 3)" <<-'EOF'
	import socket, sys
	s = socket.socket()
	s.bind((sys.argv[3], int(sys.argv[2])))
	s.connect((sys.argv[1], 443))
	s.sendall(b"x" * 123457)
	s.shutdown(socket.SHUT_WR)
	try:
	    while s.recv(4096): pass
	except ConnectionResetError:
	    pass
EOF
check_within "so many bytes, and a FIN" 5 \
	told 4 $port "(done|buffer event error: Connection reset by peer), client port $port, in 123457 bytes of data, $N s"

# ---- resets, and what nobody ends -------------------------------------------------------------------
port=43200
ns client "$PYTHON" - "$PUBLIC4" "$port" "$(client_address 4 3)" <<-'EOF'
	import socket, struct, sys
	s = socket.socket()
	s.bind((sys.argv[3], int(sys.argv[2])))
	s.connect((sys.argv[1], 443))
	s.sendall(b"x" * 5)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	s.close()
EOF
check_within "a client that resets" 5 \
	told 4 $port "buffer event error: Connection reset by peer, client port $port, in 5 bytes of data, 0 s"

port=43300
coproc QUIET { ns client "$PYTHON" -c '
import socket, sys
s = socket.socket()
s.bind((sys.argv[3], int(sys.argv[2])))
s.connect((sys.argv[1], 443))
s.sendall(b"x")
print("up", flush=True)
sys.stdin.read()' "$PUBLIC4" "$port" "$(client_address 4 3)"; }
SANDBOX_PIDS+=("$QUIET_PID")
read -r -t 10 -u "${QUIET[0]}" _ || die "no connection"
ns client nft -f - <<-EOF
	table ip mute {
		chain output {
			type filter hook output priority 0
			tcp sport $port drop
		}
	}
EOF
for v in 4 6; do
	ns client "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.bind((sys.argv[2], 44000))
s.connect((sys.argv[1], 5300))
s.send(b"x")
s.recv(100)' "$([ $v = 4 ] && echo "$PUBLIC4" || echo "$VIP6")" "$(client_address $v 3)"
	check_within "IPv$v: UDP begins" 5 \
		logged "redirect dns$v, session $N \\($N active\\), 0, $(client_address $v 3) -> $(node_pattern $v):5300, open, client port 44000"
done
check_within "a connection that is silent: its entry expires" 90 \
	told 4 $port "hard timeout: Connection timed out, client port $port, $N s"
check_within "UDP ends by silence" 90 \
	logged "redirect dns4, session $N \\($N active\\), 0, .*, session closed, client port 44000, $N s"
check_at_least "ends that were not seen are counted" 2 "$(counter flow_end_unseen)"
check_at_least "… as expired" 2 "$(counter flow_expired)"

# ---- only errors -----------------------------------------------------------------------------------
redirects roundrobin "log connection errors" >"$RUN/log.conf"
ctl reload >/dev/null
before=$(lines | wc -l)
request 4 43400 >/dev/null
port=43401
ns client "$PYTHON" - "$PUBLIC4" "$port" "$(client_address 4 3)" <<-'EOF'
	import socket, struct, sys
	s = socket.socket()
	s.bind((sys.argv[3], int(sys.argv[2])))
	s.connect((sys.argv[1], 443))
	s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	s.close()
EOF
check_within "log connection errors: an error" 5 \
	told 4 $port "buffer event error: Connection reset by peer, client port $port, in 0 bytes of data, 0 s"
check_no_match "… no good end" ' (open|done), ' "$(lines | tail -n "+$((before + 1))")"

# ---- a flood ---------------------------------------------------------------------------------------
redirects maglev "log connection" "log connection opens" >"$RUN/log.conf"
ctl reload >/dev/null
check_within "all nodes are up again" 10 hosts_up 4
before=$(lines | wc -l)
ip -n router route add blackhole 10.0.0.0/8
start_in router "$RUN/flood.log" "$XLB_BUILD/tests/e2e/syn_flood" lan0 "$VIP4" 443 \
	"$(mac_of lb em1)" 200000 10
flood=$STARTED
wait_for 40 process_gone "$flood" || die "the flood does not end"
check_within "what is too much is counted" 10 \
	logged 'log connection: [0-9]+ lines are left out, as there are more than 1000 a second'
check "the daemon answers" ctl show summary
check_at_most "lines of a flood of ten seconds" 25000 "$(lines | tail -n "+$((before + 1))" | grep -c ', open,')"
check_at_least "lines left out are counted" 1000 "$(counter log_left_out)"
check_match "and those that there was no room for" "^$N\$" "$(counter flow_displaced)"
check_match "the client is served" '^node[3-6]$' "$(get 4 1 || true)"
xlbd_stop

# ---- the journal -----------------------------------------------------------------------------------
journald_start
xlbd_start_journaled "$RUN/log.conf"
check_within "all nodes are up under the journal" 10 hosts_up 4
entry()
{
	journal XLB_CLIENT_PORT=43500 XLB_END=closed
}
has_entry()
{
	[ -n "$(entry)" ]
}
request 4 43500 >/dev/null
check_within "the journal has the end" 10 has_entry
field() # NAME
{
	entry | jq -rs --arg name "$1" '.[0][$name]'
}
for row in XLB_SERVICE=https4 XLB_REASON=done XLB_HOST_PORT=443 XLB_DURATION_S=0 PRIORITY=6 \
	"XLB_CLIENT=$(client_address 4 3)" XLB_PACKETS_IN=null XLB_BYTES_OUT=null XLB_NAT=null; do
	check_equal "its ${row%%=*}" "${row#*=}" "$(field "${row%%=*}")"
done
check_match "its XLB_BYTES_IN" "^$N\$" "$(field XLB_BYTES_IN)"
check_match "its XLB_HOST" '^192\.168\.1\.[3-6]$' "$(field XLB_HOST)"
check_match "its XLB_SESSION" "^$N\$" "$(field XLB_SESSION)"

# A journal that takes nothing does not hold up anybody: its queue is full after some hundred lines.
count_lost()
{
	[ "$(counter log_lost)" -gt 0 ]
}
kill -STOP "$JOURNALD_PID"
# shellcheck disable=SC2016 # for the shell there
start_in client "$RUN/many.log" bash -c 'for i in $(seq 400); do
	curl -s -o /dev/null --max-time 5 --cacert "$1" "$2"; done' bash "$RUN/cert.pem" "$(url 4)"
check_within "a journal that takes nothing: lines are lost, and counted" 120 count_lost
check "… and the daemon answers" timeout 5 nsenter --net=/run/netns/lb "$XLBCTL" -s "$SOCKET" show summary
kill -CONT "$JOURNALD_PID"

finish
