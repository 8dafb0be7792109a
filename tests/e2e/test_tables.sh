#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Tables: a backup that serves while no host of the main one is up, weights, a host that several
# failures do not take down, and each kind of check against a real server.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start

answered_by() # NODE
{
	[ "$(get 4)" = "$1" ]
}

start_with() # NAME, the configuration behind "interval" on standard input
{
	{
		printf 'interval 1\ntimeout 500\nlog state changes\n'
		cat
	} >"$RUN/$1.conf"
	xlbd_start "$RUN/$1.conf"
}

stop()
{
	ctl detach
	xlbd_stop
}

start_with backup <<-EOF
	table <main> { $(node4 3) }
	table <spare> { $(node4 6) }
	redirect "web" {
		listen on $VIP4 port 443
		route to <main> port 443 check tcp interface em0
		route to <spare> port 443 check tcp interface em0
	}
EOF
check_within "the main table serves" 5 answered_by node3
server_stop 3
check_within "without it the backup table serves" 5 answered_by node6
check_match "show redirects says so" 'web.*active \(using backup table\)' "$(ctl show redirects)"
server_start 3
check_within "the main table serves again" 5 answered_by node3
check_equal "no request fails" 0 "$(failed_requests 4 20)"
stop

start_with weights <<-EOF
	table <web> { $(node4 3) weight 3, $(node4 4) }
	redirect "web" {
		listen on $VIP4 port 443
		route to <web> port 443 mode roundrobin check tcp interface em0
	}
EOF
check_within "weights: the nodes are up" 5 hosts_up 4 3 4
check_equal "three of four connections go to the host of weight 3" 48 \
	"$(assignments 4 0 64 | grep -c node3)"
stop

start_with retry <<-EOF
	table <web> { $(node4 3) retry 3, $(node4 4) }
	redirect "web" {
		listen on $VIP4 port 443
		route to <web> port 443 check tcp interface em0
	}
EOF
check_within "retry: the nodes are up" 5 hosts_up 4 3 4
server_stop 3
server_stop 4
check_within "a host without retry is down" 5 host_is "$(node4 4)" down
check_equal "one with retry is up yet" up "$(host_status "$(node4 3)")"
check_within "after more failures it is down, too" 8 host_is "$(node4 3)" down
server_start 3
server_start 4
stop

# check_kind NAME PORT GOOD BAD: the host is up by the first check and down by the second one.
check_kind()
{
	local name=$1 port=$2 good=$3 bad=$4
	start_with "$name" <<-EOF
		table <good> { $(node4 3) }
		table <bad> { $(node4 4) }
		redirect "good" {
			listen on $VIP4 port 443
			route to <good> port $port check $good interface em0
		}
		redirect "bad" {
			listen on $VIP4 port 444
			route to <bad> port $port check $bad interface em0
		}
	EOF
	check_within "check $good: up" 5 host_is "$(node4 3)" up
	check_within "check $bad: down" 5 host_is "$(node4 4)" down
	stop
}

check_kind https 6443 'https "/healthz" code 401' 'https "/healthz" code 200'
check_kind http 80 'http "/" host "xlb.example" code 200' 'http "/missing" code 200'
check_kind digest 80 "http \"/\" digest \"$(printf 'node3\n' | sha1sum | cut -d' ' -f1)\"" \
	"http \"/\" digest \"$(printf 'node3\n' | sha1sum | cut -d' ' -f1)\""
check_kind tls 443 tls 'send nothing expect "silence"'
check_kind send 80 'send "HEAD / HTTP/1.0\r\n\r\n" expect "HTTP/1.1 200*"' \
	'send "HEAD / HTTP/1.0\r\n" expect "HTTP/1.1 200*"'
# As in relayd, a status other than 0 means up.
cat >"$RUN/script" <<-EOF
	#!/bin/sh
	[ "\$1" != $(node4 3) ]
EOF
chmod 755 "$RUN/script"
check_kind script 80 "script \"$RUN/script\"" "script \"$RUN/script\""
ns node4 sysctl -qw net.ipv4.icmp_echo_ignore_all=1
check_kind icmp 80 icmp icmp

finish
