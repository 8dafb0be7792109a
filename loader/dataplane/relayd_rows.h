/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rows as relayd's relays choose hosts (relay_from_table()): the hash modulo the number of all
 * hosts, up or down, in the file's order. Clients of a host that dies go to others, nobody else
 * moves, and when it returns so do they. relayd finds the others by shifting the same hash, so some
 * get more than others; those of the first host in the list may all go to one.
 */
#ifndef XLB_DATAPLANE_RELAYD_ROWS_H
#define XLB_DATAPLANE_RELAYD_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/keys.h"
#include "xlb/abi.h"

struct relayd_host {
	uint16_t slot; /* what is written to the host's rows */
	bool up;
};

/* With no host up all rows get XLB_HOST_NONE. */
void relayd_fill(const uint8_t key[KEYS_SIZE], const struct relayd_host *hosts, size_t n,
		 uint16_t rows[XLB_ROWS]);

#endif
