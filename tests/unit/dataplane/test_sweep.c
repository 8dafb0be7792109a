/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/sweep.h"
#include "fixture.h"
#include "xlb/hash.h"

#define LINES 64 /* half of them in front */
#define MASK (LINES / 2 - 1)
#define NOW 1000

static struct fixture *f;
static struct sweep *sweep;
static struct flow_tables tables;

static void setup(void)
{
	f = fix_new(2);
	f->services[1].choose = XLB_CHOOSE_ROUNDROBIN;
	fix_sync(f);
	sweep = sweep_new();
	cr_assert_not_null(sweep);
	tables = (struct flow_tables){ .v4 = calloc(LINES, sizeof(*tables.v4)),
				       .v4_lines = LINES,
				       .v4_mask = MASK,
				       .v6 = calloc(LINES, sizeof(*tables.v6)),
				       .v6_lines = LINES,
				       .v6_mask = MASK,
				       .loads = calloc(XLB_MAX_HOSTS, sizeof(*tables.loads)) };
	cr_assert(tables.v4 && tables.v6 && tables.loads);
}

static void teardown(void)
{
	free(tables.v4);
	free(tables.v6);
	free(tables.loads);
	sweep_free(sweep);
	fix_free(f);
}

TestSuite(sweep, .init = setup, .fini = teardown);

/* ---- entries ------------------------------------------------------------------------------- */
static union xlb_flow_meta meta(uint16_t listen, uint16_t host, uint32_t expires,
				enum xlb_flow_state state)
{
	union xlb_flow_meta m = { .listen = listen, .host = host, .state = state };

	m.expires = expires & XLB_TICK_MASK;
	return m;
}

static struct xlb_flow4 *put4(unsigned i, union xlb_flow_meta m)
{
	struct xlb_flow4 *way = &tables.v4[i * 7 % LINES].way[i % XLB_FLOW_WAYS];

	*way = (struct xlb_flow4){ .client = htonl(0xcb007100 + i),
				   .client_port = htons(1000 + i),
				   .port = htons(443),
				   .meta = m };
	if (XLB_FLOW_COUNTED(m.state) && m.host < XLB_MAX_HOSTS)
		tables.loads[m.host]++;
	return way;
}

static struct xlb_flow6 *put6(unsigned i, union xlb_flow_meta m)
{
	struct xlb_flow6 *way = &tables.v6[i * 7 % LINES].way[i % XLB_FLOW_WAYS];

	*way = (struct xlb_flow6){ .client = { htonl(0x20010db8), 0, 0, htonl(i) },
				   .client_port = htons(1000 + i),
				   .port = htons(443),
				   .meta = m };
	if (XLB_FLOW_COUNTED(m.state) && m.host < XLB_MAX_HOSTS)
		tables.loads[m.host]++;
	return way;
}

static void look_through(void)
{
	cr_assert(sweep_step(sweep, &tables, f->image, NOW, UINT32_MAX));
}

/* The row that a flow put by put4 or put6 has in service 0. */
static uint32_t row4(const struct xlb_flow4 *way)
{
	return xlb_row_hash4(&f->image->services[0], way->client,
			     xlb_ports(way->client_port, way->port));
}

static uint32_t row6(const struct xlb_flow6 *way)
{
	return xlb_row_hash6(&f->image->services[0], way->client,
			     xlb_ports(way->client_port, way->port));
}

static uint16_t listen_of(unsigned service)
{
	for (uint16_t i = 0; i < IMAGE_MAX_LISTENS; i++)
		if (f->image->listens[i].state.phase == SLOT_WANTED &&
		    f->image->listens[i].service == service)
			return i;
	cr_assert_fail("service %u listens nowhere", service);
	return 0;
}

/* ---- which entries stay -------------------------------------------------------------------- */
enum which_host { UP, DOWN, FREE_SLOT, NO_SLOT };
enum which_listen { ROWS, TRACKED, UNKNOWN };

