#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl capture: a stream for tcpdump, within a second; pcapng that tshark reads, with frames before
# and after the rewrite and what xlb thought of them; what is too much is lost, counted, and hurts
# nobody; without a reader there is no capture.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"
for program in tshark capinfos script; do
	command -v "$program" >/dev/null || skip "$program is not installed (see tests/packages)"
done

network_up two-arm
servers_start

for v in 4 6; do
	cat <<-EOF
		table <web$v> { $(node$v 3) $(node$v 4) }
		redirect "dsr$v" {
			listen on $(vip $v) port 443
			route to <web$v> port 443 mode source-hash check tcp interface em0
		}
		relay "plain$v" {
			listen on $(vip $v) port 80
			forward to <web$v> port 80 mode loadbalance check tcp
		}
	EOF
done >"$RUN/services.conf"
{
	echo "interval 3"
	echo "timeout 2900" # a flood takes the processor away from who checks and who answers
	cat "$RUN/services.conf"
	cat <<-EOF
		table <none> { 192.168.1.99 }
		redirect "nobody" {
			listen on $VIP4 port 5300
			route to <none> port 5300 check tcp interface em0
		}
	EOF
} >"$RUN/capture.conf"
xlbd_start "$RUN/capture.conf"
check_nodes_up 3 4

# How often a capture has begun and ended.
begun()
{
	grep -c 'capturing packets' "$RUN/xlbd.log" || true
}
has_begun() # COUNT
{
	[ "$(begun)" = "$1" ]
}
ended()
{
	grep -c 'no more captures' "$RUN/xlbd.log" || true
}
has_ended() # COUNT
{
	[ "$(ended)" = "$1" ]
}

# The program of DSR on em1, where requests come in.
program()
{
	ns lb ip -j -d link show dev em1 | jq '.[0].xdp.prog.id'
}
PLAIN=$(program)
is_plain()
{
	[ "$(program)" = "$PLAIN" ]
}

# capture NAME OPTION...: into $RUN/NAME, in the background, when it runs. CAPTURE is its pid.
capture()
{
	local name=$1
	shift
	start_in lb "$RUN/$name.err" "$XLBCTL" -s "$SOCKET" capture -w "$RUN/$name" "$@"
	CAPTURE=$STARTED
	wait_for 30 test -s "$RUN/$name" || die "no capture: $(cat "$RUN/$name.err")"
}

capture_gone()
{
	process_gone "$CAPTURE"
}

# Its status, when it has ended by itself or by ^C. (In a script's background SIGINT is ignored.)
capture_status()
{
	forget_process "$CAPTURE"
	wait "$CAPTURE" && CAPTURE_STATUS=0 || CAPTURE_STATUS=$?
}

request() # 443|80 4|6 INDEX PORT
{
	local scheme=https
	[ "$1" = 443 ] || scheme=http
	ns client curl -fsS --max-time 5 --cacert "$RUN/cert.pem" --local-port "$4" \
		--interface "$(client_address "$2" "$3")" "$scheme://$(public "$2")/" >/dev/null
}

# ---- what is said to the user --------------------------------------------------------------------
check_equal "a filter's mistake: exit status 2" 2 \
	"$(ctl capture -w /dev/null tcp prot 80 2>"$RUN/err" || echo $?)"
check_match "… in libpcap's words" 'filter: .*syntax error' "$(cat "$RUN/err")"
check_equal "a terminal is refused" 2 \
	"$(ns lb script -qec "$XLBCTL -s $SOCKET capture" /dev/null >"$RUN/err" 2>&1 || echo $?)"
check_match "… with a hint" 'hint: xlbctl capture \| tcpdump -e -n -ttt -r -' "$(cat "$RUN/err")"
check_equal "a program that is none is refused" 400 \
	"$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" \
		"http://xlb/v1/capture?filter=1,255+0+0+0")"

# ---- live ----------------------------------------------------------------------------------------
# As the manual says. A SYN is on the screen within a second.
mkfifo "$RUN/pipe"
start "$RUN/live" tcpdump -l -e -n -ttt -r "$RUN/pipe"
TCPDUMP=$STARTED
start_in lb "$RUN/live.err" bash -c "exec '$XLBCTL' -s '$SOCKET' capture tcp port 443 >'$RUN/pipe'"
CAPTURE=$STARTED
check_within "a capture starts" 30 has_begun 1
check_fails "the program on em1 is another one meanwhile" is_plain
for v in 4 6; do
	request 443 $v 1 $((42000 + v))
	check_within "IPv$v: tcpdump shows the SYN" 1 grep -qE \
		"rule [0-9]+\.dsr$v\.0/0\(match\): pass in on em1: $(client_address $v 1)\.$((42000 + v)) > .*\.443: Flags \[S\]" \
		"$RUN/live"
