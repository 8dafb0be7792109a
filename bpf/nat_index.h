/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The index of connections: from a tuple to where the record lies. Its words are hints that the
 * record must confirm, so nothing has to take them out: one is free when its record is another
 * connection's, or nobody's. (The daemon does, see loader/dataplane/nat_index.h: that saves a
 * look.)
 */
#ifndef XLB_BPF_NAT_INDEX_H
#define XLB_BPF_NAT_INDEX_H

#include "nat_conn.h"

#define FRONT_PROBE_EVERY 8 /* new connections; a power of two */

/* What a word is found by. */
struct flow_key {
	__be32 client[4];
	__u32 ports;  /* as xlb_ports(); of the way back the client's only */
	__u32 listen; /* of the way back XLB_LISTEN_BACK | target */
};

static __always_inline struct xlb_nat_line *index_line(__u64 hash, __u32 candidate)
{
	__u32 line = xlb_nat_line(hash, candidate, nat_mask);

	return bpf_map_lookup_elem(&nat_index, &line);
}

static __always_inline struct conn_ref ref_of(__u64 raw)
{
	const union xlb_nat_way w = { .raw = raw };

	return (struct conn_ref){ .target = w.target, .port = w.nat_port };
}

static __always_inline __u32 tag_of(__u64 raw)
{
	const union xlb_nat_way w = { .raw = raw };

	return w.tag;
}

/* Is the record what the key says? */
static __always_inline _Bool conn_is(const struct xlb_conn *c, const struct flow_key *k)
{
	if (!same_addr(c->client, k->client))
		return 0;
	if (k->listen & XLB_LISTEN_BACK)
		return c->client_port == (__be16)k->ports;
	return *(const __u32 *)&c->client_port == k->ports && c->listen == k->listen;
}

static __always_inline struct xlb_conn *conn_find(const struct flow_key *k, __u32 now,
						  struct conn_ref *ref, const _Bool v6)
{
	__u64 hash = xlb_flow_hash(hash_key, k->client, k->ports, k->listen, v6);
	__u32 tag = xlb_nat_tag(hash, k->listen);

#pragma clang loop unroll(disable)
	for (int candidate = 0; candidate < XLB_NAT_CANDIDATES; candidate++) {
		const struct xlb_nat_line *line = index_line(hash, candidate);

		if (!line)
			return NULL;
#pragma clang loop unroll(disable)
		for (int i = 0; i < XLB_NAT_WAYS; i++) {
			__u64 raw = *(const volatile __u64 *)&line->way[i].raw;
			struct xlb_conn *c;

			if (tag_of(raw) != tag)
				continue;
			*ref = ref_of(raw);
			c = conn_at(ref->target, ref->port);
			if (c && conn_alive(c, now) && conn_is(c, k))
				return c;
		}
	}
	return NULL;
}

/* May the word be used for another connection? */
__noinline int index_is_free(__u64 raw, __u32 now)
{
	struct conn_ref ref = ref_of(raw);
	_Bool back = tag_of(raw) & XLB_NAT_TAG_BACK;
	const struct xlb_conn *c;
	const struct xlb_target *t;
	__u32 ports, listen;
	__u64 hash;

	if (!raw)
		return 1;
	c = conn_at(ref.target, ref.port);
	t = target_at(ref.target);
	if (!c || !t || !conn_alive(c, now))
		return 1;
	ports = back ? c->client_port : *(const __u32 *)&c->client_port;
	listen = back ? XLB_LISTEN_BACK | ref.target : c->listen;
	hash = xlb_flow_hash(hash_key, c->client, ports, listen, t->family == AF_INET6);
	return xlb_nat_tag(hash, listen) != tag_of(raw);
}

/* The tuple's last connection at that port had the same word. */
static __always_inline _Bool way_take(union xlb_nat_way *w, __u64 raw, __u32 now)
{
	__u64 before = *(volatile __u64 *)&w->raw;

	if (before == raw)
		return 1;
	if (!index_is_free(before, now))
		return 0;
	return is_dry() || __sync_val_compare_and_swap(&w->raw, before, raw) == before;
}

/*
 * The daemon takes words out of use as connections end. Where it doesn't, whether a word is free
 * takes a look at its record, which hardly ever is in a cache; and where there are more connections
 * than the front holds, all answer no. So one of it is asked now and then.
 */
static __always_inline _Bool front_take(struct xlb_nat_line *line, __u64 hash, __u64 raw, __u32 now)
{
	for (int i = 0; i < XLB_NAT_WAYS; i++) {
		__u64 before = *(volatile __u64 *)&line->way[i].raw;

		if (before == raw || (!before && way_take(&line->way[i], raw, now)))
			return 1;
	}
	return !(hash >> 48 & (FRONT_PROBE_EVERY - 1)) &&
	       way_take(&line->way[hash >> 45 & (XLB_NAT_WAYS - 1)], raw, now);
}

/*
 * Returns 0 if there is no room. The front's line first; behind it the two lines' ways in turn, so
 * that the line with more room takes the word: filled one after the other, both would be full for
 * some connections long before the table is. A word of the last connection may come after one that
 * is taken; then there are two of it, and no more, as the first is found here.
 */
__noinline int index_insert(__u64 hash, __u64 raw, __u32 now)
{
	struct xlb_nat_line *front = index_line(hash, 0);
	struct xlb_nat_line *one = index_line(hash, 1);
	struct xlb_nat_line *two = index_line(hash, 2);

	if (!front || !one || !two)
		return 0;
	if (front_take(front, hash, raw, now))
		return 1;
	for (int i = 0; i < XLB_NAT_WAYS; i++)
		if (way_take(&one->way[i], raw, now) || way_take(&two->way[i], raw, now))
			return 1;
	return 0;
}

static __always_inline int index_add(const struct flow_key *k, const struct conn_ref *ref,
				     __u32 now, const _Bool v6)
{
	__u64 hash = xlb_flow_hash(hash_key, k->client, k->ports, k->listen, v6);
	const union xlb_nat_way w = { .nat_port = ref->port,
				      .target = ref->target,
				      .tag = xlb_nat_tag(hash, k->listen) };

	return index_insert(hash, w.raw, now);
}

#endif
