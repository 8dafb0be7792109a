/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What direct server return should do with a frame, as docs/architecture.md has it: rows, flows,
 * fragments and ICMP errors, by the simplest means. The table of flows is a list without limits.
 */
#ifndef XLB_TESTS_ORACLE_DSR_H
#define XLB_TESTS_ORACLE_DSR_H

#include "dissect.h"
#include "frame.h"
#include "xlb/abi.h"
#include "xlb/reasons.h"

#define ORACLE_LISTENS 24
#define ORACLE_SERVICES 2
#define ORACLE_HOSTS 8
#define ORACLE_FLOWS 4096
#define ORACLE_NOBODY 0xff

struct oracle_listen {
	int family; /* 0: end of the list */
	__be32 addr[4];
	uint16_t port_lo, port_hi; /* host byte order, inclusive */
	uint8_t proto;
	uint32_t ifindex; /* 0: any */
	unsigned service;
};

struct oracle_row {
	uint8_t cur; /* host, or ORACLE_NOBODY */
	uint8_t prev;
	enum { ROW_STABLE, ROW_MOVING, ROW_SETTLED } state;
};

struct oracle_service {
	bool nat;
	bool tracked;                      /* an entry for each flow */
	bool roundrobin;                   /* new flows by `ring` in turn; else by the row */
	const struct xlb_service *hashing; /* key and mask of the published row hash */
	struct oracle_row row[XLB_ROWS];
	uint8_t ring[8];
	unsigned n_ring;
	uint64_t turn;
};

struct oracle_host {
	uint8_t dst_mac[6], src_mac[6];
	uint32_t ifindex;
	bool alive;     /* up or draining */
	bool reachable; /* its interface can be sent to */
	unsigned service;
};

struct oracle_timeouts { /* ticks */
	uint32_t syn, open, closing, finwait, closed;
};

enum flow_phase { PHASE_SYN, PHASE_OPEN, PHASE_CLOSING, PHASE_FINWAIT, PHASE_CLOSED };

struct oracle_flow {
	int family;
	unsigned listen; /* (address, protocol) by the first listener that has them */
	__be32 client[4];
	uint16_t client_port, port;
	uint8_t host;
	enum flow_phase phase;
	uint64_t expires; /* last tick that it lives in */
};

struct oracle_fragment {
	int family;
	__be32 src[4], dst[4];
	uint32_t id;
	uint8_t proto; /* 0 for IPv6 */
	uint8_t host;
	unsigned service;
	uint64_t expires;
};

struct oracle {
	struct oracle_listen listens[ORACLE_LISTENS];
	struct oracle_service services[ORACLE_SERVICES];
	struct oracle_host hosts[ORACLE_HOSTS];
	unsigned n_hosts;
	struct oracle_timeouts timeouts;
	uint64_t now; /* tick */
	struct oracle_flow flows[ORACLE_FLOWS];
	unsigned n_flows;
	struct oracle_fragment fragments[ORACLE_FLOWS];
	unsigned n_fragments;
	uint64_t reasons[XLB_REASON_COUNT]; /* what the counters should say by now */
	struct xlb_host_counters counters[ORACLE_HOSTS];
};

/* Verdict (XDP_*) for the frame, which is made what it should leave as. */
uint32_t oracle_dsr(struct oracle *o, struct frame *f, uint32_t ingress);

/* Flows, fragments, turns and counters are forgotten. */
void oracle_forget(struct oracle *o);

#endif
