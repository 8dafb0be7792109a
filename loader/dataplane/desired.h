/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the kernel should do, said without a word about maps: the model writes it, the data plane
 * turns it into an image of the maps and applies the difference.
 *
 * Everything is borrowed for the time of the call.
 */
#ifndef XLB_DATAPLANE_DESIRED_H
#define XLB_DATAPLANE_DESIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "xlb/abi.h"

/* How rows are filled. */
enum desired_rows {
	DESIRED_ROWS_MAGLEV, /* weighted Maglev by the hosts' addresses */
	/* relayd's relays (relay.c): H % all hosts, up or down, in the file's order; a down host's
	 * rows spread over the others and come back, nobody else's move */
	DESIRED_ROWS_RELAYD,
};

#define DESIRED_NAT_ADDRS XLB_NAT_ADDRS /* of one host */

struct desired_host {
	const char *name;     /* as configured */
	struct cfg_addr addr; /* with the service, the host's identity */
	unsigned weight;      /* 1..CFG_MAX_WEIGHT */
	bool takes_new;       /* up, enabled, next hop resolved: may be chosen for new flows */
	bool keeps_old;       /* not down: flows it has stay (up, disabled, draining) */
	bool spare;           /* of no table in use: not among the hosts that relayd's rows count */
	bool has_next_hop;    /* the next fields are valid; without it neither flag has effect */
	uint32_t ifindex;     /* egress */
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	bool via_gateway;   /* dst_mac is a router's: frames from there are no loops */
	uint16_t port;      /* NAT: where the host listens, host byte order */
	size_t n_nat_addrs; /* NAT, not transparent: at least one if it takes new flows */
	struct cfg_addr nat_addrs[DESIRED_NAT_ADDRS]; /* of the host's family */
};

struct desired_listen {
	struct cfg_addr addr;
	uint16_t port_lo; /* host byte order, inclusive */
	uint16_t port_hi;
	uint32_t ifindex; /* ingress; 0: any */
};

struct desired_service {
	const char *name; /* with proto, the service's identity */
	uint32_t id;      /* relayd's id of the redirect */
	uint8_t proto;    /* IPPROTO_TCP or IPPROTO_UDP */
	enum xlb_choose choose;
	enum desired_rows rows;
	bool hash_ports;  /* rows by address and port (maglev), not by address (source-hash) */
	bool hash_listen; /* the listen address and port count, too (loadbalance, hash) */
	bool hash_nothing_else; /* … and nothing else (hash): all clients in one row */
	bool track;             /* entry per flow */
	bool sticky;            /* entry per client */
	bool has_key; /* configured key: fixes rows and row hash on every LB that has it */
	uint8_t key[16];
	uint32_t timeout_s; /* session timeout */
	bool nat;           /* the TC program's: relay, or redirect with "forward to" */
	bool transparent;   /* NAT that keeps the client's address */
	uint8_t ttl;        /* NAT: towards hosts; 0: the packet's, less one */
	uint8_t min_ttl;
	unsigned trace; /* XLB_TRACE_CONN, PFLOG, REQUEST: who wants to see packets */
	const struct desired_listen *listens;
	size_t n_listens;
	const struct desired_host *hosts;
	size_t n_hosts;
};

struct desired {
	const struct desired_service *services;
	size_t n_services;
};

#endif
