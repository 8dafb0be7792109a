/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Is this packet for a service, and which one?
 *
 * Nearly always the first slot tells: it has the address, or it is empty and there are no port
 * ranges. All else is a function's.
 */
#ifndef XLB_BPF_VIP_H
#define XLB_BPF_VIP_H

#include "maps.h"
#include "packet.h"

union match {
	struct { /* as in struct xlb_vip */
		__u16 service;
		__u16 listen;
	};
	__u32 word;
};
#define NO_MATCH (~0u)

static __always_inline _Bool vip_is(const struct xlb_vip *vip, const __be32 *addr, __u32 l4,
				    const _Bool v6)
{
	return *(const word_t *)&vip->port == l4 && vip->addr[0] == addr[0] &&
	       (!v6 ||
		(vip->addr[1] == addr[1] && vip->addr[2] == addr[2] && vip->addr[3] == addr[3]));
}

/* Bound to an interface, deleted, or there for its address's port ranges (and then its port is 0)?
 */
static __always_inline _Bool vip_is_special(const struct xlb_vip *vip)
{
	return *(const __u64 *)&vip->ifindex != 0;
}

static __always_inline __u32 match_word(const struct xlb_vip *vip)
{
	return *(const word_t *)&vip->service;
}

/* The entry of (address, l4 word), or NULL. */
static __always_inline const struct xlb_vip *vip_find(XLB_CONTEXT *ctx, const __be32 *addr,
						      __u32 l4, const _Bool v6)
{
	__u32 slot = xlb_vip_hash(hash_key, addr, l4, v6);

	for (int i = 0; i < XLB_VIP_PROBES; i++, slot = (slot + 1) & (XLB_VIP_SLOTS - 1)) {
		const struct xlb_vip *vip = TABLE_AT(vips, slot);

		if (vip_is(vip, addr, l4, v6) && !(vip->flags & XLB_VIP_DELETED) &&
		    (!vip->ifindex || vip->ifindex == ingress_of(ctx)))
			return vip;
		if (!vip->family)
			return NULL;
	}
	return NULL;
}

/* Port ranges: the address's entry with port 0 leads to a short list. */
static __always_inline __u32 range_match(XLB_CONTEXT *ctx, const __be32 *addr, __u32 l4,
					 const _Bool v6)
{
	const struct xlb_vip *vip = vip_find(ctx, addr, l4_portless(l4), v6);
	__u32 index, wanted = bpf_ntohs(l4_port(l4));
	const struct xlb_ranges *list;

	if (!vip || !(vip->flags & XLB_VIP_RANGES))
		return NO_MATCH;
	index = vip->listen;
	list = bpf_map_lookup_elem(&ranges, &index);
	if (!list)
		return NO_MATCH;
	for (__u32 i = 0; i < XLB_RANGE_SIZE; i++) {
		const struct xlb_range *r = &list->range[i];

		if (i >= list->n)
			break;
		if (wanted < r->port_lo || wanted > r->port_hi ||
		    (r->ifindex && r->ifindex != ingress_of(ctx)))
			continue;
		return *(const word_t *)&r->service;
	}
	return NO_MATCH;
}

static __always_inline __u32 match_all(XLB_CONTEXT *ctx, const __be32 *addr, __u32 l4,
				       const _Bool v6)
{
	const struct xlb_vip *vip = vip_find(ctx, addr, l4, v6);

	if (vip && l4_port(l4)) /* port 0 is where the address's ranges are, and nobody's */
		return match_word(vip);
	return TABLE_AT(settings, 0)->has_ranges ? range_match(ctx, addr, l4, v6) : NO_MATCH;
}

/* Global functions: the verifier checks each of them once, on its own. They return a match's word.
 */
__noinline int match_all4(XLB_CONTEXT *ctx, __be32 addr, __u32 l4)
{
	return match_all(ctx, &addr, l4, 0);
}

struct addr6 {
	__be32 word[4];
};

__noinline int match_all6(XLB_CONTEXT *ctx, const struct addr6 *addr, __u32 l4)
{
	return addr ? match_all(ctx, addr->word, l4, 1) : NO_MATCH;
}

static __always_inline _Bool service_match(XLB_CONTEXT *ctx, const __be32 *addr, __be16 port,
					   __u8 proto, const _Bool v6, union match *match)
{
	__u32 l4 = l4_word(port, proto, v6 ? AF_INET6 : AF_INET);
	const struct xlb_vip *vip = TABLE_AT(vips, xlb_vip_hash(hash_key, addr, l4, v6));

	if (vip_is(vip, addr, l4, v6) && !vip_is_special(vip)) {
		match->word = match_word(vip);
		return 1;
	}
	if (!vip->family && !TABLE_AT(settings, 0)->has_ranges)
		return 0;
	match->word =
		v6 ? match_all6(ctx, (const struct addr6 *)addr, l4) : match_all4(ctx, addr[0], l4);
	return match->word != NO_MATCH;
}

#endif
