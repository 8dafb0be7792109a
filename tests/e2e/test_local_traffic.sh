#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What is not the service stays as it was on 192.168.0.2: ping, ARP, neighbour discovery, the LB's
# own TCP and UDP servers on other ports, its own connections to the nodes.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
xlbd_start "$SOURCE_DIR/examples/k3s.conf"
check_within "all nodes are up" 5 hosts_up 4
check_equal "XDP runs on em1" xdp "$(xdp_mode em1)"

check "ping 192.168.0.2" ns router ping -qc3 -i0.2 -W2 192.168.0.2
check "ping 192.168.1.2" ns router ping -qc3 -i0.2 -W2 192.168.1.2
check "ping the IPv6 address" ns client ping -qc3 -i0.2 -W2 "$VIP6"
check "ping with large packets, in fragments" ns router ping -qc3 -i0.2 -W2 -s 4000 192.168.0.2

arp_owner() # ADDRESS
{
	ns router ip neigh flush dev lan0
	ns router ping -qc1 -W2 "$1" >/dev/null
	ns router ip -j neigh show dev lan0 | jq -r ".[] | select(.dst == \"$1\") | .lladdr"
}
check_equal "ARP: 192.168.0.2 is em1" "$(mac_of lb em1)" "$(arp_owner 192.168.0.2)"
check_equal "neighbour discovery: $VIP6 is em1" "$(mac_of lb em1)" "$(arp_owner 2001:db8::2)"

# The LB's own servers, on another port of the VIP.
mkdir -p "$RUN/lb"
start_in lb "$RUN/lb/echo.log" "$PYTHON" "$LIB_DIR/../peers/echo_name.py" lb "$VIP4,$VIP6" 8080
lb_listens()
{
	[ -n "$(ns lb ss -Hltn "sport = :8080")" ]
}
wait_for 10 lb_listens || die "no server on the LB: $(cat "$RUN/lb/echo.log")"
say() # PROTOCOL ADDRESS
{
	ns router timeout 5 "$PYTHON" -c '
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
with socket.socket(family, kind) as sock:
    sock.settimeout(3)
    sock.connect((sys.argv[2], 8080))
    sock.send(b"hello")
    print(sock.recv(100).decode().split()[0])
' "$1" "$2"
}
for address in "$VIP4" "$VIP6"; do
	for protocol in tcp udp; do
		check_equal "the LB's own $protocol server on $address port 8080" lb \
			"$(say "$protocol" "$address")"
	done
done
check_equal "the LB's own connection to a node" node3 \
	"$(ns lb curl -fsS --max-time 5 http://192.168.1.3/)"
check_equal "meanwhile the service works" 0 "$(failed_requests 4 10)"

finish
