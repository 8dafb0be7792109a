#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The link to the client takes smaller packets than the nodes send. The router says so to the VIP, and
# the node that owns the connection has to hear of it, or its large replies never arrive.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
make_document big 5
ip -n router link set wan mtu 1280
xlbd_start "$(web_conf web "3 4 5 6" "mode roundrobin")"

# Prints the sha256 of a large document as it arrives.
download() # 4|6
{
	ns client curl -fsS --max-time 10 --cacert "$RUN/cert.pem" "$(url "$1" big)" | sha256sum
}

for v in 4 6; do
	check_within "IPv$v: all nodes are up" 5 hosts_up "$v"
	before=$(counter icmp_error)
	# One for each node: what they learn, they remember.
	for i in 1 2 3 4; do
		check_equal "IPv$v: large replies arrive, request $i" "$(sha256sum <"$RUN/big")" \
			"$(download "$v")"
	done
	check_at_least "IPv$v: ICMP errors were handed on" $((before + 1)) "$(counter icmp_error)"
done

finish
