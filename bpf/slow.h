/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The cold paths: IPv4 options, IPv6 extension headers, fragments, frames in which the fast path's
 * headers would not fit, and ICMP errors, which follow the flow that the packet inside them belongs
 * to.
 */
#ifndef XLB_BPF_SLOW_H
#define XLB_BPF_SLOW_H

#include "choose.h"
#include "deliver.h"
#include "vip.h"

#define IP_MF 0x2000
#define IP_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8
#define IP6_MF 0x0001
#define EXT_HEADERS_MAX 6

/* RFC 792, RFC 4443. linux/icmp.h would pull in the C library's headers. */
#define ICMP_DEST_UNREACH 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMP6_DEST_UNREACH 1
#define ICMP6_PARAMETER_PROBLEM 4

#define ICMP_SIZE 8

/* A parsed IP header of either family. */
struct ip_info {
	__be32 src[4];
	__be32 dst[4];
	__u32 l4; /* offset of the transport header from the frame's (or inner packet's) start */
	__u32 length; /* of the IP packet */
	__be32 frag_id;
	__u8 proto;
	__u8 extended; /* options or extension headers seen */
	__u8 fragment; /* part of a fragmented packet */
	__u8 first;    /* … its first part */
	__u8 family;   /* AF_INET, AF_INET6 */
	__u8 parted;   /* a fragment header seen */
	__u8 pad[2];
};

/* Room that the stack (512 bytes over all calls) does not have; no packet of a CPU interrupts
 * another one's program. */
struct slow_scratch {
	struct ip_info ip;
	struct ip_info inner; /* of an ICMP error */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slow_scratch);
} scratch SEC(".maps");

static __always_inline struct slow_scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* Does the packet reach to that offset? The frame may go on with padding. */
static __always_inline _Bool reaches(const struct ip_info *ip, __u32 offset)
{
	return offset <= sizeof(struct ethhdr) + ip->length;
}

/* What a step of parsing says: 0 or the reason to pass. */
#define PARSE_OK (-1)

/* Global functions: their stacks are not under those of the choice. They fill *ip, which is 0. */
__noinline int parse_ipv4(struct xdp_md *ctx, __u32 offset, struct ip_info *ip)
{
	struct iphdr h;

	if (!ip)
		return XLB_REASON_BAD_HEADER;
	if (bpf_xdp_load_bytes(ctx, offset, &h, sizeof(h)))
		return XLB_REASON_BAD_HEADER;
	if (h.version != 4 || h.ihl < 5)
		return XLB_REASON_BAD_HEADER;
	ip->family = AF_INET;
	ip->src[0] = h.saddr;
	ip->dst[0] = h.daddr;
	ip->l4 = offset + h.ihl * 4;
	ip->length = bpf_ntohs(h.tot_len);
	if (ip->length < h.ihl * 4u)
		return XLB_REASON_BAD_HEADER;
	ip->proto = h.protocol;
	ip->extended = h.ihl > 5;
	ip->fragment = !!(h.frag_off & bpf_htons(IP_MF | IP_OFFSET));
	ip->first = !(h.frag_off & bpf_htons(IP_OFFSET));
	ip->frag_id = h.id;
	return PARSE_OK;
}

struct ext_header {
	__u8 next;
	__u8 length; /* in units of 8 bytes, the first 8 not counted (RFC 8200) */
	__be16 frag_off;
	__be32 id;
};

static __always_inline _Bool is_extension(__u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_FRAGMENT;
}

__noinline int parse_ipv6(struct xdp_md *ctx, __u32 offset, struct ip_info *ip)
{
	struct ipv6hdr h;
	__u32 end;

	if (!ip)
		return XLB_REASON_BAD_HEADER;
	if (bpf_xdp_load_bytes(ctx, offset, &h, sizeof(h)))
		return XLB_REASON_BAD_HEADER;
	if (h.version != 6)
		return XLB_REASON_BAD_HEADER;
	ip->family = AF_INET6;
	__builtin_memcpy(ip->src, &h.saddr, 16);
	__builtin_memcpy(ip->dst, &h.daddr, 16);
	ip->length = sizeof(h) + bpf_ntohs(h.payload_len);
	ip->proto = h.nexthdr;
	ip->first = 1;
	end = offset + sizeof(h);
	for (int i = 0; i < EXT_HEADERS_MAX && is_extension(ip->proto); i++) {
		struct ext_header e;

		if (bpf_xdp_load_bytes(ctx, end, &e, sizeof(e)))
			return XLB_REASON_BAD_HEADER;
		if (ip->proto == IPPROTO_FRAGMENT) {
			if (ip->parted) /* RFC 8200: once. Which one would others go by? */
				return XLB_REASON_BAD_HEADER;
			ip->parted = 1;
			ip->fragment = !!(e.frag_off & bpf_htons(IP6_OFFSET | IP6_MF));
			ip->extended |= !ip->fragment; /* an atomic one: RFC 6946 */
			ip->first = !(e.frag_off & bpf_htons(IP6_OFFSET));
			ip->frag_id = e.id;
			end += sizeof(e);
			ip->proto = e.next;
			if (!ip->first) { /* what follows is payload, not headers */
				ip->l4 = end;
				return PARSE_OK;
			}
			continue;
		}
		ip->extended = 1;
		ip->proto = e.next;
		end += (e.length + 1) * 8;
	}
	ip->l4 = end;
	return is_extension(ip->proto) ? XLB_REASON_EXT_HEADERS : PARSE_OK;
}

