/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A packet as the NAT sees it: parsed once, for either family.
 */
#ifndef XLB_BPF_NAT_PACKET_H
#define XLB_BPF_NAT_PACKET_H

#include "maps.h"
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
	__u32 end;   /* … and of the IP packet's end: padding may follow */
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
	p->bytes = p->end - L3_AT;
	p->segments = skb->gso_segs ? skb->gso_segs : 1;
}

/* What a parser says. */
enum { NAT_PARSED, NAT_NOT_OURS, NAT_ICMP };

static __always_inline int not_ours(__u32 reason)
{
	count(reason);
	return NAT_NOT_OURS;
}

/* Is the length in the IP header one that the frame has room for? Large aggregates (GRO) may have
 * none. */
static __always_inline _Bool length_fits(const struct __sk_buff *skb, struct nat_packet *p,
					 __u32 length)
{
	p->end = skb->gso_size ? skb->len : L3_AT + length;
	return p->end <= skb->len;
}

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
	if (p->l4 + l4_size(p->proto) > p->end || bpf_skb_load_bytes(skb, p->l4, &h, sizeof(h)))
		return not_ours(XLB_REASON_BAD_L4);
	p->sport = h.source;
	p->dport = h.dest;
	if (p->proto == IPPROTO_UDP)
		p->udp_no_csum = !h.check;
	else if (bpf_skb_load_bytes(skb, p->l4 + 13, &p->tcp_flags, 1))
		return not_ours(XLB_REASON_BAD_L4);
	return NAT_PARSED;
}

/* ---- the common case: a plain header, in the buffer's first piece ------------------------------
 */
/* Ports and flags of a transport header that ends at `end`; not there: for the long way. */
static __always_inline _Bool direct_l4(struct nat_packet *p, const void *l4, const void *data_end)
{
	const struct tcphdr *tcp = l4;
	const struct udphdr *udp = l4;

	if (p->proto == IPPROTO_TCP) {
		if ((const void *)(tcp + 1) > data_end)
			return 0;
		p->tcp_flags = ((const __u8 *)tcp)[13];
	} else {
		if ((const void *)(udp + 1) > data_end)
			return 0;
		p->udp_no_csum = !udp->check;
	}
	p->sport = udp->source; /* at the same place in TCP */
	p->dport = udp->dest;
	return p->l4 + l4_size(p->proto) <= p->end;
}

/* Reads the packet in place. False: it is not so common, and *p may be half filled. */
static __always_inline _Bool direct4(struct __sk_buff *skb, struct nat_packet *p)
{
	const void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	const struct iphdr *ip = data + L3_AT;

	if ((const void *)(ip + 1) > data_end || *(const __u8 *)ip != 0x45 ||
	    ip->frag_off & bpf_htons(IP_MF | IP_OFFSET) ||
	    (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP) ||
	    !length_fits(skb, p, bpf_ntohs(ip->tot_len)))
		return 0;
	p->family = AF_INET;
	p->src[0] = ip->saddr;
	p->dst[0] = ip->daddr;
	p->proto = ip->protocol;
	p->ttl = ip->ttl;
	p->l4 = L3_AT + sizeof(*ip);
	p->first = 1;
	p->frag_id = ip->id;
	return direct_l4(p, ip + 1, data_end);
}

static __always_inline _Bool direct6(struct __sk_buff *skb, struct nat_packet *p)
{
	const void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	const struct ipv6hdr *ip = data + L3_AT;

	if ((const void *)(ip + 1) > data_end || ip->version != 6 ||
	    (ip->nexthdr != IPPROTO_TCP && ip->nexthdr != IPPROTO_UDP) ||
	    !length_fits(skb, p, sizeof(*ip) + bpf_ntohs(ip->payload_len)))
		return 0;
	p->family = AF_INET6;
	__builtin_memcpy(p->src, &ip->saddr, 16);
	__builtin_memcpy(p->dst, &ip->daddr, 16);
	p->proto = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->l4 = L3_AT + sizeof(*ip);
	p->first = 1;
	return direct_l4(p, ip + 1, data_end);
}

/* ---- everything ---------------------------------------------------------------------------------
 */
static __always_inline int parse_nat4(struct __sk_buff *skb, struct nat_packet *p)
{
	struct iphdr h;

	if (direct4(skb, p))
		return NAT_PARSED;
	if (bpf_skb_load_bytes(skb, L3_AT, &h, sizeof(h)) || h.version != 4 || h.ihl < 5 ||
	    !length_fits(skb, p, bpf_ntohs(h.tot_len)) || L3_AT + h.ihl * 4 > p->end)
		return not_ours(XLB_REASON_BAD_HEADER);
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

/* The IPv6 header before the addresses, which are loaded to where they belong: Linux 6.1 has not
 * the stack for a copy. */
struct nat_ipv6 {
	__u8 version; /* and half of the traffic class */
	__u8 flow[3];
	__be16 payload_len;
	__u8 nexthdr;
	__u8 hop_limit;
};

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
	struct nat_ipv6 h;

	if (direct6(skb, p))
		return NAT_PARSED;
	if (bpf_skb_load_bytes(skb, L3_AT, &h, sizeof(h)) || h.version >> 4 != 6 ||
	    !length_fits(skb, p, sizeof(struct ipv6hdr) + bpf_ntohs(h.payload_len)) ||
	    bpf_skb_load_bytes(skb, L3_AT + sizeof(h), p->src, 32))
		return not_ours(XLB_REASON_BAD_HEADER);
	p->family = AF_INET6;
	p->proto = h.nexthdr;
	p->ttl = h.hop_limit;
	p->l4 = L3_AT + sizeof(struct ipv6hdr);
	p->first = 1;
	if (p->proto == IPPROTO_FRAGMENT) {
		if (p->l4 + sizeof(f) > p->end || bpf_skb_load_bytes(skb, p->l4, &f, sizeof(f)))
			return not_ours(XLB_REASON_BAD_HEADER);
		p->proto = f.next;
		p->l4 += sizeof(f);
		p->fragment = !!(f.frag_off & bpf_htons(0xfff9)); /* else atomic: RFC 6946 */
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
