// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "scenarios.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

const uint32_t flow_counts[FLOW_COUNTS] = { 1, 4096, 65536, 1048576 };

#define ALL (1u << FLOWS_1 | 1u << FLOWS_4K | 1u << FLOWS_64K | 1u << FLOWS_1M)
#define ONE (1u << FLOWS_1)
#define FEW (1u << FLOWS_1 | 1u << FLOWS_4K) /* the fragment table has room for 8192 */
#define MOST (1u << FLOWS_1M)

#define TO_VIP .vip = MAIN_VIP
#define TCP                                                                                        \
	{                                                                                          \
		TO_VIP, .proto = IPPROTO_TCP, .tcp_flags = TH_ACK                                  \
	}
#define SYN                                                                                        \
	{                                                                                          \
		TO_VIP, .proto = IPPROTO_TCP, .tcp_flags = TH_SYN                                  \
	}
#define UDP                                                                                        \
	{                                                                                          \
		TO_VIP, .proto = IPPROTO_UDP, .payload = 12                                        \
	}
#define NO_REASON .reason = XLB_REASON_COUNT

#define ROUNDROBIN .choose = XLB_CHOOSE_ROUNDROBIN, .cur = D
#define MOVING .cur = B, .prev = A
#define SETTLED .cur = B, .prev = XLB_HOST_SETTLED

static const struct packet syn = SYN;
static const struct packet data = TCP;
static const struct packet udp = UDP;
static const struct world moving = { MOVING };
static const struct packet first_fragment = { TO_VIP, .proto = IPPROTO_UDP,
					      .fragment = FRAGMENT_FIRST, .fragment_id = 1 };