static __always_inline struct xlb_fragment_key fragment_key(const struct ip_info *ip)
{
	struct xlb_fragment_key k = { .id = ip->frag_id, .proto = ip->proto, .family = ip->family };

	__builtin_memcpy(k.src, ip->src, 16);
	__builtin_memcpy(k.dst, ip->dst, 16);
	if (k.family == AF_INET6)
		k.proto =
			0; /* RFC 8200: identification alone; later parts may name another header */
	return k;
}

/* The L2 header again, after helpers that may have moved packet data. */
static __always_inline struct ethhdr *eth_of(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;

	return data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end ? NULL : data;
}

/* Global functions: verified once, and their stacks are not under those of the choice. */
__noinline int later_fragment(struct xdp_md *ctx, const struct ip_info *ip)
{
	struct xlb_fragment_key k;
	const struct xlb_fragment *f;
	struct ethhdr *eth = eth_of(ctx);
	int verdict;

	if (!ip || !eth)
		return XDP_PASS;
	k = fragment_key(ip);
	f = bpf_map_lookup_elem(&fragments, &k);
	if (!f || !XLB_TICK_ALIVE(f->expires, now_ticks()))
		return pass(XLB_REASON_FRAG_UNKNOWN);
	trail_service(f->service, XLB_LISTEN_NONE, 0);
	if (to_host(eth, f->service))
		return pass(XLB_REASON_FLOODED);
	verdict = deliver(ctx, eth, f->host, f->service, ip->length, 0);
	if (verdict != XDP_PASS && verdict != XDP_DROP)
		count(XLB_REASON_FRAG_NEXT);
	return verdict;
}

__noinline int remember_fragment(const struct ip_info *ip, __u32 host, __u32 service)
{
	struct xlb_fragment f = { .host = host,
				  .service = service,
				  .expires = (now_ticks() + XLB_FRAGMENT_TICKS) & XLB_TICK_MASK };
	struct xlb_fragment_key k;

	if (!ip || is_dry())
		return 0;
	k = fragment_key(ip);
	bpf_map_update_elem(&fragments, &k, &f, BPF_ANY); /* the oldest makes room */
	return 0;
}

/* TCP and UDP that the fast path leaves alone. */
static __always_inline int slow_transport(struct xdp_md *ctx, const struct ip_info *ip,
					  const _Bool v6)
{
	union match match = {};
	struct tuple t = { .proto = ip->proto };
	const struct xlb_service *s;
	struct ethhdr *eth;
	__be16 ports[2];
	__u32 slot;
	int verdict;

	if (!reaches(ip, ip->l4 + l4_size(ip->proto)) ||
	    bpf_xdp_load_bytes(ctx, ip->l4, ports, sizeof(ports)) ||
	    (ip->proto == IPPROTO_TCP && bpf_xdp_load_bytes(ctx, ip->l4 + 13, &t.tcp_flags, 1)))
		return pass(XLB_REASON_BAD_L4);
	if (!service_match(ctx, ip->dst, ports[1], ip->proto, v6, &match))
		return pass(XLB_REASON_NO_SERVICE);
	s = service_at(match.service);
	if (s->flags & XLB_SERVICE_NAT)
		return pass(XLB_REASON_RELAY);
	trail_service(match.service, match.listen, s->trace);
	trail_packet(ip->proto, t.tcp_flags, ip->l4, sizeof(*eth) + ip->length);
	eth = eth_of(ctx);
	if (!eth)
		return pass(XLB_REASON_BAD_HEADER);
	if (to_host(eth, match.service))
		return pass(XLB_REASON_FLOODED);
	__builtin_memcpy(t.client, ip->src, 16);
	t.ports = xlb_ports(ports[0], ports[1]);
	t.service = match.service;
	t.listen = match.listen;
	slot = choose(&t, s, v6);
	eth = eth_of(ctx);
	if (!eth)
		return pass(XLB_REASON_BAD_HEADER);
	verdict = deliver(ctx, eth, slot, t.service, ip->length,
			  t.is_new | (!(s->flags & XLB_SERVICE_TRACK) && is_syn(t.tcp_flags)));
	if (verdict == XDP_PASS || verdict == XDP_DROP)
		return verdict;
	if (ip->extended)
		count(XLB_REASON_IP_OPTIONS);
	if (ip->fragment) {
		count(XLB_REASON_FRAG_FIRST);
		remember_fragment(ip, slot, t.service);
	}
	return verdict;
}

