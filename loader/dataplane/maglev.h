/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Maglev hashing (Eisenbud et al., NSDI 2016), weighted: hosts take turns choosing rows, each by a
 * permutation of its own. Who owns a row depends on the key and on the hosts' addresses and
 * weights, on nothing else.
 */
#ifndef XLB_DATAPLANE_MAGLEV_H
#define XLB_DATAPLANE_MAGLEV_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "dataplane/keys.h"
#include "xlb/abi.h"

struct maglev_host {
	struct cfg_addr addr; /* unique */
	unsigned weight;      /* at least 1 */
	uint16_t slot;        /* what is written to the host's rows */
};

/* Without hosts all rows get XLB_HOST_NONE. The hosts' order is changed. -ENOMEM. */
int maglev_fill(const uint8_t key[KEYS_SIZE], struct maglev_host *hosts, size_t n,
		uint16_t rows[XLB_ROWS]);

/* Order of addresses: IPv4 before IPv6, then by value in network order. */
int cfg_addr_compare(const struct cfg_addr *a, const struct cfg_addr *b);

#endif
