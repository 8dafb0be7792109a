/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table's inside, for table.c and expiry.c. */
#ifndef XLB_FLOWS_STATE_H
#define XLB_FLOWS_STATE_H

#include <netinet/in.h>
#include <uthash.h>

#include "flows/services.h"
#include "flows/table.h"

#define FLOWS_WHEEL 128 /* seconds; later deadlines are looked at on the way */

struct flow_key {                    /* hashed as bytes: no holes, unused ones 0 */
	struct in6_addr client, vip; /* IPv4 in the first four bytes */
	uint16_t client_port, port;
	uint8_t proto;
	uint8_t v6;
	uint16_t pad;
};

struct flow {
	struct flow_key key;
	struct flow_service *service;
	uint32_t id;
	uint32_t isn;
	uint32_t segments;
	uint32_t octets;
	bool entered; /* it had an entry */
	bool opened;  /* and that says that there was something after the first packet */
	bool ended;
	bool begin_unseen;
	bool has_octets;
	struct cfg_addr host;
	uint32_t in_ifindex, out_ifindex;
	uint64_t began_ns, last_ns; /* of the last packet that is known */
	uint64_t deadline_ns;
	unsigned slot; /* of the wheel */
	UT_hash_handle hh;
	struct flow *prev, *next; /* by age, of the open or of the ended ones */
	struct flow *wheel_prev, *wheel_next;
};

struct flows {
	size_t max;
	conn_event_fn *tell;
	flows_ask_fn *ask;
	void *data;
	uint32_t last_id;
	struct flow *by_key;
	struct flow *open, *ended; /* oldest first */
	struct flow *wheel[FLOWS_WHEEL];
	uint64_t second; /* the wheel's: those before are done */
	struct flow_service *services;
	struct flows_counters counters;
};

/* ---- table.c ------------------------------------------------------------------------------- */
struct session flow_session(const struct flow *flow);
void flow_end(struct flows *f, struct flow *flow, enum conn_end end);
void flow_remove(struct flows *f, struct flow *flow);

/* ---- expiry.c ------------------------------------------------------------------------------ */
void flow_set_deadline(struct flows *f, struct flow *flow, uint64_t deadline_ns);
void flow_clear_deadline(struct flows *f, struct flow *flow);

#endif
