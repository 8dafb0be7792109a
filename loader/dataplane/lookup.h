/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Services and hosts of an image by what they are, for readers that ask for one after the other:
 * looking through all slots for each of them takes time by the square.
 */
#ifndef XLB_DATAPLANE_LOOKUP_H
#define XLB_DATAPLANE_LOOKUP_H

#include "dataplane/image_next.h"

struct lookup {
	bool valid;
	unsigned n_services;
	uint16_t services[XLB_MAX_SERVICES]; /* slots, by name and protocol */
	struct slot_chains chains;
};

/* Of that image from now on. */
void lookup_make(struct lookup *lookup, const struct image *image);

/* Slot, or -ENOENT. */
int lookup_service(const struct lookup *lookup, const struct image *image, const char *name,
		   uint8_t proto);
int lookup_host(const struct lookup *lookup, const struct image *image, uint16_t service,
		const struct cfg_addr *addr);

#endif