done
check_no_match "nothing that the filter leaves out" 'plain' "$(cat "$RUN/live")"
kill_process "$TCPDUMP"
check_within "tcpdump is killed, and no packets come: the capture ends" 10 has_ended 1
check_within "… and the plain program is back" 10 is_plain
check_within "… and xlbctl has ended" 5 capture_gone
capture_status
check_equal "… well" 0 "$CAPTURE_STATUS"

# ---- pcapng --------------------------------------------------------------------------------------
capture all.pcapng -F pcapng
for v in 4 6; do
	request 443 $v 2 $((43000 + v))
	request 80 $v 2 $((44000 + v))
done
ns client curl -s --max-time 2 --local-port 45000 --interface "$(client4 2)" \
	"http://$PUBLIC4:5300/" >/dev/null 2>&1 || true

# fields FILTER FIELD...: of each packet, in a line.
fields()
{
	local filter=$1 options=() f
	shift
	for f; do
		options+=(-e "$f")
	done
	tshark -n -r "$RUN/all.pcapng" -Y "$filter" -T fields -E separator=' ' "${options[@]}" 2>/dev/null
}
has_refused()
{
	fields 'tcp.srcport == 45000' frame.comment | grep -q no_host
}
check_within "packets come while it runs" 5 has_refused
kill -TERM "$CAPTURE"
capture_status
check_equal "it ends well" 0 "$CAPTURE_STATUS"
check_match "… and says how many packets there were" '^[0-9]+ packets$' "$(cat "$RUN/all.pcapng.err")"
check_equal "tshark has no complaint" "" \
	"$(tshark -r "$RUN/all.pcapng" 2>&1 >/dev/null | sed '/^Running as/d')"
check_equal "capinfos has none" "" "$(capinfos "$RUN/all.pcapng" 2>&1 >/dev/null)"
check_match "… and knows the interfaces" 'Name = em0' "$(capinfos "$RUN/all.pcapng")"
check_equal "tcpdump reads it, too" "" \
	"$(tcpdump -n -r "$RUN/all.pcapng" 2>&1 >/dev/null | sed '/^reading from/d')"
check_match "-V shows the comments" 'stage=before .*service=dsr4' \
	"$(tshark -n -V -r "$RUN/all.pcapng" 2>/dev/null | grep -i comment | head -20)"

for v in 4 6; do
	ip=ip
	[ $v = 4 ] || ip=ipv6
	vip=$(vip $v)
	vip=${vip/db8:0::/db8::}
	port=$((43000 + v))
	syn=$(fields "tcp.srcport == $port && tcp.flags.syn == 1" frame.interface_name eth.src eth.dst frame.comment)
	host=$(sed -nE 's/.*stage=after .* host=([0-9a-f.:]+).*/\1/p' <<<"$syn" | head -1)
	node=$(for n in 3 4; do [ "$(node$v $n)" != "$host" ] || echo $n; done)
	check_match "IPv$v, DSR, before: to the LB, on em1" \
		"^em1 [0-9a-f:]+ $(mac_of lb em1) stage=before hook=xdp service=dsr$v rule=[0-9]+ host=$host verdict=forward out=em0 from=client new=yes\$" \
		"$syn"
	check_match "IPv$v, DSR, after: to the node, on em0" \
		"^em0 $(mac_of lb em0) $(mac_of "node$node" "$NODE_IF") stage=after hook=xdp service=dsr$v .*host=$host" "$syn"
	check_equal "IPv$v, DSR: addresses stay" 1 \
		"$(fields "tcp.srcport == $port && tcp.flags.syn == 1" $ip.src $ip.dst tcp.dstport | sort -u | wc -l)"
	port=$((44000 + v))
	syn=$(fields "tcp.flags.syn == 1 && tcp.flags.ack == 0 && frame.comment contains \"service=plain$v \"" \
		frame.interface_name $ip.src tcp.srcport $ip.dst tcp.dstport frame.comment)
	check_match "IPv$v, NAT, before: from the client to the VIP" \
		"^em1 $(client_address $v 2) $port $vip 80 stage=before hook=tc service=plain$v .*verdict=forward" "$syn"
	check_match "IPv$v, NAT, after: from the LB to the node" \
		"^em0 $(nat_address $v) [0-9]+ ($(node$v 3)|$(node$v 4)) 80 stage=after hook=tc service=plain$v" "$syn"
	check_match "IPv$v, NAT: the way back, too" \
		"^em1 $vip 80 $(client_address $v 2) $port stage=after .*from=host" \
		"$(fields "tcp.flags.syn == 1 && tcp.flags.ack == 1 && frame.comment contains \"service=plain$v \"" \
			frame.interface_name $ip.src tcp.srcport $ip.dst tcp.dstport frame.comment)"
