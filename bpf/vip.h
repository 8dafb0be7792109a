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

static __always_inline __u64 const_key(int i)
{
	return hash_key[i];
}

static __always_inline __u32 vip_slot(const __be32 addr[4], __u32 l4, const _Bool v6)
{
	__u64 h = const_key(0) + const_key(1) * addr[0] + const_key(2) * l4;

	if (v6)
		h += const_key(3) * addr[1] + const_key(4) * addr[2] + const_key(5) * addr[3];
	return xlb_mix(h) & (XLB_VIP_SLOTS - 1);
}

/* The entry of (address, l4 word), or NULL. */
static __always_inline const struct xlb_vip *vip_find(struct xdp_md *ctx, const __be32 addr[4],
						      __u32 l4, const _Bool v6)
{
	__u32 slot = vip_slot(addr, l4, v6);

	for (int i = 0; i < XLB_VIP_PROBES; i++, slot = (slot + 1) & (XLB_VIP_SLOTS - 1)) {
		const struct xlb_vip *vip = bpf_map_lookup_elem(&vips, &slot);

		if (!vip)
			return NULL;
		if (*(const __u32 *)&vip->port == l4 && vip->addr[0] == addr[0] &&
		    (!v6 || (vip->addr[1] == addr[1] && vip->addr[2] == addr[2] &&
			     vip->addr[3] == addr[3])) &&
		    !(vip->flags & XLB_VIP_DELETED) &&
		    (!vip->ifindex || vip->ifindex == ctx->ingress_ifindex))
			return vip;
		if (!vip->family)
			return NULL;
	}
	return NULL;
}

/* Port ranges: the address's entry with port 0 leads to a short list. */
static __always_inline _Bool range_match(struct xdp_md *ctx, const __be32 addr[4], __be16 port,
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
		    (r->ifindex && r->ifindex != ctx->ingress_ifindex))
			continue;
		match->service = r->service;
		match->listen = r->listen;
		return 1;
	}
	return 0;
}

/* Cold: only configurations with port ranges get here, for packets without an exact match. */
static __noinline int range_match4(struct xdp_md *ctx, const __be32 addr[4], __u32 l4,
				   struct match *match)
{
	return range_match(ctx, addr, l4 & 0xffff, l4 >> 16 & 0xff, 0, match);
}

static __noinline int range_match6(struct xdp_md *ctx, const __be32 addr[4], __u32 l4,
				   struct match *match)
{
	return range_match(ctx, addr, l4 & 0xffff, l4 >> 16 & 0xff, 1, match);
}

static __always_inline _Bool service_match(struct xdp_md *ctx, const __be32 addr[4], __be16 port,
					   __u8 proto, const _Bool v6, struct match *match)
{
	__u32 l4 = l4_word(port, proto, v6 ? AF_INET6 : AF_INET);
	const struct xlb_vip *vip = vip_find(ctx, addr, l4, v6);
	const struct xlb_settings *s;
	__u32 zero = 0;

	if (vip) {
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
