// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sequence.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb.h"
#include "oracle.h"

#define FRESH_CLIENT 1000000 /* clients that are not the oracle's begin here */
#define TRACE 60

/* How lively it is, for a while. */
struct phase {
	uint32_t ends; /* tick */
	uint32_t changes; /* percent per tick */
	uint32_t packets; /* per tick, at most */
	uint32_t away; /* percent per tick that the daemon is not there for some time */
};

struct sequence {
	const struct sequence_options *options;
	struct random random;
	struct world world;
	struct oracle *oracle;
	struct lb lb, other; /* two load balancers with the same keys */
	bool other_knows; /* the other one has been told everything */
	bool pending; /* something is wanted that hasn't been told */
	uint32_t now;
	uint32_t back_at; /* tick at which the daemon is there again */
	uint32_t fresh; /* next client */
	struct phase phase;
	unsigned changes, restarts, compared;
	char trace[TRACE][80]; /* ring */
	unsigned n_trace;
};

static void trace(struct sequence *q, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void trace(struct sequence *q, const char *format, ...)
{
	char *line = q->trace[q->n_trace++ % TRACE];
	va_list ap;
	int n = snprintf(line, sizeof(q->trace[0]), "tick %u: ", q->now);

	va_start(ap, format);
	vsnprintf(line + n, sizeof(q->trace[0]) - n, format, ap);
	va_end(ap);
	if (q->options->verbose)
		printf("# %s\n", line);
}

static void show_trace(const struct sequence *q)
{
	unsigned first = q->n_trace > TRACE ? q->n_trace - TRACE : 0;

	for (unsigned i = first; i < q->n_trace; i++)
		printf("# %s\n", q->trace[i % TRACE]);
}

static bool wrong(const struct sequence *q, const char *what)
{
	show_trace(q);
	printf("# seed %llu, tick %u: %s\n", (unsigned long long)q->options->seed, q->now, what);
	return false;
}

/* ---- changes ------------------------------------------------------------------------------------
 */
static void trace_hosts(struct sequence *q)
{
	static const char letters[] = {
		[HOST_ABSENT] = '-', [HOST_DOWN] = 'D', [HOST_DRAINING] = 'd', [HOST_UP] = 'U'
	};
	char line[SERVICES * (HOSTS + 1) + 1];
	size_t n = 0;

	for (unsigned s = 0; s < SERVICES; s++) {
		for (unsigned h = 0; h < HOSTS; h++)
			line[n++] = letters[q->world.services[s].hosts[h].holds];
		line[n++] = ' ';
	}
	line[n] = 0;
	if (q->options->verbose)
		printf("# tick %u: hosts %s\n", q->now, line);
}

static int tell(struct sequence *q)
{
	struct world_desired *desired = malloc(sizeof(*desired));
	int err;

	world_desire(&q->world, &q->random, desired);
	err = lb_sync(&q->lb, desired);
	if (!err && random_percent(&q->random, 60)) {
		world_desire(&q->world, &q->random, desired);
		err = lb_sync(&q->other, desired);
		q->other_knows = true;
	} else {
		q->other_knows = false;
	}
	free(desired);
	world_told(&q->world, q->now);
	q->pending = false;
	trace(q, "told both: %d", q->other_knows);
	trace_hosts(q);
	return err;
}

static void change(struct sequence *q)
{
	do {
		const char *what = world_change(&q->world, &q->random);

		trace(q, "%s", what);
		q->changes++;
	} while (random_percent(&q->random, 50));
	q->pending = true;
}

static void next_phase(struct sequence *q)
{
	static const uint32_t changes[] = { 0, 2, 10, 40, 100 };
	struct random *r = &q->random;

	if (q->now < q->phase.ends)
		return;
	q->phase = (struct phase){ .ends = q->now + 10 + random_below(r, 150),
				   .changes = changes[random_below(r, 5)],
				   .packets = 1 + random_below(r, 900),
				   .away = random_percent(r, 30) ? 4 : 0 };
}

/* What the daemon does in a tick, if it is there. */
static int daemon_step(struct sequence *q)
{
	int err = 0;

	if (q->now < q->back_at)
		return 0;
	if (q->now == q->back_at || random_below(&q->random, 1000) < 4) {
		err = lb_restart(&q->lb, q->now);
		q->restarts++;
		trace(q, "daemon restarted");
	}
	if (!err)
		err = lb_tick(&q->lb);
	if (!err && (q->pending || (!q->other_knows && random_percent(&q->random, 30))))
		err = tell(q);
	if (!err && random_percent(&q->random, q->phase.away)) {
		q->back_at = q->now + 1 + random_below(&q->random, 2 * q->world.timeout_s);
		trace(q, "daemon is away until %u", q->back_at);
	}
	return err;
}

/* ---- packets ------------------------------------------------------------------------------------
 */
/* Some flows are much busier than others. */
static struct flow *some_flow(struct sequence *q)
{
	const uint32_t n = random_percent(&q->random, 60) ? FLOWS / 20 : FLOWS;

	return &q->oracle->flows[random_below(&q->random, n)];
}

static bool send_packet(struct sequence *q)
{
	struct flow *f = some_flow(q);
	struct packet p;
	enum action action = oracle_next(q->oracle, f, q->now, &q->random, &p);
	const char *what;
	int host, err = lb_send(&q->lb, &p, f->family, f->service, &host);

	what = err ? "neither passed nor forwarded as it should be"
		   : oracle_judge(q->oracle, f, action, host, q->now);
	if (!what)
		return true;
	wrong(q, what);
	printf("# sent to host %d\n", host);
	oracle_describe(f);
	return false;
}

/* A flow that nobody has seen yet: both load balancers choose the same host, by rows. */
static bool compare_new(struct sequence *q)
{
	const unsigned service = random_below(&q->random, SERVICES);
	const struct kind *kind = q->world.services[service].kind;
	const int family = random_percent(&q->random, 50) ? AF_INET : AF_INET6;
	struct packet p = { .client = FRESH_CLIENT + q->fresh++,
			    .client_port = 1 + random_below(&q->random, 65535),
			    .vip = model_vip(service),
			    .proto = kind->proto,
			    .tcp_flags = TH_SYN };
	int one, two;

	if (kind->choose != XLB_CHOOSE_ROW)
		return true;
	q->compared++;
	if (lb_send(&q->lb, &p, family, service, &one) ||
	    lb_send(&q->other, &p, family, service, &two))
		return wrong(q, "a new client was neither passed nor forwarded as it should be");
	return one == two || wrong(q, "two load balancers have chosen differently");
}

/* A flow that began on new ports after the last change, when rows have come to rest: the other load
 * balancer takes it over without knowing it. */
static bool compare_takeover(struct sequence *q)
{
	const struct flow *f = some_flow(q);
	const struct kind *kind = q->world.services[f->service].kind;
	struct packet p = { .client = f->client,
			    .client_port = f->port,
			    .vip = model_vip(f->service),
			    .proto = kind->proto,
			    .tcp_flags = TH_ACK };
	int host;

	if (kind->choose != XLB_CHOOSE_ROW || kind->sticky || !oracle_lives(q->oracle, f, q->now) ||
	    !f->fresh || f->began <= q->world.told_at ||
	    q->now - q->world.told_at < q->world.timeout_s + 10)
		return true;
	q->compared++;
	if (lb_send(&q->other, &p, f->family, f->service, &host))
		return wrong(q,
			     "the other load balancer neither passed nor forwarded as it should");
	if (host == f->at.host)
		return true;
	wrong(q, "the other load balancer sends a flow elsewhere");
	oracle_describe(f);
	return false;
}

static bool send_packets(struct sequence *q)
{
	const uint32_t n = random_below(&q->random, q->phase.packets + 1);

	for (uint32_t i = 0; i < n; i++) {
		if (!send_packet(q))
			return false;
		if (!q->other_knows || q->pending || !random_percent(&q->random, 5))
			continue;
		if (!compare_new(q) || !compare_takeover(q))
			return false;
	}
	return true;
}

/* ---- all of it ----------------------------------------------------------------------------------
 */
static void set_time(struct sequence *q, uint32_t now)
{
	q->now = now;
	lb_set_tick(&q->lb, now);
	lb_set_tick(&q->other, now);
}

static bool run_ticks(struct sequence *q)
{
	const uint32_t end = q->now + q->options->ticks;

	while (q->now < end) {
		set_time(q, q->now + 1);
		next_phase(q);
		if (random_percent(&q->random, q->phase.changes))
			change(q);
		if (lb_tick(&q->other) || daemon_step(q))
			return wrong(q, "the data plane failed");
		if (!send_packets(q))
			return false;
	}
	return true;
}

/* Nothing was to be dropped for lack of room, or the promises would not hold. */
static bool had_room(struct sequence *q)
{
	if (!lb_reason(&q->lb, XLB_REASON_TABLE_FULL) && !lb_reason(&q->lb, XLB_REASON_SYN_LIMIT))
		return true;
	return wrong(q, "the flow table was too small for the test");
}

/* Without packets, every flow ends, and then nothing is left. */
static bool come_to_rest(struct sequence *q)
{
	const uint32_t end = q->now + 3 * q->world.timeout_s + 20;

	while (q->now < end) {
		set_time(q, q->now + 1);
		if (lb_tick(&q->lb) || lb_tick(&q->other))
			return wrong(q, "the data plane failed");
	}
	return (lb_is_at_rest(&q->lb) && lb_is_at_rest(&q->other)) ||
	       wrong(q, "something is left after all flows have ended");
}

static bool open_both(struct sequence *q)
{
	const struct sequence_options *o = q->options;
	/* with many lines a look through them takes several ticks */
	const uint32_t lines = random_percent(&q->random, 70) ? 1u << 13 : 1u << 17;

	/* some sequences see ticks wrap around */
	q->now = random_percent(&q->random, 30) ? XLB_TICK_MASK - o->ticks / 2 : 1000;
	return lb_open(&q->lb, o->bpffs, "one", lines, o->ifindex[0], q->now) == 0 &&
	       lb_open(&q->other, o->bpffs, "two", lines, o->ifindex[0], q->now) == 0 &&
	       tell(q) == 0;
}

bool sequence_run(const struct sequence_options *options)
{
	struct sequence *q = calloc(1, sizeof(*q));
	bool good;

	q->options = options;
	q->random.state = options->seed;
	q->oracle = calloc(1, sizeof(*q->oracle));
	world_init(&q->world, &q->random, options->ifindex);
	oracle_init(q->oracle, &q->world, &q->random);
	good = open_both(q);
	if (good)
		good = run_ticks(q) && had_room(q) && come_to_rest(q);
	printf("# seed %llu: %u ticks, %u changes, %u restarts, %llu packets (%llu of live flows), "
	       "%llu flows, %u compared\n",
	       (unsigned long long)options->seed, options->ticks, q->changes, q->restarts,
	       (unsigned long long)q->oracle->packets, (unsigned long long)q->oracle->live_packets,
	       (unsigned long long)q->oracle->new_flows, q->compared);
	lb_close(&q->other);
	lb_close(&q->lb);
	free(q->oracle);
	free(q);
	return good;
}
