// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The L4 proxy: full NAT for relays, destination NAT for "transparent" and "redirect ... forward
 * to". At TC ingress of every interface that clients or hosts are behind; leaves by bpf_redirect()
 * with the MACs already in place: towards the host the next hop that the daemon knows, back to the
 * client the way its own frames came. Nothing goes through the stack's forwarding.
 *
 *   from clients --> service_match -> connection (found or made) -> rewrite -> redirect
 *   from hosts ----> target_find --> connection at its NAT port --^
 *
 * What ends in the local stack: packets of no connection (the stack resets them), new connections
 * when no port or no room is left (it refuses them), and whatever isn't ours.
 */
#define XLB_CONTEXT struct __sk_buff
#include <linux/pkt_cls.h>

#include "choose.h"
#include "deliver.h"
#include "nat_conn.h"
#include "nat_fast.h"
#include "nat_icmp.h"
#include "nat_index.h"
#include "nat_maps.h"
#include "nat_mtu.h"
#include "nat_packet.h"
#include "nat_rewrite.h"
#include "vip.h"

#define GO_ON TC_ACT_UNSPEC /* to the next program, or the stack */

/* What nat() leaves to others. It does not call them itself: their stacks would add up. */
enum { TO_ICMP = 256, TO_FRAGMENT, TO_TARGET };

/* The stack is too small for all this; no packet of a CPU interrupts another one's program. */
struct nat_room {
	struct nat_packet packet;
	struct tuple tuple;
	union match match;
	struct flow_key key;
	struct conn_ref ref;
	struct rewrite rewrite;
	struct nat_packet inner; /* of an ICMP error, and how it is to look */
	struct rewrite inside;
	struct too_big4 too_big4;
	struct too_big6 too_big6;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nat_room);
} nat_scratch SEC(".maps");

static __always_inline struct nat_room *nat_room(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&nat_scratch, &zero);
}

static __always_inline int leave(__u32 reason)
{
	count(reason);
	return GO_ON;
}

/* ---- towards the packet's end -------------------------------------------------------------- */
static __always_inline void mac_copy(__u8 to[6], const __u8 from[6])
{
	__builtin_memcpy(to, from, 6);
}

/* What a packet from the client looks like to the host; returns the egress ifindex, 0: none. */
static __always_inline __u32 towards_host(struct rewrite *w, const struct xlb_conn *c,
					  const struct conn_ref *ref)
{
	__u32 slot = c->host, target = ref->target;
	const struct xlb_host *h = host_at(slot);
	const struct xlb_target *t = target_at(target);

	if (!h || !t)
		return 0;
	__builtin_memcpy(w->dst, t->host_addr, 16);
	w->dport = t->host_port;
	if (!XLB_TARGET_TRANSPARENT(t)) {
		__builtin_memcpy(w->src, t->nat_addr, 16);
		w->sport = bpf_htons(ref->port);
	} else {
		__builtin_memcpy(w->src, c->client, 16);
		w->sport = c->client_port;
	}
	mac_copy(w->dst_mac, h->dst_mac);
	mac_copy(w->src_mac, h->src_mac);
	return h->ifindex;
}

/* … and one from the host to the client. */
static __always_inline __u32 towards_client(struct rewrite *w, const struct xlb_conn *c)
{
	__u32 listen = c->listen, index = c->back_port;
	const struct xlb_listen *l = listen_at(listen);
	const struct xlb_port *port = bpf_map_lookup_elem(&ports, &index);

	if (!l || !port)
		return 0;
	__builtin_memcpy(w->src, l->addr, 16);
	w->sport = c->port;
	__builtin_memcpy(w->dst, c->client, 16);
	w->dport = c->client_port;
	mac_copy(w->dst_mac, c->client_mac);
	mac_copy(w->src_mac, port->mac);
	return port->ifindex;
}

