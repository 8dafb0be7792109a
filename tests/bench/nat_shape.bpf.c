// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * NAT of the shape that others have: one table of connections, an entry for each direction, and the
 * kernel's helpers for checksums. As shape.bpf.c it does less than they do, and is there to tell
 * what that costs on the machine at hand.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nat_shape.h"

typedef __u32 __attribute__((may_alias)) word_t;

#define IP_AT ETH_HLEN
#define TCP_AT (ETH_HLEN + 20)
#define IP_CHECK_AT (IP_AT + 10)
#define TCP_CHECK_AT (TCP_AT + 16)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NAT_SHAPE_FLOWS);
	__type(key, struct nat_shape_flow);
	__type(value, struct nat_shape_to);
} shape_conns SEC(".maps");

/* Addresses and ports follow each other in both. */
static __always_inline int change(struct __sk_buff *skb, struct nat_shape_flow *is,
				  struct nat_shape_to *to)
{
	__s64 all = bpf_csum_diff(&is->src, 12, &to->src, 12, 0);
	__s64 addresses = bpf_csum_diff(&is->src, 8, &to->src, 8, 0);
	void *data, *data_end;

	bpf_l4_csum_replace(skb, TCP_CHECK_AT, 0, all, BPF_F_PSEUDO_HDR);
	bpf_l3_csum_replace(skb, IP_CHECK_AT, 0, addresses, 0);
	data = (void *)(long)skb->data;
	data_end = (void *)(long)skb->data_end;
	if (data + TCP_AT + sizeof(struct tcphdr) > data_end)
		return TC_ACT_SHOT;
	*(word_t *)(data + IP_AT + 12) = to->src;
	*(word_t *)(data + IP_AT + 16) = to->dst;
	*(word_t *)(data + TCP_AT) = to->ports;
	*(word_t *)data = to->macs[0];
	*(word_t *)(data + 4) = to->macs[1];
	*(word_t *)(data + 8) = to->macs[2];
	return bpf_redirect(to->ifindex, 0);
}

SEC("tc")
int nat_shape(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	const struct iphdr *ip = data + IP_AT;
	const struct tcphdr *tcp = data + TCP_AT;
	struct nat_shape_to *to;
	struct nat_shape_flow is;

	if ((void *)(tcp + 1) > data_end || skb->protocol != bpf_htons(ETH_P_IP) ||
	    *(const __u8 *)ip != 0x45 || ip->protocol != IPPROTO_TCP)
		return TC_ACT_OK;
	is.src = ip->saddr;
	is.dst = ip->daddr;
	is.ports = *(const __u32 *)tcp;
	is.proto = IPPROTO_TCP;
	to = bpf_map_lookup_elem(&shape_conns, &is);
	return to ? change(skb, &is, to) : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
