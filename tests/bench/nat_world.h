/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data plane with one relay for each family, and as many connections as one likes.
 */
#ifndef XLB_BENCH_NAT_WORLD_H
#define XLB_BENCH_NAT_WORLD_H

#include "dataplane/dataplane.h"
#include "nat_frame.h"
#include "wanted.h"

struct nat_world_options {
	const char *bpffs;   /* directory for pins */
	uint32_t ifindex[2]; /* clients' side, hosts' side */
	unsigned hosts;
	uint32_t index_lines; /* 0: the default */
	bool test_clock;
};

struct nat_world {
	struct dataplane *dp;
	struct wanted wanted;
	struct nat_world_options options;
	uint8_t mac[6]; /* of the clients' side */
	uint32_t tick;  /* of the test clock */
};

/* A connection as both sides see it. */
struct nat_conn {
	uint32_t client; /* number */
	struct cfg_addr host;
	uint16_t nat_port; /* host byte order */
};

/* -errno; says on stderr what failed. */
int nat_world_open(const struct nat_world_options *options, struct nat_world *ret);
void nat_world_close(struct nat_world *w);

/* With the test clock: everything has expired. */
void nat_world_forget(struct nat_world *w);

/* The connections of a family's clients below `clients`; at most that many. */
int nat_world_conns(struct nat_world *w, int family, uint32_t clients, struct nat_conn *conns,
		    size_t *ret_n);

/* ---- packets ------------------------------------------------------------------------------------
 */
struct nat_packet_spec nat_from_client(const struct nat_world *w, int family, uint32_t client,
				       uint8_t tcp_flags);
struct nat_packet_spec nat_from_host(int family, const struct nat_conn *conn, uint8_t tcp_flags);

/* What these have to be after translation. */
struct nat_packet_spec nat_to_host(int family, const struct nat_conn *conn, uint8_t tcp_flags);
struct nat_packet_spec nat_to_client(const struct nat_world *w, int family, uint32_t client,
				     uint8_t tcp_flags);

#endif
