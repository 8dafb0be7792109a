/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/sticky.h"
#include "xlb/hash.h"

struct sweep {
	struct scan_result *last;    /* finished */
	struct scan_result *current; /* being made */
	struct sticky *sticky;
	bool running;
	uint32_t v4_at; /* next lines */
	uint32_t v6_at;
	struct conn_position conns_at;
};

/* For services whose exceptions could not be noted: every row may have some. */
static struct row_bits any_row;

/* What is done with the entries, and what it needs to know. */
struct scan {
	const struct flow_tables *tables;
	const struct image *image;
	uint32_t now;
	struct scan_result *result;
	struct sticky *sticky;
};

static void clear_result(struct scan_result *r)
{
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (r->exceptions[i] != &any_row)
			free(r->exceptions[i]);
	memset(r, 0, sizeof(*r));
}

struct sweep *sweep_new(void)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));

	if (!sweep)
		return NULL;
	memset(&any_row, 0xff, sizeof(any_row));
	sweep->last = calloc(1, sizeof(*sweep->last));
	sweep->current = calloc(1, sizeof(*sweep->current));
	sweep->sticky = sticky_new();
	if (!sweep->last || !sweep->current || !sweep->sticky) {
		sweep_free(sweep);
		return NULL;
	}
	return sweep;
}

void sweep_free(struct sweep *sweep)
{
	if (!sweep)
		return;
	if (sweep->last)
		clear_result(sweep->last);
	if (sweep->current)
		clear_result(sweep->current);
	free(sweep->last);
	free(sweep->current);
	sticky_free(sweep->sticky);
	free(sweep);
}

const struct scan_result *sweep_result(const struct sweep *sweep)
{
	return sweep->last;
}

/* ---- entries ------------------------------------------------------------------------------- */
static bool is_alive(union xlb_flow_meta meta, uint32_t now)
{
	return meta.state != XLB_FLOW_FREE && XLB_TICK_ALIVE(meta.expires, now);
}

static union xlb_flow_meta load_meta(const union xlb_flow_meta *meta)
{
	return (union xlb_flow_meta){ .raw = __atomic_load_n(&meta->raw, __ATOMIC_ACQUIRE) };
}