done
check_match "no host: passed to the stack, which refuses" \
	'stage=before hook=xdp service=nobody rule=[0-9]+ verdict=pass reason=no_host' \
	"$(fields 'tcp.dstport == 5300' frame.comment)"
check_equal "nothing that is for no service" "" \
	"$(fields 'not frame.comment contains "service="' frame.number)"

# ---- options -------------------------------------------------------------------------------------
capture some.pcapng -F pcapng -c 3 -s 64 tcp dst port 443
request 443 4 3 46001
check_within "-c 3: it ends by itself" 10 capture_gone
capture_status
check_equal "… well" 0 "$CAPTURE_STATUS"
check_equal "… three packets, before and after" 6 "$(tshark -r "$RUN/some.pcapng" 2>/dev/null | wc -l)"
check_equal "-s 64: none is longer" 64 \
	"$(tshark -r "$RUN/some.pcapng" -T fields -e frame.cap_len 2>/dev/null | sort -n | tail -1)"
capture everything.pcapng -F pcapng --all -d 2
ns client ping -c 3 -i 0.2 "$VIP4" >/dev/null 2>&1 || true
check_within "-d 2: it ends by itself" 10 capture_gone
capture_status
check_equal "… well" 0 "$CAPTURE_STATUS"
check_match "--all: what is for no service, too" 'reason=(no_service|icmp_other|not_ip)' \
	"$(tshark -n -r "$RUN/everything.pcapng" -T fields -e frame.comment 2>/dev/null)"

# At most a few at a time.
before=$(ended)
captures=()
for i in 1 2 3 4; do
	capture "many.$i"
	captures+=("$CAPTURE")
done
check_fails "a fifth capture is refused" ctl capture -w /dev/null
for i in "${captures[@]}"; do
	kill_process "$i"
done
check_within "all of them are killed: the capture ends" 10 has_ended $((before + 1))
check_within "… and the plain program is back" 10 is_plain

# ---- a flood -------------------------------------------------------------------------------------
# A reader that does not read: its socket and its queue fill up, then it loses. Nobody else notices.
mkfifo "$RUN/fifo"
exec {fifo}<>"$RUN/fifo" # somebody has it open
before=$(begun)
start_in lb "$RUN/slow.err" "$XLBCTL" -s "$SOCKET" capture -F pcapng -w "$RUN/fifo"
CAPTURE=$STARTED
check_within "a slow reader starts" 30 has_begun $((before + 1))
rss()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$XLBD_PID/status"
}
rss_before=$(rss)
start_in router "$RUN/flood.log" "$XLB_BUILD/tests/e2e/syn_flood" lan0 "$VIP4" 443 \
	"$(mac_of lb em1)" 200000 5
flood=$STARTED
flood_over()
{
	process_gone "$flood"
}
check_equal "requests during a flood: none fails" 0 "$(failed_requests 4 20)"
check_equal "hosts stay up" "up up" "$(host_status "$(node4 3)") $(host_status "$(node4 4)")"
wait_for 60 flood_over || die "the flood does not end"
diag "flood: $(cat "$RUN/flood.log")"
check_at_most "the daemon has grown by so many KiB" 8192 $(($(rss) - rss_before))
kill -TERM "$CAPTURE"
cat <&"$fifo" >"$RUN/slow.pcapng" &
SANDBOX_PIDS+=($!)
check_within "it ends when somebody reads" 20 capture_gone
capture_status
check_equal "… well" 0 "$CAPTURE_STATUS"
diag "$(cat "$RUN/slow.err")"
check_match "… and knows how many it has lost" '^[0-9]+ packets, [0-9]+ lost as the output was slow' \
	"$(cat "$RUN/slow.err")"
check_within "… and the plain program is back" 10 is_plain

# ---- the daemon ----------------------------------------------------------------------------------
capture last
xlbd_stop
check_within "the daemon ends: so does the capture" 10 capture_gone
capture_status
check_equal "… with exit status 3" 3 "$CAPTURE_STATUS"
check_match "… and it is said why" 'the daemon has ended the capture|connection broke' \
	"$(cat "$RUN/last.err")"
check_within "… the plain program stays" 10 is_plain

finish