struct row {
	const char *name;
	enum which_listen listen;
	enum which_host host;
	enum xlb_flow_state state;
	int expires; /* from now */
	bool stays;
	uint64_t load; /* afterwards, of its host */
};

static const struct row table[] = {
	{ "live flow", TRACKED, UP, XLB_FLOW_OPEN, 5, true, 1 },
	{ "in its last tick", TRACKED, UP, XLB_FLOW_OPEN, 0, true, 1 },
	{ "expired", TRACKED, UP, XLB_FLOW_OPEN, -1, false, 0 },
	{ "expired, half open", TRACKED, UP, XLB_FLOW_SYN, -1, false, 0 },
	{ "expired, closing", TRACKED, UP, XLB_FLOW_CLOSING, -9, false, 0 },
	{ "expired, not counted any more", TRACKED, UP, XLB_FLOW_FINWAIT, -1, false, 0 },
	{ "expired, reset", TRACKED, UP, XLB_FLOW_CLOSED, -1, false, 0 },
	{ "live client", TRACKED, UP, XLB_FLOW_CLIENT, 5, true, 0 },
	{ "expired client", TRACKED, UP, XLB_FLOW_CLIENT, -1, false, 0 },
	{ "host is down", TRACKED, DOWN, XLB_FLOW_OPEN, 5, false, 0 },
	{ "client's host is down", TRACKED, DOWN, XLB_FLOW_CLIENT, 5, false, 0 },
	{ "host's slot is free", TRACKED, FREE_SLOT, XLB_FLOW_OPEN, 5, false, 0 },
	{ "no such host", TRACKED, NO_SLOT, XLB_FLOW_OPEN, 5, false, 0 },
	{ "address unknown", UNKNOWN, UP, XLB_FLOW_OPEN, 5, false, 0 },
	{ "stable row", ROWS, UP, XLB_FLOW_OPEN, 5, false, 0 },
	{ "being written", UNKNOWN, NO_SLOT, XLB_FLOW_BUSY, 1, true, 0 },
	{ "its writer died", UNKNOWN, NO_SLOT, XLB_FLOW_BUSY, -1, false, 0 },
};

static uint16_t slot_of(const struct row *r)
{
	static const uint16_t others[] = { [FREE_SLOT] = 500, [NO_SLOT] = XLB_HOST_NONE };
	unsigned service = r->listen == ROWS ? 0 : 1;

	return r->host <= DOWN ? fix_slot(f, service, r->host) : others[r->host];
}

static union xlb_flow_meta meta_of(const struct row *r)
{
	static const uint16_t none = 300;
	uint16_t listen = r->listen == UNKNOWN ? none : listen_of(r->listen);

	return meta(listen, slot_of(r), NOW + r->expires, r->state);
}

Test(sweep, who_stays)
{
	f->hosts[1][DOWN].takes_new = f->hosts[1][DOWN].keeps_old = false;
	fix_sync(f);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct row *r = &table[i];
		union xlb_flow_meta m = meta_of(r);
		const struct xlb_flow4 *v4;
		const struct xlb_flow6 *v6;

		memset(tables.loads, 0, XLB_MAX_HOSTS * sizeof(*tables.loads));
		memset(tables.v4, 0, LINES * sizeof(*tables.v4));
		memset(tables.v6, 0, LINES * sizeof(*tables.v6));
		v4 = put4(i, m);
		v6 = put6(i, m);
		look_through();
		cr_assert_eq(v4->meta.raw, r->stays ? m.raw : 0, "IPv4, %s", r->name);
		cr_assert_eq(v6->meta.raw, r->stays ? m.raw : 0, "IPv6, %s", r->name);
		if (m.host < XLB_MAX_HOSTS) {
			cr_assert_eq(tables.loads[m.host], 2 * r->load, "%s", r->name);
			cr_assert_eq(sweep_result(sweep)->hosts[m.host], r->stays ? 2 : 0, "%s",
				     r->name);
		}
	}
}

