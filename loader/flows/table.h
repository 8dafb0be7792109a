/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Open connections of direct server return, as far as the client's half shows them: from segments
 * with SYN, FIN and RST, and of UDP from the packet that makes an entry in the data plane.
 *
 * - A SYN: it has begun.
 * - FIN, RST: it has ended, and is remembered for pf's 90 seconds, so that nothing that comes late
 *   ends it again.
 * - Nothing: the data plane is asked for its entry, two seconds after the begin and then whenever
 *   that could have expired; its times are pf's. Where there is none, as in modes that hash TCP, it
 *   counts as open for a day, pf's tcp.established.
 * - No room: the one that has ended first is forgotten, else the oldest is displaced.
 *
 * Pure: time comes with the calls, and what happens is told to a function.
 */
#ifndef XLB_FLOWS_TABLE_H
#define XLB_FLOWS_TABLE_H

#include "dataplane/dataplane.h"
#include "flows/segment.h"

#define FLOWS_MAX 131072 /* some 300 bytes each */

struct flows;

/* What the data plane knows of a flow, whose session has service, protocol, addresses and ports.
 * -ENOENT: the service keeps no entries of flows. 0: it has none; 1: it has, and *ret is written. */
typedef int flows_ask_fn(const struct session *flow, struct flow_entry *ret, void *data);

struct flows_counters {
	uint64_t unseen;       /* connections whose end was not seen, all together: */
	uint64_t expired;      /* … the data plane's entry had expired */
	uint64_t displaced;    /* … there was no room for them any more */
	uint64_t begin_unseen; /* FIN of those that were not known */
};

/* max: at least 1. NULL: no memory. */
struct flows *flows_new(size_t max, conn_event_fn *tell, flows_ask_fn *ask, void *data);
void flows_free(struct flows *f); /* tells nothing; NULL is fine */

void flows_see(struct flows *f, const struct flow_segment *s);

/* Lets time pass; to be called about once a second. now_ns: CLOCK_MONOTONIC. */
void flows_tick(struct flows *f, uint64_t now_ns);

/* Nobody tells of segments any more: what is open is forgotten. */
void flows_forget(struct flows *f);

const struct flows_counters *flows_counters(const struct flows *f);

#endif
