#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A node that falls silent between two checks, which are ten minutes apart: connections that come to
# nothing make it be checked at once. Healthy traffic does not.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

# The number of finished checks of a node, and of all of them.
checks() # 4|6 NODE
{
	ctl -j show hosts | jq --arg host "$("node$1" "$2")" \
		'.hosts[] | select(.address == $host) | .checks'
}

all_checks()
{
	ctl -j show hosts | jq '[.hosts[].checks] | add'
}

# Requests by all of the client's addresses at the same time; whoever is sent to the silent node waits.
crowd() # 4|6
{
	local i
	for ((i = 0; i < CLIENT_COUNT; i++)); do
		start_in client "$RUN/crowd.log" curl -fsS --max-time 3 --cacert "$RUN/cert.pem" \
			-o /dev/null --interface "$(client_address "$1" "$i")" "$(url "$1")"
	done
}

silent() # NODE
{
	ns "node$1" nft -f - <<-EOF
		table inet filter {
			chain input {
				type filter hook input priority 0
				tcp dport 443 drop
			}
		}
	EOF
}

network_up two-arm
servers_start

# With an entry per flow, and by rows, where the data path keeps none.
for options in "mode roundrobin" "mode source-hash"; do
	xlbd_start "$(INTERVAL=600 web_conf web "3 4 5 6" "$options")"
	for v in 4 6; do
		check_within "$options, IPv$v: all nodes are up" 10 hosts_up "$v"
	done
	before=$(all_checks)
	for v in 4 6; do
		check_equal "$options, IPv$v: 200 requests, none fails" 0 "$(failed_requests "$v" 200)"
	done
	check_equal "$options: healthy traffic makes no checks" "$before" "$(all_checks)"

	silent 5
	for v in 4 6; do
		had=$(checks "$v" 5)
		crowd "$v"
		check_within "$options, IPv$v: node5 is down long before its next check" 20 \
			host_is "$("node$v" 5)" down
		check_at_least "$options, IPv$v: it was checked for that" $((had + 1)) "$(checks "$v" 5)"
		check_match "$options, IPv$v: with a check's own words" \
			"host $("node$v" 5), check tcp \([0-9]+ms,tcp connect timeout\), state up -> down" \
			"$(cat "$RUN/xlbd.log")"
	done
	ns node5 nft delete table inet filter
	ctl detach >/dev/null
	xlbd_stop
	rm "$RUN/xlbd.log"
done

finish
