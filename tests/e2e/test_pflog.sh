#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# "pflog" in listen lines: the file is one that Debian's tcpdump prints and filters; rotating it loses
# nothing; a full disk costs records, which are counted, and nothing else.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up two-arm
servers_start

mkdir "$RUN/log"
mount -t tmpfs -o size=4m tmpfs "$RUN/log"
PFLOG=$RUN/log/pflog

# Rule 0 is not logged, 1 to 4 are; nobody answers for "nobody".
pflog_conf()
{
	cat <<-EOF
		interval 1
		table <web4> { $(node4 3) $(node4 4) }
		table <web6> { $(node6 3) $(node6 4) }
		table <none> { 192.168.1.99 }
		redirect "https_forwarder4" {
			listen on $VIP4 port 6443
			listen on $VIP4 port 443 $1
			route to <web4> port 443 mode source-hash check tcp interface em0
		}
		redirect "https_forwarder6" {
			listen on $VIP6 port 443 $1
			route to <web6> port 443 mode source-hash check tcp interface em0
		}
		relay "plain" {
			listen on $VIP4 port 80
			forward to <web4> port 80 mode loadbalance check tcp
		}
		redirect "nobody" {
			listen on $VIP4 port 5300 $1
			route to <none> port 5300 check tcp interface em0
		}
	EOF
}
pflog_conf pflog >"$RUN/pflog.conf"
check_complete "$RUN/pflog.conf"
xlbd_start "$RUN/pflog.conf" --pflog "$PFLOG"
check_nodes_up 3 4

# decode [OPTION...] [FILTER...]: the records, as the manual says to read them.
decode()
{
	tcpdump -e -n -ttt -r "$PFLOG" "$@" 2>/dev/null
}

decoded() # PATTERN [FILTER...]
{
	local pattern=$1
	shift
	grep -qE -- "$pattern" <<<"$(decode "$@")"
}

# ---- what is in it -------------------------------------------------------------------------------
port=41001
for v in 4 6; do
	ns client curl -fsS --max-time 5 --cacert "$RUN/cert.pem" --local-port $port \
		--interface "$(client_address $v 1)" "$(url $v)" >/dev/null
done
web 4 1 >/dev/null
ns client curl -s --max-time 2 --local-port 41002 --interface "$(client4 2)" \
	"http://$PUBLIC4:5300/" >/dev/null 2>&1 || true
check_within "IPv4: a connection's SYN is there" 5 decoded \
	"rule 1\.https_forwarder\.1/0\(match\): pass in on em1: $(client4 1)\.$port > $VIP4\.443: Flags \[S\]"
check_within "IPv6: a connection's SYN is there" 5 decoded \
	"rule 2\.https_forwarder\.0/0\(match\): pass in on em1: $(client6 1)\.$port > 2001:db8::2\.443: Flags \[S\]"
check_within "a packet that no host is there for is blocked" 5 decoded \
	"rule 4\.nobody\.0/0\(match\): block in on em1: $(client4 2)\.41002 > $VIP4\.5300: Flags \[S\]"
check_equal "one record for a connection" 1 "$(decode "port $port" | wc -l)"
check_equal "nothing of a service without pflog" 0 "$(decode port 80 | wc -l)"
check_equal "the file is for its group to read, and for nobody else" 640 "$(stat -c %a "$PFLOG")"
check_equal "tshark reads it without complaint" "" "$(tshark -r "$PFLOG" 2>&1 >/dev/null | sed '/^Running as/d')"
check_match "… and knows the fields" '^https_forwarder	1	em1$' \
	"$(tshark -r "$PFLOG" -T fields -e pflog.ruleset -e pflog.rulenr -e pflog.ifname 2>/dev/null |
		sed -n 1p)"

# Each filter, and how many of the three records it finds.
finds() # COUNT FILTER...
{
	local count=$1
	shift
	check_equal "filter: ${*:-none}" "$count" "$(decode "$@" | wc -l)"
}
blocked=$(decode action block | wc -l)
check_at_least "filter: action block" 1 "$blocked"
finds $((blocked + 2))
finds 1 rulenum 1
finds 1 rulenum 2
finds 0 rulenum 3
finds 1 srnr 1
finds 2 ruleset https_forwarder
finds "$blocked" ruleset nobody
finds 2 action pass
finds $((blocked + 2)) on em1
finds 0 on em0
finds 1 host "$(client4 1)"
finds 1 tcp port 443
finds "$blocked" port 5300 and action block and on em1

# ---- rotation ------------------------------------------------------------------------------------
# Records of all files, while connections are made, and the file is renamed again and again.
connections() # COUNT
{
	local i
	for ((i = 0; i < $1; i++)); do
		get 4 $((i % 60)) >/dev/null || echo "request $i failed"
	done
}
records()
{
	local f n=0
	for f in "$RUN"/log/pflog*; do
		n=$((n + $(tcpdump -n -r "$f" tcp port 443 2>/dev/null | wc -l)))
	done
	echo "$n"
}
before=$(records)
connections 60 >"$RUN/connections" &
while_connecting=$!
for i in 1 2 3 4 5 6; do
	sleep 0.3 # a time for some connections, not for something to happen
	mv "$PFLOG" "$PFLOG.$i"
	case $i in
	[123]) kill -HUP "$XLBD_PID" ;;
	4) ctl reload ;;
	*) kill -USR1 "$XLBD_PID" ;;
	esac
	check_within "rotation $i: another file is there" 5 test -s "$PFLOG"
