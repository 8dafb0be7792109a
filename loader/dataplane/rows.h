/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How the rows of a service change while flows live that have no state anywhere.
 *
 * A row names two hosts. It is
 *  - stable (prev = none): every packet goes to cur;
 *  - moving (prev = a host): it went from prev to cur less than a session timeout ago. The program
 *    makes an entry for each flow it sees, so that after that time every live flow of prev has one;
 *  - settled: that time has passed; flows that live elsewhere than on cur have entries.
 * Settled rows become stable when no such entry is left.
 */
#ifndef XLB_DATAPLANE_ROWS_H
#define XLB_DATAPLANE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xlb/abi.h"

struct row_table {
	struct xlb_row row[XLB_ROWS];
	uint32_t since[XLB_ROWS]; /* tick at which the row began to move, or settled */
};

struct rows_input {
	const uint16_t *target;       /* XLB_ROWS host slots or XLB_HOST_NONE; NULL: cur stays */
	const struct xlb_host *hosts; /* by slot; what they will be when the rows are in place */
	uint32_t now;                 /* tick */
	uint32_t timeout;             /* ticks: the longest a flow may be silent and still live */
	bool at_once;                 /* rows don't move: flows have entries of their own, or none
					 is wanted */
	bool distrust;                /* entries may disagree with stable rows: settle them */
};

struct rows_count {
	uint32_t changed; /* rows that differ from the ones before */
	uint32_t moving;
	uint32_t settled;
	uint32_t due; /* first tick at which a moving row settles; meaningful if some are moving */
};

/* All rows of a service that has none yet. */
void rows_init(struct row_table *table);

/* Rows as read from the kernel: those that move have done so since `now`, for all we know. */
void rows_adopt(struct row_table *table, const struct xlb_rows *rows, uint32_t now,
		uint32_t timeout, struct rows_count *ret);

/* next may be prev. */
void rows_next(const struct row_table *prev, const struct rows_input *in, struct row_table *next,
	       struct rows_count *ret);

/* One bit per row: some live entry disagrees with the row's cur. */
#define ROW_BITS_WORDS (XLB_ROWS / 64)
struct row_bits {
	uint64_t word[ROW_BITS_WORDS];
};

static inline void row_bits_set(struct row_bits *bits, uint32_t row)
{
	bits->word[row / 64] |= 1ull << row % 64;
}

static inline bool row_bits_get(const struct row_bits *bits, uint32_t row)
{
	return bits->word[row / 64] >> row % 64 & 1;
}

/* Rows that had settled before the tick `scanned`, at which a look through all flow entries began,
 * become stable where that found no exception. Returns how many. */
uint32_t rows_stabilise(struct row_table *table, const struct row_bits *exceptions,
			uint32_t scanned);

#endif
