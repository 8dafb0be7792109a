/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What happens without anybody wanting it: rows settle and become stable, and what nothing refers
 * to any more is freed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/image_next.h"

/* Hosts that some row names. */
static void mark_row_hosts(const struct image *image, bool used[XLB_MAX_HOSTS])
{
	memset(used, 0, XLB_MAX_HOSTS * sizeof(*used));
	for (int i = 0; i < XLB_MAX_SERVICES; i++) {
		const struct image_rows *rows = image->rows[i];

		for (uint32_t j = 0; rows && j < XLB_ROWS; j++) {
			if (rows->table.row[j].cur < XLB_MAX_HOSTS)
				used[rows->table.row[j].cur] = true;
			if (rows->table.row[j].prev < XLB_MAX_HOSTS)
				used[rows->table.row[j].prev] = true;
		}
	}
}

/*
 * While rows name a leaving host, entries for it are still made; the look through the flow table
 * that proves it has none must begin after that.
 */
static void age_host(struct image *next, int slot, bool in_rows, const struct scan_result *scan)
{
	struct slot_state *state = &next->host_state[slot];

	if (in_rows) {
		state->clean_at = scan->done + 2;
		return;
	}
	if (scan->hosts[slot] || scan->done < state->clean_at)
		return;
	memset(&next->hosts[slot], 0, sizeof(next->hosts[slot]));
	slot_release(state, scan->done);
}

static int age_hosts(struct image *next, const struct scan_result *scan)
{
	bool *in_rows = malloc(XLB_MAX_HOSTS * sizeof(*in_rows));

	if (!in_rows)
		return -ENOMEM;
	mark_row_hosts(next, in_rows);
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (next->host_state[i].phase == SLOT_LEAVING)
			age_host(next, i, in_rows[i], scan);
	free(in_rows);
	return 0;
}

/* Entries of an address that is not listened on cannot be reached; they are kept until they expire,
 * for the case that it comes back. */
static void age_listens(struct image *next, const struct scan_result *scan)
{
	for (int i = 0; i < IMAGE_MAX_LISTENS; i++) {
		struct image_listen *l = &next->listens[i];

		if (l->state.phase != SLOT_LEAVING || scan->listens[i] ||
		    scan->done < l->state.clean_at)
			continue;
		slot_release(&l->state, scan->done);
		if (i < XLB_MAX_LISTENS)
			memset(&next->nat_listens[i], 0, sizeof(next->nat_listens[i]));
	}
}

static void age_services(struct image *next, const struct scan_result *scan)
{
	bool used[XLB_MAX_SERVICES] = { false };

	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (next->hosts[i].family)
			used[next->hosts[i].service] = true;
	for (int i = 0; i < IMAGE_MAX_LISTENS; i++)
		if (next->listens[i].state.phase != SLOT_FREE)
			used[next->listens[i].service] = true;
	for (int i = 0; i < XLB_MAX_SERVICES; i++) {
		if (next->service_state[i].phase != SLOT_LEAVING || used[i])
			continue;
		memset(&next->services[i], 0, sizeof(next->services[i]));
		image_rows_unref(next->rows[i]);
		next->rows[i] = NULL;
		image_pool_unref(next->pools[i]);
		next->pools[i] = NULL;
		slot_release(&next->service_state[i], scan->done);
	}
}

int image_age(const struct image *prev, const struct image_input *in, struct image **ret)
{
	struct image *next = image_clone(prev);
	int err = next ? 0 : -ENOMEM;

	for (int i = 0; i < XLB_MAX_SERVICES && !err; i++)
		err = image_age_rows(next, i, in);
	if (!err)
		err = age_hosts(next, in->scan);
	if (err) {
		image_free(next);
		return err;
	}
	age_listens(next, in->scan);
	image_age_targets(next, in->scan);
	age_services(next, in->scan);
	*ret = next;
	return 0;
}
