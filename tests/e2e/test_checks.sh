#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Every kind of check against servers that answer as they should, otherwise, too slowly, garbage,
# only half a connection, or with TLS that fails: what becomes of the host, and why. All rows are
# tables of one daemon, which are checked beside each other.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
command -v dnsmasq >/dev/null || skip "programs missing: dnsmasq (see tests/packages)"

network_up two-arm
servers_start
host=$(node4 3) host6=$(node6 3)

# ---- servers --------------------------------------------------------------------------------------
# On 8443 by SNI: the right certificate for xlb.example, for other names one for another name, and
# for no name one for the host's address. 9443 takes no TLS but 1.0, which nobody speaks any more.
make_tls_server()
{
	local dir=$RUN/tls name
	mkdir -p "$dir/tmp"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
	for name in DNS:xlb.example DNS:other.example "IP:$host"; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x \
			-keyout "$dir/${name#*:}.key" -out "$dir/csr" 2>/dev/null
		openssl x509 -req -in "$dir/csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -days 2 \
			-extfile <(echo "subjectAltName=$name") -out "$dir/${name#*:}.pem" 2>/dev/null
	done
	cat >"$dir/nginx.conf" <<-EOF
		daemon off;
		user root;
		worker_processes 1;
		error_log error.log;
		pid nginx.pid;
		events { }
		http {
			access_log off;
			client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
			uwsgi_temp_path tmp; scgi_temp_path tmp;
			ssl_session_cache off;
			server {
				listen 8443 ssl default_server;
				ssl_certificate $dir/$host.pem; ssl_certificate_key $dir/$host.key;
				location / { return 200; }
			}
			server {
				listen 8443 ssl;
				server_name xlb.example;
				ssl_certificate $dir/xlb.example.pem; ssl_certificate_key $dir/xlb.example.key;
				location / { return 200; }
				location = /readyz {
					if (\$http_authorization != "Bearer open-sesame") { return 403; }
					return 200;
				}
			}
			server {
				listen 9443 ssl;
				ssl_protocols TLSv1;
				ssl_certificate $dir/$host.pem; ssl_certificate_key $dir/$host.key;
				location / { return 200; }
			}
			server {
				listen 8443 ssl;
				server_name liar.example;
				ssl_certificate $dir/other.example.pem; ssl_certificate_key $dir/other.example.key;
				location / { return 200; }
			}
		}
	EOF
	start_in node3 "$dir/stderr.log" nginx -p "$dir" -c nginx.conf -e error.log
	wait_for 10 node_listens 3 8443 || die "nginx: $(cat "$dir"/*.log)"
}

# A port whose packets nobody answers: the slow case of checks that need but a connection, and a server
# that is not reached for the others.
black_hole() # NODE PORT
{
	ns "node$1" nft -f - <<-EOF
		table inet hole {
			chain input {
				type filter hook input priority 0
				tcp dport $2 drop
				udp dport $2 drop
			}
		}
	EOF
}

script() # NAME LINE...
{
	mkdir -p "$RUN/scripts"
	printf '%s\n' '#!/bin/sh' "${@:2}" >"$RUN/scripts/$1"
	chmod 755 "$RUN/scripts/$1"
}

make_tls_server
start_in node3 "$RUN/misbehave.log" "$PYTHON" "$LIB_DIR/../peers/misbehave.py" "$host" \
	silent:7001 banner:7002 garbage:7003 half:7004 reset:7005 stream:7006 echo:7007 \
	udp-silent:7053 udp-garbage:7054 udp-echo:7055
start_in node3 "$RUN/misbehave6.log" "$PYTHON" "$LIB_DIR/../peers/misbehave.py" "$host6" \
	silent:7001 banner:7002 garbage:7003 half:7004 reset:7005 udp-silent:7053 udp-garbage:7054
for log in misbehave misbehave6; do
	wait_for 10 grep -q ready "$RUN/$log.log" || die "$log: $(cat "$RUN/$log.log")"
done
start_in node3 "$RUN/dnsmasq.log" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv \
	--no-hosts --port=53 --listen-address="$host,$host6" --bind-interfaces --user=root --pid-file= \
	--host-record=www.example,192.0.2.1,2001:db8::1 --local=/example/ \
	--txt-record=txt.example,hello
wait_for 10 node_listens 3 53 || die "dnsmasq: $(cat "$RUN/dnsmasq.log")"
black_hole 3 7999
ns node4 sysctl -qw net.ipv4.icmp_echo_ignore_all=1 net.ipv6.icmp.echo_ignore_all=1

printf 'open-sesame\n' >"$RUN/token"
printf 'open-barley\n' >"$RUN/wrong-token"
script up 'exit 1'
script down 'exit 0'
script slow 'exec sleep 987'
script forks 'sleep 986 & sleep 986 & wait'
script escapes 'setsid sleep 986 & (setsid sleep 986 &)' 'exec sleep 986'
script killed 'kill -9 $$'
script needs-root '[ "$(id -u)" = 0 ] && exit 0' 'exit 1'
script gets-host "[ \"\$1\" = $host ] && exit 1" 'exit 0'
printf 'no program' >"$RUN/scripts/text"
digest=$(sha1sum <"$(node_dir 3)/html/index.html" | cut -d' ' -f1)
md5=$(md5sum <"$(node_dir 3)/html/index.html" | cut -d' ' -f1)

# ---- rows -----------------------------------------------------------------------------------------
# NAME | host | port | check | status | reason, a regular expression
rows="
icmp up|$host|80|icmp|up|icmp ok
icmp slow|$(node4 4)|80|icmp|down|icmp read timeout
icmp nobody|$(node4 77)|80|icmp|down|icmp read (failed|timeout)
icmp up, IPv6|$host6|80|icmp|up|icmp ok
icmp slow, IPv6|$(node6 4)|80|icmp|down|icmp read timeout
tcp up|$host|80|tcp|up|tcp connect ok
tcp down|$host|7000|tcp|down|tcp connect failed
tcp slow|$host|7999|tcp|down|tcp connect timeout
tcp garbage: a connection is all it wants|$host|7003|tcp|up|tcp connect ok
tcp half-closed: likewise|$host|7004|tcp|up|tcp connect ok
tcp reset: likewise|$host|7005|tcp|up|tcp connect ok
tcp streaming: likewise|$host|7006|tcp|up|tcp connect ok
tcp up, IPv6|$host6|80|tcp|up|tcp connect ok
tcp down, IPv6|$host6|7000|tcp|down|tcp connect failed
tcp slow, IPv6|$host6|7999|tcp|down|tcp connect timeout
tls up|$host|443|tls|up|tls connect ok
tls down|$host|7000|tls|down|tcp connect failed
tls slow|$host|7001|tls|down|tls connect timeout
tls connect slow|$host|7999|tls|down|tcp connect timeout
tls garbage|$host|7003|tls|down|tls connect error
tls half-closed|$host|7004|tls|down|tls connect error
tls reset|$host|7005|tls|down|t(ls connect error|cp connect failed)
tls streaming|$host|7006|tls|down|tls connect error
tls without TLS|$host|80|tls|down|tls connect error
tls of a version of yesterday|$host|9443|tls|down|tls connect error
tls up, IPv6|$host6|443|tls|up|tls connect ok
tls garbage, IPv6|$host6|7003|tls|down|tls connect error
tls verified, by address|$host|8443|tls verify ca file \"$RUN/tls/ca.pem\"|up|tls connect ok
tls verified, by name|$host|8443|tls verify ca file \"$RUN/tls/ca.pem\" sni xlb.example|up|tls connect ok
tls of another name|$host|8443|tls verify ca file \"$RUN/tls/ca.pem\" sni liar.example|down|tls verify failed,hostname mismatch
tls of another authority|$host|8443|tls verify ca file \"$RUN/cert.pem\"|down|tls verify failed,unable to get local issuer
tls of no authority of the system|$host|8443|tls verify|down|tls verify failed,unable to get local issuer
tls with a CA file that is none|$host|8443|tls verify ca file \"$RUN/token\"|unknown|tls ca file not read
http up|$host|80|http \"/\" code 200|up|http code ok
http up, with a host|$host|80|http \"/\" host xlb.example code 200|up|http code ok
http of another code|$host|80|http \"/nothing\" code 200|down|http code mismatch,404
http of one code of a set|$host|80|http \"/nothing\" code { 200, 404 }|up|http code ok
http of no code of a set|$host|80|http \"/nothing\" code { 200, 401, 403 }|down|http code mismatch,404
http down|$host|7000|http \"/\" code 200|down|tcp connect failed
http slow|$host|7001|http \"/\" code 200|down|tcp read timeout
http garbage|$host|7003|http \"/\" code 200|down|http code malformed
http half-closed|$host|7004|http \"/\" code 200|down|http code malformed
http reset|$host|7005|http \"/\" code 200|down|(tcp (read|connect) failed|http code malformed)
http connect slow|$host|7999|http \"/\" code 200|down|tcp connect timeout
http streaming: its first line says it|$host|7006|http \"/\" code 200|up|http code ok
http up, IPv6|$host6|80|http \"/\" code 200|up|http code ok
http down, IPv6|$host6|7000|http \"/\" code 200|down|tcp connect failed
http slow, IPv6|$host6|7001|http \"/\" code 200|down|tcp read timeout
http garbage, IPv6|$host6|7003|http \"/\" code 200|down|http code malformed
https up: the API server's 401|$host|6443|https \"/healthz\" code 401|up|http code ok
https of another code|$host|6443|https \"/healthz\" code 200|down|http code mismatch,401
https down|$host|7000|https \"/\" code 200|down|tcp connect failed
https slow|$host|7001|https \"/\" code 200|down|tls connect timeout
https garbage|$host|7003|https \"/\" code 200|down|tls connect error
https half-closed|$host|7004|https \"/\" code 200|down|tls connect error
https connect slow|$host|7999|https \"/\" code 200|down|tcp connect timeout
https reset|$host|7005|https \"/\" code 200|down|t(ls connect error|cp connect failed)
https streaming|$host|7006|https \"/\" code 200|down|tls connect error
https without TLS|$host|80|https \"/\" code 200|down|tls connect error
https of a version of yesterday|$host|9443|https \"/\" code 200|down|tls connect error
https of no authority of the system|$host|8443|https \"/\" code 200 verify|down|tls verify failed,unable to get local issuer
https up, IPv6|$host6|6443|https \"/healthz\" code 401|up|http code ok
https verified, by address|$host|8443|https \"/\" code 200 verify ca file \"$RUN/tls/ca.pem\"|up|http code ok
https verified, by name|$host|8443|https \"/\" code 200 sni xlb.example verify ca file \"$RUN/tls/ca.pem\"|up|http code ok
https of another name|$host|8443|https \"/\" code 200 sni liar.example verify ca file \"$RUN/tls/ca.pem\"|down|tls verify failed,hostname mismatch
https of another authority|$host|8443|https \"/\" code 200 verify ca file \"$RUN/cert.pem\"|down|tls verify failed,unable to get local issuer
https with a token|$host|8443|https \"/readyz\" host xlb.example code 200 sni xlb.example token file \"$RUN/token\"|up|http code ok
https with the wrong token|$host|8443|https \"/readyz\" host xlb.example code 200 sni xlb.example token file \"$RUN/wrong-token\"|down|http code mismatch,403
https with a token that is not there|$host|8443|https \"/readyz\" code 200 token file \"$RUN/none\"|unknown|token file not read
digest up, SHA1|$host|80|http \"/\" digest $digest|up|http digest ok
digest up, MD5, over TLS|$host|443|https \"/\" digest $md5|up|http digest ok
digest of something else|$host|80|http \"/nothing\" digest $digest|down|http digest mismatch
digest slow|$host|7001|http \"/\" digest $digest|down|tcp read timeout
digest streaming|$host|7006|http \"/\" digest $digest|down|tcp read timeout
digest garbage|$host|7003|http \"/\" digest $digest|down|http digest malformed
digest down|$host|7000|http \"/\" digest $digest|down|tcp connect failed
digest connect slow|$host|7999|http \"/\" digest $digest|down|tcp connect timeout
digest half-closed|$host|7004|http \"/\" digest $digest|down|http digest malformed
digest reset|$host|7005|http \"/\" digest $digest|down|(tcp (read|connect) failed|http digest malformed)
digest with TLS, garbage|$host|7003|https \"/\" digest $digest|down|tls connect error
digest with TLS, of another authority|$host|8443|https \"/\" digest $digest verify ca file \"$RUN/cert.pem\"|down|tls verify failed,unable to get local issuer
digest up, IPv6|$host6|80|http \"/\" digest $digest|up|http digest ok
send up|$host|7002|send nothing expect \"220 *\"|up|send/expect ok
send up, asked for|$host|7007|send \"hello\\n\" expect \"hel*\"|up|send/expect ok
send of something else|$host|7002|send nothing expect \"250 *\"|down|tcp read timeout
send down|$host|7000|send nothing expect \"*\"|down|tcp connect failed
send slow|$host|7001|send nothing expect \"220 *\"|down|tcp read timeout
send garbage, which then closes: relayd's unknown|$host|7003|send nothing expect \"220 *\"|unknown|send/expect failed
send half-closed: likewise|$host|7004|send nothing expect \"220 *\"|unknown|send/expect failed
send streaming|$host|7006|send nothing expect \"220 *\"|down|send/expect failed
send connect slow|$host|7999|send nothing expect \"220 *\"|down|tcp connect timeout
send reset|$host|7005|send nothing expect \"220 *\"|down|tcp (read|connect) failed
send up, IPv6|$host6|7002|send nothing expect \"220 *\"|up|send/expect ok
send slow, IPv6|$host6|7001|send nothing expect \"220 *\"|down|tcp read timeout
send with TLS, down|$host|7000|send nothing expect \"220 *\" tls|down|tcp connect failed
send with TLS, slow|$host|7001|send nothing expect \"220 *\" tls|down|tls connect timeout
send with TLS, half-closed|$host|7004|send nothing expect \"220 *\" tls|down|tls connect error
send with TLS, silent afterwards|$host|443|send nothing expect \"220 *\" tls|down|tls read timeout
send with TLS, garbage|$host|7003|send nothing expect \"220 *\" tls|down|tls connect error
send with TLS up|$host|443|send \"GET / HTTP/1.0\\r\\n\\r\\n\" expect \"HTTP/1.? 200*\" tls|up|send/expect ok
binary up|$host|7007|binary send \"00ff80\" expect \"00ff\"|up|send/expect ok
binary of something else|$host|7007|binary send \"00ff80\" expect \"01\"|down|send/expect failed
binary slow|$host|7001|binary send \"00\" expect \"00\"|down|tcp read timeout
binary down|$host|7000|binary send \"00\" expect \"00\"|down|tcp connect failed
binary connect slow|$host|7999|binary send \"00\" expect \"00\"|down|tcp connect timeout
binary garbage|$host|7003|binary send \"00\" expect \"00\"|down|send/expect failed
binary half-closed|$host|7004|binary send \"00\" expect \"00\"|unknown|send/expect failed
binary reset|$host|7005|binary send \"00\" expect \"00\"|down|tcp (read|write|connect) failed
binary streaming|$host|7006|binary send \"00\" expect \"00\"|down|send/expect failed
binary with TLS up|$host|443|binary send \"474554202f20485454502f312e300d0a0d0a\" expect \"48545450\" tls|up|send/expect ok
binary with TLS, garbage|$host|7003|binary send \"00\" expect \"00\" tls|down|tls connect error
script up|$host|80|script \"$RUN/scripts/up\"|up|script ok
script down|$host|80|script \"$RUN/scripts/down\"|down|script failed
script slow|$host|80|script \"$RUN/scripts/slow\"|down|script failed
script that forks and hangs|$host|80|script \"$RUN/scripts/forks\"|down|script failed
script whose children leave it|$host|80|script \"$RUN/scripts/escapes\"|down|script failed
script killed|$host|80|script \"$RUN/scripts/killed\"|down|script failed
script that cannot be executed|$host|80|script \"$RUN/scripts/text\"|down|script failed
script that is not there|$host|80|script \"$RUN/scripts/none\"|down|script failed
script is not root|$host|80|script \"$RUN/scripts/needs-root\"|up|script ok
script knows the host|$host|80|script \"$RUN/scripts/gets-host\"|up|script ok
dns up|$host|53|dns \"www.example\"|up|dns ok
dns up, IPv6|$host|53|dns \"www.example.\" type AAAA|up|dns ok
dns up, TXT|$host|53|dns \"txt.example\" type TXT|up|dns ok
dns of no such name|$host|53|dns \"nobody.example\"|down|dns error,NXDOMAIN
dns of no such record|$host|53|dns \"www.example\" type MX|down|dns no answer records
dns refused|$host|53|dns \"elsewhere.invalid\"|down|dns error,REFUSED
dns down|$host|7000|dns \"www.example\"|down|dns read failed
dns slow|$host|7053|dns \"www.example\"|down|dns read timeout
dns garbage|$host|7054|dns \"www.example\"|down|dns malformed
dns of a server that asks back|$host|7055|dns \"www.example\"|down|dns read timeout
dns not reached|$host|7999|dns \"www.example\"|down|dns read timeout
dns up by IPv6|$host6|53|dns \"www.example\"|up|dns ok
dns slow by IPv6|$host6|7053|dns \"www.example\"|down|dns read timeout
dns garbage by IPv6|$host6|7054|dns \"www.example\"|down|dns malformed
"

{
	printf 'interval 1\ntimeout 900\nlog state changes\n'
	n=0
	while IFS='|' read -r name addr port kind _; do
		[ -n "$name" ] || continue
		n=$((n + 1))
		case $addr in
		*:*) vip=$VIP6 ;;
		*) vip=$VIP4 ;;
		esac
		printf 'table <t%d> { %s }\nredirect "r%d" {\n\tlisten on %s port %d\n' \
			"$n" "$addr" "$n" "$vip" "$((10000 + n))"
		printf '\troute to <t%d> port %s check %s interface em0\n}\n' "$n" "$port" "$kind"
	done <<<"$rows"
} >"$RUN/checks.conf"
xlbd_start "$RUN/checks.conf"

