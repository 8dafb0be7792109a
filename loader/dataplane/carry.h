/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From maps of another layout to ours, while the programs of a former daemon go on with theirs:
 *
 *   shared   flow tables, connections, counters: the same maps, where their layout is the same
 *   copied   services, hosts, listen addresses and targets, whose places flows and connections
 * name; member by member where the layout differs new      what follows from those: it is filled as
 * at a first start
 *
 * Ours are pinned beside those in use and take their place when they are whole (see pins.h), so
 * until then nothing has happened, and whoever is killed starts anew.
 */
#ifndef XLB_DATAPLANE_CARRY_H
#define XLB_DATAPLANE_CARRY_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/maps.h"
#include "xlb/abi.h"

struct carry;

/* A new key for hashes. -errno. */
int carry_draw_key(struct xlb_settings *settings);

/* Pins the description of the maps' layout in dir: the TC object's BTF, which knows all of them. */
int carry_pin_layout(const char *dir, const struct maps *maps);

/* Are the maps that are pinned in dir laid out as ours? False also if nobody knows. */
bool carry_is_ours(const char *dir, const struct maps *maps);

/* Looks at what is pinned in dir. `settings` gets the key, from there or drawn. -errno. */
int carry_open(const char *dir, const struct maps *maps, struct xlb_settings *settings,
	       struct carry **ret);
void carry_close(struct carry *carry); /* NULL is fine */

/* Before loading: the opened objects share what they can. */
int carry_share(struct carry *carry, struct maps *maps);

/* After loading and mapping: copies. */
int carry_copy(struct carry *carry, struct maps *maps);

/* What was kept and what is lost, a sentence; the carry's. */
const char *carry_note(const struct carry *carry);

#endif