/* The sender hears of the MTU; the packet is gone in any case. */
__noinline int too_big_v4(struct __sk_buff *skb, __u32 mtu)
{
	const __u32 outer = sizeof(struct iphdr) + sizeof(struct icmp_frag_needed);
	struct nat_room *r = nat_room();

	if (!r || too_big_fill4(skb, &r->too_big4, mtu) ||
	    too_big_send(skb, &r->too_big4, sizeof(r->too_big4), outer)) {
		count(XLB_REASON_TOO_BIG);
		return TC_ACT_SHOT;
	}
	count(XLB_REASON_FRAG_NEEDED);
	return bpf_redirect(skb->ifindex, 0);
}

__noinline int too_big_v6(struct __sk_buff *skb, __u32 mtu)
{
	const __u32 outer = sizeof(struct ipv6hdr) + sizeof(struct icmp6_too_big);
	struct nat_room *r = nat_room();

	if (!r || too_big_fill6(skb, &r->too_big6, mtu) ||
	    too_big_send(skb, &r->too_big6, sizeof(r->too_big6), outer)) {
		count(XLB_REASON_TOO_BIG);
		return TC_ACT_SHOT;
	}
	count(XLB_REASON_FRAG_NEEDED);
	return bpf_redirect(skb->ifindex, 0);
}

static __always_inline int act(struct __sk_buff *skb, const struct nat_packet *p,
			       const struct rewrite *w, __u32 ifindex, const _Bool v6)
{
	__u32 mtu;

	if (!ifindex)
		return leave(XLB_REASON_NO_EGRESS);
	trail_egress(ifindex);
	trace_before(skb);
	mtu = mtu_exceeded(skb, p, ifindex, v6);
	if (mtu)
		return v6 ? too_big_v6(skb, mtu) : too_big_v4(skb, mtu);
	if (rewrite_packet(skb, p, w, v6)) {
		count(XLB_REASON_REWRITE);
		return TC_ACT_SHOT;
	}
	return bpf_redirect(ifindex, 0);
}

/* To the other end of its connection; the verdict. */
static __always_inline int pass_on(struct __sk_buff *skb, struct nat_room *r,
				   const struct xlb_conn *c, const struct conn_ref *ref,
				   const struct xlb_service *s, _Bool out, const _Bool v6)
{
	struct rewrite *w = &r->rewrite;
	__u32 ifindex;

	w->ttl = !out && s->ttl ? s->ttl : r->packet.ttl - 1;
	ifindex = out ? towards_client(w, c) : towards_host(w, c, ref);
	return act(skb, &r->packet, w, ifindex, v6);
}

/* ---- fragments ----------------------------------------------------------------------------- */
static __always_inline struct xlb_fragment_key nat_fragment_key(const struct nat_packet *p)
{
	struct xlb_fragment_key k = { .id = p->frag_id,
				      .proto = p->family == AF_INET6 ? 0 : p->proto,
				      .family = p->family };

	__builtin_memcpy(k.src, p->src, 16);
	__builtin_memcpy(k.dst, p->dst, 16);
	return k;
}

__noinline int nat_remember(const struct nat_packet *p, __u32 target, __u32 port, __u32 out)
{
	struct xlb_nat_fragment f = { .target = target,
				      .nat_port = port,
				      .out = out,
				      .expires =
					      (now_ticks() + XLB_FRAGMENT_TICKS) & XLB_TICK_MASK };
	const struct xlb_conn *c = conn_at(target, port);
	struct xlb_fragment_key k;

	if (!p || !c || is_dry())
		return 0;
	f.check = conn_check(c);
	k = nat_fragment_key(p);
	count_deep(XLB_REASON_FRAG_FIRST);
	bpf_map_update_elem(&nat_fragments, &k, &f, BPF_ANY); /* the oldest makes room */
	return 0;
}

/* The service that the connection was made by. */
static __always_inline const struct xlb_service *service_of(const struct xlb_conn *c)
{
	const struct xlb_listen *l = listen_at(c->listen);

	return l ? service_at(l->service) : NULL;
}

