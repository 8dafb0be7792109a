/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/vips.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "xlb/hash.h"

#define SLOT_MASK (XLB_VIP_SLOTS - 1)

/* Port, protocol and family as the program compares them: one word. */
static uint32_t l4_word(const struct xlb_vip *vip)
{
	uint32_t word;

	memcpy(&word, &vip->port, sizeof(word));
	return word;
}

bool vip_same_key(const struct xlb_vip *a, const struct xlb_vip *b)
{
	return l4_word(a) == l4_word(b) && a->ifindex == b->ifindex &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

uint32_t vip_home(const __u64 hash_key[8], const struct xlb_vip *vip)
{
	return xlb_vip_hash(hash_key, vip->addr, l4_word(vip), vip->family == AF_INET6);
}

/* How far `slot` is from where the probe begins. */
static uint32_t distance(uint32_t home, uint32_t slot)
{
	return (slot - home) & SLOT_MASK;
}

int vips_find(const struct xlb_vip *table, const __u64 hash_key[8], const struct xlb_vip *key)
{
	uint32_t slot = vip_home(hash_key, key);

	for (int i = 0; i < XLB_VIP_PROBES; i++, slot = (slot + 1) & SLOT_MASK) {
		if (!table[slot].family)
			return -ENOENT;
		if (vip_is_live(&table[slot]) && vip_same_key(&table[slot], key))
			return slot;
	}
	return -ENOENT;
}

/* The slot nearest to `hole`, at most XLB_VIP_PROBES - 1 before it, whose entry may move there. */
static int movable_slot(const struct xlb_vip *table, const __u64 hash_key[8], uint32_t hole)
{
	for (uint32_t back = XLB_VIP_PROBES - 1; back > 0; back--) {
		uint32_t slot = (hole - back) & SLOT_MASK;

		if (distance(vip_home(hash_key, &table[slot]), hole) < XLB_VIP_PROBES)
			return slot;
	}
	return -ENOSPC;
}

/* Hopscotch: moves entries into the hole until the hole is near enough to `home`. */
static int bring_hole_near(struct xlb_vip *table, const __u64 hash_key[8], uint32_t home,
			   uint32_t hole)
{
	while (distance(home, hole) >= XLB_VIP_PROBES) {
		int slot = movable_slot(table, hash_key, hole);

		if (slot < 0)
			return slot;
		table[hole] = table[slot];
		hole = slot;
	}
	return hole;
}

int vips_insert(struct xlb_vip *table, const __u64 hash_key[8], const struct xlb_vip *vip)
{
	uint32_t home = vip_home(hash_key, vip);

	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++) {
		uint32_t slot = (home + i) & SLOT_MASK;
		int hole;

		if (vip_is_live(&table[slot]))
			continue;
		hole = bring_hole_near(table, hash_key, home, slot);
		if (hole >= 0)
			table[hole] = *vip;
		return hole;
	}
	return -ENOSPC;
}

void vips_remove(struct xlb_vip *table, uint32_t slot)
{
	table[slot].flags |= XLB_VIP_DELETED;
}

void vips_tidy(struct xlb_vip *table)
{
	/* Twice, for runs of tombstones that wrap around the end. */
	for (uint32_t i = 2 * XLB_VIP_SLOTS; i-- > 0;) {
		struct xlb_vip *vip = &table[i & SLOT_MASK];

		if (vip->family && !vip_is_live(vip) && !table[(i + 1) & SLOT_MASK].family)
			memset(vip, 0, sizeof(*vip));
	}
}
