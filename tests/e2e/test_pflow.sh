#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Flows at a collector: nfcapd takes NetFlow 5 and IPFIX from real traffic, nfdump shows them right,
# tshark has nothing to say against the datagrams, and nobody suffers when the collector is gone.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

for program in nfcapd nfdump tshark; do
	command -v "$program" >/dev/null || skip "programs missing: $program (see tests/packages)"
done

network_up two-arm
servers_start
N='[0-9]+'
# The collectors are on node6, which is beside the servers.
COLLECTOR4=$(node4 6)
COLLECTOR6=$(node6 6)

pflow_conf() # PFLOW-LINE...
{
	local v
	printf '%s\n' 'interval 1' 'timeout 500' "$@"
	for v in 4 6; do
		cat <<-EOF
			table <nodes$v> { $(node$v 3), $(node$v 4) }
			relay "web$v" {
				listen on $(vip $v) port 80
				forward to <nodes$v> port 80 mode loadbalance check tcp
			}
			redirect "https$v" {
				listen on $(vip $v) port 443
				route to <nodes$v> port 443 mode maglev check tcp interface em0
			}
		EOF
	done
}

counted() # NAME AT-LEAST
{
	[ "$(counter "$1")" -ge "$2" ]
}

# collector_start NAME ADDRESS PORT
collector_start()
{
	mkdir -p "$RUN/$1"
	start_in node6 "$RUN/$1.log" nfcapd -w "$RUN/$1" -b "$2" -p "$3" -t 3600
	COLLECTOR=$STARTED
	wait_for 10 collector_listens "$3" || die "nfcapd: $(cat "$RUN/$1.log")"
}

collector_listens() # PORT
{
	[ -n "$(ns node6 ss -Hlnu "sport = :$1")" ]
}

# Ends it: what it has is in files then.
collector_stop()
{
	stop_process "$COLLECTOR"
}

flows() # NAME FORMAT FILTER
{
	nfdump -6 -q -N -R "$RUN/$1" -o "fmt:$2" "$3" 2>"$RUN/$1.nfdump" | sed 's/  *//g; /^Nomatchingflows$/d' |
		grep -v '^$' || true
}

expert() # NAME PORT: what tshark does not like
{
	tshark -r "$RUN/$1.pcap" -d "udp.port==$2,cflow" -Y '_ws.expert || _ws.malformed' 2>/dev/null || true
}

decoded() # NAME PORT FIELD...
{
	local name=$1 port=$2 fields=() f
	shift 2
	for f; do
		fields+=(-e "$f")
	done
	tshark -r "$RUN/$name.pcap" -d "udp.port==$port,cflow" -T fields "${fields[@]}" 2>/dev/null
}

# capture whole datagrams
record_start() # NAME PORT
{
	start_in node6 "$RUN/$1.tcpdump" tcpdump -i eth0 -n -p -U -s 0 -w "$RUN/$1.pcap" udp port "$2"
	RECORDER=$STARTED
	wait_for 10 grep -q 'listening on' "$RUN/$1.tcpdump" || die "tcpdump: $(cat "$RUN/$1.tcpdump")"
}

# traffic PORT-BASE: a request by NAT and one by DSR, of each family. Sizes in both directions are kept
# for comparison: what curl has transferred.
declare -A NAT_OF=() # by PORT-BASE and family: "NAT-PORT HOST"
traffic()
{
	local v
	for v in 4 6; do
		ns client curl -fsS --max-time 5 --local-port $(($1 + v)) --interface "$(client_address $v 3)" \
			-o /dev/null "http://$(public $v)/blob"
		NAT_OF[$1$v]=$(ctl -j show sessions 100000 | jq -r --argjson port $(($1 + v)) \
			'.sessions[] | select(.client_port == $port and .nat != null) | "\(.nat.port) \(.host)"')
		ns client curl -fsS --max-time 5 --cacert "$RUN/cert.pem" --local-port $(($1 + 100 + v)) \
			--interface "$(client_address $v 3)" -T "$RUN/put" -o /dev/null "$(url $v "upload/put$1$v")"
	done
}

make_document blob 1
head -c 200000 /dev/urandom >"$RUN/put"

