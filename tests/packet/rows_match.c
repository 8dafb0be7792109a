// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Which service a packet is for: address, protocol, port or port range, interface.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rows.h"

#define LISTEN(...)                                                                                \
	{                                                                                          \
		.listens = { __VA_ARGS__ }                                                         \
	}

static const struct world on_ingress = LISTEN({ 1, MAIN_VIP, 443, .on = ON_INGRESS });
static const struct world elsewhere = LISTEN({ 1, MAIN_VIP, 443, .on = ELSEWHERE });
static const struct world both_interfaces =
	LISTEN({ 2, MAIN_VIP, 443, .on = ELSEWHERE }, { 1, MAIN_VIP, 443, .on = ON_INGRESS });
static const struct world two_ports = LISTEN({ 1, MAIN_VIP, 80 }, { 2, MAIN_VIP, 443 });
static const struct world two_vips = LISTEN({ 1, 7, 443 }, { 2, 8, 443 });
static const struct world displaced_most =
	LISTEN({ 1, MAIN_VIP, 443, .displaced = XLB_VIP_PROBES - 1 });
static const struct world displaced_too_far =
	LISTEN({ 1, MAIN_VIP, 443, .displaced = XLB_VIP_PROBES });
static const struct world behind_tombstones =
	LISTEN({ 1, MAIN_VIP, 443, .displaced = 3, .over_tombstones = true });
static const struct world removed = LISTEN({ 1, MAIN_VIP, 443, .removed = true });
static const struct world added_again =
	LISTEN({ 2, MAIN_VIP, 443, .on = ELSEWHERE, .removed = true }, { 1, MAIN_VIP, 443 });
static const struct world range = LISTEN({ 1, MAIN_VIP, 8000, 8009 });
static const struct world ranges =
	LISTEN({ 1, MAIN_VIP, 100, 199 }, { 2, MAIN_VIP, 300, 399 }, { 3, MAIN_VIP, 443 });
static const struct world range_elsewhere =
	LISTEN({ 1, MAIN_VIP, 8000, 8009, .on = ELSEWHERE }, { 2, MAIN_VIP, 9000, 9009 });
static const struct world range_on_ingress = LISTEN({ 1, MAIN_VIP, 8000, 8009, .on = ON_INGRESS });
static const struct world all_ports = LISTEN({ 1, MAIN_VIP, 1, 65535 });
static const struct world unannounced_range = { .listens = { { 1, MAIN_VIP, 8000, 8009 } },
						.no_ranges_hint = true };
static const struct world tracked_range = { .listens = { { MAIN_LISTEN, MAIN_VIP, 8000, 8009 } },
					    .choose = XLB_CHOOSE_ROUNDROBIN,
					    .flags = XLB_SERVICE_TRACK };

const struct row rows_match[] = {
	{ "another service", .packet.vip = OTHER_VIP, .to = E },
	{ "another service's port on this address", .packet = { .vip = OTHER_VIP, .port = 80 },
	  .reasons = R(NO_SERVICE) },
	{ "listens on this interface", &on_ingress, .to = A },
	{ "listens on another interface", &elsewhere, .reasons = R(NO_SERVICE) },
	{ "listens on both, one entry each", &both_interfaces, .to = A },
	{ "first port", &two_ports, .packet.port = 80, .to = A },
	{ "second port", &two_ports, .packet.port = 443, .to = A },
	{ "neither port", &two_ports, .packet.port = 81, .reasons = R(NO_SERVICE) },
	{ "first address", &two_vips, .packet.vip = 7, .to = A },
	{ "second address", &two_vips, .packet.vip = 8, .to = A },
	{ "neither address", &two_vips, .packet.vip = 9, .reasons = R(NO_SERVICE) },
	{ "at the end of the probe", &displaced_most, .to = A },
	{ "past the end of the probe", &displaced_too_far, .reasons = R(NO_SERVICE) },
	{ "behind removed entries", &behind_tombstones, .to = A },
	{ "removed", &removed, .reasons = R(NO_SERVICE) },
	{ "removed and added again", &added_again, .to = A },

	{ "below the range", &range, .packet.port = 7999, .reasons = R(NO_SERVICE) },
	{ "first of the range", &range, .packet.port = 8000, .to = A },
	{ "in the range", &range, .packet.port = 8004, .to = A },
	{ "last of the range", &range, .packet.port = 8009, .to = A },
	{ "above the range", &range, .packet.port = 8010, .reasons = R(NO_SERVICE) },
	{ "range on another address", &range, .packet = { .port = 8004, .vip = 9 },
	  .reasons = R(NO_SERVICE) },
	{ "second range", &ranges, .packet.port = 350, .to = A },
	{ "between ranges", &ranges, .packet.port = 250, .reasons = R(NO_SERVICE) },
	{ "a port beside ranges", &ranges, .packet.port = 443, .to = A },
	{ "all ports", &all_ports, .packet.port = 65535, .to = A },
	{ "all ports, options", &all_ports, .packet = { .port = 1, .options = 1 }, .to = A,
	  .reasons = R(IP_OPTIONS) },
	{ "port 0 of an address with ranges", &range, .packet.port_zero = true,
	  .reasons = R(NO_SERVICE) },
	{ "range on this interface", &range_on_ingress, .packet.port = 8004, .to = A },
	{ "range on another interface", &range_elsewhere, .packet.port = 8004,
	  .reasons = R(NO_SERVICE) },
	{ "second range, the first on another interface", &range_elsewhere, .packet.port = 9004,
	  .to = A },
	{ "ranges not looked at when settings have none", &unannounced_range, .packet.port = 8004,
	  .reasons = R(NO_SERVICE) },
	{ "flow of a range is entered with its own port", &tracked_range,
	  .packet = { .proto = IPPROTO_TCP, .port = 8004, .tcp_flags = TH_SYN }, .to = A,
	  .session = true, .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{}
};
