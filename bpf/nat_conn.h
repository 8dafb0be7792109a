/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections: made, moved along. A record is the truth for both directions; how a client's packet
 * finds it is in nat_index.h.
 */
#ifndef XLB_BPF_NAT_CONN_H
#define XLB_BPF_NAT_CONN_H

#include "choose.h"
#include "nat_maps.h"
#include "nat_packet.h"

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
	const struct xlb_target *t = target_at(target);
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
	const struct xlb_target *t = target_at(index);

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
