/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How many live flows each operation of a plan would take from where they are: those of hosts that
 * lose them (they go to other hosts, connections of NAT are reset), and those of addresses and
 * ports that are no longer served, or by another service.
 *
 * Only what has an entry can be counted. Where flows go by their hash alone, plan_op.uncounted is
 * set. Rows that move keep their flows, and so move none.
 */
#ifndef XLB_DATAPLANE_PLAN_FLOWS_H
#define XLB_DATAPLANE_PLAN_FLOWS_H

#include <stdint.h>

#include "dataplane/image.h"
#include "dataplane/plan.h"
#include "dataplane/sweep.h"

/* The plan leads from prev, which the tables belong to, to next. 0 or -ENOMEM. */
int plan_count_flows(struct plan *plan, const struct image *prev, const struct image *next,
		     const struct flow_tables *tables, uint32_t now);

#endif
