/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Model and data plane into a snapshot, piece by piece: a table or a service at a time, so that
 * nothing in the daemon waits for more than one of them. Changes nothing.
 */
#ifndef XLB_METRICS_COLLECT_H
#define XLB_METRICS_COLLECT_H

#include "metrics/failures.h"
#include "metrics/snapshot.h"
#include "net/net.h"

/* Where it all comes from. The model must not be freed before the collector is. */
struct collect_source {
	const struct model *model;
	struct dataplane *dataplane; /* NULL: not loaded */
	const struct net *net;       /* NULL: not known whether links are up */
	struct failures *failures;   /* NULL: none are known */
	struct snapshot_daemon daemon;
	struct snapshot_page page;
	struct daemon_counter counters[XLB_MAX_COUNTERS];
	size_t n_counters;
	uint64_t now_ms; /* monotonic */
};

struct collector;

/* `source` is copied. NULL: no memory. */
struct collector *collect_begin(const struct collect_source *source);

/* The next piece. true: it is complete. */
bool collect_step(struct collector *c);

/* Frees the collector. NULL: no memory on the way, or it was not complete. */
struct snapshot *collect_end(struct collector *c);

#endif
