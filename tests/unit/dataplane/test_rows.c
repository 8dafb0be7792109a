/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/rows.h"

#define NONE XLB_HOST_NONE
#define SETTLED XLB_HOST_SETTLED
#define T 100	 /* timeout */
#define NOW 5000

/* Hosts of the table below: A and B are up, D drains, X and Y are down. */
enum { A, B, C, D, X, Y, HOSTS };

static struct xlb_host hosts[XLB_MAX_HOSTS];

static void setup(void)
{
	memset(hosts, 0, sizeof(hosts));
	hosts[A].flags = hosts[B].flags = hosts[C].flags = XLB_HOST_NEW | XLB_HOST_OLD;
	hosts[D].flags = XLB_HOST_OLD;
}

TestSuite(rows, .init = setup);

struct row {
	const char *name;
	struct xlb_row before;
	uint32_t age; /* ticks since it moved */
	uint16_t target;
	struct xlb_row after;
	uint32_t age_after;
	enum { PLAIN, AT_ONCE, DISTRUST } kind;
};

static const struct row table[] = {
	{ "first host of a new row", { NONE, NONE }, 9, A, { A, NONE }, 9, PLAIN },
	{ "stable stays", { A, NONE }, 9, A, { A, NONE }, 9, PLAIN },
	{ "stable begins to move", { A, NONE }, 9, B, { B, A }, 0, PLAIN },
	{ "stable leaves a draining host", { D, NONE }, 9, B, { B, D }, 0, PLAIN },
	{ "stable leaves a draining host, nobody takes new flows", { D, NONE }, 9, NONE,
	  { NONE, D }, 0, PLAIN },
	{ "stable leaves a host that failed", { X, NONE }, 9, B, { B, NONE }, 9, PLAIN },
	{ "stable leaves the last host, which failed", { X, NONE }, 9, NONE, { NONE, NONE }, 9, PLAIN },
	{ "somebody comes where nobody was", { NONE, NONE }, 9, A, { A, NONE }, 9, PLAIN },
	{ "moving goes on", { B, A }, T, B, { B, A }, T, PLAIN },
	{ "moving settles", { B, A }, T + 1, B, { B, SETTLED }, 0, PLAIN },
	{ "moving, the former host fails", { B, X }, 9, B, { B, SETTLED }, 0, PLAIN },
	{ "moving, cur changes: prev stays, and so does its time", { B, A }, 9, C, { C, A }, 9, PLAIN },
	{ "moving, cur drains", { D, A }, 9, C, { C, A }, 9, PLAIN },
	{ "moving, back to prev: nothing unknown is elsewhere", { B, A }, 9, A, { A, SETTLED }, 0, PLAIN },
	{ "moving, cur failed: prev stays", { X, A }, 9, C, { C, A }, 9, PLAIN },
	{ "moving, cur failed: back to prev", { X, A }, 9, A, { A, SETTLED }, 0, PLAIN },
	{ "moving, both failed", { X, Y }, 9, C, { C, SETTLED }, 0, PLAIN },
	{ "moving, prev failed and cur changes", { B, X }, 9, C, { C, B }, 0, PLAIN },
	{ "moving, settles and changes at the same time", { B, A }, T + 1, C, { C, B }, 0, PLAIN },
	{ "moving, nobody takes new flows now", { B, A }, 9, NONE, { NONE, A }, 9, PLAIN },
	{ "settled stays", { B, SETTLED }, 999, B, { B, SETTLED }, 999, PLAIN },
	{ "settled changes", { B, SETTLED }, 999, A, { A, B }, 0, PLAIN },
	{ "settled, cur failed: exceptions live on", { X, SETTLED }, 999, A, { A, SETTLED }, 999, PLAIN },
	{ "at once", { A, NONE }, 9, B, { B, NONE }, 9, AT_ONCE },
	{ "at once, was moving", { A, C }, 9, B, { B, NONE }, 9, AT_ONCE },
	{ "distrust: entries may differ", { A, NONE }, 9, A, { A, SETTLED }, 0, DISTRUST },
	{ "distrust and change", { A, NONE }, 9, B, { B, A }, 0, DISTRUST },
	{ "distrust: another row hash, prev means nothing", { B, A }, 9, B, { B, SETTLED }, 0,
	  DISTRUST },
};

