/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The common case of NAT, which is all but a few packets of each connection: a plain IPv4 or IPv6
 * header, TCP or UDP, of a connection that is open and stays so. What is known of the packet is in
 * registers, what it becomes is copied from the maps into the frame, each record is looked up once,
 * and nothing is called but the redirect (and vip.h's function, for a VIP that the first slot does
 * not tell of): where returns are guarded against speculation, a call costs more than a hash and a
 * look-up.
 *
 * Whatever is not so common (SYN, FIN, RST, fragments, options, extension headers, hosts that
 * are down, packets larger than an MTU, ...) is left to the long way, before anything is written or
 * counted; so is all of it in the tracing build, which has notes to take.
 */
#ifndef XLB_BPF_NAT_FAST_H
#define XLB_BPF_NAT_FAST_H

#include <bpf/bpf_core_read.h>

#include "deliver.h"
#include "nat_index.h"
#include "nat_mtu.h"
#include "nat_packet.h"
#include "nat_rewrite.h"
#include "vip.h"

#define FAST_NOT (-2) /* no verdict: the long way */

/* 0 in the build for kernels without bpf_cast_to_kern_ctx() (before Linux 6.2). With it, what the
 * checksum is can be read, and one that is finished is changed in place. */
#ifndef XLB_SEES_SKB
#define XLB_SEES_SKB 1
#endif

/* The kernel's, as far as it is read; relocated by BTF. */
struct sk_buff___checksum {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

#define SUMMED_NONE 0
#define SUMMED_UNNECESSARY 1

struct fast {
	void *ip;    /* in the frame */
	__u32 ports; /* as xlb_ports(): the source's first */
	__u32 bytes;
	__u32 segments; /* 0: no aggregate (GRO) */
	__u8 proto;
	__u8 ttl;
};

/* What the packet becomes, and where that is written. */
struct fast_change {
	const __be32 *src;
	const __be32 *dst;
	__u32 ports;
	__u8 ttl;
};

#define FAST_L3_SIZE(v6) ((v6) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr))
#define FAST_L4_AT(v6) (L3_AT + FAST_L3_SIZE(v6))

static __always_inline __be32 *fast_src(const struct fast *f, const _Bool v6)
{
	return f->ip + (v6 ? 8 : 12);
}

static __always_inline __be32 *fast_dst(const struct fast *f, const _Bool v6)
{
	return f->ip + (v6 ? 24 : 16);
}

static __always_inline void fast_addr(__be32 *to, const __be32 *from, const _Bool v6)
{
	to[0] = from[0];
	if (v6) {
		to[1] = from[1];
		to[2] = from[2];
		to[3] = from[3];
	}
}

static __always_inline _Bool fast_same(const __be32 *a, const __be32 *b, const _Bool v6)
{
	return a[0] == b[0] && (!v6 || (a[1] == b[1] && a[2] == b[2] && a[3] == b[3]));
}

/* ---- the packet ---------------------------------------------------------------------------- */
/* Returns the length that the IP header tells, 0: not so plain. */
static __always_inline __u32 fast_ip4(const struct iphdr *ip, struct fast *f)
{
	if (*(const __u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_MF | IP_OFFSET))
		return 0;
	f->proto = ip->protocol;
	f->ttl = ip->ttl;
	return bpf_ntohs(ip->tot_len);
}

static __always_inline __u32 fast_ip6(const struct ipv6hdr *ip, struct fast *f)
{
	if (*(const __u8 *)ip >> 4 != 6)
		return 0;
	f->proto = ip->nexthdr;
	f->ttl = ip->hop_limit;
	return sizeof(*ip) + bpf_ntohs(ip->payload_len);
}

/* A short UDP packet that isn't padded has not the room that is asked for, which is TCP's. */
static __always_inline _Bool fast_parse(struct __sk_buff *skb, struct fast *f, const _Bool v6)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	const void *l4 = data + FAST_L4_AT(v6);
	__u32 length, least;

