/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The keys of a service: what its rows and its row hash are made from.
 */
#ifndef XLB_DATAPLANE_KEYS_H
#define XLB_DATAPLANE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/desired.h"

#define KEYS_SIZE 32

struct service_keys {
	uint8_t maglev[KEYS_SIZE]; /* seeds the hosts' permutations */
	uint64_t row[6];           /* struct xlb_service's row_key */
};

/*
 * From the configured key alone where there is one, so that every LB that has it, and every
 * service, maps clients alike; else from this box's secret and the service's name. -ENOMEM.
 */
int service_keys(const struct desired_service *s, const __u64 hash_key[8],
		 struct service_keys *ret);

/* SHA-512/256 of the parts, one after the other. -ENOMEM. */
struct digest_part {
	const void *data;
	size_t size;
};
int digest(const struct digest_part *parts, size_t n, uint8_t ret[KEYS_SIZE]);

/* Eight bytes, least significant first, on every machine. */
uint64_t digest_u64(const uint8_t *bytes);

#endif
