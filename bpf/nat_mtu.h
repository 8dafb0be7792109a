/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that are larger than the MTU of the interface they are to leave by. A router would say so
 * to whoever sent them, and so do we: ICMP "fragmentation needed" (RFC 792, RFC 1191), ICMPv6
 * "packet too big" (RFC 4443), from the address that the packet was for, in whose name we stand.
 * The packet in question becomes the answer: cut behind the transport header, with room made before
 * it.
 */
#ifndef XLB_BPF_NAT_MTU_H
#define XLB_BPF_NAT_MTU_H

#include "maps.h"
#include "nat_packet.h"

/* Smaller packets aren't looked at: every link carries them (RFC 791, RFC 8200). */
#define MTU_ALWAYS4 576
#define MTU_ALWAYS6 1280

#define IP_DF 0x4000
#define TOO_BIG_TTL 64
#define QUOTED_L4 24 /* bytes of the transport header and what follows */

/* RFC 1191 and RFC 4443; <linux/icmp.h> takes half of libc along. */
#define ICMP_DEST_UNREACH 3
#define ICMP_FRAG_NEEDED 4
#define ICMPV6_PKT_TOOBIG 2

struct icmp_frag_needed {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 unused;
	__be16 mtu;
};

struct icmp6_too_big {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 mtu;
};

/* What stands between the Ethernet header and the quoted packet, and that. No holes. */
struct too_big4 {
	struct iphdr ip;
	struct icmp_frag_needed icmp;
	struct iphdr inner;
	__u16 l4[QUOTED_L4 / 2];
};

struct too_big6 {
	struct ipv6hdr ip;
	struct icmp6_too_big icmp;
	struct ipv6hdr inner;
	__u16 l4[QUOTED_L4 / 2];
};

struct too_big_macs {
	__u8 dst[6];
	__u8 src[6];
};

/* The MTU if the packet, or a segment of it, is larger; else 0. */
static __always_inline __u32 mtu_exceeded(struct __sk_buff *skb, const struct nat_packet *p,
					  __u32 ifindex, const _Bool v6)
{
	__s32 padding = skb->len - p->end; /* behind the packet: not what the link is asked to carry */
	__u32 mtu = 0;

	if (p->bytes <= (v6 ? MTU_ALWAYS6 : MTU_ALWAYS4))
		return 0;
	if (skb->gso_size)
		return bpf_check_mtu(skb, ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) > 0 ? mtu : 0;
	return bpf_check_mtu(skb, ifindex, &mtu, -padding, 0) > 0 ? mtu : 0;
}

static __always_inline __u16 csum_fold16(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32 & 0xffff) + (sum >> 48);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* One's complement sum; size is a multiple of 4. */
static __always_inline __u64 sum_of(const void *from, __u32 size)
{
	return bpf_csum_diff(NULL, 0, (__be32 *)from, size, 0);
}

/*
 * The quoted packet's checksum may be one that the kernel or the card is still to finish, whoever
 * sends it next: over the transport header and what follows it here. The result must not change
 * what the ICMP checksum covers; so the checksum is 0, and the last two bytes make the sum 0.
 */
static __always_inline void quote_l4(__u16 l4[QUOTED_L4 / 2], __u8 proto)
{
	if (proto == IPPROTO_TCP)
		l4[8] = 0;
	else
		l4[3] = 0;
	l4[QUOTED_L4 / 2 - 1] = 0;
	l4[QUOTED_L4 / 2 - 1] = ~csum_fold16(sum_of(l4, QUOTED_L4));
}

/* Makes room, and sends the frame back where it came from. */
static __always_inline int too_big_send(struct __sk_buff *skb, const void *packet, __u32 size,
					__u32 outer)
{
	struct too_big_macs macs, back;

	if (bpf_skb_change_tail(skb, L3_AT + size - outer, 0) ||
	    bpf_skb_adjust_room(skb, outer, BPF_ADJ_ROOM_MAC, 0) ||
	    bpf_skb_load_bytes(skb, 0, &macs, sizeof(macs)))
		return -1;
	__builtin_memcpy(back.dst, macs.src, 6);
	__builtin_memcpy(back.src, macs.dst, 6);
	if (bpf_skb_store_bytes(skb, 0, &back, sizeof(back), 0) ||
	    bpf_skb_store_bytes(skb, L3_AT, packet, size, 0))
		return -1;
	return 0;
}

/* 0: *t is the answer. With options the transport header isn't where it is looked for, and without
 * DF the sender asked for fragments, which are not made here. */
static __always_inline int too_big_fill4(struct __sk_buff *skb, struct too_big4 *t, __u32 mtu)
{
	__builtin_memset(t, 0, sizeof(*t));
	if (bpf_skb_load_bytes(skb, L3_AT, &t->inner, sizeof(t->inner) + sizeof(t->l4)) ||
	    t->inner.ihl != 5 || !(t->inner.frag_off & bpf_htons(IP_DF)))
		return -1;
	quote_l4(t->l4, t->inner.protocol);
	t->ip.version = 4;
	t->ip.ihl = 5;
	t->ip.tot_len = bpf_htons(sizeof(*t));
	t->ip.ttl = TOO_BIG_TTL;
	t->ip.protocol = IPPROTO_ICMP;
	t->ip.saddr = t->inner.daddr;
	t->ip.daddr = t->inner.saddr;
	t->ip.check = ~csum_fold16(sum_of(&t->ip, sizeof(t->ip)));
	t->icmp.type = ICMP_DEST_UNREACH;
	t->icmp.code = ICMP_FRAG_NEEDED;
	t->icmp.mtu = bpf_htons(mtu > 0xffff ? 0xffff : mtu);
	t->icmp.checksum = ~csum_fold16(sum_of(&t->icmp, sizeof(*t) - sizeof(t->ip)));
	return 0;
}

static __always_inline int too_big_fill6(struct __sk_buff *skb, struct too_big6 *t, __u32 mtu)
{
	const __u32 size = sizeof(*t) - sizeof(t->ip);

	__builtin_memset(t, 0, sizeof(*t));
	if (bpf_skb_load_bytes(skb, L3_AT, &t->inner, sizeof(t->inner) + sizeof(t->l4)) ||
	    (t->inner.nexthdr != IPPROTO_TCP && t->inner.nexthdr != IPPROTO_UDP))
		return -1;
	quote_l4(t->l4, t->inner.nexthdr);
	t->ip.version = 6;
	t->ip.payload_len = bpf_htons(size);
	t->ip.hop_limit = TOO_BIG_TTL;
	t->ip.nexthdr = IPPROTO_ICMPV6;
	t->ip.saddr = t->inner.daddr;
	t->ip.daddr = t->inner.saddr;
	t->icmp.type = ICMPV6_PKT_TOOBIG;
	t->icmp.mtu = bpf_htonl(mtu);
	/* RFC 4443, 2.3: with a pseudo header of addresses, length and protocol */
	t->icmp.checksum = ~csum_fold16(sum_of(&t->ip.saddr, 32) + bpf_htons(size) +
					bpf_htons(IPPROTO_ICMPV6) + sum_of(&t->icmp, size));
	return 0;
}

#endif
