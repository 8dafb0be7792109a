#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Relays of an address that is routed to the LB, and that no interface of it has.

. "$(dirname "$0")/lib.sh"
test_begin_xlb "$0" "$@"
# shellcheck source=tests/e2e/lib/relay.sh
. "$LIB_DIR/relay.sh"

network_up routed
servers_start
check_relays routed em1
for v in 4 6; do
	check_match "IPv$v: the log says that nobody refuses for this address" \
		"^relay web$v: no interface has $(vip $v): what no host takes is not refused, but lost\$" \
		"$(cat "$RUN/xlbd.log")"
done
# The remedy that the manual names.
address lb lo "$VIP4/32" "$VIP6/128"
for v in 4 6; do
	ctl table disable "nodes$v:80" >/dev/null
	status=0
	web $v >/dev/null 2>&1 || status=$?
	check_equal "IPv$v: with the address on lo it is refused" 7 "$status"
done

finish
