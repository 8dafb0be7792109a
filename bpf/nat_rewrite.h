/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Writing new addresses, ports, TTL and MACs into a packet. Checksums only through the kernel's
 * helpers, which know whether the skb's is finished, partial or hardware's; the common case, which
 * knows that as well, has its own (nat_fast.h).
 */
#ifndef XLB_BPF_NAT_REWRITE_H
#define XLB_BPF_NAT_REWRITE_H

#include "nat_packet.h"

/* Set by the loader where the kernel knows the flag (Linux 6.16): the pseudo header is IPv6's. */
const volatile __u64 csum_ipv6_flag = 0;

struct rewrite {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u8 ttl;
	__u8 pad[3];
	__u8 dst_mac[6];
	__u8 src_mac[6];
};

/* Sum of one's complement differences; what the csum helpers take as `to` with size 0. */
static __always_inline __u64 csum_change(__u64 sum, __u32 from, __u32 to)
{
	return sum + (__u32)~from + to;
}

static __always_inline __u32 csum_fold32(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return sum;
}

static __always_inline __u32 addresses_diff(const struct nat_packet *p, const struct rewrite *w,
					    const _Bool v6)
{
	__u64 sum = 0;

	sum = csum_change(sum, p->src[0], w->src[0]);
	sum = csum_change(sum, p->dst[0], w->dst[0]);
	if (v6)
		for (int i = 1; i < 4; i++) {
			sum = csum_change(sum, p->src[i], w->src[i]);
			sum = csum_change(sum, p->dst[i], w->dst[i]);
		}
	return csum_fold32(sum);
}

static __always_inline __u32 ports_word(__be16 source, __be16 dest)
{
	return (__u32)dest << 16 | source;
}

/* The transport checksum. 0 or an error. */
static __always_inline int rewrite_l4_csum(struct __sk_buff *skb, const struct nat_packet *p,
					   const struct rewrite *w, __u32 addresses, const _Bool v6)
{
	__u32 at = p->l4 + (p->proto == IPPROTO_TCP ? 16 : 6);
	__u64 flags = p->proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 from = ports_word(p->sport, p->dport), to = ports_word(w->sport, w->dport);

	if (p->udp_no_csum || (p->fragment && !p->first))
		return 0;
	if (bpf_l4_csum_replace(skb, at, 0, addresses,
				flags | BPF_F_PSEUDO_HDR | (v6 ? csum_ipv6_flag : 0)))
		return -1;
	return bpf_l4_csum_replace(skb, at, from, to, flags | 4);
}

/* ---- in place: the common case ------------------------------------------------------------------
 */
static __always_inline void direct_macs(struct ethhdr *eth, const struct rewrite *w)
{
	const word_t *from = (const word_t *)w->dst_mac;
	word_t *to = (word_t *)eth;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/* RFC 1624, the third equation. */
static __always_inline __sum16 csum_update(__sum16 check, __u32 diff)
{
	__u64 sum = (__u16)~check + (__u64)diff;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline __u32 ttl_diff(const struct nat_packet *p, const struct rewrite *w)
{
	/* TTL and protocol are one 16-bit word of the header */
	return csum_fold32(csum_change(0, bpf_htons(p->ttl << 8 | p->proto),
				       bpf_htons(w->ttl << 8 | p->proto)));
}

/* All but the transport checksum. False, and nothing is written: the headers aren't plain, or not
 * in the buffer's first piece. */
static __always_inline _Bool direct_rewrite4(struct __sk_buff *skb, const struct nat_packet *p,
					     const struct rewrite *w, __u32 addresses)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + L3_AT;
	__u32 *ports = (void *)(ip + 1);

	if (p->l4 != L3_AT + sizeof(*ip) || p->fragment || (void *)(ports + 1) > data_end)
		return 0;
	ip->check = csum_update(ip->check, csum_fold32((__u64)addresses + ttl_diff(p, w)));
	ip->saddr = w->src[0];
	ip->daddr = w->dst[0];
	ip->ttl = w->ttl;
	*ports = ports_word(w->sport, w->dport);
	direct_macs(data, w);
	return 1;
}

static __always_inline _Bool direct_rewrite6(struct __sk_buff *skb, const struct nat_packet *p,
					     const struct rewrite *w)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip = data + L3_AT;
	__u32 *ports = (void *)(ip + 1);

	if (p->l4 != L3_AT + sizeof(*ip) || p->fragment || (void *)(ports + 1) > data_end)
		return 0;
	__builtin_memcpy(&ip->saddr, w->src, 16);
	__builtin_memcpy(&ip->daddr, w->dst, 16);
	ip->hop_limit = w->ttl;
	*ports = ports_word(w->sport, w->dport);
	direct_macs(data, w);
	return 1;
}

/* ---- everything ---------------------------------------------------------------------------------
 */
static __always_inline int rewrite_ports(struct __sk_buff *skb, const struct nat_packet *p,
					 const struct rewrite *w)
{
	__u32 to = ports_word(w->sport, w->dport);

	if (p->fragment && !p->first)
		return 0;
	return bpf_skb_store_bytes(skb, p->l4, &to, sizeof(to), 0);
}

static __always_inline int rewrite_l3_v4(struct __sk_buff *skb, const struct nat_packet *p,
					 const struct rewrite *w, __u32 addresses)
{
	__be32 pair[2] = { w->src[0], w->dst[0] };

	if (bpf_l3_csum_replace(skb, L3_AT + 10, 0, csum_fold32((__u64)addresses + ttl_diff(p, w)),
				0) ||
	    bpf_skb_store_bytes(skb, L3_AT + 12, pair, sizeof(pair), 0))
		return -1;
	return bpf_skb_store_bytes(skb, L3_AT + 8, &w->ttl, 1, 0);
}

static __always_inline int rewrite_l3_v6(struct __sk_buff *skb, const struct rewrite *w)
{
	/* src and dst follow each other in struct rewrite as in the header */
	if (bpf_skb_store_bytes(skb, L3_AT + 8, w->src, 32, 0))
		return -1;
	return bpf_skb_store_bytes(skb, L3_AT + 7, &w->ttl, 1, 0);
}

/* Everything of a packet that isn't ICMP. 0, or an error: then the packet may be half written and
 * has to be dropped. */
static __always_inline int rewrite_packet(struct __sk_buff *skb, const struct nat_packet *p,
					  const struct rewrite *w, const _Bool v6)
{
	__u32 addresses = addresses_diff(p, w, v6);

	if (rewrite_l4_csum(skb, p, w, addresses, v6))
		return -1;
	if (v6 ? direct_rewrite6(skb, p, w) : direct_rewrite4(skb, p, w, addresses))
		return 0;
	if (rewrite_ports(skb, p, w))
		return -1;
	if (v6 ? rewrite_l3_v6(skb, w) : rewrite_l3_v4(skb, p, w, addresses))
		return -1;
	return bpf_skb_store_bytes(skb, 0, w->dst_mac, 12, 0);
}

#endif
