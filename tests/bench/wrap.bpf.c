// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What the benchmark runs: a wrapper that makes each packet anew and hands it to the program under
 * test by a tail call; and the two programs that others are compared with.
 *
 * BPF_PROG_RUN repeats a program on one buffer without restoring it, so the wrapper puts the MACs
 * back, and writes the client's address and port of the next flow.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "clutter.bpf.h"
#include "flow_order.bpf.h"

#define OFFSET_MAX 255

/* How to make packets; the benchmark writes it before each run. */
__u32 address_at; /* offset of the client address's last word in the frame */
__u32 port_at;    /* offset of the client's port */
__u32 vip_at;     /* offset of the VIP's last word; 0: it stays */
__u32 first_vip;  /* its value for the first of … */
__u32 vip_mask;   /* … so many VIPs - 1, one after the other by flow */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

/* In pieces as the programs read them, for a load that spans two stores waits for both. */
static __always_inline void restore_macs(struct ethhdr *eth)
{
	*(volatile __u32 *)&eth->h_dest[0] = bpf_htonl(0x021b0000);
	*(volatile __u16 *)&eth->h_dest[4] = bpf_htons(1);
	*(volatile __u32 *)&eth->h_source[0] = bpf_htonl(0x02a00000);
	*(volatile __u16 *)&eth->h_source[4] = bpf_htons(1);
}

SEC("xdp")
int wrap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__u32 address = address_at, port = port_at, vip = vip_at, flow;

	if (data + sizeof(struct ethhdr) > data_end || address > OFFSET_MAX || port > OFFSET_MAX)
		return XDP_ABORTED;
	if (vip > OFFSET_MAX || data + vip + sizeof(__u32) > data_end)
		return XDP_ABORTED;
	if (data + address + sizeof(__u32) > data_end || data + port + sizeof(__u16) > data_end)
		return XDP_ABORTED;
	restore_macs(data);
	flow = next_flow();
	*(__u32 *)(data + address) = bpf_htonl(0x0a000000 + flow);
	*(__u16 *)(data + port) = bpf_htons(1024 + (flow * 7 & 0x3fff));
	if (vip)
		*(__u32 *)(data + vip) = bpf_htonl(first_vip + (flow & vip_mask));
	clutter_before_packet();
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int verdict_only(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* ---- the floor: what any forwarder has to do ----------------------------------------------------
 */
static __always_inline int swap_macs(struct ethhdr *eth)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	return XDP_TX;
}

static __always_inline int parse_l4(struct ethhdr *eth, void *l4, void *data_end, __u8 proto)
{
	const struct tcphdr *tcp = l4;
	const struct udphdr *udp = l4;

	if (proto == IPPROTO_TCP) {
		if ((void *)(tcp + 1) > data_end || !tcp->dest)
			return XDP_PASS;
	} else if (proto == IPPROTO_UDP) {
		if ((void *)(udp + 1) > data_end || !udp->dest)
			return XDP_PASS;
	}
	return swap_macs(eth);
}

SEC("xdp")
int parse_and_swap(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	const struct iphdr *v4 = (void *)(eth + 1);
	const struct ipv6hdr *v6 = (void *)(eth + 1);

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if ((void *)(v4 + 1) > data_end || v4->ihl < 5)
			return XDP_PASS;
		return parse_l4(eth, (void *)v4 + v4->ihl * 4, data_end, v4->protocol);
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(v6 + 1) > data_end || v6->version != 6)
			return XDP_PASS;
		return parse_l4(eth, (void *)(v6 + 1), data_end, v6->nexthdr);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