done
wait "$while_connecting"
check_equal "no request failed" "" "$(cat "$RUN/connections")"
all_there()
{
	[ "$(records)" = $((before + 60)) ]
}
check_within "no record is lost" 5 all_there
mv "$PFLOG" "$PFLOG.7"
kill -USR1 "$XLBD_PID"
check_within "rotation without a packet: a file with nothing in it" 5 test -s "$PFLOG"
check_equal "… that tcpdump reads" 0 "$(decode | wc -l)"
printf 'what is this' >"$RUN/log/other"
mv "$RUN/log/other" "$PFLOG"
kill -HUP "$XLBD_PID"
check_within "a file that is no pflog is put aside" 5 grep -q 'what is this' "$PFLOG.bad"
check_within "… and it is said" 5 grep -q 'pflog: the file was none of pflog' "$RUN/xlbd.log"

# ---- a full disk ---------------------------------------------------------------------------------
head -c 5M /dev/zero >"$RUN/log/ballast" 2>/dev/null || true
start_in router "$RUN/flood.log" "$XLB_BUILD/tests/e2e/syn_flood" lan0 "$VIP4" 443 \
	"$(mac_of lb em1)" 5000 4
flood=$STARTED
check_within "a full disk is told of" 10 grep -q 'pflog: No space left on device' "$RUN/xlbd.log"
check_equal "requests, while it is full: none fails" 0 "$(failed_requests 4 20)"
check_equal "hosts stay up" "up up" "$(host_status "$(node4 3)") $(host_status "$(node4 4)")"
flood_over()
{
	! kill -0 "$flood" 2>/dev/null
}
wait_for 30 flood_over || die "the flood does not end"
check_equal "… once" 1 "$(grep -c 'pflog: No space left on device' "$RUN/xlbd.log")"
rm "$RUN/log/ballast" "$RUN"/log/pflog.[1-7]
check_within "room again: records are written" 5 grep -q 'pflog: records are written again' "$RUN/xlbd.log"
check_within "… and how many were lost is said" 5 \
	grep -Eq 'pflog: [1-9][0-9]* records were lost' "$RUN/xlbd.log"
check_at_least "… and counted" 1 "$(counter pflog_lost)"
ns client curl -fsS --max-time 5 --cacert "$RUN/cert.pem" --local-port 41003 \
	--interface "$(client4 3)" "$(url 4)" >/dev/null
check_within "… and those that come now" 5 decoded "$(client4 3)\.41003 > "
check_no_match "no record is damaged" 'unkn|truncated|\[\|' "$(decode)"

# ---- ends ----------------------------------------------------------------------------------------
ns client curl -fsS --max-time 5 --cacert "$RUN/cert.pem" --local-port 41004 \
	--interface "$(client4 4)" "$(url 4)" >/dev/null
sleep 0.1 # the kernel's buffer has been looked at; the file's second is not over
xlbd_stop
check "what waits is written when the daemon ends" decoded "$(client4 4)\.41004 > "
truncate -s -7 "$PFLOG"
# What comes while there is no daemon, and until it has settled, is read by the next one.
request() # INDEX PORT
{
	ns client curl -fsS --max-time 5 --cacert "$RUN/cert.pem" --local-port "$2" \
		--interface "$(client4 "$1")" "$(url 4)" >/dev/null
}
check "no daemon: a request" request 5 41005
xlbd_start "$RUN/pflog.conf" --pflog "$PFLOG"
check "a daemon that has just begun: a request" request 7 41007
check_within "after a crash: the nodes are up" 10 hosts_up 4 3 4
check_within "what came while there was no daemon is there" 5 decoded "$(client4 5)\.41005 > "
check_within "… and what came at its start" 5 decoded "$(client4 7)\.41007 > "
kill_process "$XLBD_PID"
check "killed: a request" request 8 41008
xlbd_start "$RUN/pflog.conf" --pflog "$PFLOG"
check_within "… is there, too" 5 decoded "$(client4 8)\.41008 > "
check_equal "each of them once" "1 1 1" \
	"$(for i in 5 7 8; do decode port "4100$i" | wc -l; done | paste -sd' ')"
check_no_match "… without a damaged record" 'unkn|truncated|\[\|' "$(decode 2>&1)"

pflog_conf "" >"$RUN/pflog.conf"
check "without pflog in the configuration" ctl reload
get 4 6 >/dev/null
closed()
{
	! find "/proc/$XLBD_PID/fd" -lname "$PFLOG" 2>/dev/null | grep -q .
}
check_within "… the file is closed" 5 closed

xlbd_stop
umount "$RUN/log"
finish
