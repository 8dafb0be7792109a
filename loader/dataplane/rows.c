/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/rows.h"

#include <string.h>

void rows_init(struct row_table *table)
{
	memset(table->row, 0xff, sizeof(table->row)); /* XLB_HOST_NONE in both */
	memset(table->since, 0, sizeof(table->since));
}

static bool is_moving(struct xlb_row row)
{
	return row.prev < XLB_HOST_SETTLED;
}

static bool keeps_flows(const struct rows_input *in, uint16_t slot)
{
	return slot < XLB_MAX_HOSTS && in->hosts[slot].flags;
}

static bool is_over(const struct rows_input *in, uint32_t since)
{
	return in->now - since > in->timeout;
}

/* What time and the former host's health do to a row, whatever its target is. */
static struct xlb_row row_age(struct xlb_row row, uint32_t *since, const struct rows_input *in)
{
	bool settles = in->distrust && row.prev == XLB_HOST_NONE;

	if (is_moving(row) && (!keeps_flows(in, row.prev) || is_over(in, *since) || in->distrust))
		settles = true;
	if (settles) {
		row.prev = XLB_HOST_SETTLED;
		*since = in->now;
	}
	return row;
}

/*
 * The row leaves a host that keeps its flows. If it was moving, the flows of the host in the
 * middle have entries, and the search for those of prev goes on.
 */
static struct xlb_row row_move(struct xlb_row row, uint16_t target, uint32_t *since,
			       const struct rows_input *in)
{
	if (!is_moving(row)) {
		row.prev = row.cur;
		*since = in->now;
	}
	if (row.prev == target) { /* back to where the unknown flows are */
		row.prev = XLB_HOST_SETTLED;
		*since = in->now;
	}
	row.cur = target;
	return row;
}

/* The row leaves a host that is gone, or nobody: nothing of that one is to be kept. */
static struct xlb_row row_replace(struct xlb_row row, uint16_t target, uint32_t *since,
				  const struct rows_input *in)
{
	if (is_moving(row) && row.prev == target) {
		row.prev = XLB_HOST_SETTLED;
		*since = in->now;
	}
	row.cur = target;
	return row;
}

static struct xlb_row row_next(struct xlb_row row, uint16_t target, uint32_t *since,
			       const struct rows_input *in)
{
	if (in->at_once) {
		row.prev = XLB_HOST_NONE;
		row.cur = target;
		return row;
	}
	row = row_age(row, since, in);
	if (row.cur == target)
		return row;
	return keeps_flows(in, row.cur) ? row_move(row, target, since, in) :
					  row_replace(row, target, since, in);
}

static void count_row(struct rows_count *count, struct xlb_row before, struct xlb_row after,
		      uint32_t since, uint32_t timeout)
{
	uint32_t due = since + timeout + 1;

	count->changed += before.cur != after.cur || before.prev != after.prev;
	count->settled += after.prev == XLB_HOST_SETTLED;
	if (!is_moving(after))
		return;
	if (!count->moving++ || due < count->due)
		count->due = due;
}

void rows_adopt(struct row_table *table, const struct xlb_rows *rows, uint32_t now,
		uint32_t timeout, struct rows_count *ret)
{
	struct rows_count count = { 0 };

	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		table->row[i] = rows->row[i];
		table->since[i] = now;
		count_row(&count, rows->row[i], rows->row[i], now, timeout);
	}
	*ret = count;
}

void rows_next(const struct row_table *prev, const struct rows_input *in, struct row_table *next,
	       struct rows_count *ret)
{
	struct rows_count count = { 0 };

	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		struct xlb_row before = prev->row[i];
		uint32_t since = prev->since[i];

		next->row[i] =
			row_next(before, in->target ? in->target[i] : before.cur, &since, in);
		next->since[i] = since;
		count_row(&count, before, next->row[i], since, in->timeout);
	}
	*ret = count;
}

uint32_t rows_stabilise(struct row_table *table, const struct row_bits *exceptions,
			uint32_t scanned)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		if (table->row[i].prev != XLB_HOST_SETTLED || table->since[i] >= scanned ||
		    row_bits_get(exceptions, i))
			continue;
		table->row[i].prev = XLB_HOST_NONE;
		n++;
	}
	return n;
}
