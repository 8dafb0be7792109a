/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A snapshot in Prometheus' text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/. Every family has HELP and TYPE, and
 * stands in one piece.
 */
#ifndef XLB_METRICS_EXPOSITION_H
#define XLB_METRICS_EXPOSITION_H

#include <stdbool.h>

#include "metrics/snapshot.h"
#include "metrics/text.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition { /* how far it is; zero at first */
	unsigned family;
	unsigned row;
};

/* Goes on for at most so many lines. true: it is whole. */
bool exposition_step(struct exposition *e, const struct snapshot *s, unsigned lines,
		     struct text *text);

/* The families by name, for those who compare them with their documentation. NULL past the end. */
const char *exposition_family(unsigned i);

#endif
