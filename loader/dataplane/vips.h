/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The open-addressing table behind the map "vips": linear probing with a bound, so an entry lies
 * within XLB_VIP_PROBES of where its hash points, with no empty slot before it.
 */
#ifndef XLB_DATAPLANE_VIPS_H
#define XLB_DATAPLANE_VIPS_H

#include <stdbool.h>
#include <stdint.h>

#include "xlb/abi.h"

/* Live: neither empty nor a tombstone. */
static inline bool vip_is_live(const struct xlb_vip *vip)
{
	return vip->family && !(vip->flags & XLB_VIP_DELETED);
}

/* Same address, port, protocol and ingress interface. */
bool vip_same_key(const struct xlb_vip *a, const struct xlb_vip *b);

/* Where the probe for the entry begins. */
uint32_t vip_home(const __u64 hash_key[8], const struct xlb_vip *vip);

/* Slot of the live entry with that key, or -ENOENT. */
int vips_find(const struct xlb_vip *table, const __u64 hash_key[8], const struct xlb_vip *key);

/* Enters it, moving others if need be. Returns the slot, or -ENOSPC. */
int vips_insert(struct xlb_vip *table, const __u64 hash_key[8], const struct xlb_vip *vip);

/* Leaves a tombstone. */
void vips_remove(struct xlb_vip *table, uint32_t slot);

/* Tombstones that no probe passes any more become empty. */
void vips_tidy(struct xlb_vip *table);

#endif
