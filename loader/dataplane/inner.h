/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Inner maps have pins of their own, whose names say whether they stand in the outer map. Asking
 * the outer map would not do: a lookup there tells the inner one's id only, of which a descriptor
 * is made with CAP_SYS_ADMIN, which the daemon does without; and Linux 6.1 waits a grace period for
 * each lookup.
 *
 * A map is pinned before it is entered, and taken out before its pin goes. So whoever is killed in
 * between leaves a pin, never a map in the outer one that nobody knows of; and the next start
 * enters it again, or takes it out again, as both can be done twice.
 */
#ifndef XLB_DATAPLANE_INNER_H
#define XLB_DATAPLANE_INNER_H

#include <stdbool.h>
#include <stdint.h>

/* Pins a map that is to be entered at `index`. What a daemon that was killed has left gives way. */
int inner_pin(const char *dir, const char *sub, uint32_t index, int fd);

/* Enters n pinned maps into the outer one, all in one grace period of the kernel's where it can do
 * that, and notes it in their pins. */
int inner_enter(int outer, const char *dir, const char *sub, const uint32_t *indexes,
		const int *fds, uint32_t n);

/* Takes the map at `index` out of the outer one, if it stands there, and unpins it. */
int inner_remove(int outer, const char *dir, const char *sub, uint32_t index);

/* A descriptor of the map that is pinned for `index`; -ENOENT: none is. *ret_entered is false for
 * one that may not stand in the outer map yet. */
int inner_open(const char *dir, const char *sub, uint32_t index, bool *ret_entered);

#endif
