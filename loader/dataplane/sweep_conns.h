/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Looks through NAT's connections, as sweep.h does through flow entries: frees what has expired and
 * counts what is alive. The program ends a connection by letting it expire; this is where its end
 * is noticed.
 */
#ifndef XLB_DATAPLANE_SWEEP_CONNS_H
#define XLB_DATAPLANE_SWEEP_CONNS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/image.h"
#include "dataplane/nat_index.h"
#include "xlb/abi.h"

/* Called once for each connection that is over, with a copy of it: when it was just freed, or
 * sooner when both sides have closed it. */
typedef void conn_ended(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port,
			void *data);

struct conn_tables {
	struct xlb_conn *const *conns; /* by target, XLB_NAT_PORTS each; NULL: none */
	uint64_t *loads;               /* by host slot */
	struct nat_index index;
	conn_ended *ended; /* may be NULL */
	void *data;
};

struct conn_position {
	uint32_t target;
	uint32_t port;
};

/* Is it a connection at `now`? */
bool conn_is_alive(const struct xlb_conn *conn, uint32_t now);

/* States in which it is one of the host's load. */
bool conn_is_counted(unsigned state);

/* One consistent copy. The record may change meanwhile, its identity may not. */
bool conn_copy(const struct xlb_conn *conn, struct xlb_conn *ret);

/*
 * Goes on at *at for at most `records` records. Frees those that have expired, or whose host or
 * listen is not there any more; the live ones are counted in result (hosts, listens, targets).
 * True: the end is reached.
 */
bool conns_sweep(struct conn_position *at, const struct conn_tables *tables,
		 const struct image *image, uint32_t now, uint64_t records,
		 struct scan_result *result);

/* Calls `each` with copies of live connections until it returns non-zero, which is then returned.
 */
int conns_each(const struct conn_tables *tables, uint32_t now,
	       int (*each)(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port,
			   void *data),
	       void *data);

#endif
