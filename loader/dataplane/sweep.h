/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Looks through the flow tables, which the program fills and the daemon cleans. Works on memory
 * that the program writes at the same time: an entry is freed by compare-and-swap, so it is never
 * taken from under a packet that was faster.
 */
#ifndef XLB_DATAPLANE_SWEEP_H
#define XLB_DATAPLANE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/image.h"
#include "dataplane/sweep_conns.h"
#include "xlb/abi.h"

struct flow_tables {
	struct xlb_flow4_line *v4;
	uint32_t v4_lines; /* all */
	uint32_t v4_mask;  /* see xlb_flow_line() */
	struct xlb_flow6_line *v6;
	uint32_t v6_lines;
	uint32_t v6_mask;
	uint64_t *loads;                 /* by host slot */
	const struct conn_tables *conns; /* NAT's; NULL: none */
};

/* One entry, copied so that key and meta belong together. */
struct flow_copy {
	bool v6;
	__be32 client[4]; /* IPv4 in [0], the rest 0 */
	__be16 client_port;
	__be16 port;
	union xlb_flow_meta meta;
};

struct sweep;

/* NULL: no memory. */
struct sweep *sweep_new(void);
void sweep_free(struct sweep *sweep); /* NULL is fine */

/* What the last finished look has found; all zero before the first. */
const struct scan_result *sweep_result(const struct sweep *sweep);

/*
 * Goes on for at most `lines` lines of each table, and then twice as many connections. Frees
 * entries that are expired, that name a host or an address that is not there any more, or that say
 * what their row says anyway; makes plain clients of those whose flows are all where they are.
 * Returns true when the look is finished; the next call begins anew.
 */
bool sweep_step(struct sweep *sweep, const struct flow_tables *tables, const struct image *image,
		uint32_t now, uint32_t lines);

/* Gives the look that is under way up. */
void sweep_restart(struct sweep *sweep);

/* Frees all entries that name hosts whose bit is set in `hosts`, at once; but not of clients that
 * have moved, for their flows may be elsewhere. */
void sweep_forget(const struct flow_tables *tables, const uint64_t hosts[XLB_MAX_HOSTS / 64]);

/* Copies the entry in a way of a line if it is alive. */
bool flow_read(const struct flow_tables *tables, bool v6, uint32_t line, int way, uint32_t now,
	       struct flow_copy *ret);

/* Calls `each` with copies of live entries until it returns non-zero, which is then returned. */
int flows_each(const struct flow_tables *tables, uint32_t now,
	       int (*each)(const struct flow_copy *flow, void *data), void *data);

#endif
