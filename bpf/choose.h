/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which host? By the row the packet hashes to; or, where a row has moved and in the modes that
 * choose per connection or per client, by an entry in the flow table.
 *
 * Each function comes once for IPv4 and once for IPv6 (`v6` is a constant in both).
 */
#ifndef XLB_BPF_CHOOSE_H
#define XLB_BPF_CHOOSE_H

#include "flow.h"
#include "maps.h"
#include "packet.h"

/* Ports of the entries that are about a client. */
#define CLIENT_PORTS 0
#define FORMER_PORTS ((__u32)bpf_htons(1) << 16)

/* Instead of a slot: the row alone does not tell. */
#define ASK_STATE (XLB_HOST_NONE + 1)

static __always_inline __u32 host_flags(__u32 slot)
{
	const struct xlb_host *host = host_at(slot);

	return host ? host->flags : 0;
}

/* May an old flow stay with the host? */
static __always_inline _Bool keeps_flows(__u32 slot)
{
	return host_flags(slot) != 0;
}

static __always_inline _Bool takes_new(__u32 slot)
{
	return host_flags(slot) & XLB_HOST_NEW;
}

static __always_inline struct xlb_row row_get(__u32 service, __u32 index)
{
	struct xlb_row none = { XLB_HOST_NONE, XLB_HOST_NONE };
	union {
		struct xlb_row row;
		__u32 word;
	} at;
	const struct xlb_rows *table;
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&rows, &service);

	if (!inner)
		return none;
	table = bpf_map_lookup_elem(inner, &zero);
	if (!table)
		return none;
	/* one load: the daemon stores cur and prev together */
	at.word = *(const volatile word_t *)&table->row[index & (XLB_ROWS - 1)];
	trail_row(index & (XLB_ROWS - 1), at.row);
	return at.row;
}

/* Moves an entry's state on and its expiry out; nothing is written twice in a tick. */
static __always_inline void flow_touch(union xlb_flow_meta *meta, union xlb_flow_meta before,
				       const struct xlb_service *s, __u32 state, __u32 now)
{
	union xlb_flow_meta after = flow_meta(s, before.listen, before.host, state, now);

	if (after.raw != before.raw)
		flow_store(meta, before, after);
}

/* ---- per connection: roundrobin, random, least-states -------------------------------------- */
struct least { /* small: five calls share 512 bytes of stack */
	const struct xlb_pool *pool;
	__u32 load;
	__u16 start;
	__u16 host;
	__u16 weight;
};

static long less_loaded(__u32 turn, void *data)
{
	struct least *least = data;
	__u32 n = least->pool->n_hosts, i = least->start + turn;
	const struct xlb_pool_host *h;
	const __u64 *load;
	__u32 slot;

	if (turn >= n)
		return 1;
	h = &least->pool->host[(i >= n ? i - n : i) & (XLB_POOL_HOSTS - 1)];
	slot = h->host;
	load = bpf_map_lookup_elem(&loads, &slot);
	if (load && (least->host == XLB_HOST_NONE ||
		     *load * least->weight < (__u64)least->load * h->weight)) {
		least->host = slot;
		least->load = *load;
		least->weight = h->weight;
	}
	return 0;
}

/* Fewest states per weight; the first to be looked at changes, so that equals take turns. */
static __always_inline __u32 least_states(const struct xlb_pool *pool, __u32 start)
{
	struct least least = { .pool = pool, .start = start, .host = XLB_HOST_NONE };

	bpf_loop(XLB_POOL_HOSTS, less_loaded, &least, 0);
	return least.host;
}

/* A global function with scalars only: the verifier checks it once. */
__noinline int pick_from_pool(__u32 service)
{
	const struct xlb_service *s = service_at(service);
	const struct xlb_pool *pool = bpf_map_lookup_elem(&pools, &service);
	__u64 *cursor = bpf_map_lookup_elem(&cursors, &service), turn;

	if (!pool || !cursor || !pool->n_ring || !pool->n_hosts)
		return XLB_HOST_NONE;
	trail_how(XLB_HOW_POOL, 0);
	if (s->choose == XLB_CHOOSE_RANDOM)
		turn = bpf_get_prandom_u32();
	else if (is_dry())
		turn = *cursor;
	else
		turn = __sync_fetch_and_add(cursor, 1);
	if (s->choose == XLB_CHOOSE_LEAST_STATES)
		return least_states(pool, turn % pool->n_hosts);
	return pool->ring[(turn % pool->n_ring) & (XLB_POOL_RING - 1)];
}

