/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Clients and their flows, and a perfect connection table to judge the load balancer by.
 *
 * What is asserted of each packet:
 *  - nothing is sent to a host that is down;
 *  - a live flow stays with its host as long as that is up or draining;
 *  - a new flow goes to a host that is up, and isn't passed to the stack if there is one;
 *  - with sticky-address, to the client's host while that is up.
 *
 * A flow is live from its first packet until it is reset, or silent for longer than the timeout of
 * its state. What nobody could know without state is not asserted: without an entry, a SYN is a new
 * flow, even if it is a retransmission; and ports that were in use a moment ago may still belong to
 * the flow before.
 */
#ifndef XLB_MODEL_ORACLE_H
#define XLB_MODEL_ORACLE_H

#include "frame.h"
#include "random.h"
#include "world.h"

#define FLOWS 5000
#define CLIENTS 250 /* of each family; a client has flows of several services */
#define HISTORY 12

enum action { SEND_SYN, SEND_DATA, SEND_FIN, SEND_RST };

enum stage { STAGE_NONE, STAGE_SYN, STAGE_OPEN, STAGE_CLOSING, STAGE_FINWAIT, STAGES };

/* A host, in a certain life of it. */
struct place {
	int host; /* -1: none */
	uint32_t deaths;
	uint32_t last; /* tick of the last packet */
};

struct event { /* for the one who has to find out */
	uint32_t tick;
	enum action action;
	int host;
};

struct flow {
	unsigned service;
	int family;
	uint32_t client;
	uint16_t port;
	enum stage stage;
	struct place at; /* where the flow is */
	struct place seen; /* where the ports' last packet went, whatever it was */
	uint32_t began;
	bool fresh; /* on ports that were not in use before */
	unsigned n_events;
	struct event events[HISTORY]; /* ring */
};

struct oracle {
	const struct world *world;
	uint32_t timeout[2][STAGES]; /* ticks; TCP, UDP */
	struct flow flows[FLOWS];
	struct place clients[SERVICES][2][CLIENTS]; /* sticky-address */
	uint64_t packets, new_flows, live_packets;
};

void oracle_init(struct oracle *o, const struct world *world, struct random *r);

/* What the flow's client does next: ret gets the packet. */
enum action oracle_next(struct oracle *o, struct flow *f, uint32_t now, struct random *r,
			struct packet *ret);

/* Where the packet went; -1: to the stack. NULL, or what is wrong with that. */
const char *oracle_judge(struct oracle *o, struct flow *f, enum action action, int host,
			 uint32_t now);

/* Is the flow live, and is its host bound to keep it? */
bool oracle_lives(const struct oracle *o, const struct flow *f, uint32_t now);

void oracle_describe(const struct flow *f);

#endif