static void run(const struct row *r, struct row_table *t, const uint16_t *target,
		struct rows_count *count)
{
	const struct rows_input in = { .target = target, .hosts = hosts, .now = NOW, .timeout = T,
				       .at_once = r->kind == AT_ONCE,
				       .distrust = r->kind == DISTRUST };

	rows_init(t);
	t->row[7] = r->before;
	t->since[7] = NOW - r->age;
	rows_next(t, &in, t, count);
}

Test(rows, transitions)
{
	static struct row_table t;
	uint16_t target[XLB_ROWS];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct row *r = &table[i];
		struct rows_count count;

		memset(target, 0xff, sizeof(target));
		target[7] = r->target;
		run(r, &t, target, &count);
		cr_assert(t.row[7].cur == r->after.cur && t.row[7].prev == r->after.prev,
			  "%s: {%u, %u}", r->name, t.row[7].cur, t.row[7].prev);
		cr_assert_eq(t.since[7], NOW - r->age_after, "%s: age %u", r->name,
			     NOW - t.since[7]);
	}
}

Test(rows, counts)
{
	static struct row_table t;
	const struct row moving = { .before = { B, A }, .age = 10 };
	const struct row fails = { .before = { B, X }, .age = 10 };
	struct rows_count count;

	run(&moving, &t, NULL, &count);
	cr_assert_eq(count.changed, 0);
	cr_assert_eq(count.moving, 1);
	cr_assert_eq(count.due, NOW - 10 + T + 1);
	run(&fails, &t, NULL, &count);
	cr_assert_eq(count.changed, 1);
	cr_assert_eq(count.moving, 0);
	cr_assert_eq(count.settled, 1);
}

Test(rows, stable_again)
{
	static struct row_table t;
	struct row_bits exceptions = { { 0 } };

	rows_init(&t);
	for (int i = 0; i < 4; i++)
		t.row[i] = (struct xlb_row){ A, SETTLED };
	t.row[4] = (struct xlb_row){ A, B };
	t.since[2] = 50; /* settled while the look was under way */
	row_bits_set(&exceptions, 1);
	cr_assert_eq(rows_stabilise(&t, &exceptions, 50), 2);
	cr_assert_eq(t.row[0].prev, NONE);
	cr_assert_eq(t.row[1].prev, SETTLED);
	cr_assert_eq(t.row[2].prev, SETTLED);
	cr_assert_eq(t.row[3].prev, NONE);
	cr_assert_eq(t.row[4].prev, B);
}

/* ---- random sequences against a perfect connection table ----------------------------------- */
#define FLOWS 3000

struct flow {
	uint32_t row;
	uint32_t seen;	/* tick of its last packet */
	uint16_t host;	/* by the perfect table */
	bool lives;
	bool has_entry; /* in the program's table */
	uint16_t entry_host;
	uint32_t entry_seen;
};

struct world {
	uint32_t now;
	struct row_table rows;
	uint16_t target[XLB_ROWS];
	struct flow flows[FLOWS];
	bool was_down[HOSTS]; /* since the entries were last looked through */
	struct rows_count count;
};

static bool up(uint16_t host)
{
	return host < HOSTS && hosts[host].flags & XLB_HOST_NEW;
}

static bool keeps(uint16_t host)
{
	return host < HOSTS && hosts[host].flags;
}

static uint32_t mix(uint32_t x)
{
	x *= 0x9e3779b1;
	x ^= x >> 15;
	x *= 0x85ebca6b;
	return x ^ x >> 13;
}

/* Highest random weight: good enough a target, and independent of Maglev. */
static void retarget(struct world *w)
{
	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		uint32_t best = 0;

		w->target[i] = NONE;
		for (uint16_t h = 0; h < HOSTS; h++)
			if (up(h) && mix(i * HOSTS + h) >= best) {
				best = mix(i * HOSTS + h);
				w->target[i] = h;
			}
	}
}

static void sync_rows(struct world *w)
{
	const struct rows_input in = { .target = w->target, .hosts = hosts, .now = w->now,
				       .timeout = T };

	retarget(w);
	rows_next(&w->rows, &in, &w->rows, &w->count);
}

static bool entry_lives(const struct world *w, const struct flow *f)
{
	return f->has_entry && w->now - f->entry_seen <= T;
}

/* A host that comes back finds none of its old entries. */
static void forget(struct world *w, uint16_t host)
{
	for (int i = 0; i < FLOWS; i++)
		if (w->flows[i].entry_host == host)
			w->flows[i].has_entry = false;
	w->was_down[host] = false;
}