static __always_inline void trail_of_conn(const struct xlb_conn *c, const struct xlb_service *s)
{
	__u32 listen = c->listen;
	const struct xlb_listen *l = XLB_TRACING ? listen_at(listen) : NULL;

	if (l)
		trail_service(l->service, listen, s->trace);
}

static __always_inline int nat_later_fragment(struct __sk_buff *skb, struct nat_room *r,
					      const _Bool v6)
{
	const struct nat_packet *p = &r->packet;
	struct xlb_fragment_key k = nat_fragment_key(p);
	const struct xlb_nat_fragment *f = bpf_map_lookup_elem(&nat_fragments, &k);
	__u32 now = now_ticks();
	const struct xlb_service *s;
	struct conn_ref ref;
	struct xlb_conn *c;
	int verdict;

	if (!f || !XLB_TICK_ALIVE(f->expires, now))
		return leave(XLB_REASON_FRAG_UNKNOWN);
	ref.target = f->target;
	ref.port = f->nat_port;
	c = conn_at(ref.target, ref.port);
	if (!c || !conn_alive(c, now) || conn_check(c) != f->check)
		return leave(XLB_REASON_FRAG_UNKNOWN);
	s = service_of(c);
	if (!s)
		return leave(XLB_REASON_FRAG_UNKNOWN);
	trail_of_conn(c, s);
	trail_conn(c->host, 0, f->out);
	verdict = pass_on(skb, r, c, &ref, s, f->out, v6);
	if (verdict == TC_ACT_REDIRECT)
		count(XLB_REASON_FRAG_NEXT);
	return verdict;
}

__noinline int nat_later_fragment4(struct __sk_buff *skb)
{
	struct nat_room *r = nat_room();

	return r ? nat_later_fragment(skb, r, 0) : GO_ON;
}

__noinline int nat_later_fragment6(struct __sk_buff *skb)
{
	struct nat_room *r = nat_room();

	return r ? nat_later_fragment(skb, r, 1) : GO_ON;
}

/* ---- from clients -------------------------------------------------------------------------- */
CHOOSE_GLOBAL(client_host, 4, 0)
CHOOSE_GLOBAL(client_host, 6, 1)

/* Where answers go: back to whom the frame came from, by the interface it came in on. */
static __always_inline int note_way_back(struct __sk_buff *skb, struct xlb_conn *c)
{
	__u32 ifindex = ingress_of(skb);
	const __u32 *index = bpf_map_lookup_elem(&port_index, &ifindex);

	if (!index || bpf_skb_load_bytes(skb, 6, c->client_mac, 6))
		return -1;
	c->back_port = *index;
	return 0;
}

static __always_inline __u32 nat_choose(struct tuple *t, const struct xlb_service *s,
					const _Bool v6)
{
	t->row = xlb_row_hash(s, t->client, t->ports, v6);
	if (s->flags & XLB_SERVICE_STICKY)
		return v6 ? client_host6(t, s) : client_host4(t, s);
	if (s->choose != XLB_CHOOSE_ROW)
		return pick_from_pool(t->service);
	return row_get(t->service, t->row).cur;
}

/* Takes the record at *ref for the packet's connection. */
static __always_inline struct xlb_conn *conn_fill(struct __sk_buff *skb, const struct tuple *t,
						  const struct conn_ref *ref, __u32 slot)
{
	struct xlb_conn *c = is_dry() ? dry_conn() : conn_at(ref->target, ref->port);

	if (!c)
		return NULL;
	__builtin_memcpy(c->client, t->client, 16);
	*(__u32 *)&c->client_port = t->ports;
	c->listen = t->listen;
	c->host = slot;
	c->flags = 0;
	c->packets_in = 0;
	c->packets_out = 0;
	c->bytes_in = 0;
	c->bytes_out = 0;
	c->opened = t->now;
	if (note_way_back(skb, c)) {
		*conn_word(c) = 0;
		count(XLB_REASON_NO_INTERFACE);
		return NULL;
	}
	load_add(slot, 1);
	return c;
}

