/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The flow table: three candidate lines of four ways, shared by all CPUs. It is the truth, not a
 * cache: a live entry is never evicted. When the lines are full the caller chooses by hash,
 * so that later packets of the flow choose the same.
 *
 * Two CPUs may meet in a line. A way is claimed by a compare-and-swap on its meta word, which then
 * says BUSY until key and meta are written. If both enter the same flow at the same instant there
 * are two entries for a while: look-ups find the first, the second expires.
 */
#ifndef XLB_BPF_FLOW_H
#define XLB_BPF_FLOW_H

#include "maps.h"
#include "packet.h"

/*
 * The key of an entry is the client of a tuple, its listen, and ports: the tuple's, or those that
 * stand for a client.
 */
static __always_inline __u64 flow_hash(const struct tuple *t, __u32 ports, const _Bool v6)
{
	return xlb_flow_hash(hash_key, t->client, ports, t->listen, v6);
}

static __always_inline _Bool way4_is(const struct xlb_flow4 *w, const struct tuple *t, __u32 ports)
{
	/* client and both ports are the entry's first eight bytes */
	return *(const __u64 *)w == ((__u64)ports << 32 | t->client[0]);
}

static __always_inline _Bool way6_is(const struct xlb_flow6 *w, const struct tuple *t, __u32 ports)
{
	return same_addr(w->client, t->client) && *(const __u32 *)&w->client_port == ports;
}

static __always_inline void way4_set(struct xlb_flow4 *w, const struct tuple *t, __u32 ports)
{
	*(volatile __u64 *)w = (__u64)ports << 32 | t->client[0];
}

static __always_inline void way6_set(struct xlb_flow6 *w, const struct tuple *t, __u32 ports)
{
	w->client[0] = t->client[0];
	w->client[1] = t->client[1];
	w->client[2] = t->client[2];
	w->client[3] = t->client[3];
	*(volatile __u32 *)&w->client_port = ports;
}

static __always_inline _Bool meta_alive(union xlb_flow_meta m, __u32 now)
{
	return m.state != XLB_FLOW_FREE && XLB_TICK_ALIVE(m.expires, now);
}

static __always_inline struct xlb_flow4_line *line4(__u32 index)
{
	return bpf_map_lookup_elem(&flows4, &index);
}

static __always_inline struct xlb_flow6_line *line6(__u32 index)
{
	return bpf_map_lookup_elem(&flows6, &index);
}

static __always_inline __u32 line_index(__u64 hash, int candidate, const _Bool v6)
{
	return xlb_flow_line(hash, candidate, v6 ? flow6_mask : flow4_mask);
}

/* The live entry's meta word and its value, or NULL. */
static __always_inline union xlb_flow_meta *flow_find(const struct tuple *t, __u32 ports,
						      const _Bool v6, union xlb_flow_meta *value)
{
	__u64 hash = flow_hash(t, ports, v6);

	value->raw = 0;
	for (int candidate = 0; candidate < XLB_FLOW_CANDIDATES; candidate++) {
		__u32 index = line_index(hash, candidate, v6);
		struct xlb_flow4_line *l4 = v6 ? NULL : line4(index);
		struct xlb_flow6_line *l6 = v6 ? line6(index) : NULL;

		if (v6 ? !l6 : !l4)
			return NULL;
		for (int i = 0; i < XLB_FLOW_WAYS; i++) {
			union xlb_flow_meta *meta = v6 ? &l6->way[i].meta : &l4->way[i].meta;

			if (v6 ? !way6_is(&l6->way[i], t, ports) : !way4_is(&l4->way[i], t, ports))
				continue;
			value->raw = *(volatile __u64 *)&meta->raw;
			if (value->listen == t->listen && meta_alive(*value, t->now))
				return meta;
		}
	}
	return NULL;
}

static __always_inline void load_add(__u16 host, __s64 n)
{
	__u32 slot = host;
	__u64 *load = bpf_map_lookup_elem(&loads, &slot);

	if (load && !is_dry())
		__sync_fetch_and_add(load, n);
}

