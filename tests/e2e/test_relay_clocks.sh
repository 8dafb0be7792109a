#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# 200 clients, each with a clock of its own in its TCP timestamps, behind one NAT address: 20,000
# connections to one host, which closes each of them first and so remembers its port and timestamp for
# a minute (TIME_WAIT). A port that came back within that minute, with the timestamp of another client,
# would look to the host like an old segment (RFC 7323, PAWS): the SYN would get no answer, and be sent
# again.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

CLIENTS=200
COUNT=20000

network_up two-arm
make_certificate
for ((i = CLIENT_COUNT; i < CLIENTS; i++)); do
	printf 'address add %s/24 dev eth0\n' "$(client4 "$i")"
	printf 'address add %s/64 dev eth0 nodad\n' "$(client6 "$i")"
done | ip -n client -batch -
# 1: each pair of addresses has an offset of its own, drawn at random; it is the default.
ns client sysctl -qw net.ipv4.tcp_timestamps=1
ns node3 sysctl -qw net.ipv4.tcp_timestamps=1 net.core.somaxconn=4096 \
	net.ipv4.tcp_max_tw_buckets=100000
start_in node3 "$RUN/short.log" "$PYTHON" "$LIB_DIR/../peers/short_connections.py" serve 9
wait_for 10 node_listens 3 9 || die "no server: $(cat "$RUN/short.log")"
for v in 4 6; do
	cat <<-EOF
		relay "short$v" {
			listen on $(vip $v) port 9
			forward to $(node$v 3) port 9
		}
	EOF
done >"$RUN/clocks.conf"
xlbd_start "$RUN/clocks.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done

# What node3 is asked, and what it answers.
count_syns() # 4|6
{
	local family=ip
	[ "$1" = 4 ] || family=ip6
	ns node3 nft -f - <<-EOF
		table $family count$1 {
			counter asked {}
			counter answered {}
			chain input {
				type filter hook input priority 0
				tcp dport 9 tcp flags & (syn | ack) == syn counter name asked
			}
			chain output {
				type filter hook output priority 0
				tcp sport 9 tcp flags & (syn | ack) == syn | ack counter name answered
			}
		}
	EOF
}

counted() # 4|6 NAME
{
	local family=ip
	[ "$1" = 4 ] || family=ip6
	ns node3 nft -j list counter "$family" "count$1" "$2" | jq '.nftables[].counter.packets // empty'
}

snmp() # NS NAME
{
	ns "$1" nstat -asz "$2" | awk '!/^#/ { print $2 }'
}

sources() # 4|6
{
	local i
	for ((i = 0; i < CLIENTS; i++)); do
		client_address "$1" "$i"
	done | paste -sd,
}

ask() # 4|6 COUNT
{
	ns client "$PYTHON" "$LIB_DIR/../peers/short_connections.py" ask "$(vip "$1")" 9 \
		"$(sources "$1")" "$2" 100
}

# How many clocks tell of different times, ten seconds apart and more, of half of the clients'.
clocks() # 4|6
{
	start_in node3 "$RUN/clocks$1.txt" timeout 20 tcpdump -l -nn -B 8192 -c $((CLIENTS / 2)) -i eth0 \
		"dst $(node"$1" 3) and tcp dst port 9 and ip$([ "$1" = 4 ] && echo '[33]' || echo '6[53]') & 2 != 0"
	wait_for 10 grep -q 'listening on' "$RUN/clocks$1.txt" || die "tcpdump: $(cat "$RUN/clocks$1.txt")"
	ask "$1" $CLIENTS >/dev/null
	wait "$STARTED" || true
	sed -n 's/.*TS val \([0-9]*\) .*/\1/p' "$RUN/clocks$1.txt" | awk '{ print int($1 / 10000) }' |
		sort -u | wc -l
}

for v in 4 6; do
	check_at_least "IPv$v: the clients have different clocks" $((CLIENTS * 9 / 20)) "$(clocks $v)"
	count_syns $v
	from=$(snmp client TcpExtTCPSynRetrans) began=$SECONDS
	check_equal "IPv$v: $COUNT connections are answered" "answered $COUNT" "$(ask $v $COUNT)"
	diag "$((SECONDS - began)) s, $(($(snmp client TcpExtTCPSynRetrans) - from)) SYNs sent again"
	check_at_least "IPv$v: node3 remembers them" $((COUNT * 9 / 10)) \
		"$(ns node3 ss -Htn state time-wait "sport = :9" | grep -c "$(nat_address $v)\]*:")"
	# A SYN that was sent again because this machine was busy is answered, too.
	check_at_least "IPv$v: no SYN stays without an answer" "$(counted $v asked)" \
		"$(counted $v answered)"
done
check_equal "node3 has found no timestamp too old" 0 "$(snmp node3 TcpExtPAWSEstab)"
check_equal "no NAT port was missing" 0 "$(counter no_nat_port)"

finish