	if (l4 + sizeof(struct tcphdr) > data_end)
		return 0;
	f->ip = data + L3_AT;
	length = v6 ? fast_ip6(f->ip, f) : fast_ip4(f->ip, f);
	if (!length || f->ttl <= 1)
		return 0;
	if (f->proto == IPPROTO_TCP) {
		if (((const __u8 *)l4)[13] & (TCP_SYN | TCP_FIN | TCP_RST))
			return 0;
		least = FAST_L3_SIZE(v6) + sizeof(struct tcphdr);
	} else if (f->proto == IPPROTO_UDP) {
		least = FAST_L3_SIZE(v6) + sizeof(struct udphdr);
	} else {
		return 0;
	}
	f->segments = 0;
	if (skb->gso_size) {
		length = skb->len - L3_AT; /* the header may tell less */
		f->segments = skb->gso_segs ? skb->gso_segs : 1;
	}
	if (L3_AT + length > skb->len || length < least)
		return 0;
	f->ports = *(const __u32 *)l4;
	f->bytes = length;
	return 1;
}

/* ---- the connection ------------------------------------------------------------------------ */
/* Does the packet leave the connection in its state? */
static __always_inline _Bool fast_state(__u32 word, __u32 now, __u8 proto, _Bool out)
{
	__u32 state = word >> 28;

	if (!XLB_TICK_ALIVE(word, now)) /* the state is shifted out */
		return 0;
	if (proto == IPPROTO_UDP)
		return state == XLB_CONN_OPEN || (state == XLB_CONN_SYN_SENT && !out);
	return state >= XLB_CONN_OPEN && state <= XLB_CONN_FIN_HOST;
}

/* Where the index says that the connection is: the first word, as there is hardly ever another. */
static __always_inline _Bool fast_look(__u64 hash, __u32 tag, struct conn_ref *ref)
{
	for (int candidate = 0; candidate < XLB_NAT_CANDIDATES; candidate++) {
		const struct xlb_nat_line *line = index_line(hash, candidate);

		for (int i = 0; line && i < XLB_NAT_WAYS; i++) {
			__u64 raw = *(const volatile __u64 *)&line->way[i].raw;

			if (tag_of(raw) != tag)
				continue;
			*ref = ref_of(raw);
			return 1;
		}
	}
	return 0;
}

/* The record that the index names, if it is that client's. */
static __always_inline struct xlb_conn *fast_find(const __be32 *client, __u32 ports, __u32 listen,
						  struct conn_ref *ref, const _Bool v6)
{
	__u64 hash = xlb_flow_hash(hash_key, client, ports, listen, v6);
	struct xlb_conn *c;

	if (!fast_look(hash, xlb_nat_tag(hash, listen), ref))
		return NULL;
	c = conn_at(ref->target, ref->port);
	return c && fast_same(c->client, client, v6) ? c : NULL;
}

static __always_inline void fast_count(struct xlb_conn *c, const struct xlb_service *s,
				       const struct fast *f, __u32 before, __u32 now, _Bool out)
{
	__u32 state = before >> 28, after;

	barrier_var(state); /* else the compiler knows it to be small, and the verifier doesn't */
	after = word_of(now + s->timeout[state & 7], before >> 28);
	if (out) {
		c->packets_out += f->segments ? f->segments : 1;
		c->bytes_out += f->bytes;
	} else {
		c->packets_in += f->segments ? f->segments : 1;
		c->bytes_in += f->bytes;
	}
	if (after != before)
		__sync_val_compare_and_swap(conn_word(c), before, after);
}

/* ---- the act ------------------------------------------------------------------------------- */
/* Small packets aren't looked at: see mtu_exceeded(). */
static __always_inline _Bool fast_too_big(struct __sk_buff *skb, const struct fast *f,
					  __u32 ifindex, const _Bool v6)
{
	__s32 padding = skb->len - L3_AT - f->bytes;
	__u32 mtu = 0;

	if (f->bytes <= (v6 ? MTU_ALWAYS6 : MTU_ALWAYS4))
		return 0;
	if (f->segments)
		return bpf_check_mtu(skb, ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) > 0;
	return bpf_check_mtu(skb, ifindex, &mtu, -padding, 0) > 0;
}

