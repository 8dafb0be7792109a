# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Sourced first thing by the tests in the virtual machine, which is the load balancer itself: the
# network of tests/e2e is built around it, and xlbd is the unit of the package.

# shellcheck source=tests/e2e/lib.sh
. /mnt/source/tests/e2e/lib.sh
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

WORK=/mnt/work
XDP_PASS_OBJ=$WORK/xdp_pass.bpf.o
CONF=/etc/xlb/xlb.conf
RELEASE=$(uname -r)
# For an emulated machine, and maybe a busy one below it: a request takes longer, so there are fewer.
# shellcheck disable=SC2034 # the library's
CLIENT_TIMEOUT=60 REQUESTS=8 CLIENT_COUNT=8

vm_begin()
{
	RUN=$(mktemp -d /tmp/xlb-vm.XXXXXX)
	chmod 755 "$RUN"
	trap vm_leave EXIT
	trap 'die "line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND"' ERR
	[ -e /run/netns/lb ] || ip netns attach lb 1
	diag "Linux $RELEASE, $(systemctl --version | head -n1)"
}

vm_leave()
{
	local status=$? pid
	trap - EXIT
	for pid in "${SANDBOX_PIDS[@]}"; do
		stop_process "$pid"
	done
	network_down
	rm -rf "$RUN"
	exit "$status"
}

# ---- the network of the virtual machine ----------------------------------------------------------
# Which cable is an interface of the LB, of those that boot has laid; none: veth.
declare -A CABLE=()

eval "$(declare -f netns_add | sed '1s/netns_add/netns_add_new/')"
eval "$(declare -f wire | sed '1s/wire/wire_veth/')"

# The LB's namespace is the machine's own.
netns_add()
{
	[ "$1" = lb ] || {
		netns_add_new "$1"
		return
	}
	[ -e /run/netns/lb ] || ip netns attach lb 1
	sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0
}

# Linux 6.1 renames only what is down already, not in the same request; and a card that comes back from
# a namespace does so at some moment.
renamed() # FROM TO
{
	ip link set "$1" down && ip link set "$1" name "$2"
}

rename() # FROM TO
{
	[ "$1" = "$2" ] || wait_for 20 renamed "$1" "$2" ||
		die "$1 cannot be named $2: $(ip -d link show 2>&1)"
}

network_down()
{
	local nic driver
	ip -all netns delete
	for nic in em0 em1; do
		# a veth goes with its other end, at some moment
		driver=$(ethtool -i "$nic" 2>/dev/null | sed -n 's/^driver: //p') || true
		case $driver in
		'') ;;
		veth) ip link del "$nic" 2>/dev/null || true ;;
		*)
			ip address flush dev "$nic"
			ip link property del dev "$nic" altname vether0 2>/dev/null || true
			rename "$nic" "was-$(<"/sys/class/net/$nic/ifindex")"
			;;
		esac
	done
}

nic_name() # MAC
{
	ip -j link show | jq -er --arg mac "$1" '.[] | select(.address == $mac) | .ifname'
}

nic_by_cable() # CABLE END
{
	local mac=52:54:00:00:$1:$2
	wait_for 10 nic_name "$mac" || die "no interface with $mac"
	nic_name "$mac"
}

wire()
{
	if [ "$1" = lb ] && [ -n "${CABLE[$2]-}" ]; then
		wire_nics "$2" "${CABLE[$2]}" "$3" "$4"
	else
		wire_veth "$@"
	fi
}

wire_nics() # IF CABLE NS2 IF2
{
	local near far
	near=$(nic_by_cable "$2" 01) far=$(nic_by_cable "$2" 02)
	ip link set "$far" down
	ip link set "$far" netns "$3"
	ip -n "$3" link set "$far" name "$4"
	ip -n "$3" link set "$4" up
	[ "$near" = "$1" ] || rename "$near" "$1"
	ip link set "$1" up
}

# Only veth wants a program at the other end.
accept_xdp_frames() # NS IF
{
	! ns "$1" ethtool -i "$2" | grep -qx 'driver: veth' ||
		ip -n "$1" link set dev "$2" xdpdrv obj "$XDP_PASS_OBJ" sec xdp
}

# ---- the unit ------------------------------------------------------------------------------------
ctl()
{
	xlbctl "$@"
}

unit()
{
	systemctl show -P "$1" xlbd.service
}

unit_is() # STATE
{
	[ "$(unit ActiveState)" = "$1" ]
}

package_install()
{
	dpkg -s xlb >/dev/null 2>&1 || dpkg -i "$WORK/xlb.deb" >/dev/null || die "the package does not install"
}

# unit_starts NAME: without it there is nothing to test.
unit_starts()
{
	local status=0
	systemctl start xlbd || status=$?
	[ "$status" = 0 ] || die "$1: the unit does not start"
	pass "$1: the unit starts"
}

# Nothing of what is tested depends on how fast the machine is.
unit_has_time() # WATCHDOG-SECONDS
{
	mkdir -p /etc/systemd/system/xlbd.service.d
	printf '[Service]\nTimeoutStartSec=10min\nWatchdogSec=%s\n' "$1" \
		>/etc/systemd/system/xlbd.service.d/slow.conf
	systemctl daemon-reload
}

# The founding configuration, for an emulated machine: it has more time to answer a check, and
# checks are more frequent than every ten seconds.
founding_conf()
{
	sed 's/^interval .*/interval 2/; s/^timeout .*/timeout 1900/' \
		"$SOURCE_DIR/examples/k3s.conf" >"$CONF"
}

# The kernel's way to attach to TC: links since 6.6.
nat_hook()
{
	if [ "$(printf '6.6\n%s\n' "$RELEASE" | sort -V | head -n1)" = 6.6 ]; then
		echo tcx
	else
		echo clsact
	fi
}

interface_field() # IF FIELD
{
	ctl -j show interfaces | jq -r --arg name "$1" --arg field "$2" \
		'.interfaces[] | select(.name == $name) | .[$field]'
}

# check_attached NAME MODE-OF-EM1 MODE-OF-EM0
check_attached()
{
	local nic
	check_equal "$1: XDP on em1" "$2" "$(xdp_mode em1)"
	check_equal "$1: XDP on em0" "$3" "$(xdp_mode em0)"
	for nic in em0 em1; do
		check_equal "$1: NAT on $nic" "$(nat_hook)" "$(interface_field $nic nat)"
	done
}

check_served() # NAME
{
	check_within "$1: all nodes are up" 120 hosts_up 4
	check_equal "$1: requests are served" 0 "$(failed_requests 4 8)"
	check_match "$1: HTTP is relayed" '^node[3-6]$' "$(web 4 0)"
	check_equal "$1: TLS to the API servers is relayed" 401 "$(healthz 4)"
}

test_evidence()
{
	diag "--- xlbctl show hosts, interfaces"
	{ ctl show hosts; ctl show interfaces; } 2>&1 | sed 's/^/#   /' || true
	diag "--- journal of xlbd"
	journalctl --no-pager -o cat -u xlbd -n 40 | sed 's/^/#   /' || true
}
