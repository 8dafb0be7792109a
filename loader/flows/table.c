/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "flows/table.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "flows/state.h"

#define NS 1000000000ull
#define FIRST_ASK_NS (2 * NS)
#define CLOSED_NS (90 * NS) /* tcp.closed of pf.conf(5) */

struct flows *flows_new(size_t max, conn_event_fn *tell, flows_ask_fn *ask, void *data)
{
	struct flows *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->max = max;
	f->tell = tell;
	f->ask = ask;
	f->data = data;
	return f;
}

void flows_forget(struct flows *f)
{
	struct flow *flow, *next;

	HASH_ITER(hh, f->by_key, flow, next)
		flow_remove(f, flow);
}

void flows_free(struct flows *f)
{
	if (f)
		flows_forget(f);
	free(f);
}

const struct flows_counters *flows_counters(const struct flows *f)
{
	return &f->counters;
}

/* ---- telling ------------------------------------------------------------------------------- */
static struct cfg_addr addr_of(const struct flow_key *key, const struct in6_addr *addr)
{
	struct cfg_addr a = { .family = key->v6 ? AF_INET6 : AF_INET };

	memcpy(&a.v6, addr, key->v6 ? 16 : 4);
	return a;
}

struct session flow_session(const struct flow *flow)
{
	const struct flow_key *key = &flow->key;

	return (struct session){
		.service = flow->service->name,
		.proto = key->proto,
		.client = addr_of(key, &key->client),
		.client_port = key->client_port,
		.port = key->port,
		.listen = addr_of(key, &key->vip),
		.host = flow->host,
		.host_port = key->port,
		.id = flow->id,
		.packets_in = flow->segments,
		.bytes_in = flow->octets,
	};
}

static void tell(struct flows *f, const struct flow *flow, enum conn_end end)
{
	const uint64_t ns = flow->last_ns - flow->began_ns;
	const struct conn_event event = {
		.end = end,
		.session = flow_session(flow),
		.active = flow->service->active,
		.duration_s = (uint32_t)(ns / NS),
		.began_ns = flow->began_ns,
		.ended_ns = flow->last_ns,
		.in_ifindex = flow->in_ifindex,
		.out_ifindex = flow->out_ifindex,
		.begin_unseen = flow->begin_unseen,
		.has_octets = flow->has_octets,
	};

	f->tell(&event, f->data);
}

/* The one that ends is one of the active ones, as in relay_close() of relayd. */
void flow_end(struct flows *f, struct flow *flow, enum conn_end end)
{
	tell(f, flow, end);
	flow->ended = true;
	flow->service->active--;
	DL_DELETE(f->open, flow);
	DL_APPEND(f->ended, flow);
}

/* ---- coming and going ---------------------------------------------------------------------- */
void flow_remove(struct flows *f, struct flow *flow)
{
	if (flow->ended) {
		DL_DELETE(f->ended, flow);
	} else {
		DL_DELETE(f->open, flow);
		flow->service->active--;
	}
	flow_clear_deadline(f, flow);
	HASH_DEL(f->by_key, flow);
	flow_service_unref(&f->services, flow->service);
	free(flow);
}

static void make_room(struct flows *f)
{
	if (HASH_COUNT(f->by_key) < f->max)
		return;
	if (f->ended) {
		flow_remove(f, f->ended);
		return;
	}
	f->counters.unseen++;
	f->counters.displaced++;
	flow_end(f, f->open, CONN_UNSEEN);
	flow_remove(f, f->ended);
}

static struct flow_key key_of(const struct flow_segment *s)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	key.v6 = s->client.family == AF_INET6;
	memcpy(&key.client, &s->client.v6, key.v6 ? 16 : 4);
	memcpy(&key.vip, &s->vip.v6, key.v6 ? 16 : 4);
	key.client_port = s->client_port;
	key.port = s->port;
	key.proto = s->proto;
	return key;
}

static bool enter(struct flows *f, struct flow *flow)
{
	HASH_ADD(hh, f->by_key, key, sizeof(flow->key), flow);
	return flow->hh.tbl;
}

/* NULL: no memory, and then nothing is known of it. */
static struct flow *add(struct flows *f, const struct flow_segment *s)
{
	struct flow *flow;

	make_room(f);
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return NULL;
	flow->key = key_of(s);
	flow->service = flow_service_ref(&f->services, s->service);
	if (!flow->service || !enter(f, flow)) {
		if (flow->service)
			flow_service_unref(&f->services, flow->service);
		free(flow);
		return NULL;
	}
	flow->service->active++;
	flow->id = ++f->last_id;
	flow->isn = s->seq;
	flow->began_ns = flow->last_ns = s->time_ns;
	DL_APPEND(f->open, flow);
	flow->slot = FLOWS_WHEEL;
	return flow;
}

static void note(struct flow *flow, const struct flow_segment *s)
{
	flow->segments++;
	flow->host = s->host;
	flow->in_ifindex = s->in_ifindex;
	flow->out_ifindex = s->out_ifindex;
}

/* ---- what is seen -------------------------------------------------------------------------- */
static void begin(struct flows *f, const struct flow_segment *s)
{
	struct flow *flow = add(f, s);

	if (!flow)
		return;
	note(flow, s);
	flow_set_deadline(f, flow, s->time_ns + FIRST_ASK_NS);
	tell(f, flow, CONN_OPEN);
}

/* It comes again; or it is another connection of the same ports. */
static void see_first(struct flows *f, struct flow *flow, const struct flow_segment *s)
{
	if (flow && s->proto == IPPROTO_TCP && flow->isn == s->seq && !flow->begin_unseen) {
		flow->segments++;
		return;
	}
	if (flow && !flow->ended) {
		f->counters.unseen++;
		f->counters.expired += s->proto == IPPROTO_UDP;
		flow_end(f, flow, s->proto == IPPROTO_TCP ? CONN_UNSEEN : CONN_TIMEOUT);
	}
	if (flow)
		flow_remove(f, flow);
	begin(f, s);
}

static void see_last(struct flows *f, struct flow *flow, const struct flow_segment *s)
{
	if (flow && flow->ended) {
		flow->segments++;
		return;
	}
	if (!flow) {
		if (s->rst) /* of nothing that anybody knows */
			return;
		flow = add(f, s);
		if (!flow)
			return;
		f->counters.begin_unseen++;
		flow->begin_unseen = true;
	} else {
		flow->octets = flow_octets(flow->isn, s);
		flow->has_octets = true;
	}
	note(flow, s);
	flow->last_ns = s->time_ns;
	flow_end(f, flow, s->rst ? CONN_RESET : CONN_CLOSED);
	flow_set_deadline(f, flow, s->time_ns + CLOSED_NS);
}

void flows_see(struct flows *f, const struct flow_segment *s)
{
	const struct flow_key key = key_of(s);
	struct flow *flow;

	HASH_FIND(hh, f->by_key, &key, sizeof(key), flow);
	if (s->proto == IPPROTO_TCP && (s->fin || s->rst))
		see_last(f, flow, s);
	else if (s->proto == IPPROTO_UDP || s->syn)
		see_first(f, flow, s);
}
