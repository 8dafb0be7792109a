/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One map that is pinned, and the one of the same name in our objects. */
#ifndef XLB_DATAPLANE_PINNED_H
#define XLB_DATAPLANE_PINNED_H

#include <stdbool.h>

struct bpf_map;

enum pinned { PINNED_NONE, PINNED_WHOLE, PINNED_PARTS, PINNED_OTHER_LAYOUT };

/* Is it there, and has it the type, sizes and flags of ours? The number of a flow table's lines is
 * its own. */
enum pinned pinned_look(const char *dir, const struct bpf_map *map);

/* The opened, not yet loaded map becomes the pinned one. -errno. */
int pinned_reuse(const char *dir, struct bpf_map *map);

/* A descriptor of what is pinned as DIR/NAME, or -errno. */
int pinned_open(const char *dir, const char *name);

/* Pins as DIR/NAME, in place of what is there. */
int pinned_pin(const char *dir, const char *name, int fd);

#endif
