#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl node-setup: what it prints makes a node. VIP and nodes are on one segment, where a node that is
# set up wrongly takes the VIP away from the load balancer. Each node is set up in another way, by the
# program that its form is for.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

NETWORKD=/lib/systemd/systemd-networkd

# A machine as it was installed: no VIP, and the kernel's own ARP settings.
node_reset() # NUMBER
{
	ns "node$1" sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
	ip -n "node$1" address del "$VIP4/32" dev lo
	ip -n "node$1" address del "$VIP6/128" dev lo
}

# The file for sysctl.d that stands in a form's comments.
sysctl_part() # FORM
{
	sed -n 's/^#   \(net\.ipv4\.conf\.all\.arp_[a-z]* = [0-9]\)$/\1/p' "$RUN/$1.form"
}

has_vips() # NODE
{
	local have
	have=$(ip -n "node$1" address show dev lo)
	[[ $have == *"inet $VIP4/32 "* && $have == *"inet6 $VIP6/128 "* ]]
}

answering_nodes() # 4|6
{
	assignments "$1" 0 32 | cut -d' ' -f2 | sort -u | xargs
}

# networkd, with its directories to itself. It gives an interface the time of udev unless /sys is
# read-only, as in containers.
networkd_start() # NODE FILE
{
	start_in "node$1" "$RUN/networkd$1.log" unshare --mount --propagation private -- sh -ec "
		mkdir -p /etc/systemd/network /run/systemd
		mount -t tmpfs tmpfs /etc/systemd/network
		mount -t tmpfs tmpfs /run/systemd
		mkdir -p /run/systemd/netif
		mount -t sysfs -o ro sysfs /sys
		cp '$2' /etc/systemd/network/
		chmod 644 /etc/systemd/network/*
		exec $NETWORKD"
	wait_for 10 has_vips "$1" || true
	stop_process "$STARTED"
	check "networkd has read the file of node$1 and done it" has_vips "$1"
	check_no_match "and had no complaint" 'Unknown|Invalid|Failed to parse' \
		"$(cat "$RUN/networkd$1.log")"
}

by_commands() # NODE
{
	check "the commands succeed" ns "node$1" sh -e "$RUN/sysctl.form"
	check "the commands succeed once more" ns "node$1" sh -e "$RUN/sysctl.form"
}

by_networkd()
{
	if [ ! -x "$NETWORKD" ]; then
		diag "networkd: skipped, this machine has none; the commands instead"
		by_commands "$1"
		return
	fi
	check "networkd: the sysctls are a file for sysctl" \
		ns "node$1" sysctl -q -p <(sysctl_part networkd)
	cp "$RUN/networkd.form" "$RUN/10-xlb-vip.network"
	networkd_start "$1" "$RUN/10-xlb-vip.network"
}

by_netplan()
{
	if ! command -v netplan >/dev/null || [ ! -x "$NETWORKD" ]; then
		diag "netplan: skipped, netplan.io is not installed; the commands instead"
		by_commands "$1"
		return
	fi
	mkdir -p "$RUN/root/etc/netplan"
	install -m 600 "$RUN/netplan.form" "$RUN/root/etc/netplan/90-xlb-vip.yaml"
	check "netplan takes the file" netplan generate --root-dir "$RUN/root"
	check "netplan: the sysctls are a file for sysctl" \
		ns "node$1" sysctl -q -p <(sysctl_part netplan)
	networkd_start "$1" "$(find "$RUN/root/run/systemd/network" -name '*lo.network')"
}

by_ifupdown()
{
	if ! command -v ifup >/dev/null; then
		diag "ifupdown: skipped, it is not installed; the commands instead"
		by_commands "$1"
		return
	fi
	{
		printf 'auto lo\niface lo inet loopback\n'
		cat "$RUN/ifupdown.form"
	} >"$RUN/interfaces"
	mkdir "$RUN/ifstate"
	check "ifup succeeds" ns "node$1" ifup --force -i "$RUN/interfaces" \
		--state-dir "$RUN/ifstate" lo
	check "ifupdown: the VIPs are there" has_vips "$1"
}

network_up one-arm
for n in "${NODES[@]}"; do
	node_reset "$n"
done
CONF=$(web_conf web "3 4 5 6" "mode roundrobin")

for form in sysctl networkd netplan ifupdown; do
	check "node-setup --$form -f" ctl node-setup "--$form" -f "$CONF"
	ctl node-setup "--$form" -f "$CONF" >"$RUN/$form.form"
done
by_commands 3
by_networkd 4
by_netplan 5
by_ifupdown 6
for n in "${NODES[@]}"; do
	check "node$n has the VIPs" has_vips "$n"
	check_equal "node$n does not answer ARP for them" "1 2" \
		"$(ns "node$n" sysctl -n net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce |
			xargs)"
done

# Behind a real load balancer, with the router's caches empty.
servers_start
capture_start stolen router lan1 arp and 'arp[6:2] = 2' and \
	"arp[14:4] = 0x$(printf '%02x' ${VIP4//./ })" and not ether src "$(mac_of lb em0)"
capture_start stolen6 router lan1 icmp6 and 'ip6[40] = 136' and src net 2001:db8:1::/64 and \
	'ip6[62:2] = 0x0100' and not ether src "$(mac_of lb em0)"
xlbd_start "$CONF"
ip -n router neigh flush dev lan1
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 10 hosts_up "$v"
	check_equal "IPv$v: 100 requests, none fails" 0 "$(failed_requests "$v" 100)"
	check_equal "IPv$v: every node answers" "node3 node4 node5 node6" "$(answering_nodes "$v")"
done
capture_stop stolen
check_equal "no node has answered ARP for the VIP" 0 "$CAPTURED"
capture_stop stolen6
check_equal "no node has answered neighbour solicitations for the VIP" 0 "$CAPTURED"

# Of the running daemon, which may have read another file.
check_equal "the running daemon's VIPs are the file's" "$(cat "$RUN/sysctl.form")" \
	"$(ctl node-setup)"
check_equal "JSON" "$VIP4 $VIP6" "$(ctl -j node-setup | jq -r '[.addresses[].address] | join(" ")')"
xlbd_stop

# What it says where there is nothing to do, or not for all.
relay=$(conf relay <<-EOF
	table <web> { 192.168.1.3 }
	relay "web" {
		listen on $VIP4 port 80
		forward to <web> port 80
	}
EOF
)
check_equal "a relay: nothing is printed" "" "$(ctl node-setup -f "$relay" 2>/dev/null)"
check_match "a relay: and why" 'no redirect with "route to"' "$(ctl node-setup -f "$relay" 2>&1)"
check_equal "hosts of one family need the VIPs of that" "ip address replace $VIP4/32 dev lo" \
	"$(ctl node-setup -f "$CONF" "$(node4 3)" | grep '^ip ')"
check_fails "a host that is none" ctl node-setup -f "$CONF" 192.0.2.1

finish
