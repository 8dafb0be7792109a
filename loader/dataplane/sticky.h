/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Clients of sticky-address whose entry has moved (CLIENT_MOVED): until none of their flows is
 * elsewhere any more, each of their packets costs two more look-ups. Which of them can become plain
 * clients again is found out by going through the flow table.
 *
 * Flows that are elsewhere have entries, made while the entry of the former host lives. So a client
 * is settled if its former host's entry is gone, and two looks in a row have found no such flow;
 * and if the first of them began so short a time ago that a move since then would show.
 */
#ifndef XLB_DATAPLANE_STICKY_H
#define XLB_DATAPLANE_STICKY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/image.h"
#include "dataplane/sweep.h"

struct sticky;

struct sticky *sticky_new(void);         /* NULL: no memory */
void sticky_free(struct sticky *sticky); /* NULL is fine */

/* A look at the flow table begins, or was finished. */
void sticky_begin(struct sticky *sticky, uint32_t now);
void sticky_finish(struct sticky *sticky);

/* Takes note of a live entry of a service that is sticky and doesn't track flows. */
void sticky_visit(struct sticky *sticky, const struct flow_tables *tables,
		  const struct image *image, const struct flow_copy *flow, uint32_t now);

/* May an entry in state CLIENT_MOVED become a plain CLIENT? */
bool sticky_is_settled(const struct sticky *sticky, const struct flow_tables *tables,
		       const struct image *image, const struct flow_copy *flow, uint32_t now);

#endif
