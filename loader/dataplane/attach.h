/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The programs on interfaces, each pinned, so that they outlive the daemon: that of XDP where DSR
 * is served, that of TC where NAT is. A box with relays only gets no XDP, which costs segmentation
 * offload on virtual NICs.
 */
#ifndef XLB_DATAPLANE_ATTACH_H
#define XLB_DATAPLANE_ATTACH_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/dataplane.h"
#include "dataplane/ports.h"

struct links;

struct link_programs { /* descriptors, borrowed */
	int xdp;
	int tc;
	struct ports ports;
};

/* Takes over what is pinned below bpffs; pins of interfaces that have gone are removed. bpffs is
 * borrowed. */
int links_open(const char *bpffs, const struct link_programs *programs, struct links **ret);
void links_close(struct links *links); /* leaves them pinned; NULL is fine */

int links_attach(struct links *links, uint32_t ifindex, const char *name, enum xdp_mode mode,
		 struct attachment *ret, char *error, size_t error_size);
int links_detach(struct links *links, uint32_t ifindex);
int links_detach_all(struct links *links);

/* The programs are others from now on, borrowed descriptors: for what is attached later at once,
 * for the rest with links_update(). */
void links_use(struct links *links, int xdp, int tc);

/* Puts our programs on all of them in place of a former daemon's; no packet misses them. Returns
 * the first error, having tried all. */
int links_update(struct links *links);

/* Which programs (LINK_XDP, LINK_TC) interfaces shall have, those that are attached and those to
 * come, and which of them DSR's frames leave by (0s are left out): where one of those has no native
 * mode, interfaces in mode auto run generic. Returns the first error, having tried all; `error`
 * gets its sentence. */
#define LINK_XDP 1u
#define LINK_TC 2u
int links_want(struct links *links, unsigned programs, const uint32_t egress[XLB_MAX_TX_PORTS],
	       char *error, size_t error_size);

/* The interface's MAC may have changed. */
int links_refresh(struct links *links, uint32_t ifindex);

/* Removes links whose interface has gone. */
void links_tidy(struct links *links);

const struct attachment *links_list(const struct links *links, size_t *ret_n);

/* Detaches and unpins what is pinned, without a program; of all interfaces, or of one (-ENOENT:
 * there is nothing). */
int links_remove_pins(const char *bpffs);
int links_remove_pin(const char *bpffs, const char *interface);

#endif
