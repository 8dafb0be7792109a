/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The difference between two images, as a list of operations in the order in which they are safe:
 * what is pointed to comes before what points there, and the reverse when it goes. No I/O.
 */
#ifndef XLB_DATAPLANE_PLAN_H
#define XLB_DATAPLANE_PLAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct plan;

enum plan_op_type {
	PLAN_SETTINGS,   /* has_ranges */
	PLAN_TX_PORT,    /* index: port */
	PLAN_LISTEN,     /* index: listen id of NAT */
	PLAN_TARGET_ADD, /* index: target */
	PLAN_TARGET,     /* index: target; what it is stays, its ports or its chain change */
	PLAN_FORGET,     /* index: host; its entries in the flow table */
	PLAN_MAC_ADD,    /* index: in the next image's macs */
	PLAN_HOST_GAIN,  /* index: host; keeps the flags that it is to lose */
	PLAN_POOL,       /* index: service */
	PLAN_ROWS,       /* index: service */
	PLAN_SERVICE,    /* index: service */
	PLAN_RANGES,     /* index: list of ranges */
	PLAN_VIP,        /* index: slot */
	PLAN_RANGES_CLEAR,
	PLAN_SERVICE_CLEAR,
	PLAN_HOST_LOSE,    /* index: host */
	PLAN_MAC_DELETE,   /* index: in the former image's macs */
	PLAN_TARGET_CLEAR, /* index: target */
	PLAN_LISTEN_CLEAR, /* index: listen id of NAT */
};

struct plan_op {
	enum plan_op_type type;
	uint32_t index;
	char *text; /* for users: "host add 5 https_forwarder 192.168.1.3 via em0 02:…" */
	/* Live flows and connections that it takes from where they are; see plan_flows.h. */
	uint64_t flows;
	bool uncounted; /* more than these: flows of the service go by their hash, without entries
			 */
};

/* Name of an interface; ret[0] = 0: unknown. */
typedef void plan_ifname(uint32_t ifindex, char ret[IF_NAMESIZE]);

/* scans_done decides whether a returning host has entries to be forgotten. -ENOMEM. */
int plan_diff(const struct image *prev, const struct image *next, uint64_t scans_done,
	      plan_ifname *ifname, struct plan **ret);

size_t plan_size(const struct plan *plan);
const struct plan_op *plan_get(const struct plan *plan, size_t i);
/* The same, to be filled in. */
struct plan_op *plan_op(struct plan *plan, size_t i);
void plan_free(struct plan *plan); /* NULL is fine */

#endif
