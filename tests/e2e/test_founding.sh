#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The founding network with the founding configuration: direct server return for the client on
# the internet, with sticky addresses.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
xlbd_start "$SOURCE_DIR/examples/k3s.conf"
check_within "all nodes are up" 5 hosts_up 4

check_equal "em1, where requests come in, runs native XDP" xdp "$(xdp_mode em1)"
check_equal "em0, where the nodes are, runs native XDP" xdp "$(xdp_mode em0)"

check_direct_return 4 100
check_spread 4

check_match "show redirects: active" 'https_forwarder +	 *	active' "$(ctl show redirects)"
check_equal "show hosts -j: four nodes of the redirect are up" 4 \
	"$(ctl -j show hosts |
		jq '[.hosts[] | select(.table == "kube_hosts:443" and .status == "up")] | length')"

finish
