// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * ICMP: errors go where the flow goes that they are about, and change nothing; the rest passes.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include "rows.h"

static const struct world now_b = { .cur = B };
static const struct world moving = { .cur = B, .prev = A };
static const struct world moving_off_down = { .cur = B, .prev = A, .hosts = { DOWN } };
static const struct world settled = { .cur = B, .prev = XLB_HOST_SETTLED };
static const struct world settled_a_down = { .cur = B,
					     .prev = XLB_HOST_SETTLED,
					     .hosts = { DOWN } };
static const struct world nobody = { .cur = NOBODY };
static const struct world tracked = { .choose = XLB_CHOOSE_ROUNDROBIN, .flags = XLB_SERVICE_TRACK };
static const struct world sticky = { .choose = XLB_CHOOSE_ROUNDROBIN, .flags = XLB_SERVICE_STICKY };
static const struct world elsewhere = { .listens = { { 1, MAIN_VIP, 443, .on = ELSEWHERE } } };
static const struct world range = { .listens = { { 1, MAIN_VIP, 400, 500 } } };

#define ERROR                                                                                      \
	{                                                                                          \
		.kind = PACKET_ERROR                                                               \
	}

const struct row rows_icmp[] = {
	{ "echo to the VIP", .packet.kind = PACKET_ECHO, .reasons = R(ICMP_OTHER) },
	{ "echo to another address", .packet = { .kind = PACKET_ECHO, .vip = 9 },
	  .reasons = R(ICMP_OTHER) },
	{ "fragment needed, packet too big", .packet = ERROR, .to = A, .reasons = R(ICMP_ERROR) },
	{ "destination unreachable", .family = AF_INET6,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP6_DST_UNREACH }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "time exceeded, IPv6", .family = AF_INET6,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP6_TIME_EXCEEDED }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "parameter problem, IPv6", .family = AF_INET6,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP6_PARAM_PROB }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "an error not yet defined", .family = AF_INET6,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = 5 }, .reasons = R(ICMP_OTHER) },
	{ "neighbour solicitation", .family = AF_INET6,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ND_NEIGHBOR_SOLICIT },
	  .reasons = R(ICMP_OTHER) },
	{ "time exceeded", .family = AF_INET,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP_TIME_EXCEEDED }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "parameter problem", .family = AF_INET,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP_PARAMETERPROB }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "source quench", .family = AF_INET,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP_SOURCE_QUENCH }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "redirect", .family = AF_INET,
	  .packet = { .kind = PACKET_ERROR, .icmp_type = ICMP_REDIRECT },
	  .reasons = R(ICMP_OTHER) },

	{ "about a port that is no service's", .packet = { .kind = PACKET_ERROR, .port = 444 },
	  .reasons = R(ICMP_OTHER) },
	{ "about an address that is no service's", .packet = { .kind = PACKET_ERROR, .vip = 9 },
	  .reasons = R(ICMP_OTHER) },
	{ "about a packet that was not the VIP's",
	  .packet = { .kind = PACKET_ERROR, .inner_not_ours = true }, .reasons = R(ICMP_OTHER) },
	{ "about a protocol without ports",
	  .packet = { .kind = PACKET_ERROR, .inner_proto = IPPROTO_GRE },
	  .reasons = R(ICMP_OTHER) },
	{ "about a first fragment",
	  .packet = { .kind = PACKET_ERROR, .inner_fragment = FRAGMENT_FIRST }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "about a later fragment",
	  .packet = { .kind = PACKET_ERROR, .inner_fragment = FRAGMENT_LAST },
	  .reasons = R(ICMP_OTHER) },
	{ "about a packet with options", .packet = { .kind = PACKET_ERROR, .inner_options = 3 },
	  .to = A, .reasons = R(ICMP_ERROR) },
	{ "itself with options", .packet = { .kind = PACKET_ERROR, .options = 3 }, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "with the eight bytes of RFC 792",
	  .packet = { .kind = PACKET_ERROR, .proto = IPPROTO_TCP, .cut = 12, .length_delta = -12 },
	  .to = A, .reasons = R(ICMP_ERROR) },
	{ "cut within the ports",
	  .packet = { .kind = PACKET_ERROR, .proto = IPPROTO_TCP, .cut = 17, .length_delta = -17 },
	  .reasons = R(ICMP_OTHER) },
	{ "ports behind its end are padding",
	  .packet = { .kind = PACKET_ERROR, .proto = IPPROTO_TCP, .length_delta = -17 },
	  .reasons = R(ICMP_OTHER) },
	{ "without an ICMP header", .packet = { .kind = PACKET_ERROR, .headers_only = true },
	  .reasons = R(BAD_L4) },
	{ "without an ICMP header, padded",
	  .packet = { .kind = PACKET_ERROR, .headers_only = true, .padding = 50 },
	  .reasons = R(BAD_L4) },
	{ "length beyond the frame", .packet = { .kind = PACKET_ERROR, .length_delta = 1 },
	  .reasons = R(BAD_HEADER) },
	{ "itself in parts", .packet = { .kind = PACKET_ERROR, .fragment = FRAGMENT_FIRST },
	  .reasons = R(ICMP_OTHER) },
	{ "for another interface's service", &elsewhere, .packet = ERROR,
	  .reasons = R(ICMP_OTHER) },
	{ "about a port of a range", &range, .packet = ERROR, .to = A, .reasons = R(ICMP_ERROR) },
	{ "from a host of the service", .packet = { .kind = PACKET_ERROR, .from_host = B },
	  .dropped = true, .reasons = R(LOOP) },

	/* where the flow is */
	{ "row", &now_b, .packet = ERROR, .to = B, .reasons = R(ICMP_ERROR) },
	{ "nobody", &nobody, .packet = ERROR, .reasons = R(NO_HOST) },
	{ "moving row: as a packet without SYN", &moving, .packet = ERROR, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "moving row, old host down", &moving_off_down, .packet = ERROR, .to = B,
	  .reasons = R(ICMP_ERROR) },
	{ "moving row, entry", &moving, .before = { { C, XLB_FLOW_OPEN, 100 } }, .packet = ERROR,
	  .to = C, .reasons = R(ICMP_ERROR), .after = { { C, XLB_FLOW_OPEN, 100 } } },
	{ "settled row", &settled, .packet = ERROR, .to = B, .reasons = R(ICMP_ERROR) },
	{ "settled row, entry", &settled, .before = { { A, XLB_FLOW_OPEN, 100 } }, .at = 50,
	  .packet = ERROR, .to = A, .reasons = R(ICMP_ERROR),
	  .after = { { A, XLB_FLOW_OPEN, 100 } } },
	{ "settled row, entry of a dead host", &settled_a_down,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ERROR, .to = B,
	  .reasons = R(ICMP_ERROR), .after = { { A, XLB_FLOW_OPEN, 100 } } },
	{ "settled row, entry expired", &settled, .before = { { A, XLB_FLOW_OPEN, -1 } },
	  .packet = ERROR, .to = B, .reasons = R(ICMP_ERROR),
	  .after = { { A, XLB_FLOW_OPEN, -1 } } },
	{ "tracked flow", &tracked, .before = { { C, XLB_FLOW_OPEN, 100 } }, .packet = ERROR,
	  .to = C, .reasons = R(ICMP_ERROR), .after = { { C, XLB_FLOW_OPEN, 100 } } },
	{ "tracked, no entry: by the row", &tracked, .packet = ERROR, .to = A,
	  .reasons = R(ICMP_ERROR) },
	{ "sticky client", &sticky, .before = { { C, XLB_FLOW_CLIENT, 100 } }, .packet = ERROR,
	  .to = C, .reasons = R(ICMP_ERROR), .after = { { C, XLB_FLOW_CLIENT, 100 } } },
	{ "sticky client that has moved", &sticky,
	  .before = { { C, XLB_FLOW_CLIENT_MOVED, 100 }, { B, XLB_FLOW_FORMER, 100 } },
	  .packet = ERROR, .to = B, .reasons = R(ICMP_ERROR),
	  .after = { { C, XLB_FLOW_CLIENT_MOVED, 100 }, { B, XLB_FLOW_FORMER, 100 } } },
	{ "sticky client that has moved, entry", &sticky,
	  .before = { { C, XLB_FLOW_CLIENT_MOVED, 100 },
		      { B, XLB_FLOW_FORMER, 100 },
		      { C, XLB_FLOW_OPEN, 100 } },
	  .packet = ERROR, .to = C, .reasons = R(ICMP_ERROR),
	  .after = { { C, XLB_FLOW_CLIENT_MOVED, 100 },
		     { B, XLB_FLOW_FORMER, 100 },
		     { C, XLB_FLOW_OPEN, 100 } } },
	{}
};
