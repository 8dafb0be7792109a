/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections: found, made, moved along. A record is the truth for both directions; index entries
 * are hints that a record must confirm.
 */
#ifndef XLB_BPF_NAT_CONN_H
#define XLB_BPF_NAT_CONN_H

#include "choose.h"
#include "nat_maps.h"
#include "nat_packet.h"

/* What an index entry is found by. */
struct flow_key {
	__be32 client[4];
	__u32 ports;
	__u32 listen;
};

/* expires and state as the one word that is compared and swapped */
static __always_inline __u32 *conn_word(struct xlb_conn *c)
{
	return (__u32 *)((void *)c + 24);
}
_Static_assert(__builtin_offsetof(struct xlb_conn, back_port) == 28, "expires and state at 24");

static __always_inline __u32 word_of(__u32 expires, __u32 state)
{
	return (expires & XLB_TICK_MASK) | state << 28;
}

static __always_inline _Bool conn_alive(const struct xlb_conn *c, __u32 now)
{
	return c->state != XLB_CONN_FREE && XLB_TICK_ALIVE(c->expires, now);
}

static __always_inline _Bool conn_counted(__u32 state)
{
	return state >= XLB_CONN_SYN_SENT && state <= XLB_CONN_FIN_HOST;
}

static __always_inline struct xlb_conn *conn_at(__u32 target, __u32 port)
{
	void *inner = bpf_map_lookup_elem(&conns, &target);

	return inner ? bpf_map_lookup_elem(inner, &port) : NULL;
}

static __always_inline _Bool conn_is(const struct xlb_conn *c, const struct flow_key *k,
				     __u32 listen)
{
	return same_addr(c->client, k->client) && *(const __u32 *)&c->client_port == k->ports &&
	       c->listen == listen;
}

/* Tells a record's connections apart: what refers to one may find another in its place. */
static __always_inline __u16 conn_check(const struct xlb_conn *c)
{
	__u64 h = (__u64)c->client[0] << 32 | *(const __u32 *)&c->client_port;

	h += (((__u64)c->client[1] << 32 | c->client[2]) ^ c->client[3]) * 0x9e3779b97f4a7c15ull;
	return xlb_mix(h) >> 48;
}

/* Where a connection lies. */
struct conn_ref {
	__u32 target;
	__u32 port;
};

static __always_inline __u32 nat_line(const struct flow_key *k, int candidate, const _Bool v6)
{
	__u64 hash = v6 ? xlb_flow_hash6(hash_key, k->client, k->ports, k->listen) :
			  xlb_flow_hash4(hash_key, k->client[0], k->ports, k->listen);

	return (candidate ? hash >> 32 : hash) & (v6 ? nat6_mask : nat4_mask);
}

static __always_inline _Bool nat4_is(const struct xlb_nat4 *w, const struct flow_key *k)
{
	return *(const __u64 *)w == ((__u64)k->ports << 32 | k->client[0]) && w->used &&
	       w->listen == k->listen;
}

static __always_inline _Bool nat6_is(const struct xlb_nat6 *w, const struct flow_key *k)
{
	return same_addr(w->client, k->client) && *(const __u32 *)&w->client_port == k->ports &&
	       w->used && w->listen == k->listen;
}

/* `listen` of the record: that of the key, but for the way back of transparent NAT. */
static __always_inline struct xlb_conn *conn_find(const struct flow_key *k, __u32 now,
						  struct conn_ref *ref, const _Bool v6)
{
	_Bool back = k->listen & XLB_LISTEN_BACK;

	for (int candidate = 0; candidate < 2; candidate++) {
		__u32 index = nat_line(k, candidate, v6);
		const struct xlb_nat4_line *l4 = v6 ? NULL : bpf_map_lookup_elem(&nat4, &index);
		const struct xlb_nat6_line *l6 = v6 ? bpf_map_lookup_elem(&nat6, &index) : NULL;

		if (v6 ? !l6 : !l4)
			return NULL;
		for (int i = 0; i < XLB_NAT_WAYS; i++) {
			struct xlb_conn *c;

			if (v6 ? !nat6_is(&l6->way[i], k) : !nat4_is(&l4->way[i], k))
				continue;
			ref->target = v6 ? l6->way[i].target : l4->way[i].target;
			ref->port = v6 ? l6->way[i].nat_port : l4->way[i].nat_port;
			c = conn_at(ref->target, ref->port);
			if (!c || !conn_alive(c, now))
				continue;
			if (back ? same_addr(c->client, k->client) &&
					    c->client_port == (__be16)k->ports :
				   conn_is(c, k, k->listen))
				return c;
		}
	}
	return NULL;
}

/* Is an index entry one that nothing stands behind any more? */
static __always_inline _Bool index_stale(const struct flow_key *owner, __u32 target, __u32 port,
					 __u32 listen, __u32 now)
{
	const struct xlb_conn *c = conn_at(target, port);

	if (!c || !conn_alive(c, now) || !same_addr(c->client, owner->client))
		return 1;
	if (listen & XLB_LISTEN_BACK)
		return c->client_port != (__be16)owner->ports;
	return !conn_is(c, owner, listen);
}

