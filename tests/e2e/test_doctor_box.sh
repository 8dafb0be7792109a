#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbctl doctor and the box itself: kernel, file systems, settings; who may ask; and what the daemon's
# sessions say of the clients.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/doctor.sh
. "$LIB_DIR/doctor.sh"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"
test_begin_xlb "$0" "$@"

# with FILE TEXT COMMAND...: runs it where FILE, of /sys, says TEXT.
with()
{
	local file=$1 text=$2
	shift 2
	printf '%s\n' "$text" >"$RUN/fake"
	mount --bind "$RUN/fake" "$file"
	"$@"
	umount "$file"
}

netns_add lb
CONF=$(conf relay <<-EOF
	table <web> { 127.0.0.1 }
	relay "web" {
		listen on 127.0.0.1 port 80
		forward to <web> port 8080
	}
EOF
)
ns lb sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
# The host is no neighbour, and that is told, too.
check_no_match "a box that is in order" \
	' (kernel|btf|bpffs|jit|clock|forwarding|ports): ' "$(findings)"

REAL_XLBCTL=$XLBCTL
printf '#!/bin/sh\nexec setarch --uname-2.6 %s "$@"\n' "$REAL_XLBCTL" >"$RUN/old-kernel"
chmod +x "$RUN/old-kernel"
XLBCTL=$RUN/old-kernel
check_finds "an old kernel" 'error kernel: the kernel is Linux 2\.6\.'
XLBCTL=$REAL_XLBCTL

mount -t tmpfs tmpfs /sys/kernel/btf
check_finds "no BTF" 'error btf: the kernel has no type information'
umount /sys/kernel/btf

REAL_BPFFS=$BPFFS
BPFFS=$RUN/nowhere/xlb
check_finds "no bpffs" 'error bpffs: .*/nowhere/xlb is not on a BPF file system'
BPFFS=$REAL_BPFFS

clock=/sys/devices/system/clocksource/clocksource0/current_clocksource
if [ -e "$clock" ]; then
	with "$clock" hpet check_finds "a slow clock" "warning clock: the kernel's clock is hpet"
else
	diag "a slow clock: skipped, this kernel does not say which it has"
fi

ns lb sysctl -qw net.ipv4.ip_forward=1
check_finds "a box that forwards" 'note forwarding: this box forwards packets'
ns lb sysctl -qw net.ipv4.ip_forward=0

ns lb sysctl -qw net.ipv4.ip_local_port_range="10240 60999"
check_finds "local ports among those of NAT" \
	'warning ports: local programs take ports 10240 to 60999, which leaves NAT 9216 of 31744'
ns lb sysctl -qw net.ipv4.ip_local_port_range="1024 60999"
check_finds "local ports that leave none" 'error ports: .* leaves NAT 0 of 31744'
ns lb sysctl -qw net.ipv4.ip_local_port_range="32768 60999"

export RES_OPTIONS="timeout:1 attempts:1"
sed 's/127\.0\.0\.1 }/no-such-host.invalid }/' "$RUN/relay.conf" >"$RUN/name.conf"
CONF=$RUN/name.conf
check_finds "a host whose name does not resolve" 'error name: host no-such-host\.invalid: '
CONF=
ip netns del lb

# ---- with a network ----------------------------------------------------------------------------
network_up routed
servers_start
xlbd_start "$(one_conf web "3 4 5 6" "mode roundrobin" sticky-address)"
check_within "all nodes are up" 10 hosts_up 4
check_finds "nothing at the interface of the default route" "error xdp: nothing is attached to em1"
check "attach em1" ctl attach em1
check_equal "a VIP that is routed to the box is a note" \
	"note interface: redirect \"web4\": $VIP4 is no address of this box" "$(findings)"
check "and no failure" ctl doctor

# The socket is root's and the group's; the wire is root's alone.
unprivileged_doctor()
{
	chmod 666 "$SOCKET"
	ns lb setpriv --reuid=65534 --regid=65534 --clear-groups -- "$XLBCTL" -s "$SOCKET" \
		--bpffs "$BPFFS" doctor 2>&1 || true
}
check_match "not root: what was not tested is said" '^not tested: vip, arp: em0: needs root$' \
	"$(unprivileged_doctor)"

# A session of each of so many client addresses, from the first one on.
clients() # NUMBER
{
	local i
	for i in $(seq 0 $(($1 - 1))); do
		"$2" 4 "$i" >/dev/null
	done
}

# Both choose hosts by client; the relay has an entry for each connection, the redirect for none.
one_conf web "3 4 5 6" "mode source-hash" >/dev/null
cat >>"$RUN/web.conf" <<-EOF
	relay "plain" {
		listen on $VIP4 port 80
		forward to <web4> port 80 mode loadbalance check tcp
	}
EOF
check "reload: clients matter" ctl reload
check_within "all nodes are up" 10 hosts_up 4
clients 60 web
clients 60 get
clients 60 get
check_no_match "60 clients" ' clients: ' "$(findings)"

ns router nft -f - <<-EOF
	table ip masquerading {
		chain postrouting {
			type nat hook postrouting priority srcnat
			ip daddr $VIP4 masquerade
		}
	}
EOF
sed -i 's/redirect "web4"/redirect "hashed"/; s/relay "plain"/relay "balanced"/' "$RUN/web.conf"
check "reload: others" ctl reload
check_within "all nodes are up" 10 hosts_up 4
clients 30 web
clients 30 get
check_finds "connections of a relay that come from one address" \
	"warning clients: relay \"balanced\": [0-9]+ of [0-9]+ sessions come from 192\.168\.0\.1, and hosts are chosen by client"
check_no_match "30 sessions of a redirect say nothing" 'redirect .* chosen by client' "$(findings)"
clients 40 get
clients 40 get
check_finds "110 sessions of a redirect that go to one host" \
	'warning clients: redirect "hashed": [0-9]+ of [0-9]+ sessions went to 192\.168\.1\.[3-6], and hosts are chosen by client'
xlbd_stop

finish
