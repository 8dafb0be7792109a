/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lines that traffic makes are as many as clients like: no more than so many a second are written,
 * the others are counted. Pure, time is a parameter.
 */
#ifndef XLB_DAEMON_LINE_LIMIT_H
#define XLB_DAEMON_LINE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_LIMIT 1000 /* a second, of one kind */

/* All 0 in the beginning. */
struct line_limit {
	uint64_t second; /* of the lines below */
	unsigned lines;
	uint64_t allowed;  /* ever */
	uint64_t untold;   /* left out since line_limit_take() */
	uint64_t left_out; /* ever */
};

/* May one more be written? If not, it is counted. now_ms: monotonic. */
bool line_limit_allows(struct line_limit *limit, uint64_t now_ms);

/* How many were left out since this was last asked. */
uint64_t line_limit_take(struct line_limit *limit);

#endif
