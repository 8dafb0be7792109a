/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Results as a table and as JSON.
 */
#ifndef XLB_BENCH_REPORT_H
#define XLB_BENCH_REPORT_H

#include "measure.h"

void report_head(const struct bench *b);
void report_line(const struct bench *b, const struct result *r);

/* -errno. */
int report_json(const struct bench *b, const struct result *results, size_t n, const char *path);

#endif
