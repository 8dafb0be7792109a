#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# How connections of NAT live and end: idle ones, hosts that go down, drain and return, half-closed
# and reset ones, no host at all, a node that is its own client, a daemon that dies.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

TIMEOUT_S=4

network_up two-arm
servers_start
make_file big 5
nodes_return_by_lb
start_in node3 "$RUN/half.log" "$PYTHON" "$LIB_DIR/../peers/half_close.py" serve 5300
wait_for 10 node_listens 3 5300 || die "no server: $(cat "$RUN/half.log")"

life_conf() # WAY
{
	local v
	printf 'interval 1\ntimeout 500\n'
	for v in 4 6; do
		cat <<-EOF
			table <nodes$v> { $(node$v 3), $(node$v 4), $(node$v 5), $(node$v 6) }
			relay "web$v" {
				listen on $(vip $v) port 80
				$1 forward to <nodes$v> port 80 mode roundrobin check tcp
			}
			relay "short$v" {
				listen on $(vip $v) port 6443
				session timeout $TIMEOUT_S
				$1 forward to <nodes$v> port 80 mode roundrobin check tcp
			}
			relay "one$v" {
				listen on $(vip $v) port 443
				$1 forward to $(node$v 3) port 80
			}
			relay "half$v" {
				listen on $(vip $v) port 5300
				$1 forward to $(node$v 3) port 5300
			}
		EOF
	done
}

# talk_start 4|6 PORT COUNT: connections from the client's first COUNT addresses; TALKERS are the nodes.
talk_start()
{
	local i sources=() address=$PUBLIC4
	[ "$1" = 4 ] || address=$PUBLIC6
	for ((i = 0; i < $3; i++)); do
		sources+=("$(client_address "$1" "$i")")
	done
	coproc TALK { ns client "$PYTHON" "$LIB_DIR/../peers/talk.py" "$address" "$2" "${sources[@]}" \
		2>>"$RUN/talk.log"; }
	SANDBOX_PIDS+=("$TALK_PID")
	TALKERS=()
	for ((i = 0; i < $3; i++)); do
		read -r -t 10 -u "${TALK[0]}" "TALKERS[i]" || die "talk: $(cat "$RUN/talk.log")"
	done
}

# talk N: a request on connection N; prints what comes back.
talk()
{
	local said
	echo "$1" >&"${TALK[1]}"
	read -r -t 10 -u "${TALK[0]}" said || said=nothing
	echo "$said"
}

talk_stop()
{
	stop_process "$TALK_PID"
}

# The index of a connection that a node has.
talker_of() # NODE
{
	local i
	for i in "${!TALKERS[@]}"; do
		[ "${TALKERS[i]}" != "$1" ] || { echo "$i"; return; }
	done
	return 1
}

# The node says nothing any more, but what it had stays.
unplug() # NUMBER
{
	ip -n switch link set "sw-node$1" down
}

plug() # NUMBER
{
	ip -n switch link set "sw-node$1" up
}

refused() # 4|6
{
	local status=0
	web "$1" >/dev/null 2>&1 || status=$?
	[ "$status" = 7 ]
}

