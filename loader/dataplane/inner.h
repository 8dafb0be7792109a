/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Inner maps have pins of their own: a lookup in the outer map tells the inner one's id only, and
 * making a descriptor of an id takes CAP_SYS_ADMIN, which the daemon does without.
 */
#ifndef XLB_DATAPLANE_INNER_H
#define XLB_DATAPLANE_INNER_H

#include <stdint.h>

/* Pins fd as DIR/SUB/INDEX, to be called before it is entered into the outer map. What a daemon that
 * was killed has left there gives way. */
int inner_pin(const char *dir, const char *sub, uint32_t index, int fd);

int inner_unpin(const char *dir, const char *sub, uint32_t index);

/* A descriptor of the map that stands at `index` of the outer one. -ENOENT: none, or it is not the
 * one that is pinned, and so is lost to us. */
int inner_open(const char *dir, const char *sub, int outer_fd, uint32_t index);

#endif
