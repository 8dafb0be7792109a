/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The map of interfaces that the TC program is on, by which answers leave: connections name its
 * entries, so an interface keeps its entry.
 */
#ifndef XLB_DATAPLANE_PORTS_H
#define XLB_DATAPLANE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

struct ports {
	int ports; /* descriptors of the maps; borrowed */
	int port_index;
};

/* Enters the interface with the MAC that it has, or updates that. -ENOSPC: too many; -errno. */
int ports_enter(const struct ports *ports, uint32_t ifindex);

/* Nothing of it: 0, too. */
int ports_leave(const struct ports *ports, uint32_t ifindex);

/* Removes the interfaces that `wanted` does not want: those of a daemon that was killed in between.
 */
int ports_keep(const struct ports *ports, bool (*wanted)(uint32_t ifindex, void *data), void *data);

#endif
