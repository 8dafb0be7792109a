/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A load balancer: the daemon's data plane code and the program it has loaded.
 */
#ifndef XLB_MODEL_LB_H
#define XLB_MODEL_LB_H

#include "dataplane/dataplane.h"
#include "frame.h"
#include "world.h"

struct lb {
	char dir[64];
	struct dataplane_options options;
	struct dataplane *dp;
	uint32_t ifindex; /* where clients' frames come in */
};

/* bpffs: a mounted bpf file system, for the pins. -errno; says on stdout what failed. */
int lb_open(struct lb *lb, const char *bpffs, const char *name, uint32_t flow_lines,
	    uint32_t ifindex, uint32_t tick);
void lb_close(struct lb *lb); /* and everything that is pinned goes */

/* The daemon ends, and a new one takes over. */
int lb_restart(struct lb *lb, uint32_t tick);

void lb_set_tick(struct lb *lb, uint32_t tick);
int lb_tick(struct lb *lb);
int lb_sync(struct lb *lb, const struct world_desired *desired);

/* Sends a packet from a client through the load balancer: *ret_host gets the host, -1 if it was
 * passed to the stack. -EPROTO: neither, or the frame is not as it should be. */
int lb_send(struct lb *lb, const struct packet *p, int family, unsigned service, int *ret_host);

/* Nothing at all in the flow tables, no load, all rows stable? Says on stdout what isn't. */
bool lb_is_at_rest(struct lb *lb);

/* Of a reason, since the program was loaded. */
uint64_t lb_reason(struct lb *lb, enum xlb_reason reason);

#endif
