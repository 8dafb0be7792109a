#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The founding relays: TLS to the API servers on port 6443, whose check asks for a 401, and HTTP on
# port 80, both through the router; clients are spread, and stay, as "mode loadbalance" says.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

CLIENTS=64

network_up two-arm
servers_start
# The founding configuration, with a check each second, and the same once more for IPv6.
{
	sed 's/^interval .*/interval 1/; s/^timeout .*/timeout 500/' "$SOURCE_DIR/examples/k3s.conf"
	cat <<-EOF
		table <nodes6> { $(node6 3), $(node6 4), $(node6 5), $(node6 6) }
		relay "kube6" {
			listen on $VIP6 port 6443
			forward to <nodes6> port 6443 mode loadbalance check https "/healthz" code 401
		}
		relay "http6" {
			listen on $VIP6 port 80
			forward to <nodes6> port 80 mode loadbalance check tcp
		}
	EOF
} >"$RUN/relay.conf"
check_no_match "-n says nothing about relays" 'relay .* not served|leaves host' \
	"$(ns lb "$XLBD" -n -f "$RUN/relay.conf" 2>&1)"
xlbd_start "$RUN/relay.conf"
check_within "all nodes are up" 10 hosts_up 4
check_within "all nodes are up, IPv6" 10 hosts_up 6

relay_of() # 4|6
{
	case $1 in
	4) echo http_forwarder ;;
	6) echo http6 ;;
	esac
}

# What the model says the kernel does soon, and not later than in a tenth of a second.
clients_are() # 4|6 ASSIGNMENTS
{
	[ "$(web_assignments "$1" "$CLIENTS")" = "$2" ]
}

for v in 4 6; do
	check_equal "IPv$v: TLS to port 6443 is answered" 401 "$(healthz $v)"
	check_match "IPv$v: HTTP to port 80 is answered by a node" '^node[3-6]$' "$(web $v 0 "?mark-$v")"
	check_match "IPv$v: the node saw the LB's address" "^$(nat_address $v) GET /.mark-$v 200 80\$" \
		"$(for n in "${NODES[@]}"; do access_log "$n"; done)"

	first=$(web_assignments $v $CLIENTS)
	check_no_match "IPv$v: every client is served" none "$first"
	check_equal "IPv$v: all nodes are used" "$(printf 'node%s\n' "${NODES[@]}")" \
		"$(cut -d' ' -f2 <<<"$first" | sort -u)"
	check_equal "IPv$v: each client stays on its node" "$first" \
		"$(web_assignments $v $CLIENTS backwards)"

	server_stop 5
	check_within "IPv$v: node5's server is gone, and node5 is down" 10 \
		host_is "$(node$v 5)" down
	second=$(web_assignments $v $CLIENTS)
	check_no_match "IPv$v: every client is served without node5" 'none|node5' "$second"
	check_equal "IPv$v: the other nodes' clients have not moved" "$(grep -v node5 <<<"$first")" \
		"$(join <(grep -v node5 <<<"$first" | sort) <(sort <<<"$second") | cut -d' ' -f1,3 |
			sort -n)"
	check_at_least "IPv$v: node5's clients have spread" 2 \
		"$(join <(grep node5 <<<"$first" | sort) <(sort <<<"$second") | cut -d' ' -f3 |
			sort -u | wc -l)"
	server_start 5
	check_within "IPv$v: node5 is up again" 10 host_is "$(node$v 5)" up
	check_within "IPv$v: its clients have returned, nobody else has moved" 10 clients_are $v "$first"

	check_match "IPv$v: show relays, as relayctl" "$(relay_of $v) +	 *	active" "$(ctl show relays)"
	# … at least: how often it took to see the clients return is not known
	check_at_least "IPv$v: sessions are counted" "$((1 + 4 * CLIENTS))" \
		"$(ctl -j show relays | jq --arg name "$(relay_of $v)" \
			'.relays[] | select(.name == $name) | .sessions')"
done

# A connection that stays: what is shown of it.
exec {held}< <(sleep 60 | ns client "$PYTHON" -c '
import socket, sys
s = socket.create_connection((sys.argv[1], 80), 5, (sys.argv[2], 40001))
s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
print(s.recv(4096).decode().split()[-1], flush=True)
sys.stdin.read()' "$PUBLIC4" "$(client4 7)")
read -r -t 10 -u "$held" node || node=nobody
check_match "a connection is held" '^node[3-6]$' "$node"
shown=$(ctl show sessions | grep -A2 "^session 0:[0-9]* $(client4 7):40001 ")
check_match "show sessions: the connection, as relayctl" \
	"^session 0:[0-9]+ $(client4 7):40001 -> $(node4 "${node#node}"):80	RUNNING\$" "$shown"
check_match "show sessions: its age and its relay" \
	"^	age 00:00:[0-9]+, idle 00:00:[0-9]+, relay 2, pid [0-9]+\$" "$shown"
check_match "show sessions: the address that the node sees, packets and bytes" \
	"^	tcp, nat $NAT4:[0-9]+, ESTABLISHED, in [0-9]+ packets [0-9]+ bytes, out [0-9]+ packets [0-9]+ bytes\$" "$shown"
port=$(sed -n "s/.*nat $NAT4:\([0-9]*\),.*/\1/p" <<<"$shown")
check_match "the node has the connection at that port" "$NAT4:$port" \
	"$(ns "$node" ss -Htn "sport = :80")"
check_at_least "NAT ports are above 1023" 1024 "$port"
check_at_most "NAT ports are below those of local programs" 32767 "$port"
exec {held}<&-

check_equal "no bad checksum has arrived anywhere" "0 0 0 0 0" \
	"$(for n in client "${NODES[@]/#/node}"; do bad_checksums "$n"; done | paste -sd' ')"
check_equal "the LB forwards nothing by itself" 0 "$(ns lb sysctl -n net.ipv4.ip_forward)"

finish
