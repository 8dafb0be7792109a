/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What would become of a packet, and why: the programs' own code, run by BPF_PROG_RUN on a packet
 * made up for the question, over the maps in use. It is the build that tells of packets
 * (bpf/trail.h), loaded once more with a constant that lets it change nothing: no counter, entry,
 * record or cursor moves, and nothing is sent.
 */
#ifndef XLB_DATAPLANE_WHY_H
#define XLB_DATAPLANE_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "xlb/abi.h"
#include "xlb/reasons.h"

struct dataplane;

struct why_query {
	struct cfg_addr client;
	struct cfg_addr vip;  /* of the same family */
	uint16_t client_port; /* host byte order, both */
	uint16_t port;
	uint8_t proto;    /* IPPROTO_TCP, IPPROTO_UDP */
	bool mid_stream;  /* TCP: an ACK instead of a SYN */
	uint32_t ifindex; /* where it comes in */
};

enum why_row { WHY_ROW_NONE, WHY_ROW_STABLE, WHY_ROW_MOVING, WHY_ROW_SETTLED };

struct why_host {
	const char *name;     /* NULL: none */
	struct cfg_addr addr; /* AF_UNSPEC: none */
	uint8_t flags;        /* XLB_HOST_* */
};

/* Strings are valid until the data plane's next change. */
struct why {
	bool xdp, tc;       /* programs that are on the interface */
	enum xlb_hook hook; /* whose word this is; 0: there is no program */
	enum xlb_trace_verdict verdict;
	int reason;                        /* enum xlb_reason, the last one; -1: the plain path */
	uint64_t reasons;                  /* all: 1 << enum xlb_reason */
	const struct xlb_service *service; /* NULL: none */
	struct why_host host;              /* chosen, also if it came to nothing then */
	enum xlb_how how;
	const char *state_name; /* of the entry or record that named the host; NULL: none did */
	enum why_row row_state; /* NONE: no row was asked */
	uint32_t row;           /* its number */
	struct why_host cur, prev;
	/* forwarded */
	uint32_t egress;
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	/* forwarded by NAT: as the host sees it */
	struct cfg_addr nat_addr; /* the client's, if it is transparent */
	uint16_t nat_port;
	struct cfg_addr host_addr;
	uint16_t host_port;
};

/* 0 or -errno, with dataplane_error(). -EINVAL: the query's families differ; -EAGAIN: the programs
 * are being loaded, see dataplane_loading_fd(). */
int dataplane_why(struct dataplane *dp, const struct why_query *query, struct why *ret);

const char *why_how_name(enum xlb_how how);       /* "row", "flow entry", ... */
const char *why_row_name(enum why_row row_state); /* "stable", "moving", "settled" */

#endif
