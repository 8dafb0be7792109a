/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rows and pools of the next image.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/image_next.h"
#include "dataplane/maglev.h"
#include "dataplane/pool.h"
#include "dataplane/relayd_rows.h"

/* A service's hosts as they will be. */
struct host_list {
	size_t n;     /* all of them */
	size_t n_new; /* those that take new flows: `new` */
	struct maglev_host new[XLB_MAX_HOSTS];
	size_t n_ordered; /* relayd's rows: all that are wanted, in the file's order */
	struct relayd_host ordered[XLB_MAX_HOSTS];
};

/* What decides a service's rows, besides time; digested to see whether anything changed. */
struct host_inputs {
	uint16_t slot;
	uint16_t weight;
	uint8_t flags;
	uint8_t family;
	uint16_t pad;
	uint32_t addr[4];
};

static void list_hosts(const struct image_work *w, uint16_t service, struct host_list *list)
{
	list->n = list->n_new = 0;
	for (uint16_t i = w->chains.first_host[service]; i != CHAIN_END;
	     i = w->chains.next_host[i]) {
		const struct xlb_host *h = &w->next->hosts[i];

		if (!h->family)
			continue;
		list->n++;
		if (!(h->flags & XLB_HOST_NEW))
			continue;
		list->new[list->n_new++] = (struct maglev_host){ .addr = image_host_addr(h),
								 .weight = h->weight,
								 .slot = i };
	}
}

static int compare_slots(const void *a, const void *b)
{
	return (int)((const struct host_inputs *)a)->slot -
	       (int)((const struct host_inputs *)b)->slot;
}

static void order_hosts(const struct image_work *w, const struct desired_service *desired,
			uint16_t service, struct host_list *list)
{
	list->n_ordered = 0;
	for (size_t i = 0; desired->rows == DESIRED_ROWS_RELAYD && i < desired->n_hosts; i++) {
		int slot = image_work_host(w, service, &desired->hosts[i].addr);

		if (slot < 0 || desired->hosts[i].spare || list->n_ordered == XLB_MAX_HOSTS)
			continue;
		list->ordered[list->n_ordered++] = (struct relayd_host){
			.slot = slot,
			.up = w->next->hosts[slot].flags & XLB_HOST_NEW,
		};
	}
}

static int digest_inputs(const struct image_work *w, uint16_t service, const struct host_list *list,
			 const uint8_t maglev_key[KEYS_SIZE], uint8_t ret[KEYS_SIZE])
{
	struct host_inputs *inputs = calloc(list->n + list->n_ordered + 1, sizeof(*inputs));
	const struct xlb_service *s = &w->next->services[service];
	const uint32_t flags[] = { image_moves_at_once(s), image_row_timeout(s) };
	size_t n = 0;
	int err;

	if (!inputs)
		return -ENOMEM;
	for (uint16_t i = w->chains.first_host[service]; i != CHAIN_END;
	     i = w->chains.next_host[i]) {
		const struct xlb_host *h = &w->next->hosts[i];

		if (!h->family)
			continue;
		inputs[n] = (struct host_inputs){
			.slot = i, .flags = h->flags, .weight = h->weight, .family = h->family
		};
		memcpy(inputs[n++].addr, h->addr, sizeof(h->addr));
	}
	qsort(inputs, n, sizeof(*inputs), compare_slots);
	for (size_t i = 0; i < list->n_ordered; i++)
		inputs[n++] = (struct host_inputs){ .slot = list->ordered[i].slot };
	const struct digest_part parts[] = { { maglev_key, KEYS_SIZE },
					     { flags, sizeof(flags) },
					     { inputs, n * sizeof(*inputs) } };
	err = digest(parts, 3, ret);
	free(inputs);
	return err;
}

/* ---- rows ---------------------------------------------------------------------------------- */
/* The service's flows meant other rows, or had entries where they now may need none. */
static bool distrusts(const struct image_work *w, uint16_t service)
{
	const struct xlb_service *before = &w->prev->services[service];
	const struct xlb_service *after = &w->next->services[service];

	if (!before->name[0] || image_moves_at_once(after))
		return false;
	return image_moves_at_once(before) || before->port_mask != after->port_mask ||
	       memcmp(before->row_key, after->row_key, sizeof(before->row_key)) != 0;
}

static struct image_rows *rows_new(void)
{
	struct image_rows *rows = calloc(1, sizeof(*rows));

	if (rows)
		rows->refs = 1;
	return rows;
}

/*
 * Hosts that are seen one after the other at the start make no moves: nothing of the service went
 * through here yet, and flows that another load balancer hands over are where all hosts make them
 * be.
 */
static bool is_beginning(const struct image_input *in, uint16_t service,
			 const struct image_rows *prev)
{
	return !(prev && prev->was_whole) && in->is_used && !in->is_used(service, in->data);
}

static void compute_rows(struct image *next, uint16_t service, const struct image_rows *prev,
			 struct image_rows *rows, bool distrust, const struct image_input *input)
{
	const struct xlb_service *s = &next->services[service];
	const struct rows_input in = { .target = rows->has_target ? rows->target : NULL,
				       .hosts = next->hosts,
				       .now = input->now,
				       .timeout = image_row_timeout(s),
				       .at_once = image_moves_at_once(s) ||
						  is_beginning(input, service, prev),
				       .distrust = distrust };
	struct row_table *before = &rows->table;

	if (prev)
		memcpy(before, &prev->table, sizeof(*before));
	else
		rows_init(before);
	rows_next(before, &in, &rows->table, &rows->count);
}

static void put_rows(struct image *next, uint16_t service, struct image_rows *rows)
{
	image_rows_unref(next->rows[service]);
	next->rows[service] = rows;
}