static __always_inline __u64 fast_diff(__u64 sum, const __be32 *from, const __be32 *to,
				       const _Bool v6)
{
	sum = csum_change(sum, from[0], to[0]);
	if (v6) {
		sum = csum_change(sum, from[1], to[1]);
		sum = csum_change(sum, from[2], to[2]);
		sum = csum_change(sum, from[3], to[3]);
	}
	return sum;
}

/* Is the checksum finished, and the packet's alone? */
static __always_inline _Bool fast_finished(struct __sk_buff *skb)
{
	const struct sk_buff___checksum *k;
	__u32 summed;

	if (!XLB_SEES_SKB)
		return 0;
	k = bpf_cast_to_kern_ctx(skb);
	summed = BPF_CORE_READ_BITFIELD(k, ip_summed);
	return summed <= SUMMED_UNNECESSARY;
}

static __always_inline void fast_csum(const struct fast *f, __u32 diff, const _Bool v6)
{
	void *l4 = f->ip + FAST_L3_SIZE(v6);
	__sum16 sum;

	if (f->proto == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;

		tcp->check = csum_update(tcp->check, diff);
	} else {
		struct udphdr *udp = l4;

		if (udp->check) {
			sum = csum_update(udp->check, diff);
			udp->check = sum ? sum : 0xffff;
		}
	}
}

/* The checksum isn't finished, or nobody knows: only the kernel can tell. Changes the packet's
 * place. l4: protocol << 16 | offset of the transport header. */
__noinline int fast_csum_kernel(struct __sk_buff *skb, __u32 l4, __u32 addresses, __u32 from,
				__u32 to)
{
	const _Bool tcp = l4 >> 16 == IPPROTO_TCP, v6 = (l4 & 0xffff) == FAST_L4_AT(1);
	__u64 flags = tcp ? 0 : BPF_F_MARK_MANGLED_0;
	__u32 at = (l4 & 0xffff) + (tcp ? 16 : 6);

	if (bpf_l4_csum_replace(skb, at, 0, addresses,
				flags | BPF_F_PSEUDO_HDR | (v6 ? csum_ipv6_flag : 0)))
		return -1;
	return bpf_l4_csum_replace(skb, at, from, to, flags | 4);
}

static __always_inline void fast_write4(struct iphdr *ip, const struct fast *f,
					const struct fast_change *to, __u32 addresses)
{
	/* TTL and protocol are one word; of the difference only the TTL's byte is left */
	__u64 diff = csum_change(addresses, bpf_htons(f->ttl << 8), bpf_htons(to->ttl << 8));

	ip->check = csum_update(ip->check, csum_fold32(diff));
	ip->ttl = to->ttl;
	ip->saddr = to->src[0];
	ip->daddr = to->dst[0];
}

static __always_inline void fast_write6(struct ipv6hdr *ip, const struct fast_change *to)
{
	ip->hop_limit = to->ttl;
	fast_addr(ip->saddr.s6_addr32, to->src, 1);
	fast_addr(ip->daddr.s6_addr32, to->dst, 1);
}

/* The transport checksum. The packet may have moved then. False: it has to be dropped. */
static __always_inline _Bool fast_sum(struct __sk_buff *skb, struct fast *f,
				      const struct fast_change *to, __u32 addresses, const _Bool v6)
{
	void *data, *data_end;

	if (fast_finished(skb)) {
		fast_csum(f, csum_fold32(csum_change(addresses, f->ports, to->ports)), v6);
		return 1;
	}
	if (fast_csum_kernel(skb, (__u32)f->proto << 16 | FAST_L4_AT(v6), addresses, f->ports,
			     to->ports))
		return 0;
	data = (void *)(long)skb->data;
	data_end = (void *)(long)skb->data_end;
	if (data + FAST_L4_AT(v6) + sizeof(struct tcphdr) > data_end)
		return 0;
	f->ip = data + L3_AT;
	return 1;
}