/* Never below zero: counts begin anew with a slot's next owner. */
static void load_drop(const struct flow_tables *tables, uint16_t host)
{
	uint64_t load;

	if (host >= XLB_MAX_HOSTS)
		return;
	load = __atomic_load_n(&tables->loads[host], __ATOMIC_RELAXED);
	while (load && !__atomic_compare_exchange_n(&tables->loads[host], &load, load - 1, false,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void free_entry(const struct flow_tables *tables, union xlb_flow_meta *meta,
		       union xlb_flow_meta before)
{
	__u64 expected = before.raw;

	if (__atomic_compare_exchange_n(&meta->raw, &expected, 0, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED) &&
	    XLB_FLOW_COUNTED(before.state))
		load_drop(tables, before.host);
}

/* false: it changed meanwhile, or is being written. */
static bool copy4(const struct xlb_flow4 *way, struct flow_copy *ret)
{
	ret->v6 = false;
	ret->meta = load_meta(&way->meta);
	ret->client[0] = __atomic_load_n(&way->client, __ATOMIC_RELAXED);
	ret->client[1] = ret->client[2] = ret->client[3] = 0;
	ret->client_port = __atomic_load_n(&way->client_port, __ATOMIC_RELAXED);
	ret->port = __atomic_load_n(&way->port, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_meta(&way->meta).raw == ret->meta.raw && ret->meta.state < XLB_FLOW_STATES;
}

static bool copy6(const struct xlb_flow6 *way, struct flow_copy *ret)
{
	ret->v6 = true;
	ret->meta = load_meta(&way->meta);
	for (int i = 0; i < 4; i++)
		ret->client[i] = __atomic_load_n(&way->client[i], __ATOMIC_RELAXED);
	ret->client_port = __atomic_load_n(&way->client_port, __ATOMIC_RELAXED);
	ret->port = __atomic_load_n(&way->port, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_meta(&way->meta).raw == ret->meta.raw && ret->meta.state < XLB_FLOW_STATES;
}

/* ---- what an entry is worth ---------------------------------------------------------------- */
/*
 * Nobody could look it up any more, or it would count as a miss. A client that has moved may have
 * flows elsewhere, which are looked for only because its entry says so: that stays, even if its
 * host is down, and holds the host's slot.
 */
static bool is_orphan(const struct image *image, union xlb_flow_meta meta)
{
	if (meta.listen >= IMAGE_MAX_LISTENS || meta.host >= XLB_MAX_HOSTS ||
	    image->listens[meta.listen].state.phase == SLOT_FREE)
		return true;
	return meta.state == XLB_FLOW_CLIENT_MOVED ?
		       image->host_state[meta.host].phase == SLOT_FREE :
		       !image->hosts[meta.host].flags;
}

static void note_exception(struct scan_result *r, uint16_t service, uint32_t row)
{
	struct row_bits **bits = &r->exceptions[service];

	if (!*bits)
		*bits = calloc(1, sizeof(**bits));
	if (!*bits)
		*bits = &any_row;
	if (*bits != &any_row)
		row_bits_set(*bits, row);
}

/*
 * An entry of a service that works by rows: needless on a stable row, which nobody looks up, and on
 * a settled one that says the same; else an exception, if it differs from the row.
 */
static bool is_needless(struct scan *scan, const struct flow_copy *flow, uint16_t service)
{
	const struct xlb_service *s = &scan->image->services[service];
	const struct image_rows *rows = scan->image->rows[service];
	uint32_t ports = xlb_ports(flow->client_port, flow->port), row;
	struct xlb_row r;

	if (s->flags || !rows)
		return false;
	row = xlb_row_hash(s, flow->client, ports, flow->v6);
	r = rows->table.row[row];
	if (r.prev == XLB_HOST_NONE || (r.prev == XLB_HOST_SETTLED && r.cur == flow->meta.host))
		return true;
	if (r.cur != flow->meta.host)
		note_exception(scan->result, service, row);
	return false;
}

/* A client whose flows are all where it is needs no further look-ups. */
static void visit_sticky(struct scan *scan, const struct flow_copy *flow, union xlb_flow_meta *meta)
{
	union xlb_flow_meta plain = flow->meta;
	__u64 expected = flow->meta.raw;

	sticky_visit(scan->sticky, scan->tables, scan->image, flow, scan->now);
	if (flow->meta.state != XLB_FLOW_CLIENT_MOVED ||
	    !sticky_is_settled(scan->sticky, scan->tables, scan->image, flow, scan->now))
		return;
	plain.state = XLB_FLOW_CLIENT;
	__atomic_compare_exchange_n(&meta->raw, &expected, plain.raw, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

static void visit(struct scan *scan, const struct flow_copy *flow, union xlb_flow_meta *meta)
{
	const struct image *image = scan->image;
	uint16_t listen = flow->meta.listen;

	if (is_orphan(image, flow->meta) ||
	    is_needless(scan, flow, image->listens[listen].service)) {
		free_entry(scan->tables, meta, flow->meta);
		return;
	}
	*(flow->v6 ? &scan->result->flows6 : &scan->result->flows4) += 1;
	scan->result->hosts[flow->meta.host]++;
	scan->result->listens[listen]++;
	if (image->services[image->listens[listen].service].flags == XLB_SERVICE_STICKY)
		visit_sticky(scan, flow, meta);
}

/* An entry that changes while it is looked at is a live one: it counts, and is left alone. */
static void count_only(struct scan *scan, union xlb_flow_meta meta)
{
	if (meta.host < XLB_MAX_HOSTS)
		scan->result->hosts[meta.host]++;
	if (meta.listen < IMAGE_MAX_LISTENS) {
		uint16_t service = scan->image->listens[meta.listen].service;

		scan->result->listens[meta.listen]++;
		if (scan->result->exceptions[service] != &any_row)
			free(scan->result->exceptions[service]);
		scan->result->exceptions[service] = &any_row;
	}
}

#define COPY_TRIES 4

static void visit4(struct scan *scan, struct xlb_flow4 *way)
{
	union xlb_flow_meta meta = load_meta(&way->meta);
	struct flow_copy copy;

	if (!meta.raw)
		return;
	if (!is_alive(meta, scan->now)) {
		free_entry(scan->tables, &way->meta, meta);
		return;
	}
	for (int i = 0; i < COPY_TRIES; i++)
		if (copy4(way, &copy)) {
			visit(scan, &copy, &way->meta);
			return;
		}
	count_only(scan, load_meta(&way->meta));
}

static void visit6(struct scan *scan, struct xlb_flow6 *way)
{
	union xlb_flow_meta meta = load_meta(&way->meta);
	struct flow_copy copy;

	if (!meta.raw)
		return;
	if (!is_alive(meta, scan->now)) {
		free_entry(scan->tables, &way->meta, meta);
		return;
	}
	for (int i = 0; i < COPY_TRIES; i++)
		if (copy6(way, &copy)) {
			visit(scan, &copy, &way->meta);
			return;
		}
	count_only(scan, load_meta(&way->meta));
}

/* ---- going through ------------------------------------------------------------------------- */
static void begin(struct sweep *sweep, uint32_t now)
{
	clear_result(sweep->current);
	sweep->current->began = now;
	sticky_begin(sweep->sticky, now);
	sweep->v4_at = sweep->v6_at = 0;
	sweep->conns_at = (struct conn_position){ 0 };
	sweep->running = true;
}

static void finish(struct sweep *sweep)
{
	struct scan_result *done = sweep->current;

	done->done = sweep->last->done + 1;
	sweep->current = sweep->last;
	sweep->last = done;
	sticky_finish(sweep->sticky);
	sweep->running = false;
}

bool sweep_step(struct sweep *sweep, const struct flow_tables *tables, const struct image *image,
		uint32_t now, uint32_t lines)
{
	struct scan scan = {
		.tables = tables, .image = image, .now = now, .sticky = sweep->sticky
	};

	if (!sweep->running)
		begin(sweep, now);
	scan.result = sweep->current;
	for (uint32_t n = 0; n < lines && sweep->v4_at < tables->v4_lines; n++, sweep->v4_at++)
		for (int i = 0; i < XLB_FLOW_WAYS; i++)
			visit4(&scan, &tables->v4[sweep->v4_at].way[i]);
	for (uint32_t n = 0; n < lines && sweep->v6_at < tables->v6_lines; n++, sweep->v6_at++)
		for (int i = 0; i < XLB_FLOW_WAYS; i++)
			visit6(&scan, &tables->v6[sweep->v6_at].way[i]);
	if (sweep->v4_at < tables->v4_lines || sweep->v6_at < tables->v6_lines)
		return false;
	if (tables->conns &&
	    !conns_sweep(&sweep->conns_at, tables->conns, image, now, 2ull * lines, scan.result))
		return false;
	finish(sweep);
	return true;
}

void sweep_restart(struct sweep *sweep)
{
	sweep->running = false;
}

/* ---- at once ------------------------------------------------------------------------------- */
static void forget_one(const struct flow_tables *tables, union xlb_flow_meta *meta,
		       const uint64_t hosts[XLB_MAX_HOSTS / 64])
{
	for (;;) {
		union xlb_flow_meta m = load_meta(meta);

		if (m.state == XLB_FLOW_FREE || m.state == XLB_FLOW_CLIENT_MOVED ||
		    m.host >= XLB_MAX_HOSTS || !(hosts[m.host / 64] >> m.host % 64 & 1))
			return;
		free_entry(tables, meta, m);
	}
}

void sweep_forget(const struct flow_tables *tables, const uint64_t hosts[XLB_MAX_HOSTS / 64])
{
	for (uint32_t i = 0; i < tables->v4_lines; i++)
		for (int j = 0; j < XLB_FLOW_WAYS; j++)
			forget_one(tables, &tables->v4[i].way[j].meta, hosts);
	for (uint32_t i = 0; i < tables->v6_lines; i++)
		for (int j = 0; j < XLB_FLOW_WAYS; j++)
			forget_one(tables, &tables->v6[i].way[j].meta, hosts);
}

bool flow_read(const struct flow_tables *tables, bool v6, uint32_t line, int way, uint32_t now,
	       struct flow_copy *ret)
{
	if (v6) {
		const struct xlb_flow6 *w = &tables->v6[line].way[way];

		return is_alive(load_meta(&w->meta), now) && copy6(w, ret);
	}
	const struct xlb_flow4 *w = &tables->v4[line].way[way];

	return is_alive(load_meta(&w->meta), now) && copy4(w, ret);
}

static int lines_each(const struct flow_tables *tables, bool v6, uint32_t now,
		      int (*each)(const struct flow_copy *flow, void *data), void *data)
{
	uint32_t lines = v6 ? tables->v6_lines : tables->v4_lines;
	struct flow_copy copy;
	int err = 0;

	for (uint32_t i = 0; i < lines && !err; i++)
		for (int way = 0; way < XLB_FLOW_WAYS && !err; way++)
			if (flow_read(tables, v6, i, way, now, &copy))
				err = each(&copy, data);
	return err;
}

int flows_each(const struct flow_tables *tables, uint32_t now,
	       int (*each)(const struct flow_copy *flow, void *data), void *data)
{
	int err = lines_each(tables, false, now, each, data);

	return err ? err : lines_each(tables, true, now, each, data);
}
