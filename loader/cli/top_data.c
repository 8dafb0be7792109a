/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/top_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "cli/output.h"

const char *top_window(unsigned delay_ms)
{
	if (delay_ms < 10000)
		return "1s";
	return delay_ms < 60000 ? "10s" : "60s";
}

/* ---- the past ------------------------------------------------------------------------------ */
struct top_history {
	char key[48]; /* "relay 3", "host 12": ids are unique */
	double values[TOP_HISTORY];
	unsigned long written; /* in all; the place of the next is modulo TOP_HISTORY */
	unsigned round;
	UT_hash_handle hh;
};

static struct top_history *history_of(struct top_data *d, const char *type, json_int_t id)
{
	struct top_history *h;
	char key[sizeof(h->key)];

	snprintf(key, sizeof(key), "%s %lld", type, (long long)id);
	HASH_FIND_STR(d->histories, key, h);
	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	memcpy(h->key, key, sizeof(key));
	HASH_ADD_STR(d->histories, key, h);
	if (h->hh.tbl)
		return h;
	free(h);
	return NULL;
}

static void remember(struct top_data *d, struct top_history *h, double value)
{
	h->values[h->written++ % TOP_HISTORY] = value;
	h->round = d->round;
}

static void forget(struct top_data *d, bool all)
{
	struct top_history *h, *next;

	HASH_ITER(hh, d->histories, h, next) {
		if (!all && h->round == d->round)
			continue;
		HASH_DEL(d->histories, h);
		free(h);
	}
}

void top_row_past(const struct top_row *row, struct top_past *ret)
{
	const struct top_history *h = row->history;

	ret->n = 0;
	if (!h)
		return;
	ret->n = h->written < TOP_HISTORY ? h->written : TOP_HISTORY;
	for (size_t i = 0; i < ret->n; i++)
		ret->values[i] = h->values[(h->written - ret->n + i) % TOP_HISTORY];
}

/* ---- rows ---------------------------------------------------------------------------------- */
static double rate(const json_t *object, const char *what, const char *window)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_%s", what, window);
	return json_number_value(json_object_get(json_object_get(object, "per_second"), key));
}

static void read_traffic(struct top_row *row, const json_t *object, const char *window)
{
	row->known = json_is_object(json_object_get(object, "per_second"));
	row->packets = rate(object, "packets", window);
	row->bits = 8 * rate(object, "bytes", window);
	row->sessions = rate(object, "sessions", window);
	row->states = (double)get_number(object, "states");
	snprintf(row->name, sizeof(row->name), "%s", get_text(object, "name"));
	snprintf(row->status, sizeof(row->status), "%s", get_text(object, "status"));
}

static int add_row(struct top_data *d, struct top_row *row, const char *type, json_int_t id)
{
	struct top_history *history = history_of(d, type, id);

	if (!history)
		return -ENOMEM;
	remember(d, history, row->packets);
	row->history = history;
	row->place = (unsigned)d->n_rows;
	d->rows[d->n_rows++] = *row;
	return 0;
}

static void sum_up(struct top_data *d, const struct top_row *row)
{
	if (row->kind == TOP_HOST) {
		d->hosts++;
		d->hosts_up += strcmp(row->status, "up") == 0;
		return;
	}
	d->n_services++;
	d->total.known |= row->known;
	d->total.packets += row->packets;
	d->total.bits += row->bits;
	d->total.sessions += row->sessions;
	d->total.states += row->states;
}

/* A service's detail is its type, a host's its table. */
static int add_rows(struct top_data *d, const json_t *list, enum top_kind kind, const char *type,
		    const char *window)
{
	json_t *item;
	size_t i;
	int r;

	json_array_foreach(list, i, item) {
		struct top_row row = { .kind = kind };

		read_traffic(&row, item, window);
		snprintf(row.detail, sizeof(row.detail), "%s",
			 kind == TOP_HOST ? get_text(item, "table") : type);
		r = add_row(d, &row, type, get_number(item, "id"));
		if (r < 0)
			return r;
		sum_up(d, &row);
	}
	return 0;
}

/* ---- reasons ------------------------------------------------------------------------------- */
static int busier(const void *a, const void *b)
{
	const struct top_reason *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return (x->count < y->count) - (x->count > y->count);
}

