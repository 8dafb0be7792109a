// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Both ends of the wire, and the forwarders that all others are compared with.
 *
 *   offer --> forwarder --> sink_xdp or sink_tc
 *
 * offer is run on live frames (BPF_F_TEST_XDP_LIVE_FRAMES); their pages are used again as the
 * forwarder has left them, so each frame is written anew.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flow_order.bpf.h"
#include "wire.h"

/* How to make frames; the benchmark writes it before each run. */
__u8 template[WIRE_FRAME]; /* client, its port and the checksums are 0 */
__u32 ip_sum;              /* one's complement sum of the template's IP header */
__u32 tcp_sum;             /* … and of its TCP packet with the pseudo header */
__u32 pause_ns;            /* between frames */

/* What arrives has this destination. */
__u8 expected[8];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wire_arrivals);
} arrivals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} redirect_to SEC(".maps"); /* of bare_redirect, of pick_redirect */

/* ---- offering ----------------------------------------------------------------------------------
 */
static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline void wait(void)
{
	__u64 until = bpf_ktime_get_ns() + pause_ns;

	for (int i = 0; i < 4096 && bpf_ktime_get_ns() < until; i++)
		;
}

SEC("xdp")
int offer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct tcphdr *tcp = (void *)(ip + 1);
	__be32 client;
	__be16 port;
	__u32 flow, sum;

	if (data + WIRE_FRAME > data_end)
		return XDP_ABORTED;
	if (pause_ns)
		wait();
	__builtin_memcpy(data, template, WIRE_FRAME);
	flow = next_flow();
	client = bpf_htonl(WIRE_CLIENT(flow));
	port = bpf_htons(WIRE_CLIENT_PORT(flow));
	ip->saddr = client;
	tcp->source = port;
	sum = (client & 0xffff) + (client >> 16);
	ip->check = fold(ip_sum + sum);
	tcp->check = fold(tcp_sum + sum + port);
	return XDP_TX;
}

/* ---- the bare forwarders ------------------------------------------------------------------------
 */
SEC("xdp")
int bare_tx(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	__u8 mac[ETH_ALEN];

	if (data + sizeof(*eth) > data_end)
		return XDP_PASS;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	return XDP_TX;
}

SEC("xdp")
int bare_redirect(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) > data_end)
		return XDP_PASS;
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	*(__u32 *)eth->h_dest = bpf_htonl(0x02b00000);
	*(__u16 *)(eth->h_dest + 4) = bpf_htons(1);
	return bpf_redirect_map(&redirect_to, 0, XDP_PASS);
}

/*
 * The smallest balancer there can be: one of four MACs by the client's address and port. Where the
 * frame goes depends on what is in it, so nothing can be done before that has come from the other
 * CPU; the bare one does its work while it waits.
 */
const volatile __u8 picks[4][8] = { { 2, 0xb0, 0, 0, 0, 1 },
				    { 2, 0xb0, 0, 0, 0, 2 },
				    { 2, 0xb0, 0, 0, 0, 3 },
				    { 2, 0xb0, 0, 0, 0, 4 } };

SEC("xdp")
int pick_redirect(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	const struct iphdr *ip = data + ETH_HLEN;
	const struct tcphdr *tcp = (const void *)(ip + 1);
	struct ethhdr *eth = data;
	__u32 i;

	if (data + WIRE_FRAME > data_end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_TCP || tcp->dest != bpf_htons(443))
		return XDP_PASS;
	i = (ip->saddr ^ tcp->source) * 0x9e3779b1u >> 30;
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	*(__u32 *)eth->h_dest = *(const volatile __u32 *)picks[i];
	*(__u16 *)(eth->h_dest + 4) = *(const volatile __u16 *)(picks[i] + 4);
	return bpf_redirect_map(&redirect_to, 1, XDP_PASS);
}

/* ---- counting -----------------------------------------------------------------------------------
 */
static __always_inline void arrived(const void *data, const void *data_end)
{
	const struct ethhdr *eth = data;
	struct wire_arrivals *a;
	__u32 zero = 0;

	if (data + WIRE_FRAME > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return;
	a = bpf_map_lookup_elem(&arrivals, &zero);
	if (!a)
		return;
	if (*(const __u32 *)eth->h_dest != *(const __u32 *)expected ||
	    eth->h_dest[4] != expected[4]) {
		a->bad++;
		return;
	}
	if (!a->good) {
		a->first_ns = bpf_ktime_get_ns();
		__builtin_memcpy(a->frame, data, WIRE_FRAME);
	}
	if (!(++a->good & 63)) {
		a->last_ns = bpf_ktime_get_ns();
		a->good_at_last = a->good;
	}
}

SEC("xdp")
int sink_xdp(struct xdp_md *ctx)
{
	arrived((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return XDP_DROP;
}

SEC("tc")
int sink_tc(struct __sk_buff *skb)
{
	if (bpf_skb_pull_data(skb, WIRE_FRAME))
		return TC_ACT_SHOT;
	arrived((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_ACT_SHOT;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