/* A new connection: host, port, record, index. NULL: the reason has been counted. */
static __always_inline struct xlb_conn *conn_make(struct __sk_buff *skb, struct nat_room *r,
						  const struct xlb_service *s, const _Bool v6)
{
	struct tuple *t = &r->tuple;
	const struct xlb_host *h;
	struct xlb_conn *c;
	__u32 slot = nat_choose(t, s, v6);

	h = host_at(slot);
	if (!h || !h->flags) {
		count(XLB_REASON_NO_HOST);
		return NULL;
	}
	trail_host(slot);
	claim_any(h, t->ports, t->now, t->now + conn_timeout(s, XLB_CONN_SYN_SENT), &r->ref);
	if (!r->ref.port) {
		count(XLB_REASON_NO_PORT);
		return NULL;
	}
	c = conn_fill(skb, t, &r->ref, slot);
	if (!c)
		return NULL;
	if (index_add(&r->key, &r->ref, t->now, v6)) {
		if (!(s->flags & XLB_SERVICE_TRANSPARENT))
			return c;
		/* the way back knows the client's port, and the host's, which is the target's */
		r->key.listen = XLB_LISTEN_BACK | r->ref.target;
		r->key.ports = (__u16)t->ports;
		if (index_add(&r->key, &r->ref, t->now, v6))
			return c;
	}
	*conn_word(c) = 0;
	load_add(slot, -1);
	count(XLB_REASON_INDEX_FULL);
	return NULL;
}

/* May the tuple begin anew? */
static __always_inline _Bool conn_over(const struct xlb_conn *c)
{
	return c->state == XLB_CONN_TIME_WAIT || c->state == XLB_CONN_RESET;
}

static __always_inline void key_fill(struct nat_room *r, const union match *match)
{
	const struct nat_packet *p = &r->packet;

	__builtin_memcpy(r->key.client, p->src, 16);
	r->key.ports = xlb_ports(p->sport, p->dport);
	r->key.listen = match->listen;
	r->tuple.now = now_ticks();
}

/* The rest of what choosing a host needs; key and time are there. */
static __always_inline void tuple_fill(struct nat_room *r, const union match *match)
{
	const struct nat_packet *p = &r->packet;
	struct tuple *t = &r->tuple;

	__builtin_memcpy(t->client, p->src, 16);
	t->ports = r->key.ports;
	t->listen = match->listen;
	t->service = match->service;
	t->proto = p->proto;
	t->tcp_flags = p->tcp_flags;
	t->is_new = t->pad = 0;
}

/*
 * The packet's connection if it has one that may go on. Its host is down: UDP and a SYN choose
 * again; a TCP stream is over, and the stack resets it (*over).
 */
static __always_inline struct xlb_conn *conn_of_client(struct nat_room *r, _Bool *over,
						       const _Bool v6)
{
	const struct nat_packet *p = &r->packet;
	struct xlb_conn *c = conn_find(&r->key, r->tuple.now, &r->ref, v6);
	_Bool syn = is_syn(p->tcp_flags);

	*over = 0;
	if (!c)
		return NULL;
	if (!keeps_flows(c->host)) {
		*over = p->proto == IPPROTO_TCP && !syn;
		count(*over ? XLB_REASON_HOST_DOWN : XLB_REASON_HOST_GONE);
		conn_expire(c, XLB_CONN_RESET, r->tuple.now);
		return NULL;
	}
	if (syn && conn_over(c)) {
		conn_expire(c, c->state, r->tuple.now);
		return NULL;
	}
	return c;
}