Test(sweep, time_goes_round)
{
	struct xlb_flow4 *a = put4(1, meta(listen_of(1), fix_slot(f, 1, 0), 3, XLB_FLOW_OPEN));
	struct xlb_flow4 *b =
		put4(2, meta(listen_of(1), fix_slot(f, 1, 0), XLB_TICK_MASK - 3, XLB_FLOW_OPEN));

	cr_assert(sweep_step(sweep, &tables, f->image, XLB_TICK_MASK - 1, UINT32_MAX));
	cr_assert_neq(a->meta.raw, 0);
	cr_assert_eq(b->meta.raw, 0);
}

/* A load that is wrong already is not made absurd. */
Test(sweep, loads_do_not_go_below_zero)
{
	put4(1, meta(listen_of(1), fix_slot(f, 1, 0), NOW - 1, XLB_FLOW_OPEN));
	tables.loads[fix_slot(f, 1, 0)] = 0;
	look_through();
	cr_assert_eq(tables.loads[fix_slot(f, 1, 0)], 0);
}

/* ---- rows ---------------------------------------------------------------------------------- */
/* Service 0's rows settle: host 3 went, its rows' new hosts are the others. */
static void settle(void)
{
	f->hosts[0][3].takes_new = false;
	f->in.now = NOW;
	fix_sync(f);
	f->in.now += 10000;
	fix_sync(f);
	cr_assert_gt(f->image->rows[0]->count.settled, 1000);
	cr_assert_eq(f->image->rows[0]->count.moving, 0);
}

/* The first flow from number `from` on whose row is in that state; its entry is in place. */
static unsigned flow_in_row(unsigned from, int prev, struct xlb_flow4 **ret)
{
	for (unsigned i = from;; i++) {
		struct xlb_flow4 *way = put4(i, meta(0, 0, 0, XLB_FLOW_FREE));

		if (f->image->rows[0]->table.row[row4(way)].prev == prev) {
			*ret = way;
			return i;
		}
	}
}

Test(sweep, exceptions_of_settled_rows)
{
	const struct scan_result *result;
	struct xlb_flow4 *agrees, *differs;
	unsigned at;
	uint16_t cur;

	settle();
	at = flow_in_row(0, XLB_HOST_SETTLED, &agrees);
	flow_in_row(at + 1, XLB_HOST_SETTLED, &differs);
	cur = f->image->rows[0]->table.row[row4(agrees)].cur;
	agrees->meta = meta(listen_of(0), cur, NOW + 9, XLB_FLOW_OPEN);
	differs->meta = meta(listen_of(0), fix_slot(f, 0, 3), NOW + 9, XLB_FLOW_OPEN);
	tables.loads[cur] = 7;
	look_through();
	result = sweep_result(sweep);
	cr_assert_eq(agrees->meta.raw, 0, "says what its row says");
	cr_assert_eq(tables.loads[cur], 6);
	cr_assert_neq(differs->meta.raw, 0);
	cr_assert_eq(result->hosts[fix_slot(f, 0, 3)], 1);
	cr_assert_eq(result->listens[listen_of(0)], 1);
	cr_assert_not_null(result->exceptions[0]);
	for (uint32_t i = 0; i < XLB_ROWS; i++)
		cr_assert_eq(row_bits_get(result->exceptions[0], i), i == row4(differs));
	look_through();
	cr_assert_not_null(sweep_result(sweep)->exceptions[0]);
	differs->meta.raw = 0;
	look_through();
	cr_assert_null(sweep_result(sweep)->exceptions[0]);
}

Test(sweep, exceptions_in_ipv6)
{
	struct xlb_flow6 *way = NULL;
	unsigned i = 0;

	settle();
	do {
		way = put6(i++, meta(0, 0, 0, XLB_FLOW_FREE));
	} while (f->image->rows[0]->table.row[row6(way)].prev != XLB_HOST_SETTLED);
	way->meta = meta(listen_of(0), fix_slot(f, 0, 3), NOW + 9, XLB_FLOW_OPEN);
	look_through();
	cr_assert_neq(way->meta.raw, 0);
	cr_assert(row_bits_get(sweep_result(sweep)->exceptions[0], row6(way)));
}

