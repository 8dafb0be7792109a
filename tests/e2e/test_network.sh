#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The network of the other tests, without xlb: everybody is reached, the nodes see the client, and
# direct server return works there when nftables on the LB does the forwarding. What
# fails here is a fault of the network, not of xlb.

. "$(dirname "$0")/lib.sh"
test_begin "$0" "$@"

network_up two-arm
servers_start

for n in "${NODES[@]}"; do
	check "lb reaches node$n by IPv4" ns lb ping -qc1 -W2 "$(node4 "$n")"
	check "lb reaches node$n by IPv6" ns lb ping -qc1 -W2 "$(node6 "$n")"
done
check "client reaches the LB by IPv6" ns client ping -qc1 -W2 "$VIP6"
check "client reaches the router" ns client ping -qc1 -W2 "$ROUTER4"

arp_owner()
{
	ns router ip neigh flush dev lan0
	ns router ping -qc1 -W2 "$VIP4" >/dev/null
	ns router ip -j neigh show "$VIP4" | jq -r '.[0].lladdr'
}
check_equal "the VIP's MAC is the LB's" "$(mac_of lb em1)" "$(arp_owner)"

# Port forwarding straight to a node: what answers is not the VIP's doing yet.
ns router nft delete table ip forwarding
port_forwarding "$(node4 3)"
check_equal "a request forwarded straight to node3" node3 "$(get 4)"
check_match "node3 saw the client's address" "^$CLIENT4 GET / 200 443\$" "$(access_log 3)"
ns router nft delete table ip forwarding
port_forwarding "$VIP4"

# All of the VIP's TLS to node4, its source MAC the LB's, as xlb will do it.
dsr_by_nftables() # NUMBER
{
	ns lb nft -f - <<-EOF
		table netdev dsr {
			chain ingress {
				type filter hook ingress device em1 priority 0
				ip daddr $VIP4 tcp dport 443 \
					ether saddr set $(mac_of lb em0) \
					ether daddr set $(mac_of "node$1" eth0) fwd to em0
				ip6 daddr $VIP6 tcp dport 443 \
					ether saddr set $(mac_of lb em0) \
					ether daddr set $(mac_of "node$1" eth0) fwd to em0
			}
		}
	EOF
}
dsr_by_nftables 4
make_file blob 20
for v in 4 6; do
	capture_start replies switch sw-lb src port 443
	check_equal "direct server return, IPv$v" node4 "$(get "$v")"
	check_equal "an upload over IPv$v arrives intact" "$(sha256sum <"$RUN/blob")" \
		"$(upload "$v" blob)"
	capture_stop replies
	check_equal "no reply crosses the LB, IPv$v" 0 "$CAPTURED"
	check_match "node4 saw the client's IPv$v address" \
		"^$(client_address "$v" 0) GET / 200 443\$" "$(access_log 4)"
done

finish