static __always_inline int from_client(struct __sk_buff *skb, struct nat_room *r,
				       const struct xlb_service *s, const union match *match,
				       const _Bool v6)
{
	const struct nat_packet *p = &r->packet;
	_Bool fresh = 0, over;
	struct xlb_conn *c;
	int verdict;

	key_fill(r, match);
	c = conn_of_client(r, &over, v6);
	if (over)
		return GO_ON;
	if (c)
		trail_how(XLB_HOW_CONN, c->state);
	if (!c) {
		if (p->proto == IPPROTO_TCP && !is_syn(p->tcp_flags))
			return leave(XLB_REASON_NO_CONNECTION);
		tuple_fill(r, match);
		c = conn_make(skb, r, s, v6);
		if (!c)
			return GO_ON;
		fresh = 1;
	}
	conn_update(c, s, p, r->tuple.now, 0);
	if (fresh)
		conn_event(XLB_EVENT_OPEN, &r->ref, c);
	trail_place(r->ref.target, r->ref.port);
	trail_conn(c->host, fresh, 0);
	count_host(c->host, p->bytes, fresh);
	verdict = pass_on(skb, r, c, &r->ref, s, 0, v6);
	if (p->fragment && verdict == TC_ACT_REDIRECT)
		nat_remember(p, r->ref.target, r->ref.port, 0);
	return verdict;
}

/* ---- from hosts ---------------------------------------------------------------------------- */
/* The target of (host, its port and protocol, NAT address), or XLB_TARGET_NONE. */
static __always_inline __u32 target_find(const __be32 host[4], __u32 l4, const __be32 nat[4])
{
	__u32 slot = xlb_target_hash(hash_key, host, l4, nat);

	for (int i = 0; i < XLB_TARGET_PROBES; i++, slot = (slot + 1) & (XLB_TARGET_SLOTS - 1)) {
		const struct xlb_target *t = target_at(slot);

		if (!t)
			break;
		if (*(const __u32 *)&t->host_port == l4 && same_addr(t->host_addr, host) &&
		    same_addr(t->nat_addr, nat) && !(t->flags & XLB_TARGET_DELETED))
			return slot;
		if (!t->family)
			break;
	}
	return XLB_TARGET_NONE;
}

/* The connection of a packet between host and NAT address (or client, when transparent). */
static __always_inline struct xlb_conn *host_conn(const __be32 host[4], __u32 l4,
						  const __be32 other[4], __be16 other_port,
						  __u32 now, struct conn_ref *ref, const _Bool v6)
{
	const __be32 nobody[4] = {};
	struct flow_key k = { .ports = other_port };
	struct xlb_conn *c;

	ref->target = target_find(host, l4, other);
	if (ref->target != XLB_TARGET_NONE) {
		ref->port = bpf_ntohs(other_port);
		c = conn_at(ref->target, ref->port);
		return c && conn_alive(c, now) ? c : NULL;
	}
	ref->target = target_find(host, l4, nobody);
	if (ref->target == XLB_TARGET_NONE)
		return NULL;
	__builtin_memcpy(k.client, other, 16);
	k.listen = XLB_LISTEN_BACK | ref->target;
	return conn_find(&k, now, ref, v6);
}

static __always_inline int from_target(struct __sk_buff *skb, struct nat_room *r, const _Bool v6)
{
	const struct nat_packet *p = &r->packet;
	const struct xlb_service *s;
	struct conn_ref ref = {};
	__u32 now = now_ticks();
	struct xlb_conn *c;
	int verdict;

	c = host_conn(p->src, l4_of(p, p->sport), p->dst, p->dport, now, &ref, v6);
	if (!c)
		return leave(XLB_REASON_NO_SERVICE);
	if (p->ttl <= 1)
		return leave(XLB_REASON_TTL);
	s = service_of(c);
	if (!s)
		return leave(XLB_REASON_NO_SERVICE);
	conn_update(c, s, p, now, 1);
	trail_of_conn(c, s);
	trail_conn(c->host, 0, 1);
	trail_packet(p->proto, p->tcp_flags, p->l4, p->end);
	verdict = pass_on(skb, r, c, &ref, s, 1, v6);
	if (p->fragment && verdict == TC_ACT_REDIRECT)
		nat_remember(p, ref.target, ref.port, 1);
	return verdict;
}

__noinline int from_target4(struct __sk_buff *skb)
{
	struct nat_room *r = nat_room();

	return r ? from_target(skb, r, 0) : GO_ON;
}

