/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What clients ask for, read out of their packets as they pass: HTTP/1 requests, and the server
 * names of TLS and QUIC clients. Nobody's connection is terminated, delayed or changed by it.
 *
 *   packet -> l4_packet -> flow -> stream (in order) -> http or hello -> the event
 *
 * Memory is bounded: so many flows, so many bytes that wait. What that, or packets that were not
 * seen, costs is counted by name (counters.h). Pure; time is a parameter.
 */
#ifndef XLB_REQUESTS_REQUESTS_H
#define XLB_REQUESTS_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "requests/counters.h"
#include "requests/http_request.h"
#include "requests/l4_packet.h"

#define REQUESTS_SERVICE_NAME 64 /* with NUL; relays of several listen lines have long ones */
#define REQUESTS_KEPT 512        /* bytes that are kept of a flow, with NUL */
#define REQUESTS_KEYS 11         /* one for each word of a flow, and one */

enum requests_want {
	REQUESTS_HTTP = 1,
	REQUESTS_SNI = 2, /* both: the first byte tells */
};

/* From whom to whom. */
struct request_flow {
	char service[REQUESTS_SERVICE_NAME];
	bool nat; /* with the name: the service */
	uint8_t proto;
	struct cfg_addr client, listen, host; /* host AF_UNSPEC: unknown */
	uint16_t client_port, listen_port;    /* host byte order */
};

struct request_event {
	const struct request_flow *flow;
	const struct http_request *http; /* NULL: it is about TLS */
	const char *server_name;         /* TLS, QUIC; empty: the client names none */
};

/* Everything is valid during the call only. */
typedef void request_fn(const struct request_event *event, void *data);

struct requests_options {
	size_t max_flows;
	size_t max_bytes;             /* that wait for more */
	uint64_t keys[REQUESTS_KEYS]; /* secret: nobody is to choose flows that collide */
	request_fn *fn;
	void *data;
};

/* A flow's identity. */
struct request_ends {
	uint8_t proto;
	struct cfg_addr client, listen;
	uint16_t client_port, listen_port; /* host byte order */
};

/* Where a packet belongs. Names are copied. */
struct requests_origin {
	const char *service;
	bool nat;
	unsigned wants; /* enum requests_want */
	struct cfg_addr host;
};

struct requests;

/* -ENOMEM. */
int requests_open(const struct requests_options *options, struct requests **ret);
void requests_close(struct requests *r); /* NULL is fine */

/* A frame from a client as it came, of which `captured` bytes are at hand. */
void requests_frame(struct requests *r, const struct requests_origin *origin, const uint8_t *frame,
		    size_t captured, size_t frame_len, uint64_t now_ns);

/* About once a second: what has not come is given up, what is over or idle is forgotten. */
void requests_tick(struct requests *r, uint64_t now_ns);

/*
 * Keeps a text with the flow of the event at hand, for whoever writes about its end: "TEXT; TEXT;".
 * To be called from request_fn. What is beyond REQUESTS_KEPT is left out, and "..." stands there.
 */
void requests_keep(struct requests *r, const char *text);

/* What was kept of a flow, until some time after its end; NULL: nothing. Valid until the next call
 * of another function. */
const char *requests_kept(const struct requests *r, const struct request_ends *ends);

/* By enum request_counter. */
const uint64_t *requests_counters(const struct requests *r);

/* Now. */
size_t requests_flows(const struct requests *r);
size_t requests_bytes(const struct requests *r);

#endif
