/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Numbers for connections of NAT, as relayd gives its sessions: from 1, in the order in which they
 * are first seen, and the same one as long as the connection lives and this process does.
 */
#ifndef XLB_DATAPLANE_CONN_IDS_H
#define XLB_DATAPLANE_CONN_IDS_H

#include <stdint.h>

#include "xlb/abi.h"

struct conn_ids;

struct conn_ids *conn_ids_new(void); /* NULL: no memory */
void conn_ids_free(struct conn_ids *ids);

/* The number of the connection at this place; 0: no memory for one. */
uint32_t conn_ids_get(struct conn_ids *ids, const struct xlb_conn *conn, uint32_t target,
		      uint32_t nat_port);

#endif
