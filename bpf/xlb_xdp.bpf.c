// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * L2 direct server return: parse, find the service, choose a host, write its MAC, send.
 *
 *   frame --> fast_packet -----------------> service_match -> choose -> deliver
 *        \--> slow_packet (options, fragments, ICMP errors) --^
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

static __always_inline int fast_packet(struct xdp_md *ctx, struct ethhdr *eth, void *l4,
				       struct tuple *t, const __be32 dst[4], __u32 bytes,
				       const _Bool v6)
{
	void *data_end = (void *)(long)ctx->data_end;
	const struct udphdr *udp = l4; /* ports are at the same place in TCP */
	struct match match = {};
	const struct xlb_service *s;
	__u32 slot;

	if (bytes < (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + l4_size(t->proto))
		return pass(XLB_REASON_BAD_L4);
	if (t->proto == IPPROTO_TCP) {
		if (l4 + sizeof(struct tcphdr) > data_end)
			return pass(XLB_REASON_BAD_L4);
		t->tcp_flags = ((const __u8 *)l4)[13];
	} else if (l4 + sizeof(struct udphdr) > data_end) {
		return pass(XLB_REASON_BAD_L4);
	}
	if (!service_match(ctx, dst, udp->dest, t->proto, v6, &match))
		return pass(XLB_REASON_NO_SERVICE);
	s = bpf_map_lookup_elem(&services, &match.service);
	if (!s)
		return pass(XLB_REASON_NO_SERVICE);
	if (s->flags & XLB_SERVICE_NAT)
		return pass(XLB_REASON_RELAY);
	t->ports = xlb_ports(udp->source, udp->dest);
	t->service = match.service;
	t->listen = match.listen;
	slot = choose(t, s, v6);
	return deliver(ctx, eth, slot, t->service, bytes,
		       t->is_new | (!(s->flags & XLB_SERVICE_TRACK) && is_syn(t->tcp_flags)));
}

static __always_inline int ipv4(struct xdp_md *ctx, struct ethhdr *eth, void *data_end)
{
	struct iphdr *ip = (void *)(eth + 1);
	struct tuple t = {};
	__be32 dst[4];
	__u32 bytes;

	if ((void *)(ip + 1) > data_end)
		return pass(XLB_REASON_BAD_HEADER);
	if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_MF | IP_OFFSET) ||
	    (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP))
		return slow_packet4(ctx);
	/* the buffer may be longer than the packet, never shorter */
	bytes = bpf_ntohs(ip->tot_len);
	if (bytes > data_end - (void *)ip || bytes < sizeof(*ip))
		return pass(XLB_REASON_BAD_HEADER);
	t.client[0] = ip->saddr;
	t.proto = ip->protocol;
	dst[0] = ip->daddr;
	return fast_packet(ctx, eth, ip + 1, &t, dst, bytes, 0);
}

static __always_inline int ipv6(struct xdp_md *ctx, struct ethhdr *eth, void *data_end)
{
	struct ipv6hdr *ip = (void *)(eth + 1);
	struct tuple t = {};
	__be32 dst[4];
	__u32 bytes;

	if ((void *)(ip + 1) > data_end)
		return pass(XLB_REASON_BAD_HEADER);
	if (ip->version != 6 || (ip->nexthdr != IPPROTO_TCP && ip->nexthdr != IPPROTO_UDP))
		return slow_packet6(ctx);
	bytes = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (bytes > data_end - (void *)ip)
		return pass(XLB_REASON_BAD_HEADER);
	__builtin_memcpy(t.client, &ip->saddr, 16);
	__builtin_memcpy(dst, &ip->daddr, 16);
	t.proto = ip->nexthdr;
	return fast_packet(ctx, eth, ip + 1, &t, dst, bytes, 1);
}

SEC("xdp")
int xlb_xdp(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > data_end)
		return pass(XLB_REASON_NOT_IP);
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return ipv4(ctx, eth, data_end);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return ipv6(ctx, eth, data_end);
	if (eth->h_proto == bpf_htons(ETH_P_8021Q) || eth->h_proto == bpf_htons(ETH_P_QINQ))
		return pass(XLB_REASON_VLAN);
	return pass(XLB_REASON_NOT_IP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
