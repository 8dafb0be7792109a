// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fragments: the first one carries the ports, the others follow it.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rows.h"

#define FIRST                                                                                      \
	{                                                                                          \
		.fragment = FRAGMENT_FIRST, .fragment_id = 77, .payload = 600                      \
	}
#define MIDDLE                                                                                     \
	{                                                                                          \
		.fragment = FRAGMENT_MIDDLE, .fragment_id = 77, .payload = 600                     \
	}
#define LAST                                                                                       \
	{                                                                                          \
		.fragment = FRAGMENT_LAST, .fragment_id = 77                                       \
	}

static const struct world now_b = { .cur = B };
static const struct world a_down = { .cur = B, .hosts = { DOWN } };
static const struct world nobody = { .cur = NOBODY };
static const struct world tracked = { .choose = XLB_CHOOSE_ROUNDROBIN, .flags = XLB_SERVICE_TRACK };

const struct row rows_fragment[] = {
	{ "first fragment", .packet = FIRST, .to = A, .reasons = R(FRAG_FIRST) },
	{ "middle fragment", .continues = true, .at = 1, .packet = MIDDLE, .to = A,
	  .reasons = R(FRAG_NEXT) },
	{ "last fragment", .continues = true, .at = XLB_FRAGMENT_TICKS, .packet = LAST, .to = A,
	  .reasons = R(FRAG_NEXT) },
	{ "fragment that comes too late", .continues = true, .at = XLB_FRAGMENT_TICKS + 1,
	  .packet = LAST, .reasons = R(FRAG_UNKNOWN) },
	{ "the row has changed meanwhile", .packet = FIRST, .to = A, .reasons = R(FRAG_FIRST) },
	{ "the row has changed meanwhile: last fragment", &now_b, .continues = true, .packet = LAST,
	  .to = A, .reasons = R(FRAG_NEXT) },
	{ "the host has failed meanwhile: last fragment", &a_down, .continues = true,
	  .packet = LAST, .reasons = R(NO_HOST) },
	{ "last fragment before the first", .packet = LAST, .reasons = R(FRAG_UNKNOWN) },
	{ "last fragment before the first: the first", .continues = true, .packet = FIRST, .to = A,
	  .reasons = R(FRAG_FIRST) },
	{ "last fragment before the first: sent again", .continues = true, .packet = LAST, .to = A,
	  .reasons = R(FRAG_NEXT) },
	{ "another packet's fragment", .packet = FIRST, .to = A, .reasons = R(FRAG_FIRST) },
	{ "another packet's fragment: other id", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 78 }, .reasons = R(FRAG_UNKNOWN) },
	{ "another packet's fragment: other client", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 77, .client = 2 },
	  .reasons = R(FRAG_UNKNOWN) },
	{ "another packet's fragment: other destination", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 77, .vip = OTHER_VIP },
	  .reasons = R(FRAG_UNKNOWN) },
	{ "later part that names another protocol: IPv6 goes by the id alone", .family = AF_INET6,
	  .packet = { .proto = IPPROTO_TCP, .fragment = FRAGMENT_FIRST, .fragment_id = 4 }, .to = A,
	  .reasons = R(FRAG_FIRST) },
	{ "later part that names another protocol: IPv6 goes by the id alone: last",
	  .continues = true,
	  .packet = { .proto = IPPROTO_UDP, .fragment = FRAGMENT_LAST, .fragment_id = 4 }, .to = A,
	  .reasons = R(FRAG_NEXT) },
	{ "IPv4 goes by the protocol, too", .family = AF_INET,
	  .packet = { .proto = IPPROTO_TCP, .fragment = FRAGMENT_FIRST, .fragment_id = 4 }, .to = A,
	  .reasons = R(FRAG_FIRST) },
	{ "IPv4 goes by the protocol, too: last", .continues = true,
	  .packet = { .proto = IPPROTO_UDP, .fragment = FRAGMENT_LAST, .fragment_id = 4 },
	  .reasons = R(FRAG_UNKNOWN) },
	{ "fragment with options",
	  .packet = { .fragment = FRAGMENT_FIRST, .fragment_id = 5, .options = 2 }, .to = A,
	  .reasons = R(FRAG_FIRST) | R(IP_OPTIONS) },
	{ "fragment with options: last", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 5, .options = 2 }, .to = A,
	  .reasons = R(FRAG_NEXT) },
	{ "fragment with padding",
	  .packet = { .fragment = FRAGMENT_FIRST, .fragment_id = 6, .padding = 20 }, .to = A,
	  .reasons = R(FRAG_FIRST) },
	{ "fragment with padding: last", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 6, .padding = 20 }, .to = A,
	  .reasons = R(FRAG_NEXT) },
	{ "not for us: first",
	  .packet = { .fragment = FRAGMENT_FIRST, .fragment_id = 7, .port = 444 },
	  .reasons = R(NO_SERVICE) },
	{ "not for us: last", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 7, .port = 444 },
	  .reasons = R(FRAG_UNKNOWN) },
	{ "no host: first", &nobody, .packet = FIRST, .reasons = R(NO_HOST) },
	{ "no host: last", &nobody, .continues = true, .packet = LAST, .reasons = R(FRAG_UNKNOWN) },
	{ "first fragment without ports",
	  .packet = { .fragment = FRAGMENT_FIRST, .fragment_id = 8, .headers_only = true },
	  .reasons = R(BAD_L4) },
	{ "first fragment with half a TCP header",
	  .packet = { .proto = IPPROTO_TCP,
		      .fragment = FRAGMENT_FIRST,
		      .fragment_id = 8,
		      .cut = 12,
		      .length_delta = -12 },
	  .reasons = R(BAD_L4) },
	{ "length beyond the frame",
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 77, .length_delta = 1 },
	  .reasons = R(BAD_HEADER) },
	{ "fragmented SYN", &tracked,
	  .packet = { .proto = IPPROTO_TCP,
		      .tcp_flags = TH_SYN,
		      .fragment = FRAGMENT_FIRST,
		      .fragment_id = 9 },
	  .to = A, .session = true, .reasons = R(FRAG_FIRST),
	  .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "fragmented SYN: last fragment", &tracked, .continues = true,
	  .packet = { .proto = IPPROTO_TCP, .fragment = FRAGMENT_LAST, .fragment_id = 9 }, .to = A,
	  .reasons = R(FRAG_NEXT), .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "fragment from a host of the service",
	  .packet = { .fragment = FRAGMENT_FIRST, .fragment_id = 10, .from_host = B },
	  .dropped = true, .reasons = R(LOOP) },
	{ "fragment from a host of the service: last", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 10, .from_host = B },
	  .reasons = R(FRAG_UNKNOWN) },
	{ "first fragment from the client, last one looped", .packet = FIRST, .to = A,
	  .reasons = R(FRAG_FIRST) },
	{ "first fragment from the client, last one looped: last", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 77, .from_host = A },
	  .dropped = true, .reasons = R(LOOP) },
	{ "first fragment from the client, last one for a host", .packet = FIRST, .to = A,
	  .reasons = R(FRAG_FIRST) },
	{ "first fragment from the client, last one for a host: last", .continues = true,
	  .packet = { .fragment = FRAGMENT_LAST, .fragment_id = 77, .to_host = B },
	  .reasons = R(FLOODED) },
	{}
};