static __always_inline _Bool way_is_free4(const struct xlb_nat4 *w, __u32 now)
{
	const struct flow_key owner = { .client = { w->client },
					.ports = *(const __u32 *)&w->client_port };

	return !w->used || index_stale(&owner, w->target, w->nat_port, w->listen, now);
}

static __always_inline _Bool way_is_free6(const struct xlb_nat6 *w, __u32 now)
{
	struct flow_key owner = { .ports = *(const __u32 *)&w->client_port };

	__builtin_memcpy(owner.client, w->client, 16);
	return !w->used || index_stale(&owner, w->target, w->nat_port, w->listen, now);
}

/*
 * A way that says it already, of the same tuple's last connection at that port, will do: a copy of it
 * each time would fill the lines.
 *
 * The two lines' ways in turn, so that the line with more room takes the entry: filled one after
 * the other, some connections would find both lines taken at a sixth of the table's size already.
 *
 * No lock: two CPUs may want a way for two connections in the same instant. One of them then finds
 * its index entry gone; its SYN is sent again.
 */
__noinline int index_insert4(const struct flow_key *k, __u32 target, __u32 port, __u32 now)
{
	struct xlb_nat4_line *one, *two;
	__u32 index;

	if (!k)
		return 0;
	index = nat_line(k, 0, 0);
	one = bpf_map_lookup_elem(&nat4, &index);
	index = nat_line(k, 1, 0);
	two = bpf_map_lookup_elem(&nat4, &index);
	if (!one || !two)
		return 0;
	for (int i = 0; i < 2 * XLB_NAT_WAYS; i++) {
		struct xlb_nat4 *w = i % 2 ? &two->way[i / 2] : &one->way[i / 2];

		if (!way_is_free4(w, now) &&
		    !(nat4_is(w, k) && w->target == target && w->nat_port == port))
			continue;
		if (is_dry())
			return 1;
		w->used = 0;
		*(volatile __u64 *)w = (__u64)k->ports << 32 | k->client[0];
		w->listen = k->listen;
		w->target = target;
		w->nat_port = port;
		w->used = 1;
		return 1;
	}
	return 0;
}

__noinline int index_insert6(const struct flow_key *k, __u32 target, __u32 port, __u32 now)
{
	struct xlb_nat6_line *one, *two;
	__u32 index;

	if (!k)
		return 0;
	index = nat_line(k, 0, 1);
	one = bpf_map_lookup_elem(&nat6, &index);
	index = nat_line(k, 1, 1);
	two = bpf_map_lookup_elem(&nat6, &index);
	if (!one || !two)
		return 0;
	for (int i = 0; i < 2 * XLB_NAT_WAYS; i++) {
		struct xlb_nat6 *w = i % 2 ? &two->way[i / 2] : &one->way[i / 2];

		if (!way_is_free6(w, now) &&
		    !(nat6_is(w, k) && w->target == target && w->nat_port == port))
			continue;
		if (is_dry())
			return 1;
		w->used = 0;
		__builtin_memcpy(w->client, k->client, 16);
		*(__u32 *)&w->client_port = k->ports;
		w->listen = k->listen;
		w->target = target;
		w->nat_port = port;
		w->used = 1;
		return 1;
	}
	return 0;
}

static __always_inline int index_add(const struct flow_key *k, const struct conn_ref *ref,
				     __u32 now, const _Bool v6)
{
	return v6 ? index_insert6(k, ref->target, ref->port, now) :
		    index_insert4(k, ref->target, ref->port, now);
}

/* ---- states -------------------------------------------------------------------------------- */
/* RFC 9293's states as both halves show them. A reset that the host goes on after was no reset. */
static __always_inline __u32 conn_next_state(__u32 state, const struct nat_packet *p, _Bool out)
{
	__u8 f = p->tcp_flags;

	if (p->proto == IPPROTO_UDP)
		return out ? XLB_CONN_OPEN : state;
	if (f & TCP_RST)
		return XLB_CONN_RESET;
	if (state == XLB_CONN_RESET)
		return out && !(f & TCP_SYN) ? XLB_CONN_OPEN : state;
	if (f & TCP_FIN) {
		__u32 other = out ? XLB_CONN_FIN_CLIENT : XLB_CONN_FIN_HOST;

		if (state == other || state == XLB_CONN_TIME_WAIT)
			return XLB_CONN_TIME_WAIT;
		return out ? XLB_CONN_FIN_HOST : XLB_CONN_FIN_CLIENT;
	}
	if (state == XLB_CONN_SYN_SENT && out)
		return f & TCP_SYN ? XLB_CONN_SYN_RCVD : XLB_CONN_OPEN;
	if (state == XLB_CONN_SYN_RCVD && !(f & TCP_SYN))
		return XLB_CONN_OPEN;
	return state;
}

static __always_inline __u32 conn_timeout(const struct xlb_service *s, __u32 state)
{
	return state < XLB_FLOW_STATES ? s->timeout[state] : 0;
}

/* Counts the packet, moves the state on, puts the expiry off. Written only when a tick has passed
 * or the state changes; of two CPUs' changes in the same instant the first wins. */