const struct scenario scenarios[] = {
	{ .name = "stable",
	  .text = "TCP, maglev, stable row",
	  .world = { .spread = true },
	  .packet = TCP,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT,
	  .target = { 0.15, 0.15, 0.10, 0.05 } },
	{ .name = "stable-redirect",
	  .text = "the same, out by another interface",
	  .world = { .spread = true },
	  .packet = TCP,
	  NO_REASON,
	  .two_arms = true,
	  .flows = ALL },
	{ .name = "source-hash",
	  .text = "the same by the client's address alone",
	  .world = { .spread = true, .by_address = true },
	  .packet = TCP,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT,
	  .target = { 0.15, 0.15, 0.10, 0.05 } },
	{ .name = "stable-udp",
	  .text = "UDP, maglev, stable row",
	  .world = { .spread = true },
	  .packet = UDP,
	  NO_REASON,
	  .flows = ALL },
	{ .name = "stable-syn",
	  .text = "new flow (SYN), stable row",
	  .world = { .spread = true },
	  .packet = SYN,
	  NO_REASON,
	  .flows = MOST,
	  .always_new = true,
	  .peer = PEER_SYN,
	  .target = { [FLOWS_1M] = 0.02 } },
	{ .name = "moving",
	  .text = "TCP, moving row, flow has an entry",
	  .world = { MOVING },
	  .packet = TCP,
	  .enter = &data,
	  .enter_world = &moving,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT,
	  .target = { [FLOWS_64K] = 0.30, [FLOWS_1M] = 0.35 } },
	{ .name = "settled-entry",
	  .text = "TCP, settled row, flow has an entry",
	  .world = { SETTLED },
	  .packet = TCP,
	  .enter = &data,
	  .enter_world = &moving,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT,
	  .target = { [FLOWS_64K] = 0.30, [FLOWS_1M] = 0.35 } },
	{ .name = "settled",
	  .text = "TCP, settled row, flow has none",
	  .world = { SETTLED },
	  .packet = TCP,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT },
	{ .name = "roundrobin",
	  .text = "TCP, roundrobin, flow has an entry",
	  .world = { ROUNDROBIN, .flags = XLB_SERVICE_TRACK },
	  .packet = TCP,
	  .enter = &syn,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT,
	  .target = { [FLOWS_64K] = 0.30, [FLOWS_1M] = 0.35 } },
	{ .name = "roundrobin-udp",
	  .text = "UDP, roundrobin, flow has an entry",
	  .world = { ROUNDROBIN, .flags = XLB_SERVICE_TRACK },
	  .packet = UDP,
	  .enter = &udp,
	  NO_REASON,
	  .flows = ALL },
	{ .name = "roundrobin-syn",
	  .text = "new flow (SYN), roundrobin",
	  .world = { ROUNDROBIN, .flags = XLB_SERVICE_TRACK },
	  .packet = SYN,
	  NO_REASON,
	  .flows = MOST,
	  .always_new = true,
	  .peer = PEER_SYN,
	  .target = { [FLOWS_1M] = 0.15 } },
	{ .name = "least-syn",
	  .text = "new flow (SYN), least-states",
	  .world = { .choose = XLB_CHOOSE_LEAST_STATES, .cur = D, .flags = XLB_SERVICE_TRACK },
	  .packet = SYN,
	  NO_REASON,
	  .flows = MOST,
	  .always_new = true,
	  .peer = PEER_SYN,
	  .target = { [FLOWS_1M] = 0.15 } },
	{ .name = "sticky",
	  .text = "TCP, sticky-address, client has an entry",
	  .world = { ROUNDROBIN, .flags = XLB_SERVICE_STICKY },
	  .packet = TCP,
	  .enter = &syn,
	  NO_REASON,
	  .flows = ALL,
	  .peer = PEER_HIT,
	  .target = { [FLOWS_64K] = 0.30, [FLOWS_1M] = 0.35 } },
	{ .name = "no-service",
	  .text = "TCP, not a VIP",
	  .world = { .spread = true },
	  .packet = { .vip = 77, .proto = IPPROTO_TCP, .tcp_flags = TH_ACK },
	  .passed = true,
	  .reason = XLB_REASON_NO_SERVICE,
	  .flows = ALL,
	  .target_ns = 5 },
	{ .name = "fragment",
	  .text = "UDP, later fragment",
	  .world = { .spread = true },
	  .packet = { TO_VIP, .proto = IPPROTO_UDP, .fragment = FRAGMENT_LAST, .fragment_id = 1 },
	  .enter = &first_fragment,
	  .reason = XLB_REASON_FRAG_NEXT,
	  .flows = FEW },
	{ .name = "icmp-error",
	  .text = "ICMP error about a flow, stable row",
	  .world = { .spread = true },
	  .packet = { TO_VIP, .kind = PACKET_ERROR, .proto = IPPROTO_TCP },
	  .reason = XLB_REASON_ICMP_ERROR,
	  .flows = ALL },
	{}
};

double peer_ns(enum peer peer, int family, enum flow_count flows)
{
	static const double hit4[FLOW_COUNTS] = { 60, 87, 140, 344 };
	static const double hit6[FLOW_COUNTS] = { 57, 0, 112, 0 };

	if (peer == PEER_HIT)
		return family == AF_INET6 ? hit6[flows] : hit4[flows];
	if (peer == PEER_SYN && family == AF_INET)
		return 802;
	return 0;
}

double peer_of_shape(enum peer peer, int family, enum flow_count flows)
{
	static const double shape[FLOW_COUNTS] = { 18, 29, 72, 266 };

	if (peer != PEER_HIT || family != AF_INET)
		return 0;
	return peer_ns(peer, family, flows) / shape[flows];
}

/* An ICMP error names the client as the destination of the packet inside. */
void scenario_offsets(const struct packet *p, int family, uint32_t *ret_address, uint32_t *ret_port)
{
	const uint32_t header = family == AF_INET6 ? 40 : 20;
	const uint32_t src = family == AF_INET6 ? 20 : 12,
		       dst = src + (family == AF_INET6 ? 16 : 4);
	uint32_t ip = 14;

	if (p->kind == PACKET_ERROR) {
		ip += header + 8;
		*ret_address = ip + dst;
		*ret_port = ip + header + 2;
	} else {
		*ret_address = ip + src;
		*ret_port = ip + header;
	}
	if (family == AF_INET6 && p->fragment)
		*ret_port += 8;
}