/* A host for something new. What comes mid-stream without an entry goes by its row: so it does on
 * every LB of the same configuration, and here when the table was full. */
static __always_inline __u32 pick(const struct tuple *t, const struct xlb_service *s)
{
	if (s->choose == XLB_CHOOSE_ROW || (t->proto == IPPROTO_TCP && !is_syn(t->tcp_flags)))
		return row_get(t->service, t->row).cur;
	return pick_from_pool(t->service);
}

/* ---- per client: sticky-address ------------------------------------------------------------ */
/* The client's host for a new flow: the one it has while that takes new flows, else a new one. */
static __always_inline __u32 client_host(const struct tuple *t, const struct xlb_service *s,
					 const _Bool v6)
{
	union xlb_flow_meta before, after, *meta = flow_find(t, CLIENT_PORTS, v6, &before);
	__u32 host;

	if (meta && takes_new(before.host)) {
		trail_how(XLB_HOW_CLIENT, before.state);
		flow_touch(meta, before, s, before.state, t->now);
		return before.host;
	}
	host = pick(t, s);
	if (host == XLB_HOST_NONE)
		return host;
	after = flow_meta(s, t->listen, host, XLB_FLOW_CLIENT, t->now);
	if (meta) {
		flow_store(meta, before, after);
	} else if (!flow_insert(t, CLIENT_PORTS, after, v6)) {
		count(XLB_REASON_TABLE_FULL);
		return row_get(t->service, t->row).cur;
	}
	return host;
}

/* ---- one entry per flow -------------------------------------------------------------------- */
static __always_inline void enter(const struct tuple *t, const struct xlb_service *s, __u32 host,
				  const _Bool v6)
{
	__u32 state = first_state(t->proto, t->tcp_flags);

	if (!flow_insert(t, t->ports, flow_meta(s, t->listen, host, state, t->now), v6))
		count(XLB_REASON_TABLE_FULL);
}

static __always_inline __u32 choose_tracked(struct tuple *t, const struct xlb_service *s,
					    const _Bool v6)
{
	union xlb_flow_meta before, after, *meta = flow_find(t, t->ports, v6, &before);
	__u32 host;

	if (meta) {
		_Bool lives = keeps_flows(before.host);

		/* a SYN recycles a tuple that is closing, but leaves a live flow alone */
		if (lives && !(is_syn(t->tcp_flags) && before.state >= XLB_FLOW_CLOSING)) {
			trail_how(XLB_HOW_FLOW, before.state);
			flow_touch(meta, before, s,
				   next_state(before.state, t->proto, t->tcp_flags), t->now);
			return before.host;
		}
		if (!lives)
			count(XLB_REASON_HOST_GONE);
	}
	host = s->flags & XLB_SERVICE_STICKY ? client_host(t, s, v6) : pick(t, s);
	if (host == XLB_HOST_NONE)
		return host;
	t->is_new = 1;
	after = flow_meta(s, t->listen, host, first_state(t->proto, t->tcp_flags), t->now);
	if (meta) {
		flow_store(meta, before, after);
	} else if (!flow_insert(t, t->ports, after, v6)) {
		count(XLB_REASON_TABLE_FULL);
		t->is_new = is_syn(t->tcp_flags); /* without an entry, each packet is a new one */
		return row_get(t->service, t->row).cur;
	}
	return host;
}

/* ---- exceptions: flows of rows and of clients that have moved ------------------------------ */
/* Has this CPU made more entries by SYNs in this tick than a flood may? */
static __always_inline _Bool syn_over_budget(__u32 now)
{
	__u32 zero = 0;
	struct xlb_syn_budget *b = bpf_map_lookup_elem(&syn_budget, &zero);

	if (!b)
		return 1;
	if (is_dry())
		return b->tick == now && b->used >= XLB_SYN_BUDGET;
	if (b->tick != now) {
		b->tick = now;
		b->used = 0;
	}
	if (b->used >= XLB_SYN_BUDGET)
		return 1;
	b->used++;
	return 0;
}

/*
 * Between `prev` and `cur`: a flow with an entry stays where it is. Without one, a SYN is new and
 * goes to cur; anything else was prev's, as long as prev is told and lives.
 */