__noinline int from_target6(struct __sk_buff *skb)
{
	struct nat_room *r = nat_room();

	return r ? from_target(skb, r, 1) : GO_ON;
}

/* ---- ICMP errors --------------------------------------------------------------------------- */
static __always_inline void trail_error(const struct nat_packet *p, const struct xlb_conn *c,
					_Bool to_client)
{
	const struct xlb_service *s = XLB_TRACING ? service_of(c) : NULL;

	if (!s)
		return;
	trail_of_conn(c, s);
	trail_conn(c->host, 0, to_client);
	trail_packet(p->proto, 0, p->l4, p->end);
}

/* About a packet that went to a host. Returns the egress ifindex, 0: not ours. */
static __always_inline __u32 error_to_client(const struct nat_packet *p, struct nat_room *r,
					     const _Bool v6)
{
	const struct nat_packet *in = &r->inner;
	struct conn_ref ref = {};
	struct xlb_conn *c;
	__u32 ifindex;

	c = host_conn(in->dst, l4_of(in, in->dport), in->src, in->sport, now_ticks(), &ref, v6);
	if (!c)
		return 0;
	ifindex = towards_client(&r->rewrite, c);
	trail_error(p, c, 1);
	/* inside, the client's own packet to the VIP */
	__builtin_memcpy(r->inside.src, r->rewrite.dst, 16);
	__builtin_memcpy(r->inside.dst, r->rewrite.src, 16);
	r->inside.sport = r->rewrite.dport;
	r->inside.dport = r->rewrite.sport;
	if (!same_addr(p->src, in->dst)) /* a router between; the host itself is the VIP */
		__builtin_memcpy(r->rewrite.src, p->src, 16);
	return ifindex;
}

/* About a packet that went to a client. */
static __always_inline __u32 error_to_host(struct __sk_buff *skb, const struct nat_packet *p,
					   struct nat_room *r, const _Bool v6)
{
	const struct nat_packet *in = &r->inner;
	struct flow_key k = { .ports = xlb_ports(in->dport, in->sport) };
	union match match = {};
	struct conn_ref ref = {};
	struct xlb_conn *c;
	__u32 ifindex;

	if (!same_addr(in->src, p->dst) ||
	    !service_match(skb, in->src, in->sport, in->proto, v6, &match))
		return 0;
	__builtin_memcpy(k.client, in->dst, 16);
	k.listen = match.listen;
	c = conn_find(&k, now_ticks(), &ref, v6);
	if (!c || !keeps_flows(c->host))
		return 0;
	ifindex = towards_host(&r->rewrite, c, &ref);
	trail_error(p, c, 0);
	/* inside, the host's own packet to the NAT address */
	__builtin_memcpy(r->inside.src, r->rewrite.dst, 16);
	__builtin_memcpy(r->inside.dst, r->rewrite.src, 16);
	r->inside.sport = r->rewrite.dport;
	r->inside.dport = r->rewrite.sport;
	if (!same_addr(p->src, in->dst))
		__builtin_memcpy(r->rewrite.src, p->src, 16);
	return ifindex;
}

static __always_inline int nat_icmp(struct __sk_buff *skb, struct nat_room *r, const _Bool v6)
{
	const struct nat_packet *p = &r->packet;
	__u32 at = p->l4 + 8, ifindex;
	__u8 type;

	if (p->fragment || bpf_skb_load_bytes(skb, p->l4, &type, 1) || !nat_icmp_is_error(type, v6))
		return GO_ON;
	__builtin_memset(&r->inner, 0, sizeof(r->inner));
	__builtin_memset(&r->inside, 0, sizeof(r->inside));
	if ((v6 ? parse_inner6(skb, p, at, &r->inner) : parse_inner4(skb, p, at, &r->inner)) !=
	    NAT_PARSED)
		return leave(XLB_REASON_ICMP_OTHER);
	ifindex = error_to_client(p, r, v6);
	if (!ifindex)
		ifindex = error_to_host(skb, p, r, v6);
	if (!ifindex)
		return leave(XLB_REASON_ICMP_OTHER);
	if (p->ttl <= 1)
		return leave(XLB_REASON_TTL);
	r->rewrite.ttl = p->ttl - 1;
	trail_egress(ifindex);
	trace_before(skb);
	if (icmp_inner(skb, at, &r->inner, &r->inside, p->l4 + 2, p->end, v6) ||
	    icmp_outer(skb, p, &r->rewrite, p->l4 + 2, v6)) {
		count(XLB_REASON_REWRITE);
		return TC_ACT_SHOT;
	}
	count(XLB_REASON_ICMP_ERROR);
	return bpf_redirect(ifindex, 0);
}

