/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Is this packet for a service, and which one?
 */
#ifndef XLB_BPF_VIP_H
#define XLB_BPF_VIP_H

#include "maps.h"
#include "packet.h"

struct match {
	__u32 service;
	__u32 listen;
};

/* The entry of (address, l4 word), or NULL. */
static __always_inline const struct xlb_vip *vip_find(XLB_CONTEXT *ctx, const __be32 *addr,
						      __u32 l4, const _Bool v6)
{
	__u32 slot = v6 ? xlb_vip_hash6(hash_key, addr, l4) : xlb_vip_hash4(hash_key, addr[0], l4);

	for (int i = 0; i < XLB_VIP_PROBES; i++, slot = (slot + 1) & (XLB_VIP_SLOTS - 1)) {
		const struct xlb_vip *vip = bpf_map_lookup_elem(&vips, &slot);

		if (!vip)
			return NULL;
		if (*(const __u32 *)&vip->port == l4 && vip->addr[0] == addr[0] &&
		    (!v6 || (vip->addr[1] == addr[1] && vip->addr[2] == addr[2] &&
			     vip->addr[3] == addr[3])) &&
		    !(vip->flags & XLB_VIP_DELETED) &&
		    (!vip->ifindex || vip->ifindex == ingress_of(ctx)))
			return vip;
		if (!vip->family)
			return NULL;
	}
	return NULL;
}

/* Port ranges: the address's entry with port 0 leads to a short list. */
static __always_inline _Bool range_match(XLB_CONTEXT *ctx, const __be32 *addr, __be16 port,
					 __u8 proto, const _Bool v6, struct match *match)
{
	const struct xlb_vip *vip =
		vip_find(ctx, addr, l4_word(0, proto, v6 ? AF_INET6 : AF_INET), v6);
	const struct xlb_ranges *list;
	__u32 index, wanted = bpf_ntohs(port);

	if (!vip || !(vip->flags & XLB_VIP_RANGES))
		return 0;
	index = vip->listen;
	list = bpf_map_lookup_elem(&ranges, &index);
	if (!list)
		return 0;
	for (__u32 i = 0; i < XLB_RANGE_SIZE; i++) {
		const struct xlb_range *r = &list->range[i];

		if (i >= list->n)
			break;
		if (wanted < r->port_lo || wanted > r->port_hi ||
		    (r->ifindex && r->ifindex != ingress_of(ctx)))
			continue;
		match->service = r->service;
		match->listen = r->listen;
		return 1;
	}
	return 0;
}

/* Cold: only configurations with port ranges get here, for packets without an exact match. */
static __noinline int range_match4(XLB_CONTEXT *ctx, const __be32 *addr, __u32 l4,
				   struct match *match)
{
	return range_match(ctx, addr, l4 & 0xffff, l4 >> 16 & 0xff, 0, match);
}

static __noinline int range_match6(XLB_CONTEXT *ctx, const __be32 *addr, __u32 l4,
				   struct match *match)
{
	return range_match(ctx, addr, l4 & 0xffff, l4 >> 16 & 0xff, 1, match);
}

static __always_inline _Bool service_match(XLB_CONTEXT *ctx, const __be32 *addr, __be16 port,
					   __u8 proto, const _Bool v6, struct match *match)
{
	__u32 l4 = l4_word(port, proto, v6 ? AF_INET6 : AF_INET);
	const struct xlb_vip *vip = vip_find(ctx, addr, l4, v6);
	const struct xlb_settings *s;
	__u32 zero = 0;

	if (vip && port) { /* port 0 is where the address's ranges are, and nobody's */
		match->service = vip->service;
		match->listen = vip->listen;
		return 1;
	}
	s = bpf_map_lookup_elem(&settings, &zero);
	if (!s || !s->has_ranges)
		return 0;
	return v6 ? range_match6(ctx, addr, l4, match) : range_match4(ctx, addr, l4, match);
}

#endif
