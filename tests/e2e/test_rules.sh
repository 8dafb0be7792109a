#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# "show rules": the founding configuration in pf's words, and its numbers against what was sent, as
# tcpdump has counted it at the router.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up two-arm
servers_start
# The founding configuration, with a check each second.
sed 's/^interval .*/interval 1/; s/^timeout .*/timeout 900/' "$SOURCE_DIR/examples/k3s.conf" >"$RUN/k3s.conf"
xlbd_start "$RUN/k3s.conf"
check_within "all nodes are up" 60 hosts_up 4

# The rules' values, as jq has them.
rule() # SERVICE FILTER
{
	ctl -j show rules "$1" | jq -r ".rules[0] | $2"
}

# What pfctl's words say of a rule: the number behind a word.
shown() # SERVICE WORD
{
	ctl show rules -v "$1" | sed -n "s/.*$2: \([0-9]*\).*/\1/p"
}

# IP packets that a capture has, and the sum of their lengths.
captured() # NAME
{
	tcpdump -n -r "$RUN/$1.pcap" -v 2>/dev/null |
		awk 'match($0, /length [0-9]+\)/) { n++; sum += substr($0, RSTART + 7, RLENGTH - 8) }
			END { print n + 0, sum + 0 }'
}

# Counters are per CPU and come without delay, the capture's last packets do not.
counted_as_captured() # SERVICE NAME
{
	[ "$(rule "$1" '"\(.packets) \(.bytes)"')" = "$(captured "$2")" ]
}

diag "text"
check_equal "the rules, in the order of the configuration" \
"pass in quick inet proto tcp from any to 192.168.0.2 port = 6443 flags S/SA keep state (tcp.established 600) nat-to 192.168.1.2 rdr-to <kube_forwarder> port 6443 loadbalance
pass in quick inet proto tcp from any to 192.168.0.2 port = 80 flags S/SA keep state (tcp.established 600) nat-to 192.168.1.2 rdr-to <http_forwarder> port 80 loadbalance
pass in quick on vether0 inet proto tcp from any to 192.168.0.2 port = 443 flags any keep state (sloppy, tcp.established 600) route-to <https_forwarder>@em0 round-robin sticky-address" \
	"$(ctl show rules)"
check_match "-vv: numbers, and how many hosts are up" \
	'^@2 pass in quick on vether0 .* route-to <https_forwarder:4>@em0 round-robin sticky-address$' \
	"$(ctl show rules -vv)"
check_match "-vv of one: as in its anchor" '^@0 pass in quick on vether0 ' \
	"$(ctl show rules relayd/https_forwarder -vv)"
check_equal "one line and two of counters" 3 "$(ctl show rules -v https_forwarder | wc -l)"
check_match "the daemon's process is named" \
	"^  \[ Inserted: uid [0-9]+ pid $(ctl -j show sessions | jq .pid) State Creations: 0     \]\$" \
	"$(ctl show rules -v https_forwarder)"

diag "direct server return"
capture_start dsr router "$ROUTER_OUT" tcp and dst host "$VIP4" and dst port 443
check_equal "100 requests" 0 "$(failed_requests 4 100)"
check_equal "State Creations" 100 "$(shown https_forwarder 'State Creations')"
check_within "Packets and Bytes are those that the router has sent" 10 \
	counted_as_captured https_forwarder dsr
capture_stop dsr
check_equal "Packets" "$(captured dsr | cut -d' ' -f1)" "$(shown https_forwarder Packets)"
check_equal "Evaluations, too" "$(captured dsr | cut -d' ' -f1)" \
	"$(shown https_forwarder Evaluations)"
check_equal "Bytes" "$(captured dsr | cut -d' ' -f2)" "$(shown https_forwarder Bytes)"
# Sticky: an entry for each client.
check_equal "States" "$CLIENT_COUNT" "$(shown https_forwarder States)"

diag "a relay"
capture_start nat router "$ROUTER_OUT" tcp and dst host "$VIP4" and dst port 80
for ((i = 0; i < 30; i++)); do
	web 4 $i >/dev/null
done
check_equal "State Creations" 30 "$(shown http_forwarder 'State Creations')"
check_within "Packets and Bytes are those that the router has sent" 10 \
	counted_as_captured http_forwarder nat
capture_stop nat
check_equal "States: its connections" "$(sessions_count http_forwarder)" "$(shown http_forwarder States)"
check_equal "the other relay has nothing" 0 "$(shown kube_forwarder Packets)"

diag "rates"
per_second() # KEY
{
	ctl -j show redirects | jq ".redirects[0].per_second.$1"
}
# The load runs longer than the windows of a second that are looked at.
start_in client "$RUN/load.log" bash -c "for i in {1..200}; do curl -fsS -o /dev/null --max-time 5 \
	--cacert '$RUN/cert.pem' '$(url 4)' && sleep 0.02; done"
LOAD=$STARTED
busy() # COMMAND...
{
	[ "$("$@" | awk '{ print ($1 > 1) }')" = 1 ]
}
check_within "sessions a second" 10 busy per_second sessions_1s
check_within "packets a second" 10 busy per_second packets_1s
check_at_least "bytes a second are at least 40 for each packet" 1 \
	"$(ctl -j show redirects | jq '.redirects[0].per_second | if .bytes_10s >= 40 * .packets_10s then 1 else 0 end')"
stop_process "$LOAD"
quiet()
{
	[ "$(per_second packets_1s)" = 0 ] && [ "$(per_second sessions_1s)" = 0 ]
}
check_within "nothing is sent: nothing a second" 10 quiet

diag "without effect"
ctl redirect disable https_forwarder >/dev/null
check_match "a disabled redirect is a comment, and says why" \
	'^@2 # pass in quick on vether0 .* # without effect: disabled$' "$(ctl show rules -vv)"
ctl redirect enable https_forwarder >/dev/null
check_fails "rules of nobody" ctl show rules nobody

finish
