/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP errors about packets of a connection, in both directions: the packet inside is translated
 * back, so that the stack that gets it knows its own packet again, and then the outer addresses.
 *
 *   from a router between LB and host, to the NAT address, about what the LB sent to the host:
 *       inner  NAT:port -> host:port   becomes   client:port -> VIP:port,   outer to the client
 *   from a router between client and LB, to the VIP, about what the LB sent to the client:
 *       inner  VIP:port -> client:port becomes   host:port -> NAT:port,     outer to the host
 */
#ifndef XLB_BPF_NAT_ICMP_H
#define XLB_BPF_NAT_ICMP_H

#include "nat_conn.h"
#include "nat_packet.h"
#include "nat_rewrite.h"

/* RFC 792, RFC 4443 */
static __always_inline _Bool nat_icmp_is_error(__u8 type, const _Bool v6)
{
	return v6 ? type >= 1 && type <= 4 : type == 3 || type == 4 || type == 11 || type == 12;
}

/* The inner packet: `at` is where its IP header begins. An error goes to whom that packet was from.
 */
static __always_inline int parse_inner4(struct __sk_buff *skb, const struct nat_packet *outer,
					__u32 at, struct nat_packet *p)
{
	struct iphdr h;
	__u32 ports;

	if (bpf_skb_load_bytes(skb, at, &h, sizeof(h)) || h.version != 4 || h.ihl < 5 ||
	    bpf_ntohs(h.tot_len) < h.ihl * 4u || h.frag_off & bpf_htons(IP_OFFSET))
		return NAT_NOT_OURS;
	p->family = AF_INET;
	p->src[0] = h.saddr;
	p->dst[0] = h.daddr;
	p->proto = h.protocol;
	p->l4 = at + h.ihl * 4;
	if (p->l4 + sizeof(ports) > outer->end || !same_addr(p->src, outer->dst) ||
	    bpf_skb_load_bytes(skb, p->l4, &ports, sizeof(ports)))
		return NAT_NOT_OURS;
	p->sport = ports & 0xffff;
	p->dport = ports >> 16;
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP ? NAT_PARSED : NAT_NOT_OURS;
}

static __always_inline int parse_inner6(struct __sk_buff *skb, const struct nat_packet *outer,
					__u32 at, struct nat_packet *p)
{
	struct nat_ipv6 h;
	__u32 ports;

	if (bpf_skb_load_bytes(skb, at, &h, sizeof(h)) || h.version >> 4 != 6 ||
	    bpf_skb_load_bytes(skb, at + sizeof(h), p->src, 32))
		return NAT_NOT_OURS;
	p->family = AF_INET6;
	p->proto = h.nexthdr;
	p->l4 = at + sizeof(struct ipv6hdr);
	if (p->l4 + sizeof(ports) > outer->end || !same_addr(p->src, outer->dst) ||
	    bpf_skb_load_bytes(skb, p->l4, &ports, sizeof(ports)))
		return NAT_NOT_OURS;
	p->sport = ports & 0xffff;
	p->dport = ports >> 16;
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP ? NAT_PARSED : NAT_NOT_OURS;
}

/*
 * The inner transport checksum, where the error quotes it, changes by addresses and ports; so does
 * the ICMP checksum, by what it covers: ports, the checksum's own change, and with IPv6 the
 * addresses (with IPv4 the inner header's checksum takes those back).
 */
static __always_inline int icmp_inner_l4(struct __sk_buff *skb, const struct nat_packet *in,
					 const struct rewrite *w, __u32 addresses, __u32 icmp_csum,
					 __u32 end, const _Bool v6)
{
	__u32 from = (__u32)in->dport << 16 | in->sport, to = (__u32)w->dport << 16 | w->sport;
	__u32 ports = csum_fold32(csum_change(0, from, to));
	__u32 at = in->l4 + (in->proto == IPPROTO_TCP ? 16 : 6);
	__u64 outer = (__u64)ports + (v6 ? addresses : 0);
	__u64 change = (__u64)ports + addresses;
	__sum16 before, after;

	if (at + sizeof(before) <= end && !bpf_skb_load_bytes(skb, at, &before, sizeof(before)) &&
	    !(in->proto == IPPROTO_UDP && !before)) {
		if (bpf_l3_csum_replace(skb, at, 0, csum_fold32(change), 0) ||
		    bpf_skb_load_bytes(skb, at, &after, sizeof(after)))
			return -1;
		if (in->proto == IPPROTO_UDP && !after) { /* would say that there is none */
			after = 0xffff;
			if (bpf_skb_store_bytes(skb, at, &after, sizeof(after), 0))
				return -1;
		}
		outer = csum_change(outer, before, after);
	}
	if (bpf_l4_csum_replace(skb, icmp_csum, 0, csum_fold32(outer), 0))
		return -1;
	return bpf_skb_store_bytes(skb, in->l4, &to, sizeof(to), 0);
}

static __always_inline int icmp_inner(struct __sk_buff *skb, __u32 at, const struct nat_packet *in,
				      const struct rewrite *w, __u32 icmp_csum, __u32 end,
				      const _Bool v6)
{
	__u32 addresses = addresses_diff(in, w, v6);
	__be32 pair[2] = { w->src[0], w->dst[0] };

	if (icmp_inner_l4(skb, in, w, addresses, icmp_csum, end, v6))
		return -1;
	if (v6)
		return bpf_skb_store_bytes(skb, at + 8, w->src, 32, 0);
	if (bpf_l3_csum_replace(skb, at + 10, 0, addresses, 0))
		return -1;
	return bpf_skb_store_bytes(skb, at + 12, pair, sizeof(pair), 0);
}

/* The outer header: with IPv6 its addresses are in the ICMP checksum, too. */
static __always_inline int icmp_outer(struct __sk_buff *skb, const struct nat_packet *p,
				      const struct rewrite *w, __u32 icmp_csum, const _Bool v6)
{
	__u32 addresses = addresses_diff(p, w, v6);

	if (v6) {
		if (bpf_l4_csum_replace(skb, icmp_csum, 0, addresses,
					BPF_F_PSEUDO_HDR | csum_ipv6_flag))
			return -1;
		if (rewrite_l3_v6(skb, w))
			return -1;
	} else if (rewrite_l3_v4(skb, p, w, addresses)) {
		return -1;
	}
	return bpf_skb_store_bytes(skb, 0, w->dst_mac, 12, 0);
}

#endif