Test(sweep, moving_rows_keep_all)
{
	struct xlb_flow4 *way;
	uint16_t cur;

	f->hosts[0][3].takes_new = false;
	fix_sync(f);
	flow_in_row(0, fix_slot(f, 0, 3), &way);
	cur = f->image->rows[0]->table.row[row4(way)].cur;
	way->meta = meta(listen_of(0), cur, NOW + 9, XLB_FLOW_OPEN);
	look_through();
	cr_assert_neq(way->meta.raw, 0);
	way->meta.host = fix_slot(f, 0, 3);
	look_through();
	cr_assert_neq(way->meta.raw, 0);
}

/* ---- bit by bit ---------------------------------------------------------------------------- */
Test(sweep, steps_add_up)
{
	for (unsigned i = 0; i < LINES; i++)
		put4(i, meta(listen_of(1), fix_slot(f, 1, i % 4), NOW + 9, XLB_FLOW_OPEN));
	for (int step = 0; step < LINES / 10; step++) {
		cr_assert_not(sweep_step(sweep, &tables, f->image, NOW + step, 10));
		cr_assert_eq(sweep_result(sweep)->done, 0);
	}
	cr_assert(sweep_step(sweep, &tables, f->image, NOW + 6, 10));
	cr_assert_eq(sweep_result(sweep)->done, 1);
	cr_assert_eq(sweep_result(sweep)->began, NOW);
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(sweep_result(sweep)->hosts[fix_slot(f, 1, i)], LINES / 4);
}

Test(sweep, given_up_and_begun_anew)
{
	put4(0, meta(listen_of(1), fix_slot(f, 1, 0), NOW + 9, XLB_FLOW_OPEN)); /* line 0 */
	cr_assert_not(sweep_step(sweep, &tables, f->image, NOW, 10));
	sweep_restart(sweep);
	look_through();
	cr_assert_eq(sweep_result(sweep)->done, 1);
	cr_assert_eq(sweep_result(sweep)->hosts[fix_slot(f, 1, 0)], 1);
}

/* ---- at once ------------------------------------------------------------------------------- */
Test(sweep, forget)
{
	uint64_t hosts[XLB_MAX_HOSTS / 64] = { 0 };
	uint16_t a = fix_slot(f, 1, 0), b = fix_slot(f, 1, 1);

	for (unsigned i = 0; i < 20; i++) {
		put4(i, meta(listen_of(1), i % 2 ? a : b, NOW + 9, XLB_FLOW_OPEN));
		put6(i, meta(listen_of(1), i % 2 ? a : b, NOW + 9, XLB_FLOW_CLIENT));
	}
	hosts[a / 64] |= 1ull << a % 64;
	sweep_forget(&tables, hosts);
	look_through();
	cr_assert_eq(sweep_result(sweep)->hosts[a], 0);
	cr_assert_eq(sweep_result(sweep)->hosts[b], 20);
	cr_assert_eq(tables.loads[a], 0);
	cr_assert_eq(tables.loads[b], 10);
}

struct seen {
	unsigned n;
	unsigned stop_at;
};

static int see(const struct flow_copy *flow, void *data)
{
	struct seen *seen = data;

	cr_assert_eq(flow->port, htons(443));
	cr_assert_eq(flow->client[0], flow->v6 ? htonl(0x20010db8) : htonl(0xcb007102));
	return ++seen->n == seen->stop_at ? 42 : 0;
}

