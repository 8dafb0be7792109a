// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * L2 direct server return: parse, find the service, choose a host, write its MAC, send.
 *
 *   frame --> fast_packet -----------------> service_match -> choose -> deliver
 *        \--> slow_packet (options, fragments, ICMP errors, short frames) --^
 *
 * Whatever is not for a configured service is passed to the stack untouched. When a map is full the
 * packet still goes to a host, chosen by hash (flow_table_full); nothing is ever evicted.
 * The program only reads what the daemon writes, except flows, loads, cursors, fragments and the
 * counters, which are its own.
 */
#include "choose.h"
#include "deliver.h"
#include "maps.h"
#include "packet.h"
#include "slow.h"
#include "vip.h"

#ifndef ETH_P_8021Q
#define ETH_P_8021Q 0x8100
#endif
#define ETH_P_QINQ 0x88A8

/* Up to here packets of the fast path reach, so that one check does for their headers. What is
 * shorter (UDP of some bytes over a link that does not pad) takes the slow path. */
#define FAST_SIZE (sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct tcphdr))

/* What the fast path has parsed; registers, mostly. */
struct parsed {
	const __be32 *src; /* in the packet, one word or four */
	const __be32 *dst;
	const void *l4; /* a whole header of TCP or UDP is there */
	__u32 bytes;    /* of the IP packet */
	__u8 proto;
};

static __always_inline __u8 tcp_flags_of(const struct parsed *p)
{
	return p->proto == IPPROTO_TCP ? ((const __u8 *)p->l4)[13] : 0;
}

/* The rest of the tuple, which only flows with state are in need of; ports and row are set. */
static __always_inline __u32 ask_state(const struct parsed *p, union match match,
				       const struct xlb_service *s, struct tuple *t, const _Bool v6)
{
	t->client[0] = p->src[0];
	t->client[1] = v6 ? p->src[1] : 0;
	t->client[2] = v6 ? p->src[2] : 0;
	t->client[3] = v6 ? p->src[3] : 0;
	t->listen = match.listen;
	t->service = match.service;
	t->proto = p->proto;
	t->tcp_flags = tcp_flags_of(p);
	t->is_new = t->pad = 0;
	return choose_stateful(t, s, v6);
}

static __always_inline int fast_packet(struct xdp_md *ctx, struct ethhdr *eth,
				       const struct parsed *p, struct tuple *t, const _Bool v6)
{
	const struct udphdr *udp = p->l4; /* ports are at the same place in TCP */
	const struct xlb_service *s;
	union match match;
	__u32 slot, flags;

	if (!service_match(ctx, p->dst, udp->dest, p->proto, v6, &match))
		return pass(XLB_REASON_NO_SERVICE);
	s = service_at(match.service);
	flags = s->flags;
	if (flags & XLB_SERVICE_NAT)
		return pass(XLB_REASON_RELAY);
	trail_service(match.service, match.listen, s->trace);
	trail_packet(p->proto, tcp_flags_of(p), p->l4 - (void *)eth, p->bytes + sizeof(*eth));
	if (to_host(eth, match.service))
		return pass(XLB_REASON_FLOODED);
	t->ports = *(const __u32 *)p->l4;
	t->row = xlb_row_hash(s, p->src, t->ports, v6);
	slot = choose_stable(flags, match.service, t->row);
	if (slot == ASK_STATE)
		slot = ask_state(p, match, s, t, v6);
	return deliver(ctx, eth, slot, match.service, p->bytes,
		       flags & XLB_SERVICE_TRACK ? t->is_new : is_syn(tcp_flags_of(p)));
}

static __always_inline int ipv4(struct xdp_md *ctx, struct ethhdr *eth, void *data_end,
				struct tuple *t)
{
	const struct iphdr *ip = (void *)(eth + 1);
	struct parsed p = { .src = &ip->saddr, .dst = &ip->daddr, .l4 = ip + 1 };
	__u32 room = data_end - (void *)ip;

	p.proto = ip->protocol;
	if (*(const __u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_MF | IP_OFFSET) ||
	    (p.proto != IPPROTO_TCP && p.proto != IPPROTO_UDP))
		return slow_packet4(ctx);
	/* the buffer may be longer than the packet, never shorter */
	p.bytes = bpf_ntohs(ip->tot_len);
	if (p.bytes > room || p.bytes < sizeof(*ip) + l4_size(p.proto))
		return slow_packet4(ctx); /* which tells what is wrong */
	return fast_packet(ctx, eth, &p, t, 0);
}

static __always_inline int ipv6(struct xdp_md *ctx, struct ethhdr *eth, void *data_end,
				struct tuple *t)
{
	const struct ipv6hdr *ip = (void *)(eth + 1);
	struct parsed p = { .src = ip->saddr.in6_u.u6_addr32,
			    .dst = ip->daddr.in6_u.u6_addr32,
			    .l4 = ip + 1 };

	p.proto = ip->nexthdr;
	if (ip->version != 6 || (p.proto != IPPROTO_TCP && p.proto != IPPROTO_UDP) ||
	    p.l4 + l4_size(p.proto) > data_end)
		return slow_packet6(ctx);
	p.bytes = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (p.bytes > data_end - (void *)ip || p.bytes < sizeof(*ip) + l4_size(p.proto))
		return slow_packet6(ctx);
	return fast_packet(ctx, eth, &p, t, 1);
}

/* Not for the fast path, by its kind or by its length. */
static __always_inline int other_packet(struct xdp_md *ctx, const struct ethhdr *eth,
					void *data_end)
{
	__be16 proto;

	if ((void *)(eth + 1) > data_end)
		return pass(XLB_REASON_NOT_IP);
	proto = eth_proto(eth);
	if (proto == bpf_htons(ETH_P_IP))
		return slow_packet4(ctx);
	if (proto == bpf_htons(ETH_P_IPV6))
		return slow_packet6(ctx);
	if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_QINQ))
		return pass(XLB_REASON_VLAN);
	return pass(XLB_REASON_NOT_IP);
}

static __always_inline int packet(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct tuple t; /* one, whose room both families share */

	if ((void *)eth + FAST_SIZE <= data_end) {
		__be16 proto = eth_proto(eth);

		if (__builtin_expect(proto == bpf_htons(ETH_P_IP), 1))
			return ipv4(ctx, eth, data_end, &t);
		if (proto == bpf_htons(ETH_P_IPV6))
			return ipv6(ctx, eth, data_end, &t);
	}
	return other_packet(ctx, eth, data_end);
}

SEC("xdp")
int xlb_xdp(struct xdp_md *ctx)
{
	trace_begin(ctx);
	return trace_end(ctx, packet(ctx));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