__noinline int nat_icmp4(struct __sk_buff *skb)
{
	struct nat_room *r = nat_room();

	return r ? nat_icmp(skb, r, 0) : GO_ON;
}

__noinline int nat_icmp6(struct __sk_buff *skb)
{
	struct nat_room *r = nat_room();

	return r ? nat_icmp(skb, r, 1) : GO_ON;
}

/* ---- the way in ---------------------------------------------------------------------------- */
static __always_inline int nat(struct __sk_buff *skb, const _Bool v6)
{
	struct nat_room *r = nat_room();
	const struct xlb_service *s;
	struct nat_packet *p;
	__u32 service;
	int what;

	if (!r)
		return GO_ON;
	p = &r->packet;
	__builtin_memset(p, 0, sizeof(*p));
	what = v6 ? parse_nat6(skb, p) : parse_nat4(skb, p);
	if (what == NAT_NOT_OURS)
		return GO_ON;
	if (what == NAT_ICMP)
		return TO_ICMP;
	count_bytes(skb, p);
	if (p->fragment && !p->first) {
		if (p->ttl <= 1)
			return leave(XLB_REASON_TTL);
		return TO_FRAGMENT;
	}
	if (!service_match(skb, p->dst, p->dport, p->proto, v6, &r->match))
		return TO_TARGET;
	service = r->match.service;
	s = service_at(service);
	if (!(s->flags & XLB_SERVICE_NAT))
		return GO_ON; /* the XDP program's */
	trail_service(service, r->match.listen, s->trace);
	trail_packet(p->proto, p->tcp_flags, p->l4, p->end);
	if (p->ttl < s->min_ttl) {
		count(XLB_REASON_MIN_TTL);
		return TC_ACT_SHOT;
	}
	if (p->ttl <= 1)
		return leave(XLB_REASON_TTL);
	return from_client(skb, r, s, &r->match, v6);
}

__noinline int nat_v4(struct __sk_buff *skb)
{
	return nat(skb, 0);
}

__noinline int nat_v6(struct __sk_buff *skb)
{
	return nat(skb, 1);
}

static __always_inline int long_way(struct __sk_buff *skb, const _Bool v6)
{
	int what = v6 ? nat_v6(skb) : nat_v4(skb);

	if (what == TO_TARGET)
		return v6 ? from_target6(skb) : from_target4(skb);
	if (what == TO_ICMP)
		return v6 ? nat_icmp6(skb) : nat_icmp4(skb);
	if (what == TO_FRAGMENT)
		return v6 ? nat_later_fragment6(skb) : nat_later_fragment4(skb);
	return what;
}

static __always_inline int packet(struct __sk_buff *skb)
{
	if (skb->vlan_present)
		return GO_ON; /* left to the VLAN interface */
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		int verdict = XLB_TRACING ? FAST_NOT : fast(skb, 0);

		return verdict == FAST_NOT ? long_way(skb, 0) : verdict;
	}
	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		int verdict = XLB_TRACING ? FAST_NOT : fast(skb, 1);

		return verdict == FAST_NOT ? long_way(skb, 1) : verdict;
	}
	return GO_ON;
}

SEC("tc")
int xlb_tc(struct __sk_buff *skb)
{
	trace_begin(skb);
	return trace_end(skb, packet(skb));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
