/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel's side: the loaded program, its maps, pinned and mapped into memory.
 */
#ifndef XLB_DATAPLANE_MAPS_H
#define XLB_DATAPLANE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/dataplane.h"
#include "dataplane/image.h"
#include "xlb/abi.h"

struct bpf_map;
struct xlb_xdp_bpf;
struct xlb_tc_bpf;
struct carry;

struct maps {
	struct xlb_xdp_bpf *skel;
	struct xlb_tc_bpf *tc; /* shares all maps that the XDP program has, too */
	char *bpffs;           /* where the maps are pinned: PATH_MAX bytes */
	bool adopted;          /* what was pinned is used again */
	bool beside;           /* another layout's are pinned, and in use: ours are beside them */
	struct carry *carry;   /* from those; NULL: there were none */
	int n_cpus;            /* possible ones: values per CPU have so many parts */
	/* mapped */
	struct xlb_vip *vips;
	struct xlb_service *services;
	struct xlb_host *hosts;
	uint64_t *loads;
	struct xlb_mac_filter *mac_filter;
	struct xlb_flow4_line *flows4;
	struct xlb_flow6_line *flows6;
	uint32_t flow4_lines; /* all, with the front */
	uint32_t flow6_lines;
	uint32_t flow4_mask; /* see xlb_flow_line() */
	uint32_t flow6_mask;
	struct xlb_rows *rows[XLB_MAX_SERVICES]; /* NULL: none yet */
	bool rows_entered[XLB_MAX_SERVICES];     /* in the outer map */
	int rows_fd[XLB_MAX_SERVICES];
	struct xlb_listen *listens; /* of NAT */
	struct xlb_target *targets;
	struct xlb_nat_line *nat_index;
	uint32_t nat_lines;                       /* all, with the front */
	uint32_t nat_mask;                        /* see xlb_nat_line() */
	struct xlb_conn *conns[XLB_TARGET_SLOTS]; /* XLB_NAT_PORTS each; NULL: none */
	bool conns_entered[XLB_TARGET_SLOTS];
	int conns_fd[XLB_TARGET_SLOTS];
	unsigned n_conns_made; /* but not entered */
};

/* Loads and pins; adopts what is pinned if it is whole and of our layout. Maps of another layout
 * stay where they are, until maps_take_place(). Errors as dataplane_open(). */
int maps_open(const struct dataplane_options *options, char *error, size_t error_size,
	      struct maps **ret);
void maps_close(struct maps *maps); /* NULL is fine */

/* What xlb_table_line() wants to know of a table whose front has at most so many lines. */
uint32_t maps_table_mask(const struct bpf_map *map, uint32_t most);

/* The maps are filled: from now on these are the pinned ones, whatever happens. */
int maps_take_place(struct maps *maps);

/* What became of maps of another layout, a sentence; NULL: there were none. */
const char *maps_note(const struct maps *maps);

/* What the maps hold. -ENOMEM, or what the kernel says. */
int maps_read_image(struct maps *maps, uint32_t now, struct image **ret);

/* Makes the rows of a service, pinned and mapped, but not in the outer map yet. */
int maps_make_rows(struct maps *maps, uint16_t service);

/* Enters all rows made since the last time into the outer map; that takes the kernel a grace
 * period, however many there are. */
int maps_enter_rows(struct maps *maps);

/* A map's memory, page by page; *ret is a pointer. */
size_t maps_mapped_size(size_t value_size, size_t n);
int maps_map_memory(int fd, size_t value_size, size_t n, void *ret);
void maps_unmap_memory(void *p, size_t value_size, size_t n); /* NULL is fine */

#endif
