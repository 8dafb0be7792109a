/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Carries a plan out: the only code that writes what the program reads.
 */
#ifndef XLB_DATAPLANE_APPLY_H
#define XLB_DATAPLANE_APPLY_H

#include "dataplane/image.h"
#include "dataplane/maps.h"
#include "dataplane/plan.h"
#include "dataplane/sweep.h"

struct apply {
	struct maps *maps;
	const struct image *prev; /* what the maps hold */
	const struct image *next;
	const struct plan *plan;
	const struct flow_tables *tables;
	/* called when a host's slot was emptied, and before a service's slot is filled anew */
	void (*host_leaves)(uint16_t host, uint16_t service, void *data);
	void (*service_enters)(uint16_t service, void *data);
	void *data;
	/* out, on failure */
	size_t failed;      /* index of the operation */
	uint32_t no_egress; /* the interface that the kernel doesn't redirect to, or 0 */
};

/* 0 or the first error, -errno; the operations before it are done. */
int apply_plan(struct apply *apply);

/* Takes the host's flags away at once, without a plan: nothing is sent to it any more. */
void apply_withdraw(struct maps *maps, uint32_t slot);

#endif
