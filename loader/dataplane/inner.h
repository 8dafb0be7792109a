/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Inner maps have pins of their own, whose names say whether they stand in the outer map. Asking
 * the outer map would not do: a lookup there tells the inner one's id only, of which a descriptor
 * is made with CAP_SYS_ADMIN, which the daemon does without; and Linux 6.1 waits a grace period for
 * each lookup.
 */
#ifndef XLB_DATAPLANE_INNER_H
#define XLB_DATAPLANE_INNER_H

#include <stdint.h>

/* Pins a map that is to be entered at `index`. What a daemon that was killed has left gives way. */
int inner_pin(const char *dir, const char *sub, uint32_t index, int fd);

/* It has been entered: from now on inner_open() finds it. */
int inner_entered(const char *dir, const char *sub, uint32_t index);

int inner_unpin(const char *dir, const char *sub, uint32_t index);

/* A descriptor of the map that stands at `index` of the outer one; -ENOENT: none that is known. */
int inner_open(const char *dir, const char *sub, uint32_t index);

#endif
