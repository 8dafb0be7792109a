/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The steps of image_next() and image_age(), each in a file of its own.
 */
#ifndef XLB_DATAPLANE_IMAGE_NEXT_H
#define XLB_DATAPLANE_IMAGE_NEXT_H

#include "dataplane/image.h"

#define CHAIN_END 0xffff

/* Slots of hosts and listens by service, to find them without going through all. */
struct slot_chains {
	uint16_t first_host[XLB_MAX_SERVICES];
	uint16_t next_host[XLB_MAX_HOSTS];
	uint16_t first_listen[XLB_MAX_SERVICES];
	uint16_t next_listen[IMAGE_MAX_LISTENS];
};

struct image_work {
	const struct image *prev;
	const struct image_input *in;
	struct image *next;
	struct image_error *error; /* may be NULL */
	struct slot_chains chains;
	uint16_t *slots;           /* of desired->services, by index */
	struct service_keys *keys; /* the same */
	int first_free_host;       /* no lower slot of a host is free */
};

/* Writes the sentence and returns err. */
int image_fail(struct image_work *w, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Slots of the image's hosts and listens. */
void slot_chains_make(struct slot_chains *chains, const struct image *image);

/* Slot of the service's host, or -ENOENT. */
int slot_chains_host(const struct slot_chains *chains, const struct image *image, uint16_t service,
		     const struct cfg_addr *addr);

/* Lowest free slot from `first` on that nothing refers to, or -ENOSPC. */
int slot_allot(struct slot_state *states, size_t stride, int first, int n, uint64_t scans_done);

/* Frees the slot: from now on nothing new refers to it. */
void slot_release(struct slot_state *state, uint64_t scans_done);

int image_next_hosts(struct image_work *w);   /* hosts, tx_ports */
int image_next_targets(struct image_work *w); /* NAT's; after hosts */
int image_next_rows(struct image_work *w);    /* rows, pools; after hosts */
int image_next_vips(struct image_work *w);    /* listens, vips, ranges, settings */
int image_next_macs(struct image_work *w);    /* after hosts */

/* Slot of the service's host, or -ENOENT; by the chains. */
int image_work_host(const struct image_work *w, uint16_t service, const struct cfg_addr *addr);

/* Frees targets that nothing refers to any more. */
void image_age_targets(struct image *next, const struct scan_result *scan);

/* Rows of a service whose target is known and did not change. -ENOMEM. */
int image_age_rows(struct image *next, int service, const struct image_input *in);

#endif
