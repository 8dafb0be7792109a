/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A packet as the NAT sees it: parsed once, for either family.
 */
#ifndef XLB_BPF_NAT_PACKET_H
#define XLB_BPF_NAT_PACKET_H

#include "packet.h"

#define L3_AT sizeof(struct ethhdr)
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff

struct nat_packet {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u32 l4;    /* offset of the transport header from the frame's start */
	__u32 bytes; /* IP packets; with GSO: all of them, headers counted once */
	__u32 segments;
	__be32 frag_id;
	__u8 proto;
	__u8 family;
	__u8 tcp_flags; /* 0 for UDP */
	__u8 ttl;
	__u8 fragment; /* part of a fragmented packet … */
	__u8 first;    /* … its first part */
	__u8 udp_no_csum;
	__u8 pad;
};

static __always_inline __u32 l4_of(const struct nat_packet *p, __be16 port)
{
	return l4_word(port, p->proto, p->family);
}

static __always_inline void count_bytes(const struct __sk_buff *skb, struct nat_packet *p)
{
	p->bytes = skb->len - L3_AT;
	p->segments = skb->gso_segs ? skb->gso_segs : 1;
}

/* What a parser says. */
enum { NAT_PARSED, NAT_NOT_OURS, NAT_ICMP };

static __always_inline int parse_ports(struct __sk_buff *skb, struct nat_packet *p)
{
	struct {
		__be16 source;
		__be16 dest;
		__be16 length;
		__be16 check;
	} h;

	if (p->fragment && !p->first)
		return NAT_PARSED;
	if (bpf_skb_load_bytes(skb, p->l4, &h, sizeof(h)))
		return NAT_NOT_OURS;
	p->sport = h.source;
	p->dport = h.dest;
	if (p->proto == IPPROTO_UDP)
		p->udp_no_csum = !h.check;
	else if (bpf_skb_load_bytes(skb, p->l4 + 13, &p->tcp_flags, 1))
		return NAT_NOT_OURS;
	return NAT_PARSED;
}

static __always_inline int parse_nat4(struct __sk_buff *skb, struct nat_packet *p)
{
	struct iphdr h;

	if (bpf_skb_load_bytes(skb, L3_AT, &h, sizeof(h)) || h.version != 4 || h.ihl < 5)
		return NAT_NOT_OURS;
	p->family = AF_INET;
	p->src[0] = h.saddr;
	p->dst[0] = h.daddr;
	p->proto = h.protocol;
	p->ttl = h.ttl;
	p->l4 = L3_AT + h.ihl * 4;
	p->fragment = !!(h.frag_off & bpf_htons(IP_MF | IP_OFFSET));
	p->first = !(h.frag_off & bpf_htons(IP_OFFSET));
	p->frag_id = h.id;
	if (p->proto == IPPROTO_ICMP)
		return NAT_ICMP;
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP)
		return NAT_NOT_OURS;
	return parse_ports(skb, p);
}

/* A fragment header is followed when it is the only extension header; others are left to the
 * stack. */
static __always_inline int parse_nat6(struct __sk_buff *skb, struct nat_packet *p)
{
	struct {
		__u8 next;
		__u8 reserved;
		__be16 frag_off;
		__be32 id;
	} f;
	struct ipv6hdr h;

	if (bpf_skb_load_bytes(skb, L3_AT, &h, sizeof(h)) || h.version != 6)
		return NAT_NOT_OURS;
	p->family = AF_INET6;
	__builtin_memcpy(p->src, &h.saddr, 16);
	__builtin_memcpy(p->dst, &h.daddr, 16);
	p->proto = h.nexthdr;
	p->ttl = h.hop_limit;
	p->l4 = L3_AT + sizeof(h);
	p->first = 1;
	if (p->proto == IPPROTO_FRAGMENT) {
		if (bpf_skb_load_bytes(skb, p->l4, &f, sizeof(f)))
			return NAT_NOT_OURS;
		p->proto = f.next;
		p->l4 += sizeof(f);
		p->fragment = 1;
		p->first = !(f.frag_off & bpf_htons(0xfff8));
		p->frag_id = f.id;
	}
	if (p->proto == IPPROTO_ICMPV6)
		return NAT_ICMP;
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP)
		return NAT_NOT_OURS;
	return parse_ports(skb, p);
}

#endif
