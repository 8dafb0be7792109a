/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is measured: for each scenario the maps, the packet, and what must come of it.
 */
#ifndef XLB_BENCH_SCENARIOS_H
#define XLB_BENCH_SCENARIOS_H

#include "fixture.h"

enum flow_count { FLOWS_1, FLOWS_4K, FLOWS_64K, FLOWS_1M, FLOW_COUNTS };
extern const uint32_t flow_counts[FLOW_COUNTS];

/* Figures of Katran to compare with. */
enum peer { PEER_NONE, PEER_HIT, PEER_SYN };

struct scenario {
	const char *name; /* NULL ends the list */
	const char *text;
	struct world world;
	struct packet packet; /* client and client_port vary */

	/* How the flows come to be known before: each sends this packet once, in this world. */
	const struct packet *enter;
	const struct world *enter_world;

	bool always_new; /* each packet is another flow; the table is emptied before each run */
	bool two_arms;
	bool passed;     /* to the stack, instead of forwarded */
	uint32_t reason; /* counted for each packet; XLB_REASON_COUNT: none */
	unsigned flows;  /* bits 1 << enum flow_count */

	enum peer peer;
	double target[FLOW_COUNTS]; /* ratio to the peer; 0: none */
	double target_ns;           /* without a peer */
};

extern const struct scenario scenarios[];

/* Katran's net ns as printed in its measurement, 0: not measured. */
double peer_ns(enum peer peer, int family, enum flow_count flows);

/* How many times that of the program of its shape (shape.bpf.c), where both were measured; or 0. */
double peer_of_shape(enum peer peer, int family, enum flow_count flows);

/* Offsets of what varies: the client address's last word and the client's port. */
void scenario_offsets(const struct packet *p, int family, uint32_t *ret_address,
		      uint32_t *ret_port);

#endif