static bool rows_are_due(const struct image_rows *rows, uint32_t now)
{
	return rows->count.moving && (int32_t)(now - rows->count.due) >= 0;
}

/* maglev_key NULL: the service is not wanted any more, nobody takes new flows. */
static int service_rows(struct image_work *w, uint16_t service, const uint8_t maglev_key[KEYS_SIZE],
			struct host_list *list)
{
	static const uint8_t nobody[KEYS_SIZE];
	const struct image_rows *prev = w->prev->rows[service];
	bool distrust = distrusts(w, service);
	uint8_t inputs[KEYS_SIZE];
	struct image_rows *rows;
	int err = digest_inputs(w, service, list, maglev_key ? maglev_key : nobody, inputs);

	if (err)
		return err;
	if (prev && prev->has_target && !distrust && !memcmp(prev->inputs, inputs, KEYS_SIZE) &&
	    !rows_are_due(prev, w->in->now))
		return 0;
	rows = rows_new();
	if (!rows)
		return -ENOMEM;
	memcpy(rows->inputs, inputs, KEYS_SIZE);
	if (list->n_ordered)
		relayd_fill(maglev_key, list->ordered, list->n_ordered, rows->target);
	else
		err = maglev_fill(maglev_key ? maglev_key : nobody, list->new, list->n_new,
				  rows->target);
	if (err) {
		image_rows_unref(rows);
		return err;
	}
	rows->has_target = true;
	rows->was_whole = (prev && prev->was_whole && w->prev->services[service].name[0]) ||
			  (list->n && list->n == list->n_new);
	compute_rows(w->next, service, prev, rows, distrust, w->in);
	put_rows(w->next, service, rows);
	return 0;
}

int image_age_rows(struct image *next, int service, const struct image_input *in)
{
	const struct image_rows *prev = next->rows[service];
	const struct row_bits none = { { 0 } }, *exceptions = in->scan->exceptions[service];
	struct image_rows *rows;

	if (!prev || !(prev->count.settled || rows_are_due(prev, in->now)))
		return 0;
	rows = rows_new();
	if (!rows)
		return -ENOMEM;
	rows->has_target = prev->has_target;
	rows->was_whole = prev->was_whole;
	memcpy(rows->inputs, prev->inputs, sizeof(rows->inputs));
	memcpy(rows->target, prev->target, sizeof(rows->target));
	compute_rows(next, service, prev, rows, false, in);
	if (in->scan->done)
		rows->count.settled -= rows_stabilise(&rows->table, exceptions ? exceptions : &none,
						      in->scan->began);
	put_rows(next, service, rows);
	return 0;
}

bool image_is_due(const struct image *image, uint32_t now)
{
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (image->rows[i] && rows_are_due(image->rows[i], now))
			return true;
	return false;
}

/* ---- pools --------------------------------------------------------------------------------- */
static int compare_hosts(const void *a, const void *b)
{
	const struct maglev_host *x = a, *y = b;

	return cfg_addr_compare(&x->addr, &y->addr);
}

static struct image_pool *pool_new(struct host_list *list)
{
	struct image_pool *pool = calloc(1, sizeof(*pool));
	struct xlb_pool_host hosts[XLB_POOL_HOSTS];

	if (!pool)
		return NULL;
	pool->refs = 1;
	qsort(list->new, list->n_new, sizeof(*list->new), compare_hosts);
	for (size_t i = 0; i < list->n_new; i++)
		hosts[i] = (struct xlb_pool_host){ .host = list->new[i].slot,
						   .weight = list->new[i].weight };
	pool_fill(&pool->pool, hosts, list->n_new);
	return pool;
}

static int service_pool(struct image_work *w, uint16_t service, struct host_list *list)
{
	const struct xlb_service *s = &w->next->services[service];
	struct image_pool **slot = &w->next->pools[service], *pool = NULL;

	if (list->n_new > XLB_POOL_HOSTS)
		return image_fail(w, -E2BIG, "%s: more than %d hosts to choose from", s->name,
				  XLB_POOL_HOSTS);
	if (s->choose != XLB_CHOOSE_ROW && list->n_new) {
		pool = pool_new(list);
		if (!pool)
			return -ENOMEM;
	}
	if (pool && *slot && !memcmp(&pool->pool, &(*slot)->pool, sizeof(pool->pool))) {
		image_pool_unref(pool);
		return 0;
	}
	image_pool_unref(*slot);
	*slot = pool;
	return 0;
}

/* ---- both ---------------------------------------------------------------------------------- */
static int wanted_services(struct image_work *w, struct host_list *list)
{
	const struct desired *desired = w->in->desired;

	for (size_t i = 0; i < desired->n_services; i++) {
		int err;

		list_hosts(w, w->slots[i], list);
		order_hosts(w, &desired->services[i], w->slots[i], list);
		err = service_rows(w, w->slots[i], w->keys[i].maglev, list);
		if (!err)
			err = service_pool(w, w->slots[i], list);
		if (err)
			return err;
	}
	return 0;
}

static int leaving_services(struct image_work *w, struct host_list *list)
{
	for (int i = 0; i < XLB_MAX_SERVICES; i++) {
		int err;

		if (w->next->service_state[i].phase != SLOT_LEAVING)
			continue;
		list_hosts(w, i, list);
		list->n_ordered = 0;
		err = service_rows(w, i, NULL, list);
		if (!err)
			err = service_pool(w, i, list);
		if (err)
			return err;
	}
	return 0;
}

int image_next_rows(struct image_work *w)
{
	struct host_list *list = malloc(sizeof(*list));
	int err;

	if (!list)
		return -ENOMEM;
	err = wanted_services(w, list);
	if (!err)
		err = leaving_services(w, list);
	free(list);
	return err;
}
