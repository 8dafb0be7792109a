# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Relays and other NAT: sourced after lib.sh by the tests of these.

# What the nodes see as the client.
NAT4=192.168.1.2
NAT6=2001:db8:1::2

nat_address() # 4|6
{
	case $1 in
	4) echo "$NAT4" ;;
	6) echo "$NAT6" ;;
	esac
}

public() # 4|6
{
	case $1 in
	4) echo "$PUBLIC4" ;;
	6) echo "[$PUBLIC6]" ;;
	esac
}

# Transparent NAT: the nodes' way back to the clients leads through the LB.
nodes_return_by_lb()
{
	local n
	for n in "${NODES[@]}"; do
		ip -n "node$n" route add 203.0.113.0/24 via "$NAT4"
		ip -n "node$n" route add 2001:db8:cafe::/64 via "$NAT6"
	done
}

# web 4|6 [INDEX] [PATH]: one plain request to port 80; prints the answer, the node's name.
web()
{
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" --interface "$(client_address "$1" "${2-0}")" \
		"http://$(public "$1")/${3-}"
}

# "INDEX NODE" lines for COUNT client addresses, as assignments() has them for port 443.
web_assignments() # 4|6 COUNT [backwards]
{
	local i order=(-n)
	[ -z "${3-}" ] || order=(-rn)
	for i in $(seq 0 $(($2 - 1)) | sort "${order[@]}"); do
		echo "$i $(web "$1" "$i" 2>>"$RUN/client.log" || echo none)"
	done | sort -n
}

# The status that the API server's health page is answered with.
healthz() # 4|6 [INDEX]
{
	ns client curl -sS --max-time "$CLIENT_TIMEOUT" --cacert "$RUN/cert.pem" -o /dev/null -w '%{http_code}' \
		--interface "$(client_address "$1" "${2-0}")" "https://$(public "$1"):6443/healthz"
}

# The sum over connections of a service of a counter: bytes_in, packets_out, ... Those of earlier
# runs leave the table in their own time, so they are named by their client ports and left out.
sessions_sum() # SERVICE COUNTER [EARLIER]
{
	ctl -j show sessions 100000 |
		jq --arg service "$1" --arg counter "$2" --argjson earlier "${3-[]}" \
			'[.sessions[] | select(.service == $service) |
			select(.client_port | IN($earlier[]) | not) | .nat[$counter]] | add // 0'
}

# The client ports of the connections that a service has, as a JSON array.
sessions_ports() # SERVICE
{
	ctl -j show sessions 100000 |
		jq -c --arg service "$1" '[.sessions[] | select(.service == $service) | .client_port]'
}

sessions_count() # SERVICE
{
	ctl -j show sessions 100000 |
		jq --arg service "$1" '[.sessions[] | select(.service == $service)] | length'
}

# Segments with a bad checksum that a namespace's stack has thrown away.
bad_checksums() # NS
{
	ns "$1" nstat -asz TcpInCsumErrors UdpInCsumErrors |
		awk '!/^#/ { sum += $2 } END { print sum + 0 }'
}

# Relays of port 80 serve, spread, and keep their clients, in whatever topology. The interface is one that
# the configuration does not imply.
check_relays() # NAME [INTERFACE]
{
	local v first name
	for v in 4 6; do
		cat <<-EOF
			table <nodes$v> { $(node$v 3), $(node$v 4), $(node$v 5), $(node$v 6) }
			relay "web$v" {
				listen on $(vip $v) port 80
				forward to <nodes$v> port 80 mode loadbalance check tcp
			}
		EOF
	done >"$RUN/$1.conf"
	xlbd_start "$RUN/$1.conf"
	[ $# -lt 2 ] || ctl attach "$2" >/dev/null
	for v in 4 6; do
		name="$1, IPv$v"
		check_within "$name: all nodes are up" 10 hosts_up $v
		first=$(web_assignments $v 16)
		check_no_match "$name: every client is served" none "$first"
		check_at_least "$name: by several nodes" 3 "$(cut -d' ' -f2 <<<"$first" | sort -u |
			wc -l)"
		check_equal "$name: each client stays on its node" "$first" \
			"$(web_assignments $v 16 backwards)"
		web $v 1 "?$1$v" >/dev/null
		check_match "$name: the node saw the LB's own address" \
			"^$(nat_address $v) GET /.$1$v 200 80\$" \
			"$(for n in "${NODES[@]}"; do access_log "$n"; done)"
	done
	check_equal "$1: no bad checksum at the client" 0 "$(bad_checksums client)"
}
