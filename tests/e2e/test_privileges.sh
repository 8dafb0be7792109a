#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon as its unit runs it, not root and with three capabilities, does all of its work; with one
# of them less it says which. Scripts of checks have none. Its socket is its group's.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"

network_up two-arm
servers_start
ns lb sysctl -qw net.ipv4.ping_group_range='0 2147483647' # as sysctl.d/60-xlb.conf

status_of() # FIELD PID-OR-FILE
{
	local file=$2
	[ -e "$file" ] || file=/proc/$2/status
	sed -n "s/^$1:[[:space:]]*//p" "$file" | tr '\t' ' '
}

# The set as the kernel writes it.
capability_mask() # NAME...
{
	local name mask=0
	for name; do
		case $name in
		net_admin) mask=$((mask | 1 << 12)) ;;
		perfmon) mask=$((mask | 1 << 38)) ;;
		bpf) mask=$((mask | 1 << 39)) ;;
		*) die "unit: what is CAP_${name^^} for?" ;;
		esac
	done
	printf '%016x\n' "$mask"
}

one_check() # NAME OPTIONS
{
	conf "$1" <<-CONF
		interval 1
		timeout 900
		table <web> { $(node4 3) $(node4 4) $(node4 5) $(node4 6) }
		redirect "web" {
			listen on $VIP4 port 443
			route to <web> port 443 mode roundrobin check $2 interface em0
		}
	CONF
}

as() # UID GID COMMAND...
{
	local uid=$1 gid=$2
	shift 2
	setpriv --reuid="$uid" --regid="$gid" --clear-groups --inh-caps=-all -- "$@"
}

ask() # UID GID
{
	as "$1" "$2" curl -sS --max-time 5 --unix-socket "$SOCKET" http://xlb/v1/version
}

diag "one capability less"
mapfile -t capabilities < <(unit_capabilities)
for less in "${capabilities[@]}"; do
	others=()
	for c in "${capabilities[@]}"; do
		[ "$c" = "$less" ] || others+=("$c")
	done
	confine_xlbd "${others[@]}"
	check_match "without CAP_${less^^} it says so" "or to have CAP_${less^^}\$" \
		"$(ns lb "$XLBD" -d -f "$(one_check icmp icmp)" 2>&1 || true)"
done

diag "as the unit has it"
confine_xlbd
xlbd_start "$(one_check icmp icmp)"
check_equal "its user is not root" "65534 65534 65534 65534" "$(status_of Uid "$XLBD_PID")"
check_equal "it is in no other group" "" "$(status_of Groups "$XLBD_PID" | tr -d ' ')"
for set in CapPrm CapEff CapBnd CapAmb; do
	check_equal "$set is the unit's" "$(capability_mask "${capabilities[@]}")" \
		"$(status_of "$set" "$XLBD_PID")"
done
check_within "check icmp works without CAP_NET_RAW" 10 hosts_up 4
check_equal "requests are served" 0 "$(failed_requests 4 32)"

diag "relays, and scripts"
cat >"$RUN/check" <<-'SCRIPT'
	#!/bin/sh
	cat /proc/self/status >>"$XLB_TEST_REPORT"
	exit 1
SCRIPT
chmod 755 "$RUN/check"
install -m666 /dev/null "$RUN/report"
cp "$SOURCE_DIR/examples/k3s.conf" "$RUN/icmp.conf"
check "a reload" ctl reload
check_within "all nodes are up in all tables" 20 hosts_up 4
check_equal "requests are served" 0 "$(failed_requests 4 32)"
check "a relay serves" ns client curl -fsS --max-time 5 "http://$PUBLIC4/"
check "detach from all" ctl detach
check_equal "no program is left" "" "$(xdp_mode em0)$(xdp_mode em1)"
check "attach again" ctl attach em0
check_within "requests are served again" 10 get 4
xlbd_stop

export XLB_TEST_REPORT=$RUN/report
xlbd_start "$(one_check script "script \"$RUN/check\"")"
check_within "check script works" 10 hosts_up 4
for set in CapInh CapPrm CapEff CapAmb; do
	check_equal "a script's $set is empty" 0000000000000000 "$(status_of "$set" "$RUN/report" | sort -u)"
done
check_equal "a script's user is not root" "65534 65534 65534 65534" \
	"$(status_of Uid "$RUN/report" | sort -u)"
check_equal "a script has no way to get any" 1 "$(status_of NoNewPrivs "$RUN/report" | sort -u)"

diag "the socket"
group=$(stat -c %g "$SOCKET")
check_equal "its mode" 660 "$(stat -c %a "$SOCKET")"
check_match "a member of its group may ask" '"version"' "$(ask 4711 "$group" 2>&1 || true)"
check_fails "a stranger may not" ask 4711 4711
check_match "root may" '"version"' "$(ask 0 0 2>&1 || true)"
finish
