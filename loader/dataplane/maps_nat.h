/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The NAT part of the maps: the TC program's own ones, beside those that it shares with the XDP
 * program.
 */
#ifndef XLB_DATAPLANE_MAPS_NAT_H
#define XLB_DATAPLANE_MAPS_NAT_H

#include <stdint.h>

#include "dataplane/maps.h"

/* The TC program, in the build for this kernel. NULL with errno on failure. */
struct xlb_tc_bpf *maps_nat_open(void);

/* Before loading: what the TC program has as constants. Sizes of the tables are set by now. */
void maps_nat_set_constants(struct maps *maps, const struct dataplane_options *options,
			    const struct xlb_settings *settings);

/* Loads the TC program, with the XDP program's maps; that one is loaded already. */
int maps_nat_load(struct maps *maps);

/* The connections of all targets that are used; what a killed daemon has left half done is
 * finished. */
int maps_nat_adopt(struct maps *maps);

/* Maps beside others (see carry.h), whose targets are copied: shares the connections that are
 * pinned in dir; NULL: makes new ones. */
int maps_nat_take(struct maps *maps, const char *dir);

/* Targets and listens into the image, which has services and hosts by now. */
void maps_nat_read(const struct maps *maps, struct image *image);

void maps_nat_close(struct maps *maps);

/* Makes the connections' array of a target, 2 MiB, not in the outer map yet; its ports will be used
 * from a random one on. */
int maps_make_conns(struct maps *maps, uint32_t target);

/* Enters what was made since the last time, as maps_enter_rows(). */
int maps_enter_conns(struct maps *maps);

/* Takes the array away; nothing may name the target any more. */
int maps_drop_conns(struct maps *maps, uint32_t target);

#endif