/* An error about a packet that a host sent from the VIP: its flow is the inner one, reversed. */
static __always_inline int icmp_error(struct xdp_md *ctx, const struct ip_info *outer,
				      const _Bool v6)
{
	struct slow_scratch *room = scratch_get();
	union match match = {};
	struct tuple t = {};
	const struct xlb_service *s;
	struct ip_info *inner;
	struct ethhdr *eth;
	__be16 ports[2];
	int verdict, why;

	if (!room)
		return pass(XLB_REASON_ICMP_OTHER);
	inner = &room->inner;
	__builtin_memset(inner, 0, sizeof(*inner));
	why = v6 ? parse_ipv6(ctx, outer->l4 + 8, inner) : parse_ipv4(ctx, outer->l4 + 8, inner);
	if (why != PARSE_OK || (inner->fragment && !inner->first) ||
	    (inner->proto != IPPROTO_TCP && inner->proto != IPPROTO_UDP) ||
	    !reaches(outer, inner->l4 + sizeof(ports)) ||
	    bpf_xdp_load_bytes(ctx, inner->l4, ports, sizeof(ports)))
		return pass(XLB_REASON_ICMP_OTHER);
	if (!same_addr(inner->src, outer->dst) ||
	    !service_match(ctx, inner->src, ports[0], inner->proto, v6, &match))
		return pass(XLB_REASON_ICMP_OTHER);
	s = service_at(match.service);
	eth = eth_of(ctx);
	if (!eth)
		return pass(XLB_REASON_ICMP_OTHER);
	if (s->flags & XLB_SERVICE_NAT)
		return pass(XLB_REASON_RELAY);
	trail_service(match.service, match.listen, s->trace);
	trail_packet(outer->proto, 0, outer->l4, sizeof(*eth) + outer->length);
	if (to_host(eth, match.service))
		return pass(XLB_REASON_FLOODED);
	__builtin_memcpy(t.client, inner->dst, 16);
	t.ports = xlb_ports(ports[1], ports[0]);
	t.service = match.service;
	t.listen = match.listen;
	verdict = deliver(ctx, eth, host_of_flow(&t, s, v6), t.service, outer->length, 0);
	if (verdict != XDP_PASS && verdict != XDP_DROP)
		count(XLB_REASON_ICMP_ERROR);
	return verdict;
}

__noinline int icmp_error4(struct xdp_md *ctx, const struct ip_info *outer)
{
	return outer ? icmp_error(ctx, outer, 0) : XDP_PASS;
}

__noinline int icmp_error6(struct xdp_md *ctx, const struct ip_info *outer)
{
	return outer ? icmp_error(ctx, outer, 1) : XDP_PASS;
}

static __always_inline _Bool icmp_is_error(__u8 type, const _Bool v6)
{
	if (v6) /* RFC 4443: errors are below 128; 1 to 4 are defined */
		return type >= ICMP6_DEST_UNREACH && type <= ICMP6_PARAMETER_PROBLEM;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

static __always_inline int slow_packet(struct xdp_md *ctx, const _Bool v6)
{
	struct slow_scratch *room = scratch_get();
	struct ip_info *ip;
	__u8 type;
	int why;

	if (!room)
		return pass(XLB_REASON_BAD_HEADER);
	ip = &room->ip;
	__builtin_memset(ip, 0, sizeof(*ip));
	why = v6 ? parse_ipv6(ctx, sizeof(struct ethhdr), ip) :
		   parse_ipv4(ctx, sizeof(struct ethhdr), ip);
	/* headers that go on behind the packet's end are cut short, too */
	if (ip->length > (__u32)(ctx->data_end - ctx->data) - sizeof(struct ethhdr) ||
	    !reaches(ip, ip->l4))
		return pass(XLB_REASON_BAD_HEADER);
	if (why != PARSE_OK)
		return pass(why);
	if (ip->fragment && !ip->first)
		return later_fragment(ctx, ip);
	if (ip->proto == IPPROTO_TCP || ip->proto == IPPROTO_UDP)
		return slow_transport(ctx, ip, v6);
	if (ip->proto != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return pass(XLB_REASON_NO_SERVICE);
	if (!reaches(ip, ip->l4 + ICMP_SIZE) || bpf_xdp_load_bytes(ctx, ip->l4, &type, 1))
		return pass(XLB_REASON_BAD_L4);
	if (ip->fragment || !icmp_is_error(type, v6)) /* errors aren't so large: RFC 1812, 4443 */
		return pass(XLB_REASON_ICMP_OTHER);
	return v6 ? icmp_error6(ctx, ip) : icmp_error4(ctx, ip);
}

/* Global functions: the verifier checks each of them once, on its own. */
__noinline int slow_packet4(struct xdp_md *ctx)
{
	return slow_packet(ctx, 0);
}

__noinline int slow_packet6(struct xdp_md *ctx)
{
	return slow_packet(ctx, 1);
}

#endif