/* Everything but the MACs. */
static __always_inline _Bool fast_write(struct __sk_buff *skb, struct fast *f,
					const struct fast_change *to, const _Bool v6)
{
	__u64 sum = fast_diff(0, fast_dst(f, v6), to->dst, v6);
	__u32 addresses = csum_fold32(fast_diff(sum, fast_src(f, v6), to->src, v6));

	if (!fast_sum(skb, f, to, addresses, v6))
		return 0;
	if (v6)
		fast_write6(f->ip, to);
	else
		fast_write4(f->ip, f, to, addresses);
	*(__u32 *)(f->ip + FAST_L3_SIZE(v6)) = to->ports;
	return 1;
}

static __always_inline int fast_failed(void)
{
	count(XLB_REASON_REWRITE);
	return TC_ACT_SHOT;
}

/* ---- from clients -------------------------------------------------------------------------- */
static __always_inline int fast_in(struct __sk_buff *skb, struct fast *f, union match match,
				   const _Bool v6)
{
	__u32 service = match.service, listen = match.listen, slot, target, before, now;
	const struct xlb_service *s = service_at(service);
	struct fast_change to = {};
	const struct xlb_target *t;
	const struct xlb_host *h;
	struct conn_ref ref;
	struct xlb_conn *c;

	if (!(s->flags & XLB_SERVICE_NAT))
		return TC_ACT_UNSPEC; /* the XDP program's */
	if (f->ttl < s->min_ttl)
		return FAST_NOT;
	c = fast_find(fast_src(f, v6), f->ports, listen, &ref, v6);
	if (!c || *(const __u32 *)&c->client_port != f->ports || c->listen != listen)
		return FAST_NOT;
	now = now_ticks();
	before = *(volatile __u32 *)conn_word(c);
	slot = c->host;
	h = host_at(slot);
	target = ref.target;
	t = target_at(target);
	if (!h || !t || !h->flags || !h->ifindex || !fast_state(before, now, f->proto, 0) ||
	    fast_too_big(skb, f, h->ifindex, v6))
		return FAST_NOT;
	to.src = c->client; /* transparent: it stays */
	to.dst = t->host_addr;
	to.ports = f->ports & 0xffff;
	if (t->nat_addr[0] | (v6 ? t->nat_addr[1] | t->nat_addr[2] | t->nat_addr[3] : 0)) {
		to.src = t->nat_addr;
		to.ports = bpf_htons(ref.port);
	}
	to.ports |= (__u32)t->host_port << 16;
	to.ttl = s->ttl ? s->ttl : f->ttl - 1;
	fast_count(c, s, f, before, now, 0);
	count_host(slot, f->bytes, 0);
	if (!fast_write(skb, f, &to, v6))
		return fast_failed();
	write_macs(f->ip - L3_AT, h);
	return bpf_redirect(h->ifindex, 0);
}

/* ---- from hosts ---------------------------------------------------------------------------- */
/* See target_find(); nat: NULL for that of transparent NAT. */
static __always_inline __u32 fast_target(const struct fast *f, const __be32 *nat, const _Bool v6)
{
	__u32 l4 = l4_word(f->ports & 0xffff, f->proto, v6 ? AF_INET6 : AF_INET);
	const __be32 *host = fast_src(f, v6), nobody[4] = {};
	const __be32 a[4] = { host[0], v6 ? host[1] : 0, v6 ? host[2] : 0, v6 ? host[3] : 0 };
	const __be32 b[4] = { nat ? nat[0] : 0, 0, 0, nat && v6 ? nat[3] : 0 };
	__u32 slot = xlb_target_hash(hash_key, a, l4, b);

	for (int i = 0; i < XLB_TARGET_PROBES; i++, slot = (slot + 1) & (XLB_TARGET_SLOTS - 1)) {
		const struct xlb_target *t = target_at(slot);

		if (!t)
			break;
		if (*(const __u32 *)&t->host_port == l4 && fast_same(t->host_addr, host, v6) &&
		    fast_same(t->nat_addr, nat ? nat : nobody, v6) &&
		    !(t->flags & XLB_TARGET_DELETED))
			return slot;
		if (!t->family)
			break;
	}
	return XLB_TARGET_NONE;
}

