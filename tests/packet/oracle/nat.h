/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What NAT should do with a frame: which connection it is of, and what its fields are on the other
 * side. Checksums are not predicted but judged (see nat_sums.h): a right one must be right after
 * it, and a wrong one wrong by as much.
 *
 * Nothing times out here: the connections of a batch are all younger than that.
 */
#ifndef XLB_TESTS_ORACLE_NAT_H
#define XLB_TESTS_ORACLE_NAT_H

#include "dissect.h"
#include "nat_fixture.h"

#define NAT_CONNS 1100

struct nat_conn {
	int family;
	uint8_t proto;
	__be32 client[4];
	uint16_t client_port; /* host byte order */
	uint16_t port;        /* of the service */
	uint16_t nat_port;    /* 0: not known yet, or transparent */
	uint8_t client_mac[6];
	bool fin_client, fin_host, reset;
	bool gone; /* another one has taken its place */
};

struct nat_part_seen { /* a first fragment */
	int family;
	__be32 src[4], dst[4];
	uint32_t id;
	uint8_t proto; /* 0 for IPv6 */
	struct nat_conn *conn;
	bool out; /* from the host */
};

struct nat_oracle {
	struct nat_conn conns[NAT_CONNS];
	unsigned n_conns;
	struct nat_part_seen parts[NAT_CONNS];
	unsigned n_parts;
};

struct nat_answer {
	int verdict;            /* TO_STACK, DROPPED, SENT */
	struct frame frame;     /* SENT: all but checksums; else untouched */
	struct nat_conn *fresh; /* a new connection, whose NAT port the caller has to fill in */
	struct dissected outer, inner;
	bool icmp; /* `inner` is set */
};

/* Is a port free for another connection? */
bool nat_has_room(const struct nat_oracle *o, int family, uint8_t proto);

/* Is that NAT port, towards the host, a living connection's? */
const struct nat_conn *nat_by_port(const struct nat_oracle *o, int family, uint8_t proto,
				   uint16_t nat_port);

void oracle_nat(struct nat_oracle *o, const struct frame *in, struct nat_answer *ret);

#endif
