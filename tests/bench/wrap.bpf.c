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
#include "wrap.h"

#define OFFSET_MAX 255

/* How to make packets; the benchmark writes it before each run. */
__u32 address_at; /* offset of the client address's last word in the frame */
__u32 port_at;    /* offset of the client's port */
__u32 vip_at;     /* offset of the VIP's last word; 0: it stays */
__u32 first_vip;  /* its value for the first of … */
__u32 vip_mask;   /* … so many VIPs - 1, one after the other by flow */

/* What varies in the packet to come, worked out while the one before is under way: a real packet
 * brings it along, so no program should wait for it. The benchmark writes the first one's. */
__be32 next_address;
__be32 next_vip;
__be16 next_port;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

/* In pieces as the programs read them, for a load that spans two stores waits for both. Through a
 * pointer of no structure: struct ethhdr is packed, and clang would store it byte by byte. */
static __always_inline void restore_macs(void *frame)
{
	*(volatile __u32 *)frame = bpf_htonl(0x021b0000);
	*(volatile __u16 *)(frame + 4) = bpf_htons(1);
	*(volatile __u32 *)(frame + 6) = bpf_htonl(0x02a00000);
	*(volatile __u16 *)(frame + 10) = bpf_htons(1);
}

/* Both ports in one store: programs read them in one load, or each. */
static __always_inline void set_client_port(volatile __u32 *ports, __be16 port)
{
	*ports = (*ports & ~bpf_htonl(0xffff0000)) | bpf_htonl((__u32)bpf_ntohs(port) << 16);
}

static __always_inline void prepare_next(void)
{
	__u32 flow = next_flow();

	next_address = bpf_htonl(WRAP_CLIENT(flow));
	next_port = bpf_htons(WRAP_CLIENT_PORT(flow));
	next_vip = bpf_htonl(first_vip + (flow & vip_mask));
}

SEC("xdp")
int wrap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__u32 address = address_at, port = port_at, vip = vip_at;

	if (data + sizeof(struct ethhdr) > data_end || address > OFFSET_MAX || port > OFFSET_MAX)
		return XDP_ABORTED;
	if (vip > OFFSET_MAX || data + vip + sizeof(__u32) > data_end)
		return XDP_ABORTED;
	if (data + address + sizeof(__u32) > data_end || data + port + sizeof(__u32) > data_end)
		return XDP_ABORTED;
	restore_macs(data);
	*(__u32 *)(data + address) = next_address;
	set_client_port(data + port, next_port);
	if (vip)
		*(__u32 *)(data + vip) = next_vip;
	prepare_next();
	clutter_before_packet();
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int verdict_only(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* ---- the floor: what any forwarder has to do, in as few accesses as there can be ----------------
 */
typedef __u32 __attribute__((may_alias)) word_t;
typedef __u16 __attribute__((may_alias)) half_t;

static __always_inline int swap_macs(struct ethhdr *eth)
{
	half_t *mac =
		(half_t *)eth; /* three of a MAC; its halves are where restore_macs() put them */
	word_t dst = *(word_t *)&mac[0], src = *(word_t *)&mac[3];
	half_t dst_end = mac[2], src_end = mac[5];

	*(word_t *)&mac[0] = src;
	mac[2] = src_end;
	*(word_t *)&mac[3] = dst;
	mac[5] = dst_end;
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
	__be16 proto;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	proto = *((const half_t *)eth + 6);
	if (proto == bpf_htons(ETH_P_IP)) {
		if ((void *)(v4 + 1) > data_end || v4->ihl < 5)
			return XDP_PASS;
		return parse_l4(eth, (void *)v4 + v4->ihl * 4, data_end, v4->protocol);
	}
	if (proto == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(v6 + 1) > data_end || v6->version != 6)
			return XDP_PASS;
		return parse_l4(eth, (void *)(v6 + 1), data_end, v6->nexthdr);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
