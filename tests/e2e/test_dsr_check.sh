#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A node that lacks the VIP: a check of its own address doesn't notice, one with "dsr" does. The
# nodes forward packets, as nodes of a cluster do: what is sent to one without the VIP comes back to
# the LB by way of the router, and another node answers it.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

# Two redirects for each family: on 443 with dsr, on 80 without.
dsr_conf()
{
	local v n
	printf 'interval 1\ntimeout 300\nlog state changes\n'
	for v in 4 6; do
		printf 'table <web%s> {' "$v"
		for n in "${NODES[@]}"; do
			printf ' %s' "$("node$v" "$n")"
		done
		printf ' }\n'
		printf 'redirect "plain%s" {\n\tlisten on %s port 80\n' "$v" "$(vip "$v")"
		printf '\troute to <web%s> check tcp interface em0\n}\n' "$v"
		printf 'redirect "dsr%s" {\n\tlisten on %s port 443\n' "$v" "$(vip "$v")"
		printf '\troute to <web%s> check %s dsr interface em0\n}\n' "$v" "$1"
	done
}

# status 4|6 NODE PORT: of the host in the table with that port.
status()
{
	ctl -j show hosts | jq -r --arg host "$("node$1" "$2")" --arg table "web$1:$3" \
		'.hosts[] | select(.address == $host and .table == $table) | .status'
}

is() # 4|6 NODE PORT STATUS
{
	[ "$(status "$1" "$2" "$3")" = "$4" ]
}

all_up() # 4|6
{
	local n
	for n in "${NODES[@]}"; do
		is "$1" "$n" 443 up && is "$1" "$n" 80 up || return
	done
}

# The number of finished checks of node 5's own address, to see that some came after an event.
plain_checks()
{
	ctl -j show hosts | jq --arg host "$("node$1" 5)" --arg table "web$1:80" \
		'.hosts[] | select(.address == $host and .table == $table) | .checks'
}

checked_since() # 4|6 NUMBER
{
	[ "$(plain_checks "$1")" -ge $(($2 + 2)) ]
}

vip_off()
{
	ip -n node5 address del "$VIP4/32" dev lo
	ip -n node5 address del "$VIP6/128" dev lo
}

vip_on()
{
	ip -n node5 address add "$VIP4/32" dev lo
	ip -n node5 address add "$VIP6/128" dev lo nodad
}

# Programs for such checks at em0: TCX links, which only the daemon has; or filters.
probe_programs()
{
	local id
	{
		for id in $(cat "/proc/$XLBD_PID/fdinfo"/* 2>/dev/null |
			awk '$1 == "link_type:" { tcx = $2 == "tcx" } tcx && $1 == "prog_id:" { print $2 }'); do
			bpftool prog show id "$id" | sed -n 's/.* name \(probe_[a-z]*\) .*/\1/p'
		done
		ns lb tc filter show dev em0 ingress
		ns lb tc filter show dev em0 egress
	} | grep -c probe_ || true
}

no_probe_programs()
{
	[ "$(probe_programs)" -eq 0 ]
}

network_up two-arm
servers_start
for n in "${NODES[@]}"; do
	ns "node$n" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done

xlbd_start "$(dsr_conf tcp | conf tcp)"
for v in 4 6; do
	check_within "IPv$v: all nodes are up, with dsr and without" 10 all_up "$v"
done

vip_off
declare -A before
for v in 4 6; do
	before[$v]=$(plain_checks "$v")
	check_within "IPv$v: check tcp dsr turns the node without the VIP down" 10 is "$v" 5 443 down
	check_within "IPv$v: check tcp goes on" 10 checked_since "$v" "${before[$v]}"
	check_equal "IPv$v: and finds the node up" up "$(status "$v" 5 80)"
	check_match "IPv$v: the log says so" \
		"host $("node$v" 5), check tcp dsr \([0-9]+ms,tcp connect timeout\), state up -> down" \
		"$(cat "$RUN/xlbd.log")"
	check_match "IPv$v: show hosts says so" 'tcp connect timeout' \
		"$(ctl -j show hosts | jq -r --arg host "$("node$v" 5)" --arg table "web$v:443" \
			'.hosts[] | select(.address == $host and .table == $table) | .reason')"
	check_no_match "IPv$v: nobody is sent there" 'node5|none' \
		"$(assignments "$v" 0 "$CLIENT_COUNT")"
	for n in 3 4 6; do
		check_equal "IPv$v: node$n stays up" up "$(status "$v" "$n" 443)"
	done
done

vip_on
for v in 4 6; do
	check_within "IPv$v: with the VIP it is up again" 10 is "$v" 5 443 up
done

dsr_conf 'https "/" code 200' >"$RUN/tcp.conf"
check "reload: check https dsr" ctl reload
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 10 all_up "$v"
done
vip_off
for v in 4 6; do
	check_within "IPv$v: check https dsr turns the node down" 10 is "$v" 5 443 down
done
vip_on
for v in 4 6; do
	check_within "IPv$v: and up again" 10 is "$v" 5 443 up
done

# The server listens, but not on the VIP.
ns node5 nft -f - <<-EOF
	table inet filter {
		chain input {
			type filter hook input priority 0
			ip daddr $VIP4 tcp dport 443 reject with tcp reset
			ip6 daddr $VIP6 tcp dport 443 reject with tcp reset
		}
	}
EOF
for v in 4 6; do
	check_within "IPv$v: a node that refuses connections to the VIP is down" 10 \
		is "$v" 5 443 down
	check_match "IPv$v: because it refuses" \
		"host $("node$v" 5), .*dsr.*\([0-9]+ms,tcp connect failed\), state up -> down" \
		"$(cat "$RUN/xlbd.log")"
done
ns node5 nft delete table inet filter

# Without checks that need them the programs are gone; and with the daemon, too.
check_equal "the programs at em0" 2 "$(probe_programs)"
dsr_conf tcp | sed 's/ dsr / /' >"$RUN/tcp.conf"
check "reload: no dsr" ctl reload
check_within "no program of theirs is left" 5 no_probe_programs
dsr_conf tcp >"$RUN/tcp.conf"
check "reload: dsr again" ctl reload
for v in 4 6; do
	check_within "IPv$v: all nodes are up" 10 all_up "$v"
done
check "detach" ctl detach
check_within "detached, none is left" 5 no_probe_programs
xlbd_stop

finish
