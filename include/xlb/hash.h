/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The hash functions that kernel and loader share.
 *
 * The core is multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is fast",
 * 2014): the sum of 64-bit secret keys times 32-bit words, modulo 2^64, of which the high half is
 * strongly universal. Whoever doesn't know the keys can't choose colliding packets. A final
 * multiply-xorshift spreads it, so that all bits are good and the answer isn't linear in the keys.
 */
#ifndef XLB_HASH_H
#define XLB_HASH_H

#include <linux/types.h>

#include "xlb/abi.h"

/* Each function comes for either family, and once more for callers who know which at run time or by
 * a constant: addresses are then one word or four. */
#define XLB_INLINE static inline __attribute__((always_inline))

#define XLB_MIX 0x9fb21c651e98df25ull

/* Whose high half alone is good. */
XLB_INLINE __u64 xlb_mix_high(__u64 h)
{
	return (h ^ h >> 32) * XLB_MIX;
}

XLB_INLINE __u64 xlb_mix(__u64 h)
{
	h = xlb_mix_high(h);
	return h ^ h >> 32;
}

/* Both ports as they lie in the packet: client's first. Any fixed order will do. */
XLB_INLINE __u32 xlb_ports(__be16 client, __be16 service)
{
	return (__u32)service << 16 | client;
}

/* Row of a client on a service: index below XLB_ROWS. */
XLB_INLINE __u32 xlb_row_hash4(const struct xlb_service *s, __be32 client, __u32 ports)
{
	__u64 h = s->row_key[0] + s->row_key[1] * (ports & s->port_mask) + s->row_key[2] * client;

	return xlb_mix(h) >> (64 - XLB_ROWS_BITS);
}

XLB_INLINE __u32 xlb_row_hash6(const struct xlb_service *s, const __be32 client[4], __u32 ports)
{
	__u64 h = s->row_key[0] + s->row_key[1] * (ports & s->port_mask) +
		  s->row_key[2] * client[0] + s->row_key[3] * client[1] +
		  s->row_key[4] * client[2] + s->row_key[5] * client[3];

	return xlb_mix(h) >> (64 - XLB_ROWS_BITS);
}

XLB_INLINE __u32 xlb_row_hash(const struct xlb_service *s, const __be32 *client, __u32 ports,
			      const _Bool v6)
{
	return v6 ? xlb_row_hash6(s, client, ports) : xlb_row_hash4(s, client[0], ports);
}

/* The program's own keys are `volatile`, as libbpf wants its read-only data. */

/* Slot in the map "vips" where probing starts. `l4` is port, proto and family as struct xlb_vip
 * has them, read as one word. */
XLB_INLINE __u32 xlb_vip_hash4(const volatile __u64 key[8], __be32 addr, __u32 l4)
{
	return xlb_mix_high(key[0] + key[1] * addr + key[2] * l4) >> (64 - XLB_VIP_BITS);
}

XLB_INLINE __u32 xlb_vip_hash6(const volatile __u64 key[8], const __be32 addr[4], __u32 l4)
{
	return xlb_mix_high(key[0] + key[1] * addr[0] + key[2] * l4 + key[3] * addr[1] +
			    key[4] * addr[2] + key[5] * addr[3]) >>
	       (64 - XLB_VIP_BITS);
}

XLB_INLINE __u32 xlb_vip_hash(const volatile __u64 key[8], const __be32 *addr, __u32 l4,
			      const _Bool v6)
{
	return v6 ? xlb_vip_hash6(key, addr, l4) : xlb_vip_hash4(key, addr[0], l4);
}

/* Flow entry: see xlb_flow_line(). */
XLB_INLINE __u64 xlb_flow_hash4(const volatile __u64 key[8], __be32 client, __u32 ports,
				__u32 listen)
{
	return xlb_mix(key[3] + key[4] * client + key[5] * ports + key[6] * listen);
}

XLB_INLINE __u64 xlb_flow_hash6(const volatile __u64 key[8], const __be32 client[4], __u32 ports,
				__u32 listen)
{
	return xlb_mix(key[0] + key[1] * client[0] + key[2] * client[1] + key[3] * client[2] +
		       key[4] * client[3] + key[5] * ports + key[6] * listen);
}

XLB_INLINE __u64 xlb_flow_hash(const volatile __u64 key[8], const __be32 *client, __u32 ports,
			       __u32 listen, const _Bool v6)
{
	return v6 ? xlb_flow_hash6(key, client, ports, listen) :
		    xlb_flow_hash4(key, client[0], ports, listen);
}

/* Lines in the front of a table; behind it are mask + 1 more. Both, and `most`, are powers of two.
 */
XLB_INLINE __u32 xlb_table_front(__u32 mask, __u32 most)
{
	return (mask & (most - 1)) + 1;
}

/*
 * The lines of a table where an entry may be, in the order they are looked at. The first is in the
 * table's front, so that few entries lie close together, in few pages and in the CPU's cache. The
 * other two are behind it, near each other: one page for both.
 */
XLB_INLINE __u32 xlb_table_line(__u64 hash, __u32 candidate, __u32 mask, __u32 most)
{
	if (candidate == 0)
		return hash & mask & (most - 1);
	if (candidate == 1)
		return xlb_table_front(mask, most) + (hash >> 32 & mask);
	return xlb_table_front(mask, most) + ((hash >> 32 ^ (hash >> 58 | 1)) & mask);
}

/* Of a flow table, and of the index of connections. */
XLB_INLINE __u32 xlb_flow_front(__u32 mask)
{
	return xlb_table_front(mask, XLB_FLOW_FRONT_LINES);
}

XLB_INLINE __u32 xlb_flow_line(__u64 hash, __u32 candidate, __u32 mask)
{
	return xlb_table_line(hash, candidate, mask, XLB_FLOW_FRONT_LINES);
}

XLB_INLINE __u32 xlb_nat_line(__u64 hash, __u32 candidate, __u32 mask)
{
	return xlb_table_line(hash, candidate, mask, XLB_NAT_FRONT_LINES);
}

/* What tells the words of a line apart: bits that say little of which line it is. */
XLB_INLINE __u32 xlb_nat_tag(__u64 hash, __u32 listen)
{
	__u32 tag = hash >> 13 & ~XLB_NAT_TAG_BACK;

	return listen & XLB_LISTEN_BACK ? tag | XLB_NAT_TAG_BACK : tag;
}

/* Slot in the map "targets" where probing starts; l4 as for VIPs, of the host's address and port.
 */
XLB_INLINE __u32 xlb_target_hash(const volatile __u64 key[8], const __be32 host[4], __u32 l4,
				 const __be32 nat[4])
{
	return xlb_mix(key[7] + key[6] * host[0] + key[5] * l4 + key[4] * host[1] +
		       key[3] * host[2] + key[2] * host[3] + key[1] * (nat[0] ^ nat[3])) &
	       (XLB_TARGET_SLOTS - 1);
}

/* Byte of the MAC filter (Knuth's multiplicative hashing), of a MAC as union xlb_mac_key has it
 * with service 0. The guard is no secret: no key. */
XLB_INLINE __u32 xlb_mac_hash(__u64 mac)
{
	return mac * XLB_MIX >> (64 - XLB_MAC_FILTER_BITS);
}

#endif
