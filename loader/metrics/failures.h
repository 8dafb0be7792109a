/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Failed checks by host and reason, counted since the daemon's start. */
#ifndef XLB_METRICS_FAILURES_H
#define XLB_METRICS_FAILURES_H

#include <stddef.h>
#include <stdint.h>

/* Reasons of one host; what comes after so many is "other". */
#define FAILURES_REASONS 8

struct failures;

struct failure {
	char reason[64];
	uint64_t count;
};

struct failures *failures_new(void);    /* NULL: no memory */
void failures_free(struct failures *f); /* NULL is fine */

/* host: its id, which nobody else ever gets. Without memory nothing is counted. */
void failures_count(struct failures *f, uint32_t host, const char *reason);

/* Of one host: up to FAILURES_REASONS + 1; borrowed until the next call of another function. */
const struct failure *failures_of(struct failures *f, uint32_t host, size_t *ret_n);

/* Forgets hosts that nobody has asked for since the last time. */
void failures_tidy(struct failures *f);

#endif