/* Replaces an entry's meta, unless another CPU was faster. Keeps the hosts' loads. */
static __always_inline _Bool flow_store(union xlb_flow_meta *meta, union xlb_flow_meta before,
					union xlb_flow_meta after)
{
	if (is_dry())
		return 1;
	if (__sync_val_compare_and_swap(&meta->raw, before.raw, after.raw) != before.raw)
		return 0;
	if (before.host != after.host ||
	    XLB_FLOW_COUNTED(before.state) != XLB_FLOW_COUNTED(after.state)) {
		if (XLB_FLOW_COUNTED(before.state))
			load_add(before.host, -1);
		if (XLB_FLOW_COUNTED(after.state))
			load_add(after.host, 1);
	}
	return 1;
}

static __always_inline int insert(const struct tuple *t, __u32 ports, union xlb_flow_meta meta,
				  const _Bool v6)
{
	union xlb_flow_meta busy = { .listen = XLB_LISTEN_NONE,
				     .host = XLB_HOST_NONE,
				     .expires = (t->now + 1) & XLB_TICK_MASK,
				     .state = XLB_FLOW_BUSY };
	__u64 hash = flow_hash(t, ports, v6);

#pragma clang loop unroll(disable) /* less code, less stack */
	for (int candidate = 0; candidate < XLB_FLOW_CANDIDATES; candidate++) {
		barrier_var(hash); /* one line at a time: their indices would fill the stack */
		__u32 index = line_index(hash, candidate, v6);
		struct xlb_flow4_line *l4 = v6 ? NULL : line4(index);
		struct xlb_flow6_line *l6 = v6 ? line6(index) : NULL;

		if (v6 ? !l6 : !l4)
			return 0;
		for (int i = 0; i < XLB_FLOW_WAYS; i++) {
			union xlb_flow_meta *slot = v6 ? &l6->way[i].meta : &l4->way[i].meta;
			union xlb_flow_meta before;

			before.raw = *(volatile __u64 *)&slot->raw;
			if (meta_alive(before, t->now) || !flow_store(slot, before, busy))
				continue;
			if (is_dry())
				return 1;
			if (v6)
				way6_set(&l6->way[i], t, ports);
			else
				way4_set(&l4->way[i], t, ports);
			flow_store(slot, busy, meta);
			return 1;
		}
	}
	return 0;
}

/*
 * Enter (t's client and listen, ports) -> meta (its raw word) into a way that is free; 0: no room.
 * Global functions, here and below: the verifier checks each once, by itself, instead of in every
 * context it is called from.
 */
__noinline int flow_insert4(const struct tuple *t, __u32 ports, __u64 meta)
{
	return t ? insert(t, ports, (union xlb_flow_meta){ .raw = meta }, 0) : 0;
}

__noinline int flow_insert6(const struct tuple *t, __u32 ports, __u64 meta)
{
	return t ? insert(t, ports, (union xlb_flow_meta){ .raw = meta }, 1) : 0;
}

static __always_inline _Bool flow_insert(const struct tuple *t, __u32 ports,
					 union xlb_flow_meta meta, const _Bool v6)
{
	return v6 ? flow_insert6(t, ports, meta.raw) : flow_insert4(t, ports, meta.raw);
}

/* pf's sloppy tracking: what the client's half alone shows. */
static __always_inline __u32 next_state(__u32 state, __u8 proto, __u8 tcp_flags)
{
	if (proto != IPPROTO_TCP)
		return XLB_FLOW_OPEN;
	if (tcp_flags & TCP_RST || state == XLB_FLOW_CLOSED)
		return XLB_FLOW_CLOSED;
	if (state == XLB_FLOW_FINWAIT)
		return XLB_FLOW_FINWAIT;
	if (tcp_flags & TCP_FIN)
		return XLB_FLOW_CLOSING;
	if (state == XLB_FLOW_CLOSING)
		return XLB_FLOW_FINWAIT;
	if (is_syn(tcp_flags))
		return state; /* a retransmission */
	return XLB_FLOW_OPEN;
}

static __always_inline __u32 first_state(__u8 proto, __u8 tcp_flags)
{
	if (proto != IPPROTO_TCP || is_syn(tcp_flags))
		return XLB_FLOW_SYN;
	return next_state(XLB_FLOW_OPEN, proto, tcp_flags);
}

static __always_inline union xlb_flow_meta flow_meta(const struct xlb_service *s, __u32 listen,
						     __u32 host, __u32 state, __u32 now)
{
	union xlb_flow_meta m = { .listen = listen, .host = host, .state = state };

	/* states past the end don't occur; the mask lets the verifier see it */
	if (state < XLB_FLOW_STATES)
		m.expires = (now + s->timeout[state]) & XLB_TICK_MASK;
	return m;
}

#endif