# As nfdump writes it.
vip_text() # 4|6
{
	vip "$1" | sed 's/:0::/::/'
}

# compare NAME PORT-BASE FAMILY...: flows of traffic() at the collector
compare()
{
	local name=$1 base=$2 v in out session
	shift 2
	for v; do
		session=$(ctl -j show sessions 100000 | jq -c --argjson port $((base + v)) \
			'.sessions[] | select(.client_port == $port and .nat != null) | .nat')
		in=$(flows "$name" '%sa,%sp,%da,%dp,%pkt,%byt' "src port $((base + v))")
		out=$(flows "$name" '%sa,%sp,%da,%dp,%pkt,%byt' "dst port $((base + v))")
		check_equal "$name, IPv$v: NAT, from the client, as xlbctl has it" \
			"$(client_address "$v" 3),$((base + v)),$(vip_text "$v"),80,$(jq .packets_in <<<"$session"),$(jq .bytes_in <<<"$session")" \
			"$in"
		check_equal "$name, IPv$v: NAT, to the client" \
			"$(vip_text "$v"),80,$(client_address "$v" 3),$((base + v)),$(jq .packets_out <<<"$session"),$(jq .bytes_out <<<"$session")" \
			"$out"
		check_at_least "$name, IPv$v: … with all that curl has got" 1048576 "${out##*,}"
		check_at_most "$name, IPv$v: … and headers" 1200000 "${out##*,}"
		in=$(flows "$name" '%sa,%sp,%da,%dp,%byt' "src port $((base + 100 + v))")
		check_match "$name, IPv$v: DSR, from the client" \
			"^$(client_address "$v" 3),$((base + 100 + v)),$(vip_text "$v"),443,$N\$" "$in"
		check_at_least "$name, IPv$v: … with all that curl has sent" 200000 "${in##*,}"
		check_at_most "$name, IPv$v: … and TLS" 210000 "${in##*,}"
		check_equal "$name, IPv$v: DSR has no other direction" "" \
			"$(flows "$name" '%sa' "dst port $((base + 100 + v))")"
	done
}

check_quiet() # NAME
{
	check_no_match "$1: nfcapd has nothing to complain of" \
		'[Ww]arn|[Ee]rror|[Uu]nknown|[Mm]alform|[Ss]kip|[Cc]orrupt|[Uu]nexpected|no template' \
		"$(sed 's/, Sequence Errors: 0, Bad Packets: 0$//' "$RUN/$1.log")"
}

# ---- NetFlow 5 -------------------------------------------------------------------------------------
pflow_conf "pflow to $COLLECTOR4 port 2055" >"$RUN/pflow.conf"
check_match "-n: NetFlow 5 does not know IPv6" 'protocol 5 knows IPv4 only' \
	"$(ns lb "$XLBD" -n -f "$RUN/pflow.conf" 2>&1)"
collector_start v5 "$COLLECTOR4" 2055
record_start v5 2055
xlbd_start "$RUN/pflow.conf"
check_match "show config has it" "^pflow to \"$COLLECTOR4\" port 2055 protocol 5\$" "$(ctl show config)"
for v in 4 6; do
	check_within "IPv$v: nodes are up" 10 hosts_up $v 3 4
done
traffic 45000
check_within "IPv4 goes out: two directions of NAT, one of DSR" 60 counted pflow_flows 3
check_within "IPv6 is counted" 10 counted pflow_ipv6 3
collector_stop
stop_process "$RECORDER"
compare v5 45000 4
check_quiet v5
check_equal "v5: tshark has nothing to complain of" "" "$(expert v5 2055)"
check_equal "v5: nothing of IPv6" "" "$(flows v5 '%sa' 'ipv6')"
check_equal "nothing failed" 0 "$(counter pflow_errors)"

