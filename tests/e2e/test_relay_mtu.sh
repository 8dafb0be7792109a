#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The load balancer's own interfaces have a smaller MTU than its neighbours': towards the nodes, and
# towards the clients. Whoever sends too much is told, and the transfers go on; with the interfaces'
# offloads on and off.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up two-arm
servers_start
make_document big 3
nodes_return_by_lb
for v in 4 6; do
	cat <<-EOF
		table <nodes$v> { $(node$v 3) }
		relay "web$v" {
			listen on $(vip $v) port 80
			forward to <nodes$v> port 80 mode roundrobin
		}
		relay "kept$v" {
			listen on $(vip $v) port 6443
			transparent forward to <nodes$v> port 80 mode roundrobin
		}
	EOF
done >"$RUN/mtu.conf"
xlbd_start "$RUN/mtu.conf"
for v in 4 6; do
	wait_for 10 host_usable "$(node$v 3)" || die "node3 is not reached"
done

offloads() # on|off
{
	local end
	for end in client:eth0 router:wan router:lan0 lb:em1 lb:em0 switch:sw-lb switch:sw-node3 \
		node3:eth0; do
		ns "${end%:*}" ethtool -K "${end#*:}" tx "$1" tso "$1" gso "$1" gro "$1" \
			>/dev/null 2>&1 || true
	done
}

# What was learned of paths is for one turn only.
forget_paths()
{
	local name
	for name in client node3; do
		ns "$name" ip route flush cache
		ns "$name" ip -6 route flush cache
	done
}

request() # 4|6 PORT CURL-OPTION...
{
	local v=$1 port=$2
	shift 2
	ns client curl -fsS --max-time 20 "$@" "http://$(public "$v"):$port/${PATH_OF:-big}"
}

push() # 4|6 PORT: puts the document, prints the sum of what arrived
{
	PATH_OF=upload/pushed request "$1" "$2" -T "$RUN/big" || return
	sha256sum <"$(node_dir 3)/html/upload/pushed"
	rm "$(node_dir 3)/html/upload/pushed"
}

fetch() # 4|6 PORT
{
	request "$1" "$2" | sha256sum
}

# check_way NAME COMMAND 4|6 PORT
check_way()
{
	local before
	before=$(counter frag_needed)
	check_equal "$1: everything arrives" "$sum" "$($2 "$3" "$4")"
	check_at_least "$1: the sender was told" $((before + 1)) "$(counter frag_needed)"
	forget_paths
}

sum=$(sha256sum <"$RUN/big")
for state in off on; do
	offloads $state
	for v in 4 6; do
		for port in 80 6443; do
			name="IPv$v, $([ $port = 80 ] && echo relay || echo transparent), offloads $state"
			ip -n lb link set em0 mtu 1300
			check_way "$name, a small MTU towards the nodes" push $v $port
			ip -n lb link set em0 mtu 1500
			ip -n lb link set em1 mtu 1300
			check_way "$name, a small MTU towards the clients" fetch $v $port
			ip -n lb link set em1 mtu 1500
		done
	done
done
check_equal "nothing was dropped without a word" 0 "$(counter too_big)"
check_equal "no bad checksum has arrived at either end" "0 0" \
	"$(bad_checksums client) $(bad_checksums node3)"

finish