static void change_host(struct world *w)
{
	static const uint8_t states[] = { XLB_HOST_NEW | XLB_HOST_OLD, XLB_HOST_NEW | XLB_HOST_OLD,
					  XLB_HOST_OLD, 0 };
	uint16_t h = rand() % HOSTS;
	uint8_t flags = states[rand() % 4];

	if (flags && !hosts[h].flags && w->was_down[h])
		forget(w, h);
	if (!flags)
		w->was_down[h] = true;
	for (int i = 0; !flags && i < FLOWS; i++) /* the perfect table drops its flows */
		w->flows[i].lives &= w->flows[i].host != h;
	hosts[h].flags = flags;
	sync_rows(w);
}

static void enter(struct world *w, struct flow *f, uint16_t host)
{
	f->has_entry = true;
	f->entry_host = host;
	f->entry_seen = w->now;
}

/* The program's choice; as bpf/choose.h has it. */
static uint16_t send(struct world *w, struct flow *f, bool syn)
{
	struct xlb_row row = w->rows.row[f->row];
	bool moving = row.prev < SETTLED && keeps(row.prev);
	uint16_t host = row.cur;

	if (row.prev == NONE)
		return row.cur;
	if (entry_lives(w, f) && keeps(f->entry_host)) {
		f->entry_seen = w->now;
		return f->entry_host;
	}
	if (moving && !syn)
		host = row.prev;
	if (entry_lives(w, f) || (moving && host != NONE))
		enter(w, f, host);
	return host;
}

static void packet(struct world *w, struct flow *f)
{
	bool syn;
	uint16_t host;

	f->lives &= w->now - f->seen <= T;
	syn = !f->lives && rand() % 8;
	host = send(w, f, syn);
	if (f->lives)
		cr_assert_eq(host, f->host, "tick %u, row %u: flow of host %u sent to %u", w->now,
			     f->row, f->host, host);
	if (syn && host != NONE)
		cr_assert(up(host), "tick %u: new flow to host %u", w->now, host);
	f->seen = w->now;
	f->host = host;
	f->lives = host != NONE;
}

/* A look through the entries; instantaneous here. */
static void look_through(struct world *w)
{
	struct row_bits exceptions = { { 0 } };

	for (int i = 0; i < FLOWS; i++) {
		struct flow *f = &w->flows[i];
		struct xlb_row row = w->rows.row[f->row];

		if (!entry_lives(w, f) || !keeps(f->entry_host) || row.prev == NONE ||
		    (row.prev == SETTLED && row.cur == f->entry_host))
			f->has_entry = false;
		else if (row.cur != f->entry_host)
			row_bits_set(&exceptions, f->row);
	}
	rows_stabilise(&w->rows, &exceptions, w->now);
}

static void step(struct world *w)
{
	int dice = rand() % 100;

	if (dice < 3)
		change_host(w);
	else if (dice < 13)
		w->now += rand() % 10;
	else if (dice < 15)
		sync_rows(w);
	else if (dice < 18)
		look_through(w);
	for (int i = 0; i < 200; i++)
		packet(w, &w->flows[rand() % FLOWS]);
}

/* Nobody sends any more, nothing changes: everything is forgotten, all rows are stable. */
static void come_to_rest(struct world *w)
{
	w->now += T + 1;
	sync_rows(w);
	w->now++;
	look_through(w);
	for (int i = 0; i < FLOWS; i++)
		cr_assert_not(w->flows[i].has_entry);
	for (uint32_t i = 0; i < XLB_ROWS; i++)
		cr_assert_eq(w->rows.row[i].prev, NONE);
}

static void live(unsigned seed)
{
	struct world *w = calloc(1, sizeof(*w));

	cr_assert_not_null(w);
	srand(seed);
	setup();
	rows_init(&w->rows);
	w->now = 1000;
	for (int i = 0; i < FLOWS; i++) {
		w->flows[i].row = rand() % XLB_ROWS;
		w->flows[i].entry_host = NONE;
	}
	sync_rows(w);
	for (int i = 0; i < 1500; i++)
		step(w);
	come_to_rest(w);
	free(w);
}

Test(rows, no_live_flow_leaves_its_host)
{
	for (unsigned seed = 1; seed <= 12; seed++)
		live(seed);
}