# ---- IPFIX, and another collector by a reload ------------------------------------------------------
collector_start v10 "$COLLECTOR4" 4739
record_start v10 4739
before=$(counter pflow_flows)
pflow_conf "pflow to $COLLECTOR4 port 4739 protocol 10" >"$RUN/pflow.conf"
ctl reload >/dev/null
check_equal "counters survive" "$before" "$(counter pflow_flows)"
traffic 46000
check_within "IPv4 and IPv6 go out" 60 counted pflow_flows $((before + 6))
templates()
{
	decoded v10 4739 frame.time_relative cflow.template_id cflow.flowset_id | awk '$NF == 2 || $3 == 2' | wc -l
}
templates_are() { [ "$(templates)" -ge "$1" ]; }
check_within "templates come again" 70 templates_are 3
collector_stop
stop_process "$RECORDER"
compare v10 46000 4 6
check_quiet v10
check_equal "v10: tshark has nothing to complain of" "" "$(expert v10 4739)"
times=$(tshark -r "$RUN/v10.pcap" -d udp.port==4739,cflow -Y 'cflow.flowset_id == 2' -T fields \
	-e frame.time_relative 2>/dev/null)
check_equal "templates are there at once" 0 "$(head -1 <<<"$times" | cut -d. -f1)"
check_match "… and every 30 seconds" '^(29|30|31)$' \
	"$(awk 'NR == 1 { a = $1 } NR == 2 { printf "%.0f\n", $1 - a }' <<<"$times")"
record_of() # CLIENT-PORT: what tshark shows of the record from the client
{
	tshark -r "$RUN/v10.pcap" -d udp.port==4739,cflow -V 2>/dev/null |
		awk -v port="$1" '/SrcPort: / { mine = $2 == port } mine { print }'
}
for v in 4 6; do
	read -r nat_port host <<<"${NAT_OF[46000$v]}"
	record=$(record_of $((46000 + v)))
	check_match "IPv$v: NAT's address" "Post NAT Source IPv$v Address: $(nat_address $v)\$" "$record"
	check_match "IPv$v: … and port" "Post NAPT Source Transport Port: $nat_port\$" "$record"
	check_match "IPv$v: the host" "Post NAT Destination IPv$v Address: $host\$" "$record"
	check_match "IPv$v: … and its port" 'Post NAPT Destination Transport Port: 80$' "$record"
	check_match "IPv$v: … as the next hop, too" "NextHop: $host\$" "$record"
	check_match "IPv$v: DSR's host is the next hop" "^$(node$v 3)|$(node$v 4)\$" \
		"$(flows v10 '%nh' "src port $((46100 + v))")"
done

# ---- a collector by IPv6, from an address of choice; and one that is gone --------------------------
collector_start v6 "$COLLECTOR6" 4740
pflow_conf "pflow from 2001:db8:1::2 to $COLLECTOR6 port 4740 protocol 10" >"$RUN/pflow.conf"
ctl reload >/dev/null
before=$(counter pflow_flows)
traffic 47000
check_within "a collector by IPv6" 60 counted pflow_flows $((before + 6))
collector_stop
compare v6 47000 4 6
check_quiet v6

errors=$(counter pflow_errors)
for i in 1 2 3 4; do
	traffic $((48000 + 10 * i))
done
check_within "the collector is gone: errors are counted" 100 counted pflow_errors $((errors + 1))
check_match "… and said once" '^1$' "$(grep -c "pflow to $COLLECTOR6 port 4740: Connection refused" "$RUN/xlbd.log")"
check_equal "clients are served" 0 "$(failed_requests 4 20)"
check "hosts are up" hosts_up 4 3 4
pflow_conf "pflow from 192.168.1.77 to $COLLECTOR4 port 4739 protocol 10" >"$RUN/pflow.conf"
ctl reload >/dev/null 2>&1
check_within "an address that is not here yet" 10 \
	grep -q "pflow to $COLLECTOR4 port 4739: Cannot assign requested address" "$RUN/xlbd.log"
ip -n lb address add 192.168.1.77/24 dev em0
collector_start late "$COLLECTOR4" 4739
before=$(counter pflow_flows)
traffic 49000
check_within "… and then is" 60 counted pflow_flows $((before + 6))
collector_stop
compare late 49000 4

# ---- nobody ----------------------------------------------------------------------------------------
pflow_conf >"$RUN/pflow.conf"
ctl reload >/dev/null
before=$(counter pflow_datagrams)
traffic 49500
check_equal "without a line nothing is sent" "$before" "$(counter pflow_datagrams)"

finish
