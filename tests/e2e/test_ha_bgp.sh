#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# examples/ha-bgp with the real BIRD on the load balancer and on the router: the addresses are
# announced while their services have hosts, and withdrawn when they have none.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
command -v bird >/dev/null || skip "bird2 is not installed (see tests/packages)"

EXAMPLE=$SOURCE_DIR/examples/ha-bgp

network_up routed
servers_start
ip -n router route del "$VIP4/32"
ip -n router route del "$VIP6/128"

bird_start() # NS FILE
{
	sed "1i log stderr all;" "$2" >"$RUN/$1.bird"
	start_in "$1" "$RUN/$1.bird.log" bird -f -c "$RUN/$1.bird" -s "$RUN/$1.bird.ctl" \
		-P "$RUN/$1.bird.pid"
}

cat >"$RUN/router.conf" <<-EOF
	router id 192.168.0.1;
	protocol device { }
	protocol kernel { ipv4 { import none; export all; }; }
	protocol kernel { ipv6 { import none; export all; }; }
	protocol bgp lb4 {
		local 192.168.0.1 as 65001;
		neighbor 192.168.0.2 as 65002;
		connect delay time 1;
		connect retry time 1;
		error wait time 1, 2;
		ipv4 { import all; export none; };
	}
	protocol bgp lb6 {
		local 2001:db8:0::1 as 65001;
		neighbor 2001:db8:0::2 as 65002;
		connect delay time 1;
		connect retry time 1;
		error wait time 1, 2;
		ipv6 { import all; export none; };
	}
EOF

# What the router knows by BGP: the gateway, or nothing.
learnt() # 4|6
{
	ip "-$1" -n router -j route show "$(vip "$1")" proto bird | jq -r '.[].gateway'
}

learnt_is() # 4|6 GATEWAY
{
	[ "$(learnt "$1")" = "$2" ]
}

GATEWAY=([4]=192.168.0.2 [6]=2001:db8::2)

# check_route NAME 4|6
check_announced()
{
	check_within "$1: IPv$2 is announced" 20 learnt_is "$2" "${GATEWAY[$2]}"
	check_within "$1: IPv$2 is served" 5 get "$2"
}

check_withdrawn()
{
	check_within "$1: IPv$2 is withdrawn" 20 learnt_is "$2" ""
}

bird_start router "$RUN/router.conf"
bird_start lb "$EXAMPLE/bird.conf"
start_in lb "$RUN/announce.log" "$EXAMPLE/xlb-announce" -s "$SOCKET"

diag "no daemon yet"
for v in 4 6; do
	check_equal "IPv$v is not announced" "" "$(learnt $v)"
done
xlbd_start "$EXAMPLE/xlb.conf"
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 10 hosts_up $v
	check_announced "with hosts" $v
done

diag "no host"
for n in "${NODES[@]}"; do
	server_stop "$n"
done
for v in 4 6; do
	check_withdrawn "without hosts" $v
done

diag "one host"
server_start 4
for v in 4 6; do
	check_announced "with one host" $v
done

diag "switched off"
check "disable the IPv4 redirect" ctl redirect disable web4
check_withdrawn "disabled" 4
check_announced "the other one is not" 6
check "enable it" ctl redirect enable web4
check_announced "enabled" 4

diag "the daemon dies, and comes back"
kill_process "$XLBD_PID"
for v in 4 6; do
	check_equal "IPv$v: requests succeed" 0 "$(failed_requests $v 8)"
done
xlbd_start "$EXAMPLE/xlb.conf"
for v in 4 6; do
	check_announced "restarted" $v
	check_equal "IPv$v: requests succeed" 0 "$(failed_requests $v 8)"
done
server_stop 4
check_withdrawn "it looks after it again" 4
finish