static __always_inline __u32 choose_moved(const struct tuple *t, const struct xlb_service *s,
					  __u32 cur, __u32 prev, const _Bool v6)
{
	_Bool moving = prev < XLB_HOST_SETTLED && keeps_flows(prev);
	union xlb_flow_meta before, *meta;
	__u32 host = cur;

	meta = flow_find(t, t->ports, v6, &before);
	if (meta && keeps_flows(before.host) &&
	    !(is_syn(t->tcp_flags) && before.state >= XLB_FLOW_CLOSING)) {
		trail_how(XLB_HOW_FLOW, before.state);
		flow_touch(meta, before, s, next_state(before.state, t->proto, t->tcp_flags),
			   t->now);
		return before.host;
	}
	if (moving && !is_syn(t->tcp_flags)) {
		trail_how(XLB_HOW_PREV, 0);
		host = prev;
	}
	if (meta && !keeps_flows(before.host))
		count(XLB_REASON_HOST_GONE);
	if (host == XLB_HOST_NONE)
		return host;
	if (meta) {
		/* its host is gone, or the tuple begins anew: the old entry must not come back */
		flow_store(meta, before,
			   flow_meta(s, t->listen, host, first_state(t->proto, t->tcp_flags),
				     t->now));
		return host;
	}
	if (!moving)
		return host;
	if (is_syn(t->tcp_flags) && syn_over_budget(t->now)) {
		count(XLB_REASON_SYN_LIMIT);
		return host;
	}
	enter(t, s, host, v6);
	return host;
}

/* The host that a client had before its entry moved, or XLB_HOST_SETTLED. */
static __always_inline __u32 former_host(const struct tuple *t, const _Bool v6)
{
	union xlb_flow_meta m;

	return flow_find(t, FORMER_PORTS, v6, &m) ? m.host : XLB_HOST_SETTLED;
}

/*
 * A client leaves `host`, which keeps its flows. Returns whose the flows are that have no entry:
 * the former host's, if there is one and it lives, for then all of `host` have entries; else
 * `host`. XLB_HOST_NONE: no room to remember that.
 */
static __always_inline __u32 client_leaves(const struct tuple *t, const struct xlb_service *s,
					   __u32 host, const _Bool v6)
{
	union xlb_flow_meta after = flow_meta(s, t->listen, host, XLB_FLOW_FORMER, t->now), before;
	union xlb_flow_meta *meta = flow_find(t, FORMER_PORTS, v6, &before);

	if (meta && keeps_flows(before.host))
		return before.host;
	if (meta) {
		flow_store(meta, before, after);
	} else if (!flow_insert(t, FORMER_PORTS, after, v6)) {
		count(XLB_REASON_TABLE_FULL);
		return XLB_HOST_NONE;
	}
	return host;
}

/*
 * sticky-address without an entry per flow: the client's entry is a row of its own. When its host
 * stops taking new flows the entry names the new host, a second entry (FORMER) the old one, and
 * until that expires flows are told apart like those of a moving row.
 */
static __always_inline __u32 choose_sticky(struct tuple *t, const struct xlb_service *s,
					   const _Bool v6)
{
	union xlb_flow_meta before, after, *meta = flow_find(t, CLIENT_PORTS, v6, &before);
	__u32 flags = meta ? host_flags(before.host) : 0, host, prev;
	_Bool leaves;

	/* the common case; a packet that isn't a SYN doesn't move a client off a draining host */
	if (meta && before.state == XLB_FLOW_CLIENT &&
	    (flags & XLB_HOST_NEW || (flags && !is_syn(t->tcp_flags)))) {
		trail_how(XLB_HOW_CLIENT, before.state);
		flow_touch(meta, before, s, XLB_FLOW_CLIENT, t->now);
		return before.host;
	}
	leaves = meta && (!flags || (!(flags & XLB_HOST_NEW) && is_syn(t->tcp_flags)));
	host = meta && !leaves ? before.host : pick(t, s);
	if (meta && !leaves)
		trail_how(XLB_HOW_CLIENT, before.state);
	if (meta && (flags || before.state == XLB_FLOW_CLIENT_MOVED)) {
		if (host == XLB_HOST_NONE) { /* its flows live on, so must the client's entry */
			flow_touch(meta, before, s, before.state, t->now);
			return choose_moved(t, s, host, former_host(t, v6), v6);
		}
		prev = leaves && flags ? client_leaves(t, s, before.host, v6) : former_host(t, v6);
		if (prev == XLB_HOST_NONE)
			return host;
		after = flow_meta(s, t->listen, host, XLB_FLOW_CLIENT_MOVED, t->now);
		if (after.raw != before.raw)
			flow_store(meta, before, after);
		return choose_moved(t, s, host, prev, v6);
	}
	if (meta)
		count(XLB_REASON_HOST_GONE);
	if (host == XLB_HOST_NONE)
		return host;
	after = flow_meta(s, t->listen, host, XLB_FLOW_CLIENT, t->now);
	if (meta) {
		flow_store(meta, before, after);
	} else if (!flow_insert(t, CLIENT_PORTS, after, v6)) {
		count(XLB_REASON_TABLE_FULL);
		return row_get(t->service, t->row).cur;
	}
	return host;
}