all_have_results()
{
	ctl -j show hosts | jq -e 'all(.hosts[]; .reason)'
}
check_within "every host has been checked" 15 all_have_results

# What every row expects, and what there is now. A busy machine may fail a check that would pass: each
# is made again every second.
n=0
expected=()
while IFS='|' read -r name _ port kind status reason; do
	[ -n "$name" ] || continue
	n=$((n + 1))
	expected[n]="^t$n:$port\|$status\|$reason"
done <<<"$rows"
results=()
look()
{
	local line table
	while IFS= read -r line; do
		table=${line%%:*}
		results[${table#t}]=$line
	done < <(ctl -j show hosts | jq -r '.hosts[] | "\(.table)|\(.status)|\(.reason)"')
}
as_expected()
{
	local i
	look
	for i in "${!expected[@]}"; do
		[[ ${results[i]} =~ ${expected[i]} ]] || return
	done
}
wait_for 15 as_expected || true
n=0
while IFS='|' read -r name _ port kind status reason; do
	[ -n "$name" ] || continue
	n=$((n + 1))
	check_match "$name: $status" "${expected[n]}" "${results[n]}"
done <<<"$rows"

# relayd's lines, to the letter.
log=$(cat "$RUN/xlbd.log")
check_match "relayd's line of a host that comes up" \
	"^host $host, check tcp \([0-9]+ms,tcp connect ok\), state unknown -> up, availability 100\.00%\$" "$log"
check_match "with TLS" \
	"^host $host, check http code use tls \([0-9]+ms,http code ok\), state unknown -> up, availability 100\.00%\$" "$log"
check_match "with the code that came" \
	"^host $host, check http code use tls \([0-9]+ms,http code mismatch,401\), state unknown -> down, availability 0\.00%\$" "$log"
check_match "check tls is tcp's" \
	"^host $host, check tcp use tls \([0-9]+ms,tls connect ok\), state unknown -> up, availability 100\.00%\$" "$log"
check_no_match "tokens are in no log" 'open-(sesame|barley)' "$log"
check_no_match "and in no answer" 'open-(sesame|barley)' "$(ctl -j show hosts)$(ctl -j show tables)"
check_match "a script that says 0 for all hosts is asked about" \
	'table t[0-9]+:80: all hosts begin as down, as script .*/down exits with status 0' "$log"
check_equal "each table once, and no other" "down" "$(grep -o 'script [^ ]* exits' <<<"$log" | sed 's|.*/||; s| .*||' | sort | uniq -c | awk '{ print ($1 == 1 ? "" : $1 " times ") $2 }')"

# The deadline's kill reaches what the script forked.
nothing_left()
{
	! grep -lzx -e 986 /proc/[0-9]*/cmdline
}
xlbd_stop
check_within "nothing of a script is left" 5 nothing_left

finish