/* A transparent connection, by its index entry for the way back. A function for its stack's sake.
 */
static __noinline struct xlb_conn *fast_transparent4(const __be32 *client, __u32 port, __u32 target)
{
	struct conn_ref ref;
	struct xlb_conn *c = fast_find(client, port, XLB_LISTEN_BACK | target, &ref, 0);

	return c && c->client_port == (__be16)port ? c : NULL;
}

static __noinline struct xlb_conn *fast_transparent6(const __be32 *client, __u32 port, __u32 target)
{
	struct conn_ref ref;
	struct xlb_conn *c = fast_find(client, port, XLB_LISTEN_BACK | target, &ref, 1);

	return c && c->client_port == (__be16)port ? c : NULL;
}

/* The connection of a packet from a host; *ours: the host is somebody's. */
static __always_inline struct xlb_conn *fast_host_conn(const struct fast *f, _Bool *ours,
						       const _Bool v6)
{
	const __be32 *other = fast_dst(f, v6);
	__u32 target = fast_target(f, other, v6), port = f->ports >> 16;

	*ours = 1;
	if (target != XLB_TARGET_NONE)
		return conn_at(target, bpf_ntohs(port));
	target = fast_target(f, NULL, v6);
	if (target != XLB_TARGET_NONE)
		return v6 ? fast_transparent6(other, port, target) :
			    fast_transparent4(other, port, target);
	*ours = 0;
	return NULL;
}

/* Six bytes on even addresses. */
static __always_inline void fast_mac(void *to, const void *from)
{
	*(half_t *)to = *(const half_t *)from;
	*(half_t *)(to + 2) = *(const half_t *)(from + 2);
	*(half_t *)(to + 4) = *(const half_t *)(from + 4);
}

static __always_inline int fast_back(struct __sk_buff *skb, struct fast *f, const _Bool v6)
{
	__u32 listen, service, index, before, now;
	struct fast_change to = {};
	const struct xlb_service *s;
	const struct xlb_listen *l;
	const struct xlb_port *port;
	struct xlb_conn *c;
	_Bool ours;

	c = fast_host_conn(f, &ours, v6);
	if (!c && !ours) {
		count(XLB_REASON_NO_SERVICE);
		return TC_ACT_UNSPEC;
	}
	if (!c)
		return FAST_NOT;
	now = now_ticks();
	before = *(volatile __u32 *)conn_word(c);
	listen = c->listen;
	index = c->back_port;
	l = listen_at(listen);
	port = bpf_map_lookup_elem(&ports, &index);
	if (!l || !port || !port->ifindex || !fast_state(before, now, f->proto, 1))
		return FAST_NOT;
	service = l->service;
	s = service_at(service);
	if (fast_too_big(skb, f, port->ifindex, v6))
		return FAST_NOT;
	to.src = l->addr;
	to.dst = c->client;
	to.ports = *(const __u32 *)&c->client_port;
	to.ports = to.ports << 16 | to.ports >> 16;
	to.ttl = f->ttl - 1;
	fast_count(c, s, f, before, now, 1);
	if (!fast_write(skb, f, &to, v6))
		return fast_failed();
	fast_mac(f->ip - L3_AT, c->client_mac);
	fast_mac(f->ip - L3_AT + 6, port->mac);
	return bpf_redirect(port->ifindex, 0);
}

/* The verdict, or FAST_NOT. */
static __always_inline int fast(struct __sk_buff *skb, const _Bool v6)
{
	union match match = {};
	struct fast
		f = {}; /* else undefined registers are saved, which the verifier does not allow */

	if (!fast_parse(skb, &f, v6))
		return FAST_NOT;
	if (service_match(skb, fast_dst(&f, v6), f.ports >> 16, f.proto, v6, &match))
		return fast_in(skb, &f, match, v6);
	return fast_back(skb, &f, v6);
}

#endif
