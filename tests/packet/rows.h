/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tests as tables: one row is one packet, what the maps say before it, and everything that is to
 * be seen after it.
 *
 * A row runs for both families, for TCP and UDP unless its packet names one, and with the hosts on
 * the packet's interface (XDP_TX) and on another one (XDP_REDIRECT). Whatever a row does not
 * mention must not happen: no other reason or host is counted, no other entry is in the flow table,
 * no byte of the frame but the MACs of a forwarded one has changed.
 */
#ifndef XLB_TESTS_ROWS_H
#define XLB_TESTS_ROWS_H

#include "fixture.h"

#define R(reason) (1ull << XLB_REASON_##reason)
#define ROW_ENTRIES 5

/* A flow entry, its key taken from the packet unless said otherwise. State FREE ends a list. */
struct row_entry {
	uint16_t host;
	enum xlb_flow_state state; /* CLIENT, CLIENT_MOVED, FORMER: an entry of the client's */
	int32_t expires; /* tick */
	uint32_t client; /* number of the address; 0: the packet's */
	uint16_t client_port; /* 0: the packet's */
};

struct row {
	const char *name; /* NULL ends a table */
	const struct world *world; /* NULL: the hosts are up, all rows stable and A's */
	bool continues; /* with what the row above has left */
	int family; /* 0: both */
	int32_t at; /* tick */
	void (*prepare)(struct fixture *fx, const struct variant *v);
	struct row_entry before[ROW_ENTRIES];
	struct packet packet;

	uint16_t to; /* host the frame is sent to; 0: passed to the stack */
	bool dropped; /* neither */
	bool session; /* the host's sessions went up */
	uint64_t reasons; /* R(...) | R(...): each counted once */
	struct row_entry after[ROW_ENTRIES]; /* all that are in the table, in any order */
};

extern const struct row rows_parse[];
extern const struct row rows_match[];
extern const struct row rows_hashed[];
extern const struct row rows_tracked[];
extern const struct row rows_sticky[];
extern const struct row rows_fragment[];
extern const struct row rows_icmp[];
extern const struct row rows_deliver[];

/* What all rows together have hit. */
struct coverage {
	uint64_t reasons; /* R(...) */
	bool packets, bytes, sessions;
};

struct tally {
	unsigned run;
	unsigned failed;
};

/* Runs a table at both ends of the clock's range; says on stdout what fails. */
void rows_run(struct fixture *fx, const char *table, const struct row *rows,
	      struct coverage *coverage, struct tally *tally);

const char *reason_name(enum xlb_reason reason);

#endif
