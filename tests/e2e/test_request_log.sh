#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# "match url log" and "match sni log": what clients ask for is logged, or counted as not seen, whoever
# they are and however they send it; and nothing that they send breaks a line.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"
command -v wrk >/dev/null || skip "programs missing: wrk (see tests/packages)"

network_up two-arm
servers_start

log_conf()
{
	local v
	echo "interval 1"
	cat <<-EOF
		http protocol web {
			match url log
			match header log "X-Log"
		}
		protocol names {
			match sni log
		}
	EOF
	for v in 4 6; do
		cat <<-EOF
			table <nodes$v> { $(node$v 3) }
			relay "web$v" {
				listen on $(vip $v) port 80
				protocol web
				forward to <nodes$v> port 80 check tcp
			}
			relay "tls$v" {
				listen on $(vip $v) port 8443
				protocol names
				forward to <nodes$v> port 443 check tcp
			}
			redirect "dsr$v" {
				listen on $(vip $v) port 443
				match sni log
				route to <nodes$v> port 443 check tcp interface em0
			}
			redirect "quic$v" {
				listen on $(vip $v) udp port 443
				match sni log
				route to <nodes$v> port 443 check tcp interface em0
			}
			redirect "quicnat$v" {
				listen on $(vip $v) udp port 8443
				match sni log
				forward to <nodes$v> port 443 check tcp
			}
		EOF
	done
}

log_conf >"$RUN/log.conf"
check_complete "$RUN/log.conf"
xlbd_start "$RUN/log.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done

logged() # PATTERN
{
	grep -qE -- "^$1\$" "$RUN/xlbd.log"
}

lines() # PATTERN
{
	grep -cE -- "$1" "$RUN/xlbd.log" || true
}

# What nginx says that it was asked for, of those that begin with /PREFIX.
asked() # PREFIX
{
	access_log 3 | grep -c " /$1" || true
}

# Requests seen so far, and lines of them that are not in the log.
seen()
{
	counter requests
}

left_out()
{
	counter request_lines_left_out
}

# ---- a request, as it is logged --------------------------------------------------------------------
for v in 4 6; do
	host=$(public $v)
	client=$(client_address $v 1) node=$(node$v 3)
	[ $v = 4 ] || client="\\[$client\\]" node="\\[$node\\]"
	ns client curl -s -o /dev/null --local-port 4100$v --interface "$(client_address $v 1)" \
		-H "Host: www.example.com" "http://$host/one/$v?a=b"
	check_within "IPv$v: a request" 10 \
		logged "relay web$v, $client:4100$v -> $node:80, \\[www\\.example\\.com/one/$v: a=b\\] GET"
	ns client curl -s -o /dev/null -H "X-Log: v" -H "Host: h" -d "$(seq 20000)" "http://$host/two/$v"
	check_within "IPv$v: a request with a body of 100 kB" 10 \
		logged "relay web$v, .*, \\[h/two/$v\\] \\[X-Log: v\\] POST"
done

# ---- 10,000 by curl, on one connection ------------------------------------------------------------
before=$(seen) out_before=$(left_out)
for i in $(seq 10000); do
	printf 'url = "http://%s/curl/%s"\noutput = /dev/null\n' "$PUBLIC4" "$i"
done >"$RUN/urls"
ns client curl -s -H "Host: curl.example" -K "$RUN/urls"
all_seen() # NUMBER
{
	[ $(($(seen) + $(counter trace_lost) + $(counter request_gaps))) -ge "$1" ]
}
check_equal "curl: nginx was asked" 10000 "$(asked curl/)"
check_within "curl: 10,000 requests are seen, or what is missing is counted" 10 all_seen $((before + 10000))
check_equal "curl: seen" 10000 "$(($(seen) - before))"
check_equal "curl: logged, or left out and counted" 10000 \
	"$(($(lines ', \[curl\.example/curl/[0-9]+\] GET$') + $(left_out) - out_before))"
check_equal "curl: no request twice" "" \
	"$(grep -oE '\[curl\.example/curl/[0-9]+\]' "$RUN/xlbd.log" | sort | uniq -d)"
grep -oE '/curl/[0-9]+' "$RUN/xlbd.log" | sort -u >"$RUN/in_log"
access_log 3 | grep -oE '/curl/[0-9]+' | sort -u >"$RUN/in_nginx"
check_equal "curl: nothing in the log that was not asked for" "" "$(comm -23 "$RUN/in_log" "$RUN/in_nginx")"

# ---- wrk, on many connections ---------------------------------------------------------------------
before=$(seen) out_before=$(left_out)
for n in 1 2 3; do
	ns client wrk -t1 -c50 -d3s -H "Host: wrk.example" "http://$PUBLIC4/wrk/$n" >"$RUN/wrk.log" 2>&1
done
# wrk leaves with requests under way; the access log may have less than arrived, never more.
asked=$(asked wrk/)
check_at_least "wrk: requests" 10000 "$asked"
check_within "wrk: all are seen, or what is missing is counted" 20 all_seen $((before + asked))
diag "wrk: $asked asked, $(($(seen) - before)) seen, $(counter trace_lost) lost, $(counter request_gaps) gaps"
check_equal "wrk: seen, so logged, or left out and counted" "$(($(seen) - before))" \
	"$(($(lines ', \[wrk\.example/wrk/[123]\] GET$') + $(left_out) - out_before))"