/* ---- the way in ---------------------------------------------------------------------------- */
static __always_inline __u32 choose_row(struct tuple *t, const struct xlb_service *s,
					const _Bool v6)
{
	struct xlb_row row = row_get(t->service, t->row);

	return choose_moved(t, s, row.cur, row.prev, v6);
}

/* Global functions again, one for each way and family. They return a slot or XLB_HOST_NONE. */
#define CHOOSE_GLOBAL(how, family, v6)                                                             \
	__noinline int how##family(struct tuple *t, const struct xlb_service *s)                   \
	{                                                                                          \
		return t && s ? how(t, s, v6) : XLB_HOST_NONE;                                     \
	}
CHOOSE_GLOBAL(choose_tracked, 4, 0)
CHOOSE_GLOBAL(choose_tracked, 6, 1)
CHOOSE_GLOBAL(choose_sticky, 4, 0)
CHOOSE_GLOBAL(choose_sticky, 6, 1)
CHOOSE_GLOBAL(choose_row, 4, 0)
CHOOSE_GLOBAL(choose_row, 6, 1)

/* Where the row does not tell. Reads all of *t but its time. */
static __always_inline __u32 choose_stateful(struct tuple *t, const struct xlb_service *s,
					     const _Bool v6)
{
	t->now = now_ticks();
	if (s->flags & XLB_SERVICE_TRACK)
		return v6 ? choose_tracked6(t, s) : choose_tracked4(t, s);
	if (s->flags & XLB_SERVICE_STICKY)
		return v6 ? choose_sticky6(t, s) : choose_sticky4(t, s);
	return v6 ? choose_row6(t, s) : choose_row4(t, s);
}

/* The common case, without any state: slot of a stable row's host, XLB_HOST_NONE, or ASK_STATE. */
static __always_inline __u32 choose_stable(__u8 flags, __u32 service, __u32 index)
{
	struct xlb_row row;

	if (flags)
		return ASK_STATE;
	row = row_get(service, index);
	return row.prev == XLB_HOST_NONE ? row.cur : ASK_STATE;
}

/* Slot of the packet's host, or XLB_HOST_NONE. */
static __always_inline __u32 choose(struct tuple *t, const struct xlb_service *s, const _Bool v6)
{
	__u32 slot;

	t->row = xlb_row_hash(s, t->client, t->ports, v6);
	slot = choose_stable(s->flags, t->service, t->row);
	return slot == ASK_STATE ? choose_stateful(t, s, v6) : slot;
}

/* The host of a flow that somebody else speaks about (ICMP errors): changes nothing. */
static __always_inline __u32 host_of_flow(struct tuple *t, const struct xlb_service *s,
					  const _Bool v6)
{
	struct xlb_row row = row_get(t->service, xlb_row_hash(s, t->client, t->ports, v6));
	union xlb_flow_meta m;

	t->now = now_ticks();
	if (flow_find(t, t->ports, v6, &m) && keeps_flows(m.host))
		return m.host;
	if (s->flags & XLB_SERVICE_STICKY) {
		if (flow_find(t, FORMER_PORTS, v6, &m) && keeps_flows(m.host))
			return m.host;
		if (flow_find(t, CLIENT_PORTS, v6, &m) && keeps_flows(m.host))
			return m.host;
	}
	return row.prev < XLB_HOST_SETTLED && keeps_flows(row.prev) ? row.prev : row.cur;
}

#endif
