/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests of an HTTP/1 connection, out of its bytes as they come (RFC 9112), by http-parser.
 * Bodies are stepped over, seen or not. Where bytes of a head were not seen, or where it is not
 * HTTP, the reader is lost until bytes begin like a request.
 */
#ifndef XLB_REQUESTS_HTTP_H
#define XLB_REQUESTS_HTTP_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "requests/counters.h"
#include "requests/http_request.h"
#include "requests/stream.h"

enum http_place {
	PLACE_BETWEEN, /* requests */
	PLACE_HEAD,
	PLACE_BODY,
	PLACE_LOST,
	PLACE_OVER, /* another protocol: nothing more is read */
};

/* What readers share: they are at work one at a time. */
struct http_shared {
	void (*on_request)(const struct http_request *request, void *context);
	void *context;
	uint64_t *counters; /* by enum request_counter */
	struct stream_budget *budget;
	struct http_head head; /* of the request that is being read */
};

struct http_reader {
	http_parser parser;
	enum http_place place;
	bool turns;         /* the request asks for another protocol */
	uint8_t n_begin;    /* bytes in `begin` */
	uint8_t begin[3];   /* the first ones, which tell HTTP/2 */
	uint64_t body_left; /* of the body or its chunk */
	void *saved;        /* the head as far as it has come, between segments; NULL: none */
	size_t saved_size;
	struct http_shared *shared; /* during a call */
};

/* late: the beginning was not seen. */
void http_begin(struct http_reader *reader, bool late);

/* The next bytes of the stream; data NULL: so many that were not seen. */
void http_read(struct http_reader *reader, struct http_shared *shared, const uint8_t *data,
	       size_t len);

void http_end(struct http_reader *reader, struct stream_budget *budget);

#endif
