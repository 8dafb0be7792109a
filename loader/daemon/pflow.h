/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "pflow": what the configuration says of a collector, its socket, and the ends of connections for
 * it. What cannot be sent is counted and said once; nobody waits for a collector.
 */
#ifndef XLB_DAEMON_PFLOW_H
#define XLB_DAEMON_PFLOW_H

#include "dataplane/dataplane.h"
#include "pflow/exporter.h"

struct daemon;

/* Follows the configuration of d->model: at the start, and after each reload. What waits for a
 * former collector is sent to it. 0 or -ENOMEM. */
int pflow_follow(struct daemon *d);
void pflow_event(struct daemon *d, const struct conn_event *event);
/* To be called about once a second. */
void pflow_tick(struct daemon *d);
/* Sends what there is, and ends. */
void pflow_stop(struct daemon *d);
/* All zero if there never was a collector. */
struct pflow_counters pflow_counted(const struct daemon *d);

#endif
