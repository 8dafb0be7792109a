// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "oracle.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#define FIRST_PORT 1024
#define PORTS_PER_FLOW 500

static bool is_udp(const struct oracle *o, const struct flow *f)
{
	return o->world->services[f->service].kind->proto == IPPROTO_UDP;
}

static const struct host *host_of(const struct oracle *o, const struct flow *f, int host)
{
	return &o->world->services[f->service].hosts[host];
}

/* ---- setting up ---------------------------------------------------------------------------------
 */
/* The same as the loader's, from its documentation: see xlb.conf(5), session timeout. */
static uint32_t ticks_of(uint32_t seconds, uint32_t limit)
{
	const uint64_t tick = 1ull << XLB_TICK_SHIFT;

	if (limit && limit < seconds)
		seconds = limit;
	return (seconds * 1000000000ull + tick - 1) / tick;
}

static void set_timeouts(struct oracle *o, uint32_t timeout_s)
{
	static const uint32_t limits[2][STAGES] = {
		{ [STAGE_SYN] = 30, [STAGE_CLOSING] = 900, [STAGE_FINWAIT] = 45 },
		{ [STAGE_SYN] = 60 }
	};

	for (int udp = 0; udp < 2; udp++)
		for (int i = STAGE_SYN; i < STAGES; i++)
			o->timeout[udp][i] = ticks_of(timeout_s, limits[udp][i]);
}

void oracle_init(struct oracle *o, const struct world *world, struct random *r)
{
	memset(o, 0, sizeof(*o));
	o->world = world;
	set_timeouts(o, world->timeout_s);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct flow *f = &o->flows[i];

		f->service = random_below(r, SERVICES);
		f->family = random_percent(r, 60) ? AF_INET : AF_INET6;
		f->client = 1 + i % CLIENTS;
		f->port = FIRST_PORT + i / CLIENTS * PORTS_PER_FLOW;
		f->at.host = f->seen.host = -1;
	}
	for (unsigned s = 0; s < SERVICES; s++)
		for (unsigned v6 = 0; v6 < 2; v6++)
			for (unsigned i = 0; i < CLIENTS; i++)
				o->clients[s][v6][i].host = -1;
}

/* ---- what is known of a flow --------------------------------------------------------------------
 */
/* Has the host kept its flows all the time since? */
static bool keeps(const struct oracle *o, const struct flow *f, const struct place *p)
{
	const struct host *h;

	if (p->host < 0)
		return false;
	h = host_of(o, f, p->host);
	return h->holds >= HOST_DRAINING && h->deaths == p->deaths;
}

bool oracle_lives(const struct oracle *o, const struct flow *f, uint32_t now)
{
	return f->stage != STAGE_NONE && keeps(o, f, &f->at) &&
	       now - f->at.last <= o->timeout[is_udp(o, f)][f->stage];
}

/* May the ports still have an entry from before? */
static bool lingers(const struct oracle *o, const struct flow *f, uint32_t now)
{
	return keeps(o, f, &f->seen) && now - f->seen.last <= o->timeout[0][STAGE_OPEN];
}

static struct place *client_place(struct oracle *o, const struct flow *f)
{
	return &o->clients[f->service][f->family == AF_INET6][f->client - 1];
}

static bool client_is_known(const struct oracle *o, const struct flow *f, const struct place *p,
			    uint32_t now)
{
	return keeps(o, f, p) && now - p->last <= o->timeout[0][STAGE_OPEN];
}

/* ---- what happens next --------------------------------------------------------------------------
 */
/* Chances in percent; what is left is data. */
struct chances {
	uint32_t syn, fin, rst;
};

static enum action next_action(const struct oracle *o, const struct flow *f, uint32_t now,
			       struct random *r)
{
	static const struct chances chances[STAGES] = {
		[STAGE_NONE] = { .syn = 88 },
		[STAGE_SYN] = { .syn = 20, .rst = 3 },
		[STAGE_OPEN] = { .syn = 1, .fin = 6, .rst = 2 },
		[STAGE_CLOSING] = { .syn = 10, .fin = 30, .rst = 5 },
		[STAGE_FINWAIT] = { .syn = 50, .rst = 5 },
	};
	const struct chances *c = &chances[oracle_lives(o, f, now) ? f->stage : STAGE_NONE];
	uint32_t dice = random_below(r, 100);

	if (is_udp(o, f))
		return SEND_DATA;
	if (dice < c->syn)
		return SEND_SYN;
	if (dice < c->syn + c->fin)
		return SEND_FIN;
	return dice < c->syn + c->fin + c->rst ? SEND_RST : SEND_DATA;
}

/* A client that begins anew mostly takes another port. */
static void change_port(struct flow *f)
{
	unsigned base = f->port - (f->port - FIRST_PORT) % PORTS_PER_FLOW;

	f->port = base + (f->port - base + 1) % PORTS_PER_FLOW;
	f->stage = STAGE_NONE;
	f->at.host = f->seen.host = -1;
	f->n_events = 0;
}