static void add_reasons(struct top_data *d, const json_t *list, const char *window)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		struct top_reason *reason = &d->reasons[d->n_reasons];

		if (get_number(item, "count") == 0)
			continue;
		reason->count = get_number(item, "count");
		reason->packets = rate(item, "packets", window);
		snprintf(reason->name, sizeof(reason->name), "%s", get_text(item, "name"));
		snprintf(reason->verdict, sizeof(reason->verdict), "%s", get_text(item, "verdict"));
		snprintf(reason->text, sizeof(reason->text), "%s", get_text(item, "text"));
		d->n_reasons++;
	}
	if (d->n_reasons)
		qsort(d->reasons, d->n_reasons, sizeof(*d->reasons), busier);
}

/* ---- all ----------------------------------------------------------------------------------- */
static const json_t *list_of(const json_t *answer, const char *key)
{
	return json_object_get(answer, key);
}

static int make_room(struct top_data *d, const struct top_answers *a)
{
	size_t rows = json_array_size(list_of(a->redirects, "redirects")) +
		      json_array_size(list_of(a->relays, "relays")) +
		      json_array_size(list_of(a->hosts, "hosts"));
	size_t reasons = json_array_size(list_of(a->counters, "counters"));
	struct top_row *new_rows = calloc(rows + 1, sizeof(*new_rows));
	struct top_reason *new_reasons = calloc(reasons + 1, sizeof(*new_reasons));

	if (!new_rows || !new_reasons) {
		free(new_rows);
		free(new_reasons);
		return -ENOMEM;
	}
	free(d->rows);
	free(d->reasons);
	d->rows = new_rows;
	d->reasons = new_reasons;
	d->n_rows = d->n_services = d->n_reasons = d->hosts = d->hosts_up = 0;
	d->total = (struct top_row){ 0 };
	return 0;
}

int top_data_update(struct top_data *d, const struct top_answers *a, const char *window)
{
	int r = make_room(d, a);

	if (r < 0)
		return r;
	d->round++;
	r = add_rows(d, list_of(a->redirects, "redirects"), TOP_SERVICE, "redirect", window);
	if (r == 0)
		r = add_rows(d, list_of(a->relays, "relays"), TOP_SERVICE, "relay", window);
	if (r == 0)
		r = add_rows(d, list_of(a->hosts, "hosts"), TOP_HOST, "host", window);
	add_reasons(d, list_of(a->counters, "counters"), window);
	snprintf(d->version, sizeof(d->version), "%s", get_text(a->version, "version"));
	d->uptime_s = get_number(a->version, "uptime_s");
	if (r == 0)
		forget(d, false);
	return r;
}

void top_data_clear(struct top_data *d)
{
	forget(d, true);
	free(d->rows);
	free(d->reasons);
	*d = (struct top_data){ 0 };
}

/* ---- order --------------------------------------------------------------------------------- */
static double value_of(const struct top_row *row, enum top_sort sort)
{
	switch (sort) {
	case TOP_SORT_PACKETS:
		return row->packets;
	case TOP_SORT_BITS:
		return row->bits;
	case TOP_SORT_SESSIONS:
		return row->sessions;
	case TOP_SORT_STATES:
		return row->states;
	default:
		return 0;
	}
}

/* Rows that are equal stay in the configuration's order. */
static int compare(const void *a, const void *b, void *data)
{
	const struct top_row *x = a, *y = b;
	enum top_sort sort = *(const enum top_sort *)data;
	double p = value_of(x, sort), q = value_of(y, sort);
	int r = sort == TOP_SORT_NAME ? strcmp(x->name, y->name) : 0;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (p != q)
		return p < q ? 1 : -1;
	return r ? r : (x->place > y->place) - (x->place < y->place);
}

void top_data_sort(struct top_data *d, enum top_sort sort)
{
	if (d->n_rows)
		qsort_r(d->rows, d->n_rows, sizeof(*d->rows), compare, &sort);
}

static const char *const sort_names[TOP_SORTS] = {
	[TOP_SORT_ORDER] = "order",       [TOP_SORT_PACKETS] = "packets", [TOP_SORT_BITS] = "bits",
	[TOP_SORT_SESSIONS] = "sessions", [TOP_SORT_STATES] = "states",   [TOP_SORT_NAME] = "name",
};

const char *top_sort_name(enum top_sort sort)
{
	return sort_names[sort];
}

int top_sort_parse(const char *name, enum top_sort *ret)
{
	for (int i = 0; i < TOP_SORTS; i++)
		if (strcmp(name, sort_names[i]) == 0) {
			*ret = (enum top_sort)i;
			return 0;
		}
	return -EINVAL;
}
