/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The program on interfaces: XDP links, each pinned, so that they outlive the daemon.
 */
#ifndef XLB_DATAPLANE_ATTACH_H
#define XLB_DATAPLANE_ATTACH_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/dataplane.h"

struct links;

/* Takes over the links pinned below bpffs; what is pinned of interfaces that have gone is removed.
 * bpffs and the program are borrowed. */
int links_open(const char *bpffs, int program_fd, struct links **ret);
void links_close(struct links *links); /* leaves them pinned; NULL is fine */

int links_attach(struct links *links, uint32_t ifindex, const char *name, enum xdp_mode mode,
		 struct attachment *ret, char *error, size_t error_size);
int links_detach(struct links *links, uint32_t ifindex);
int links_detach_all(struct links *links);

/* Puts our program on all of them in place of a former daemon's; no packet misses it. Returns the
 * first error, having tried all. */
int links_update(struct links *links);

/* Removes links whose interface has gone. */
void links_tidy(struct links *links);

const struct attachment *links_list(const struct links *links, size_t *ret_n);

/* Detaches and unpins what is pinned, without a program. */
int links_remove_pins(const char *bpffs);

#endif