Test(sweep, each_live_flow_is_shown)
{
	struct seen seen = { 0 };

	put4(1, meta(1, 2, NOW - 1, XLB_FLOW_OPEN));
	put4(2, meta(1, 2, NOW, XLB_FLOW_OPEN));
	put6(3, meta(1, 2, NOW, XLB_FLOW_CLOSED));
	put6(4, meta(1, 2, NOW + 1, XLB_FLOW_BUSY));
	cr_assert_eq(flows_each(&tables, NOW, see, &seen), 0);
	cr_assert_eq(seen.n, 2);
	seen = (struct seen){ .stop_at = 1 };
	cr_assert_eq(flows_each(&tables, NOW, see, &seen), 42);
	cr_assert_eq(seen.n, 1);
}

/* ---- sticky clients ------------------------------------------------------------------------ */
#define CLIENT_T 300 /* ticks that a former host is remembered */

/* Entries where the program looks for them. */
static union xlb_flow_meta *enter4(__be32 client, uint16_t client_port, uint16_t port,
				   union xlb_flow_meta m)
{
	uint32_t ports = xlb_ports(htons(client_port), htons(port));
	uint64_t hash = xlb_flow_hash4(f->image->settings.hash_key, client, ports, m.listen);
	struct xlb_flow4 *way = tables.v4[xlb_flow_line(hash, 0, MASK)].way;

	while (way->meta.raw)
		way++;
	*way = (struct xlb_flow4){ client, htons(client_port), htons(port), m };
	return &way->meta;
}

static union xlb_flow_meta *enter6(const __be32 client[4], uint16_t client_port, uint16_t port,
				   union xlb_flow_meta m)
{
	uint32_t ports = xlb_ports(htons(client_port), htons(port));
	uint64_t hash = xlb_flow_hash6(f->image->settings.hash_key, client, ports, m.listen);
	struct xlb_flow6 *way = tables.v6[xlb_flow_line(hash, 2, MASK)].way;

	while (way->meta.raw)
		way++;
	*way = (struct xlb_flow6){ { client[0], client[1], client[2], client[3] },
				   htons(client_port),
				   htons(port),
				   0,
				   m };
	return &way->meta;
}

static void make_sticky(void)
{
	f->services[1].sticky = true;
	f->services[1].timeout_s = CLIENT_T * 1.1;
	fix_sync(f);
	cr_assert_eq(f->image->services[1].flags, XLB_SERVICE_STICKY);
}

/* Three looks, in every way apart by `ticks`. */
static void look_thrice(uint32_t ticks)
{
	for (uint32_t i = 0; i < 3; i++)
		cr_assert(sweep_step(sweep, &tables, f->image, NOW + i * ticks, UINT32_MAX));
}

Test(sweep, moved_client_settles)
{
	const __be32 addr6[4] = { htonl(0x20010db8), 0, 0, htonl(7) };
	union xlb_flow_meta moved, *a, *b, *at_home;

	make_sticky();
	moved = meta(listen_of(1), fix_slot(f, 1, 0), NOW + 900, XLB_FLOW_CLIENT_MOVED);
	a = enter4(htonl(0xcb007105), 0, 0, moved);
	b = enter6(addr6, 0, 0, moved);
	at_home = enter4(htonl(0xcb007105), 1234, 443,
			 meta(listen_of(1), fix_slot(f, 1, 0), NOW + 900, XLB_FLOW_OPEN));
	look_through();
	look_through();
	cr_assert_eq(a->state, XLB_FLOW_CLIENT_MOVED, "two looks are not enough");
	look_through();
	moved.state = XLB_FLOW_CLIENT;
	cr_assert_eq(a->raw, moved.raw);
	cr_assert_eq(b->raw, moved.raw);
	cr_assert_eq(at_home->state, XLB_FLOW_OPEN);
}

Test(sweep, moved_client_with_a_flow_elsewhere_does_not_settle)
{
	union xlb_flow_meta *client;

	make_sticky();
	client = enter4(htonl(0xcb007105), 0, 0,
			meta(listen_of(1), fix_slot(f, 1, 0), NOW + 900, XLB_FLOW_CLIENT_MOVED));
	enter4(htonl(0xcb007105), 1234, 443,
	       meta(listen_of(1), fix_slot(f, 1, 1), NOW + 900, XLB_FLOW_OPEN));
	look_thrice(1);
	cr_assert_eq(client->state, XLB_FLOW_CLIENT_MOVED);
}

