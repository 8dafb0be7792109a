/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * When nothing is seen of a connection any more. Deadlines are on a wheel of seconds, from which
 * each is taken when its second has come, or put back if it is a later turn's.
 */
#include <errno.h>
#include <utlist.h>

#include "flows/state.h"

#define NS 1000000000ull
#define UNKNOWN_NS (86400 * NS) /* tcp.established of pf.conf(5) */
#define AT_A_TIME 20000         /* flows of a tick, so that a flood does not hold anybody up */

static unsigned slot_of(const struct flows *f, uint64_t deadline_ns)
{
	uint64_t second = deadline_ns / NS + 1; /* not before it is over */

	if (second <= f->second)
		second = f->second + 1;
	if (second >= f->second + FLOWS_WHEEL)
		second = f->second + FLOWS_WHEEL - 1;
	return second % FLOWS_WHEEL;
}

void flow_clear_deadline(struct flows *f, struct flow *flow)
{
	if (flow->slot < FLOWS_WHEEL)
		DL_DELETE2(f->wheel[flow->slot], flow, wheel_prev, wheel_next);
	flow->slot = FLOWS_WHEEL;
}

void flow_set_deadline(struct flows *f, struct flow *flow, uint64_t deadline_ns)
{
	flow_clear_deadline(f, flow);
	flow->deadline_ns = deadline_ns;
	flow->slot = slot_of(f, deadline_ns);
	DL_APPEND2(f->wheel[flow->slot], flow, wheel_prev, wheel_next);
}

static enum conn_end silent_end(const struct flow *flow)
{
	if (flow->key.proto == IPPROTO_TCP && !flow->opened)
		return CONN_NO_ANSWER; /* from the client's half: nothing came after its SYN */
	return CONN_TIMEOUT;
}

static void end_unseen(struct flows *f, struct flow *flow, enum conn_end end)
{
	f->counters.unseen++;
	flow_end(f, flow, end);
	flow_remove(f, flow);
}

static void ask(struct flows *f, struct flow *flow, uint64_t now_ns)
{
	const struct session session = flow_session(flow);
	struct flow_entry entry = { 0 };
	int r = f->ask(&session, &entry, f->data);

	if (r > 0) {
		flow->entered = true;
		flow->opened = flow->opened || entry.state != XLB_FLOW_SYN;
		if (now_ns - entry.idle_ns > flow->last_ns)
			flow->last_ns = now_ns - entry.idle_ns;
		flow_set_deadline(f, flow, now_ns + entry.left_ns);
	} else if (r == 0 && flow->entered) {
		f->counters.expired++;
		end_unseen(f, flow, silent_end(flow));
	} else if (flow->key.proto == IPPROTO_TCP && now_ns < flow->began_ns + UNKNOWN_NS) {
		flow_set_deadline(f, flow, flow->began_ns + UNKNOWN_NS);
	} else {
		end_unseen(f, flow, CONN_UNSEEN);
	}
}

static void visit(struct flows *f, struct flow *flow, uint64_t now_ns)
{
	if (flow->deadline_ns > now_ns)
		flow_set_deadline(f, flow, flow->deadline_ns);
	else if (flow->ended)
		flow_remove(f, flow);
	else
		ask(f, flow, now_ns);
}

/* A whole turn is enough, however much time has passed. */
static void begin_wheel(struct flows *f, uint64_t second)
{
	if (f->second + FLOWS_WHEEL < second)
		f->second = second - FLOWS_WHEEL;
}

void flows_tick(struct flows *f, uint64_t now_ns)
{
	const uint64_t second = now_ns / NS;
	unsigned left = AT_A_TIME;

	begin_wheel(f, second);
	while (f->second < second) {
		struct flow **slot = &f->wheel[(f->second + 1) % FLOWS_WHEEL];

		f->second++; /* what is put back goes behind it */
		for (; *slot && left; left--)
			visit(f, *slot, now_ns);
		if (!*slot)
			continue;
		f->second--; /* the rest is the next tick's */
		return;
	}
}