# ---- one byte in a segment ------------------------------------------------------------------------
sleepless() # once the second is over that wrk has used up, lines are written again
{
	web 4 1 "again" >/dev/null 2>&1 || true
	logged "relay web4, .*/again\\] GET"
}
check_within "lines are written again" 10 sleepless
for i in 1 2 3 4 5; do
	ns client "$PYTHON" "$LIB_DIR/../peers/requests.py" bytes "$PUBLIC4" 80 byte$i.example 40
done
for i in 1 2 3 4 5; do
	check_within "byte by byte: 40 requests of connection $i" 10 \
		eval "[ \$(lines ', \\[byte$i\\.example/byte/[0-9]+\\] GET\$') = 40 ]"
done

# ---- server names ---------------------------------------------------------------------------------
for v in 4 6; do
	for where in tls:8443 dsr:443; do
		service=${where%:*}$v port=${where#*:}
		address=$(vip $v) node=$(node$v 3)
		[ $v = 4 ] || address="[$address]" node="\\[$node\\]"
		ns client curl -sk -o /dev/null --resolve "whole.example:$port:${address}" \
			"https://whole.example:$port/"
		kind=relay
		[ "$port" = 8443 ] || kind=redirect
		check_within "$service: a server name" 10 \
			logged "$kind $service, .* -> $node:443, \\[sni: whole\\.example\\]"
		for size in 1 100; do
			ns client "$PYTHON" "$LIB_DIR/../peers/requests.py" hello "$(vip $v)" "$port" \
				"split$size.example" "$size"
			check_within "$service: … in segments of $size bytes" 10 \
				logged "$kind $service, .* -> $node:443, \\[sni: split$size\\.example\\]"
		done
	done
done
for v in 4 6; do
	for where in quic:443 quicnat:8443; do
		service=${where%:*}$v port=${where#*:} node=$(node$v 3)
		[ $v = 4 ] || node="\\[$node\\]"
		for how in "1 1" "1 3" "2 2"; do
			name=v${how% *}in${how#* }.example
			ns client "$PYTHON" "$LIB_DIR/../peers/quic_hello.py" "$(client_address $v 2)" "$(vip $v)" "$port" \
				"$name" --version "${how% *}" --pieces "${how#* }"
			check_within "$service: QUIC of version ${how% *}, a name in ${how#* } datagrams" 10 \
				logged "redirect $service, .* -> $node:443, \\[sni: ${name//./\\.}\\]"
			check_equal "$service: … is logged once" 1 "$(lines "^redirect $service, .*sni: $name")"
		done
	done
done
ns client curl -sk -o /dev/null "https://$VIP4:8443/"
check_within "a client that asks for no name" 10 logged "relay tls4, .*, \\[sni\\]"

# ---- what breaks logs -----------------------------------------------------------------------------
ns client "$PYTHON" "$LIB_DIR/../peers/requests.py" odd "$PUBLIC4" 80 >/dev/null
web 4 1 "after" >/dev/null 2>&1 || true
check_within "requests after odd ones" 10 logged "relay web4, .*/after\\] GET"
check_equal "every line is plain ASCII" 0 "$(LC_ALL=C lines '[^ -~]')"
check_equal "no line is forged" 0 "$(lines '^relay web4, forged|\[forged|^\]')"
FORM='(relay|redirect) [a-z]+[46], \S+:[0-9]+ -> \S+:[0-9]+, \[[^][]*\]( \[[^][]*\])*( \.\.\.)?( [A-Z]+)?'
check_equal "every line of requests has its form" "$(lines '^(relay|redirect) (web|tls|dsr|quic)')" \
	"$(lines "^$FORM\$")"
check_equal "no line is longer than its bound" 0 "$(lines '^.{4400}')"
check "what is no HTTP is counted" [ "$(counter request_malformed)" -gt 0 ]
check "HTTP/2 is counted" [ "$(counter request_http2)" -gt 0 ]

# ---- in the line of a connection ------------------------------------------------------------------
{
	echo "log connection"
	cat "$RUN/log.conf"
} >"$RUN/connection.conf"
ctl load "$RUN/connection.conf" >/dev/null
ns client curl -s -o /dev/null -o /dev/null -H "Host: c.example" "http://$PUBLIC4/c/1" "http://$PUBLIC4/c/2"
check_within "log connection: a connection's line has its requests" 30 \
	logged 'relay web4, session .*, done, \[c\.example/c/1\] GET; \[c\.example/c/2\] GET;, client port .*'
ns client curl -sk -o /dev/null --resolve "c.example:8443:$VIP4" "https://c.example:8443/"
check_within "log connection: … or its server name" 30 \
	logged 'relay tls4, session .*, done, \[sni: c\.example\];, client port .*'

# ---- less is wanted -------------------------------------------------------------------------------
sed '/match/d' "$RUN/log.conf" >"$RUN/plain.conf"
ctl load "$RUN/plain.conf" >/dev/null
before=$(seen)
web 4 1 "unlogged" >/dev/null 2>&1 || true
get 4 1 >/dev/null
ctl load "$RUN/log.conf" >/dev/null
web 4 1 "logged" >/dev/null 2>&1 || true
check_within "a reload turns it on again" 10 logged "relay web4, .*/logged\\] GET"
check_equal "… and nothing was read in between" $((before + 1)) "$(seen)"

finish