Test(sweep, moved_client_with_a_former_host_does_not_settle)
{
	union xlb_flow_meta *client, *former;

	make_sticky();
	client = enter4(htonl(0xcb007105), 0, 0,
			meta(listen_of(1), fix_slot(f, 1, 0), NOW + 900, XLB_FLOW_CLIENT_MOVED));
	former = enter4(htonl(0xcb007105), 0, 1,
			meta(listen_of(1), fix_slot(f, 1, 1), NOW + 2, XLB_FLOW_FORMER));
	look_thrice(1);
	cr_assert_eq(client->state, XLB_FLOW_CLIENT_MOVED);
	cr_assert_neq(former->raw, 0);
	for (uint32_t i = 3; i < 6; i++)
		cr_assert(sweep_step(sweep, &tables, f->image, NOW + i, UINT32_MAX));
	cr_assert_eq(former->raw, 0);
	cr_assert_eq(client->state, XLB_FLOW_CLIENT, "it has expired, and that was seen twice");
}

/* Its flows elsewhere are looked for only because its entry says so. */
Test(sweep, moved_client_outlives_its_host)
{
	uint64_t hosts[XLB_MAX_HOSTS / 64] = { 0 };
	union xlb_flow_meta *moved, *plain;
	uint16_t slot = fix_slot(f, 1, 0);

	make_sticky();
	moved = enter4(htonl(0xcb007105), 0, 0,
		       meta(listen_of(1), slot, NOW + 900, XLB_FLOW_CLIENT_MOVED));
	plain = enter4(htonl(0xcb007106), 0, 0,
		       meta(listen_of(1), slot, NOW + 900, XLB_FLOW_CLIENT));
	f->hosts[1][0].takes_new = f->hosts[1][0].keeps_old = false;
	fix_sync(f);
	look_through();
	cr_assert_neq(moved->raw, 0);
	cr_assert_eq(plain->raw, 0);
	cr_assert_eq(sweep_result(sweep)->hosts[slot], 1, "it holds the slot");
	hosts[slot / 64] |= 1ull << slot % 64;
	sweep_forget(&tables, hosts);
	cr_assert_neq(moved->raw, 0);
	f->image->host_state[slot].phase = SLOT_FREE;
	look_through();
	cr_assert_eq(moved->raw, 0);
}

/* Nine years after the machine has started ticks in entries begin anew; others don't. */
Test(sweep, looks_are_timed_beyond_that)
{
	cr_assert(sweep_step(sweep, &tables, f->image, XLB_TICK_MASK + 5, UINT32_MAX));
	cr_assert_eq(sweep_result(sweep)->began, XLB_TICK_MASK + 5);
}

/* It may have moved, and its former host may have been forgotten, since the first look began. */
Test(sweep, slow_looks_settle_nobody)
{
	union xlb_flow_meta *client;

	make_sticky();
	client = enter4(htonl(0xcb007105), 0, 0,
			meta(listen_of(1), fix_slot(f, 1, 0), NOW + 900, XLB_FLOW_CLIENT_MOVED));
	look_thrice(CLIENT_T);
	cr_assert_eq(client->state, XLB_FLOW_CLIENT_MOVED);
}

Test(sweep, plain_rows_of_other_services_stay)
{
	union xlb_flow_meta *client;

	client = enter4(htonl(0xcb007105), 0, 0,
			meta(listen_of(1), fix_slot(f, 1, 0), NOW + 900, XLB_FLOW_CLIENT_MOVED));
	look_thrice(1); /* service 1 tracks flows: the state means nothing there */
	cr_assert_eq(client->state, XLB_FLOW_CLIENT_MOVED);
}