static __always_inline void conn_update(struct xlb_conn *c, const struct xlb_service *s,
					const struct nat_packet *p, __u32 now, _Bool out)
{
	__u32 before = *(volatile __u32 *)conn_word(c), state = before >> 28;
	__u32 next = conn_next_state(state, p, out);
	__u32 after = word_of(now + conn_timeout(s, next), next);

	if (is_dry())
		return;
	if (out) {
		c->packets_out += p->segments;
		c->bytes_out += p->bytes;
	} else {
		c->packets_in += p->segments;
		c->bytes_in += p->bytes;
	}
	if (after == before)
		return;
	if (__sync_val_compare_and_swap(conn_word(c), before, after) == before &&
	    conn_counted(state) != conn_counted(next))
		load_add(c->host, conn_counted(next) ? 1 : -1);
}

/* Ends it as of the last tick; the daemon tells of that. */
static __always_inline void conn_expire(struct xlb_conn *c, __u32 state, __u32 now)
{
	__u32 before = *(volatile __u32 *)conn_word(c);

	if (is_dry())
		return;
	if (__sync_val_compare_and_swap(conn_word(c), before, word_of(now - 1, state)) == before &&
	    conn_counted(before >> 28))
		load_add(c->host, -1);
}

/* ---- making one ---------------------------------------------------------------------------- */
static __always_inline void conn_event(__u32 type, const struct conn_ref *ref,
				       const struct xlb_conn *c)
{
	struct xlb_event *e;

	if (is_dry())
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(XLB_REASON_EVENT_LOST);
		return;
	}
	e->type = type;
	e->target = ref->target;
	e->nat_port = ref->port;
	e->time_ns = bpf_ktime_get_ns();
	e->conn = *c;
	/* the daemon looks once a second, or when half of the buffer is used: no wake-up a packet
	 */
	bpf_ringbuf_submit(e, bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > (1 << 19) ?
				      BPF_RB_FORCE_WAKEUP :
				      BPF_RB_NO_WAKEUP);
}

/*
 * Claims a record: the target's ports in turn, so that a port comes back as late as possible (the
 * host may still hold it in TIME_WAIT). Returns the port, or 0 if XLB_NAT_PROBES in a row were in
 * use. The record is SYN_SENT and belongs to nobody yet.
 */
__noinline int conn_claim(__u32 target, __u32 now, __u32 expires)
{
	const struct xlb_target *t = bpf_map_lookup_elem(&targets, &target);
	__u32 *cursor = bpf_map_lookup_elem(&target_cursors, &target);
	struct conn_ref ref = { .target = target };
	__u32 n;

	if (!t || !cursor || !t->family || t->port_hi < t->port_lo)
		return 0;
	n = t->port_hi - t->port_lo + 1;
	for (int i = 0; i < XLB_NAT_PROBES; i++) {
		__u32 turn = is_dry() ? *cursor + i : __sync_fetch_and_add(cursor, 1);
		__u32 port = t->port_lo + turn % n, before;
		struct xlb_conn *c = conn_at(target, port);

		if (!c)
			return 0;
		before = *(volatile __u32 *)conn_word(c);
		if (conn_alive(c, now))
			continue;
		if (is_dry())
			return port;
		if (__sync_val_compare_and_swap(conn_word(c), before,
						word_of(expires, XLB_CONN_SYN_SENT)) != before)
			continue;
		if (before >> 28 != XLB_CONN_FREE) {
			if (conn_counted(before >> 28))
				load_add(c->host, -1);
			ref.port = port;
			if (!(c->flags & XLB_CONN_LOGGED))
				conn_event(XLB_EVENT_REUSED, &ref, c);
		}
		return port;
	}
	return 0;
}

/* The host's next NAT address; the last one's is the first. XLB_TARGET_NONE: it has but one. */
static __always_inline __u32 target_after(__u32 index)
{
	const struct xlb_target *t = bpf_map_lookup_elem(&targets, &index);

	return t ? t->next : XLB_TARGET_NONE;
}

/* One of the host's NAT addresses, as the client's port comes. */
static __always_inline __u32 pick_target(const struct xlb_host *h, __u32 ports)
{
	__u32 index = h->target, next;
	__u32 skip = h->n_targets > 1 ? (ports * 0x9e3779b1u >> 16) % h->n_targets : 0;

	for (int i = 0; i < XLB_NAT_ADDRS && skip; i++, skip--) {
		next = target_after(index);
		if (next == XLB_TARGET_NONE)
			break;
		index = next;
	}
	return index;
}

/* A record of one of the host's NAT addresses; where that has no port left, of another one. */
static __always_inline void claim_any(const struct xlb_host *h, __u32 ports, __u32 now,
				      __u32 expires, struct conn_ref *ref)
{
	ref->target = pick_target(h, ports);
	for (int i = 0; i < XLB_NAT_ADDRS; i++) {
		ref->port = conn_claim(ref->target, now, expires);
		if (ref->port || i + 1 >= h->n_targets)
			return;
		ref->target = target_after(ref->target);
	}
}

#endif