enum action oracle_next(struct oracle *o, struct flow *f, uint32_t now, struct random *r,
			struct packet *ret)
{
	static const uint8_t flags[] = { [SEND_SYN] = TH_SYN,
					 [SEND_DATA] = TH_ACK,
					 [SEND_FIN] = TH_FIN | TH_ACK,
					 [SEND_RST] = TH_RST };
	enum action action = next_action(o, f, now, r);

	if (!oracle_lives(o, f, now) && (action == SEND_SYN || is_udp(o, f)) &&
	    random_percent(r, 70))
		change_port(f);
	*ret = (struct packet){ .client = f->client,
				.client_port = f->port,
				.vip = model_vip(f->service),
				.proto = o->world->services[f->service].kind->proto,
				.tcp_flags = flags[action] };
	return action;
}

/* ---- judging ------------------------------------------------------------------------------------
 */
static const char *judge_new(struct oracle *o, struct flow *f, int host, bool may_linger,
			     uint32_t now)
{
	const struct service *s = &o->world->services[f->service];
	const struct place *client = client_place(o, f);

	if (may_linger && lingers(o, f, now) && host == f->seen.host)
		return NULL;
	if (host < 0)
		return service_has_host(s) ? "a new flow was passed to the stack" : NULL;
	if (s->hosts[host].holds != HOST_UP)
		return "a new flow was sent to a host that is not up";
	if (s->kind->sticky && client_is_known(o, f, client, now) &&
	    s->hosts[client->host].holds == HOST_UP && host != client->host)
		return "a client that is known was sent to another host";
	return NULL;
}

static void place(struct oracle *o, const struct flow *f, struct place *p, int host, uint32_t now)
{
	p->host = host;
	p->deaths = host < 0 ? 0 : host_of(o, f, host)->deaths;
	p->last = now;
}

/*
 * A client's entry is where a new flow of its goes. Of ports that were in use a moment ago, and of
 * packets that belong to no flow, nobody can say whether they have moved it.
 */
static void note_client(struct oracle *o, const struct flow *f, bool is_new, bool goes_on, int host,
			uint32_t now)
{
	const struct service *s = &o->world->services[f->service];
	struct place *p = client_place(o, f);
	const bool known = client_is_known(o, f, p, now);

	if (!s->kind->sticky || host < 0)
		return;
	if (is_new)
		place(o, f, p, host, now);
	else if (!known || (!goes_on && (host != p->host || s->hosts[host].holds != HOST_UP)))
		p->host = -1;
	else if (!s->kind->track)
		p->last = now;
}

static enum stage next_stage(const struct oracle *o, const struct flow *f, enum action action)
{
	if (action == SEND_RST)
		return STAGE_NONE;
	if (f->stage == STAGE_CLOSING || f->stage == STAGE_FINWAIT)
		return action == SEND_FIN ? f->stage : STAGE_FINWAIT;
	return action == SEND_FIN ? STAGE_CLOSING : STAGE_OPEN;
}

static void note_event(struct flow *f, enum action action, int host, uint32_t now)
{
	f->events[f->n_events++ % HISTORY] = (struct event){ now, action, host };
}

const char *oracle_judge(struct oracle *o, struct flow *f, enum action action, int host,
			 uint32_t now)
{
	const struct service *s = &o->world->services[f->service];
	const bool lives = oracle_lives(o, f, now);
	const bool has_entry = lives && s->kind->track;
	const bool begins = is_udp(o, f)
				    ? !lives
				    : action == SEND_SYN && !(has_entry && f->stage <= STAGE_OPEN);
	const char *wrong = NULL;

	o->packets++;
	note_event(f, action, host, now);
	if (host >= 0 && s->hosts[host].holds < HOST_DRAINING)
		return "sent to a host that is down";
	if (begins)
		wrong = judge_new(o, f, host, !has_entry, now);
	else if (lives && host != f->at.host)
		wrong = "a live flow has left its host";
	else if (host < 0 && service_has_host(s))
		wrong = "passed to the stack, though there is a host";
	if (wrong)
		return wrong;
	note_client(o, f, begins && !(lingers(o, f, now) && host == f->seen.host), lives && !begins,
		    host, now);
	if (begins) {
		f->fresh = f->seen.host < 0;
		f->stage = host < 0 ? STAGE_NONE : STAGE_SYN;
		f->began = now;
		o->new_flows++;
	} else if (lives) {
		f->stage = action == SEND_SYN ? f->stage : next_stage(o, f, action);
		o->live_packets++;
	} else {
		f->stage = STAGE_NONE;
	}
	place(o, f, &f->seen, host, now);
	f->at = f->seen;
	return NULL;
}

void oracle_describe(const struct flow *f)
{
	static const char *const actions[] = { "SYN", "data", "FIN", "RST" };
	unsigned first = f->n_events > HISTORY ? f->n_events - HISTORY : 0;

	printf("# flow of client %u, IPv%d, port %u, service %u, began at %u, stage %d on host "
	       "%d\n",
	       f->client, f->family == AF_INET6 ? 6 : 4, f->port, f->service, f->began, f->stage,
	       f->at.host);
	for (unsigned i = first; i < f->n_events; i++)
		printf("#   tick %u: %s -> %d\n", f->events[i % HISTORY].tick,
		       actions[f->events[i % HISTORY].action], f->events[i % HISTORY].host);
}
