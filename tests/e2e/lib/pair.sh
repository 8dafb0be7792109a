# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Two load balancers on the nodes' switch: lb (as in network.sh, one arm) and lb2. Sourced after
# lib.sh by the tests of high availability.

declare -A PAIR_XLBD=()

# A second one beside lb; neither has the service's addresses, which somebody else hands out.
pair_up()
{
	ip -n lb address del "$VIP4/32" dev em0
	ip -n lb address del "$VIP6/128" dev em0
	netns_add lb2
	plug_into_switch lb2 em0 sw-lb2
	accept_xdp_frames switch sw-lb2
	address lb2 em0 192.168.1.7/24 2001:db8:1::7/64
	route lb2 default 192.168.1.1
	route lb2 default 2001:db8:1::1
}

pair_ctl() # NS COMMAND...
{
	local name=$1
	shift
	ns "$name" "$XLBCTL" -s "/run/xlb/$name.sock" --bpffs "$RUN/bpf/$name" "$@"
}

# pair_xlbd_start NS FILE [OPTION...]
pair_xlbd_start()
{
	local name=$1 file=$2
	shift 2
	start_in "$name" "$RUN/$name.log" "$XLBD" -d -f "$file" -s "/run/xlb/$name.sock" \
		--bpffs "$RUN/bpf/$name" --state "$RUN/$name.state" "$@"
	PAIR_XLBD[$name]=$STARTED
	wait_for 10 pair_ctl "$name" show summary || die "xlbd of $name: $(cat "$RUN/$name.log")"
}

# All hosts of all tables take connections.
pair_serves() # NS
{
	pair_ctl "$1" -j show hosts | jq -e '[.hosts[].usable] | length > 0 and all'
}

test_evidence()
{
	local name
	for name in "${!PAIR_XLBD[@]}"; do
		diag "--- $name: xlbctl show hosts"
		pair_ctl "$name" show hosts 2>&1 | sed 's/^/#   /' || true
		diag "--- $name: last lines of the logs"
		tail -n 15 "$RUN/$name.log" "$RUN/$name".*.log 2>/dev/null | sed 's/^/#   /' || true
	done
}
