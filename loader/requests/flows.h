/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The connections that are followed: a table of fixed size. When it is full those go first that
 * said nothing yet or are over, so that a flood of SYNs costs nobody his place; then the one that
 * was idle for longest.
 */
#ifndef XLB_REQUESTS_FLOWS_H
#define XLB_REQUESTS_FLOWS_H

#include <uthash.h>

#include "requests/hello.h"
#include "requests/http.h"
#include "requests/quic.h"
#include "requests/requests.h"
#include "requests/stream.h"

enum flow_kind {
	FLOW_UNDECIDED,
	FLOW_HTTP,
	FLOW_TLS,
	FLOW_IGNORED, /* its beginning was not seen, and later there is nothing to see */
};

/* As words, without holes. */
struct flow_key {
	uint32_t client[4]; /* IPv4: the first, the others 0 */
	uint32_t listen[4];
	uint16_t client_port, listen_port;
	uint32_t proto;
};

struct flow {
	struct flow_key key;
	struct request_flow about;
	unsigned wants;
	enum flow_kind kind;
	bool talks;         /* has sent something, and may go on: in the list of these */
	bool late;          /* the beginning was not seen */
	bool over;          /* to the end, or reset */
	bool waits;         /* for bytes that come before others: in the list of these */
	bool has_fin;       /* the stream ends at fin */
	uint32_t first;     /* sequence number behind SYN's; of a late flow 0 */
	uint32_t fin;       /* sequence number */
	uint64_t seen_ns;   /* last */
	uint64_t waits_for; /* ns: until then */
	struct stream stream;
	struct quic_id quic; /* UDP: the client's first */
	union {
		struct http_reader http;
		struct hello_reader hello;
	};
	char *kept;                         /* what is to be said at its end; NULL: nothing */
	size_t kept_len;                    /* without NUL */
	struct flow *prev, *next;           /* of those that talk, or of the others */
	struct flow *wait_prev, *wait_next; /* of those that wait */
	UT_hash_handle hh;
};

struct flows {
	size_t max;
	uint64_t keys[REQUESTS_KEYS];
	struct flow *table;
	struct flow *quiet; /* those that said nothing yet, or are over; longest idle first */
	struct flow *talking;
	struct flow *waiting; /* in the order in which they began to */
	struct stream_budget budget;
	uint64_t *counters;
};

struct flow_key flow_key_of(const struct request_ends *ends);

/* NULL: there is none. */
struct flow *flows_find(const struct flows *f, const struct flow_key *key);

/* All 0 but for the key. NULL: no memory. It may cost another one its place. */
struct flow *flows_add(struct flows *f, const struct flow_key *key);

/* The flow was seen now; to be called after `over`, or what it said, has changed. */
void flows_touch(struct flows *f, struct flow *flow, bool talks, uint64_t now_ns);

/* Adds to what is kept of the flow, if there is room. */
void flows_keep(struct flows *f, struct flow *flow, const char *text);

/* It begins anew, or ends. */
void flows_forget_content(struct flows *f, struct flow *flow);
void flows_remove(struct flows *f, struct flow *flow);

void flows_wait(struct flows *f, struct flow *flow, uint64_t until_ns);
void flows_wait_no_more(struct flows *f, struct flow *flow);

/* Those that were idle for too long. */
void flows_expire(struct flows *f, uint64_t now_ns);
void flows_clear(struct flows *f);

#endif
