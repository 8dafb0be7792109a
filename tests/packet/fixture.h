/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The loaded program with maps that a test fills as it likes.
 *
 * There are two services. MAIN has the hosts A to D and is what a world describes; OTHER has its
 * own VIP and the host E, always up, on stable rows: whatever happens to MAIN must not touch it.
 */
#ifndef XLB_TESTS_FIXTURE_H
#define XLB_TESTS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "run.h"
#include "xlb/abi.h"
#include "xlb/reasons.h"

enum { MAIN = 3, OTHER = 4 }; /* service slots */
enum { A = 10, B, C, D, E, FIRST_HOST = A, LAST_HOST = E }; /* host slots; NOBODY is below */
#define NOBODY XLB_HOST_NONE
#define MAIN_VIP 1
#define OTHER_VIP 2
#define MAIN_LISTEN 1
#define OTHER_LISTEN 2

enum host_state { UP, DRAINING, DOWN };
enum on_interface { ANYWHERE, ON_INGRESS, ELSEWHERE };

struct world_listen { /* of MAIN */
	uint16_t id; /* its number in flow entries: see listen_id(). 0: end of the list */
	uint32_t vip;
	uint16_t port;
	uint16_t port_hi; /* not 0: a range */
	enum on_interface on;
	uint8_t displaced; /* entries of others between its hash and itself */
	bool over_tombstones; /* these entries were removed */
	bool removed; /* and this one, too */
};

struct world {
	struct world_listen listens[5]; /* empty: MAIN_VIP, DEFAULT_PORT */
	enum xlb_choose choose;
	uint16_t flags; /* XLB_SERVICE_* */
	bool by_address; /* rows by client address only */
	uint16_t cur, prev; /* all rows; cur 0: A, prev 0: XLB_HOST_NONE */
	bool spread; /* row i goes to A + i % 4 instead of cur */
	bool no_rows; /* the service has no row table */
	uint16_t ring[8]; /* pool; 0: end. Empty: A, B, C, D */
	uint16_t weight_of_a; /* in the pool's host list; 0: 1 */
	enum host_state hosts[4]; /* A to D */
	bool no_ranges_hint; /* settings.has_ranges stays 0 */
};

struct variant {
	int family;
	uint8_t proto;
	bool two_arms; /* hosts are on another interface */
	uint32_t epoch; /* tick that tests call 0 */
};

/* Timeouts of MAIN, in ticks. */
enum {
	T_SYN = 30,
	T_OPEN = 600,
	T_CLOSING = 120,
	T_FINWAIT = 60,
	T_CLOSED = 10,
	T_CLIENT = 500,
	T_FORMER = 700
};

struct counters { /* summed over CPUs */
	uint64_t reasons[XLB_REASON_COUNT];
	struct xlb_host_counters hosts[LAST_HOST + 1];
};

/* A flow entry of either family. */
struct entry {
	__be32 client[4];
	uint16_t client_port; /* host byte order */
	uint16_t port;
	union xlb_flow_meta meta;
};

struct fixture_options {
	uint32_t flow_lines; /* of each family, behind the front; power of two */
	bool real_clock; /* instead of fixture_set_tick() */
	bool traced; /* the build that tells of packets, with a capture of everything */
};

struct xlb_xdp_bpf;
struct xlb_xdp_trace_bpf;

struct fixture {
	struct xlb_xdp_bpf *skel;
	struct xlb_xdp_trace_bpf *trace; /* has the maps of the other one; NULL: not traced */
	int prog;
	uint32_t ifindex[2]; /* ingress; the other arm */
	uint32_t lines; /* all */
	uint32_t mask; /* see xlb_flow_line() */
	struct xlb_vip *vips;
	struct xlb_service *services;
	struct xlb_host *hosts;
	uint64_t *loads;
	struct xlb_flow4_line *flows4;
	struct xlb_flow6_line *flows6;
	struct xlb_mac_filter *mac_filter;
	struct xlb_rows *rows; /* of MAIN */
	struct xlb_rows *other_rows;
	int rows_fd, other_rows_fd;
	bool no_rows;
};

/* ifindex: two interfaces of this namespace. -errno; libbpf says on stderr what went wrong. */
int fixture_open(const struct fixture_options *options, const uint32_t ifindex[2],
		 struct fixture *ret);
void fixture_close(struct fixture *fx);

/* Forgets what packets have left: flows, fragments, loads, cursors, budgets. */
void fixture_reset(struct fixture *fx);
void fixture_apply(struct fixture *fx, const struct world *world, const struct variant *v);
void fixture_set_tick(struct fixture *fx, uint32_t tick);

/* The host's egress interface can be redirected to. */
void fixture_egress(struct fixture *fx, uint32_t slot);

/* Only the host in that slot can be redirected to; 0: none. */
void fixture_only_egress(struct fixture *fx, uint32_t slot);

/* All SYNs of this tick that would make entries on moving rows are used up. */
void fixture_spend_syn_budget(struct fixture *fx, uint32_t tick);

void fixture_count(struct fixture *fx, struct counters *ret);

/* The id in flow entries of listen number `id` and the protocol. */
uint16_t listen_id(uint16_t id, uint8_t proto);

/* ---- flow table ---------------------------------------------------------------------------------
 */
#define FILLER_LISTEN 0xfff0 /* of entries that only take room */

/* All entries that are not free, alive or not, without fillers. The caller frees it. */
struct entry *fixture_entries(struct fixture *fx, int family, size_t *ret_n);

/* Enters it where the program would look first, and counts it in the hosts' loads. */
void fixture_add_entry(struct fixture *fx, int family, const struct entry *e);

/* Enters it where the program would look for `key`. */
void fixture_add_entry_at(struct fixture *fx, int family, const struct entry *key,
			  const struct entry *e);

/* Fills up a candidate line of the entry's key with others that expire at that tick. */
void fixture_fill_line(struct fixture *fx, int family, const struct entry *key, int candidate,
		       uint32_t expires);

#endif
