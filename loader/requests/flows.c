/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/flows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "xlb/hash.h"

#define SECOND 1000000000ull
#define QUIET_NS (60 * SECOND) /* late repetitions are known by then */
#define IDLE_NS (3600 * SECOND)

/* ---- keys ---------------------------------------------------------------------------------- */
static void key_address(const struct cfg_addr *addr, uint32_t ret[4])
{
	memcpy(ret, &addr->v6, addr->family == AF_INET ? sizeof(addr->v4) : sizeof(addr->v6));
}

struct flow_key flow_key_of(const struct request_ends *ends)
{
	struct flow_key key = {
		.client_port = ends->client_port,
		.listen_port = ends->listen_port,
		.proto = ends->proto,
	};

	key_address(&ends->client, key.client);
	key_address(&ends->listen, key.listen);
	return key;
}

_Static_assert(sizeof(struct flow_key) == 4 * (REQUESTS_KEYS - 1), "a key for each word");

/* As in include/xlb/hash.h: whoever doesn't know the keys can't choose flows that collide. */
static unsigned hash_of(const struct flows *f, const struct flow_key *key)
{
	uint32_t words[sizeof(*key) / sizeof(uint32_t)];
	uint64_t h = f->keys[0];

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		h += f->keys[i + 1] * words[i];
	return (unsigned)(xlb_mix(h) >> 32);
}

/* ---- the table ----------------------------------------------------------------------------- */
struct flow *flows_find(const struct flows *f, const struct flow_key *key)
{
	struct flow *flow;

	HASH_FIND_BYHASHVALUE(hh, f->table, key, sizeof(*key), hash_of(f, key), flow);
	return flow;
}

static void unlist(struct flows *f, struct flow *flow)
{
	if (flow->talks)
		DL_DELETE(f->talking, flow);
	else
		DL_DELETE(f->quiet, flow);
}

static void make_room(struct flows *f)
{
	struct flow *victim = f->quiet ? f->quiet : f->talking;

	if (HASH_COUNT(f->table) < f->max || !victim)
		return;
	if (victim->talks)
		f->counters[REQUEST_EVICTED]++;
	flows_remove(f, victim);
}

struct flow *flows_add(struct flows *f, const struct flow_key *key)
{
	struct flow *flow;

	make_room(f);
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return NULL;
	flow->key = *key;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, f->table, &flow->key, sizeof(flow->key), hash_of(f, key),
				    flow);
	if (!flow->hh.tbl) {
		free(flow);
		return NULL;
	}
	DL_APPEND(f->quiet, flow);
	return flow;
}

void flows_touch(struct flows *f, struct flow *flow, bool talks, uint64_t now_ns)
{
	unlist(f, flow);
	flow->talks = talks;
	flow->seen_ns = now_ns;
	if (talks)
		DL_APPEND(f->talking, flow);
	else
		DL_APPEND(f->quiet, flow);
}

/* ---- what is kept -------------------------------------------------------------------------- */
#define KEPT_CUT " ..."

static void keep_bytes(struct flows *f, struct flow *flow, const char *text)
{
	const size_t more = strlen(text);
	char *longer;

	if (f->budget.used + more > f->budget.max)
		return;
	longer = realloc(flow->kept, flow->kept_len + more + 1);
	if (!longer)
		return;
	memcpy(longer + flow->kept_len, text, more + 1);
	flow->kept = longer;
	flow->kept_len += more;
	f->budget.used += more;
}

static bool is_cut(const struct flow *flow)
{
	const size_t n = strlen(KEPT_CUT);

	return flow->kept_len >= n && strcmp(flow->kept + flow->kept_len - n, KEPT_CUT) == 0;
}

void flows_keep(struct flows *f, struct flow *flow, const char *text)
{
	char entry[REQUESTS_KEPT];
	int n = snprintf(entry, sizeof(entry), "%s%s;", flow->kept_len ? " " : "", text);

	if (is_cut(flow))
		return;
	if (flow->kept_len + (size_t)n + sizeof(KEPT_CUT) > REQUESTS_KEPT)
		keep_bytes(f, flow, KEPT_CUT);
	else
		keep_bytes(f, flow, entry);
}

static void drop_kept(struct flows *f, struct flow *flow)
{
	f->budget.used -= flow->kept_len;
	free(flow->kept);
	flow->kept = NULL;
	flow->kept_len = 0;
}

/* ---- ends ---------------------------------------------------------------------------------- */
void flows_forget_content(struct flows *f, struct flow *flow)
{
	flows_wait_no_more(f, flow);
	stream_free(&flow->stream, &f->budget);
	drop_kept(f, flow);
	if (flow->kind == FLOW_HTTP)
		http_end(&flow->http, &f->budget);
	if (flow->kind == FLOW_TLS)
		hello_end(&flow->hello, &f->budget);
	flow->kind = FLOW_UNDECIDED;
	flow->stream = (struct stream){ 0 };
	flow->late = flow->over = flow->has_fin = false;
}

void flows_remove(struct flows *f, struct flow *flow)
{
	flows_forget_content(f, flow);
	unlist(f, flow);
	HASH_DELETE(hh, f->table, flow);
	free(flow);
}

/* ---- waiting ------------------------------------------------------------------------------- */
void flows_wait(struct flows *f, struct flow *flow, uint64_t until_ns)
{
	if (flow->waits)
		return;
	flow->waits = true;
	flow->waits_for = until_ns;
	DL_APPEND2(f->waiting, flow, wait_prev, wait_next);
}

void flows_wait_no_more(struct flows *f, struct flow *flow)
{
	if (flow->waits)
		DL_DELETE2(f->waiting, flow, wait_prev, wait_next);
	flow->waits = false;
}

/* ---- forgetting ---------------------------------------------------------------------------- */
static bool idle_since(const struct flow *flow, uint64_t now_ns, uint64_t ns)
{
	return flow && now_ns > flow->seen_ns && now_ns - flow->seen_ns > ns;
}

void flows_expire(struct flows *f, uint64_t now_ns)
{
	while (idle_since(f->quiet, now_ns, QUIET_NS))
		flows_remove(f, f->quiet);
	while (idle_since(f->talking, now_ns, IDLE_NS))
		flows_remove(f, f->talking);
}

void flows_clear(struct flows *f)
{
	while (f->quiet)
		flows_remove(f, f->quiet);
	while (f->talking)
		flows_remove(f, f->talking);
}