run_life() # WAY
{
	local name v i node other before
	for v in 4 6; do
		name="${1:-relay}, IPv$v"

		# Idle: the silence itself is what is tested.
		talk_start $v 6443 2
		check_match "$name: connections stand" '^node. node.$' "${TALKERS[*]}"
		for ((i = 0; i < TIMEOUT_S + 3; i++)); do
			sleep 1
			[ "$(talk 0)" = "${TALKERS[0]}" ] || break
		done
		check_equal "$name: one that speaks each second outlives the session timeout" \
			$((TIMEOUT_S + 3)) "$i"
		check_equal "$name: one that was idle for longer is reset at its next packet" reset \
			"$(talk 1)"
		talk_stop

		talk_start $v 80 8
		# A drained host keeps what it has, and gets nothing new.
		node=${TALKERS[0]}
		ctl host drain "$(node$v "${node#node}")" >/dev/null 2>&1
		check_equal "$name: a drained node's connection goes on" "$node" "$(talk 0)"
		check_equal "$name: new ones avoid it" 0 \
			"$(for i in 1 2 3 4 5 6 7 8; do web $v $i; done | grep -c "^$node\$" || true)"
		ctl host enable "$(node$v "${node#node}")" >/dev/null 2>&1
		wait_for 10 hosts_up $v || die "$node does not return"

		# A host goes down: reset at the next packet; the others' connections stay.
		i=$(talker_of node5) other=$(talker_of node6)
		unplug 5
		check_within "$name: node5 is unplugged, and down" 15 host_is "$(node$v 5)" down
		check_equal "$name: its connection is reset at the next packet" reset "$(talk "$i")"
		check_equal "$name: another node's connection goes on" node6 "$(talk "$other")"
		plug 5
		check_within "$name: node5 is back" 15 host_is "$(node$v 5)" up
		wait_for 10 hosts_up $v || die "node5 does not return"

		# The daemon dies; the kernel goes on, and the next daemon does, too.
		kill -KILL "$XLBD_PID"
		check_equal "$name: without a daemon, connections go on" node6 "$(talk "$other")"
		check_match "$name: … and new ones are made" '^node' "$(web $v)"
		wait "$XLBD_PID" 2>/dev/null || true
		xlbd_start "$RUN/life.conf"
		wait_for 10 hosts_up $v || die "the nodes are not up for the new daemon"
		check_equal "$name: a new daemon leaves them alone" node6 "$(talk "$other")"
		ctl reload
		check_equal "$name: and so does a reload" node6 "$(talk "$other")"
		talk_stop

		# Half-closed: the client has said all, and listens on.
		check_equal "$name: a half-closed connection delivers everything" \
			"$(sha256sum <"$RUN/big")" "$(ns client "$PYTHON" \
				"$LIB_DIR/../peers/half_close.py" ask "$(public $v | tr -d '[]')" \
				5300 "$(client_address $v 0)" <"$RUN/big" | sha256sum)"

		# Reset by the client: the record goes soon.
		ns client "$PYTHON" -c '
import socket, struct, sys
s = socket.create_connection((sys.argv[1], 443), 5, (sys.argv[2], 0))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()' "$(public $v | tr -d '[]')" "$(client_address $v 0)"
		check_within "$name: a reset connection is gone soon" 15 no_sessions "one$v"

		# Nobody is left: the stack refuses.
		ctl table disable "nodes$v:80" >/dev/null
		check "$name: with no host, connections are refused" refused $v
		ctl table enable "nodes$v:80" >/dev/null
		wait_for 10 hosts_up $v || die "the nodes do not return"
		check_match "$name: with hosts, they are accepted again" '^node' "$(web $v)"
	done
}

no_sessions() # SERVICE
{
	[ "$(sessions_count "$1")" = 0 ]
}

for way in "" transparent; do
	life_conf "$way" >"$RUN/life.conf"
	xlbd_start "$RUN/life.conf"
	for v in 4 6; do
		wait_for 10 hosts_up $v || die "the nodes are not up"
	done
	run_life "$way"
	if [ -z "$way" ]; then
		# A node that is its own client. (Its own VIP, for DSR, would keep it from asking.)
		ip -n node3 address del "$VIP4/32" dev lo
		ip -n node3 address del "$VIP6/128" dev lo
		check_equal "hairpin, IPv4: node3 reaches itself by the VIP" node3 \
			"$(ns node3 curl -fsS --max-time 5 "http://$VIP4:443/")"
		check_equal "hairpin, IPv6: node3 reaches itself by the VIP" node3 \
			"$(ns node3 curl -fsS --max-time 5 "http://[$VIP6]:443/")"
	fi
	ctl detach >/dev/null
	xlbd_stop
done

finish
