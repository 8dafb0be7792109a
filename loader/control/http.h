/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * HTTP on a listening socket, driven by the event loop; says nothing about what is served. Requests
 * are answered one at a time, each after whatever else has come to the loop meanwhile: however many
 * there are, nothing waits for more than one of them.
 *
 * Answers can be shared by their readers (api_reply.shared): then there is one in memory, however
 * many read it.
 */
#ifndef XLB_CONTROL_HTTP_H
#define XLB_CONTROL_HTTP_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "control/routes.h"
#include "control/shared.h"

#define HTTP_MAX_CONNECTIONS 64            /* of one socket */
#define HTTP_MAX_BODY ((size_t)8 << 20)    /* bytes; more is 413 */
#define HTTP_MAX_BODIES ((size_t)32 << 20) /* of all requests together; more is 503 */
#define HTTP_TIMEOUT_S 10                  /* of silence on a connection */
#define HTTP_MAX_REQUEST_S 30              /* from a request's first byte to its answer's last */

struct http;

typedef void (*http_handler)(void *data, const struct api_request *request, struct api_reply *ret);

struct http_options {
	http_handler handler;
	void *data;
	size_t max_body; /* bytes, at most HTTP_MAX_BODY; 0: requests have none */
	unsigned max_request_s;
	bool make_room; /* all places are taken: who has been idle the longest goes. Else further
			   ones wait */
	const struct http_header *headers; /* of all answers but shared ones; ends with a NULL name.
					      Borrowed for the life of the server */
};

struct http_counts {
	uint64_t requests; /* answered */
	uint64_t slow;     /* connections ended that took too long, or by http_drop() */
	uint64_t pushed;   /* connections ended to make room */
};

/* Takes over listen_fd, on failure too. Options are copied. */
int http_open(sd_event *event, int listen_fd, const struct http_options *options,
	      struct http **ret);

/* Asks the handler again for all that it put off. */
void http_again(struct http *http);
/* Ends the connections of those who still read this answer. */
void http_drop(struct http *http, const struct shared *shared);

/* Adds to *sum; the number of connections now is returned. */
unsigned http_count(const struct http *http, struct http_counts *sum);
void http_publish(struct http *http, json_t *event); /* takes over event */
/* Captures need somebody who asks the kernel for packets; borrowed. Without, there are none. */
void http_serve_captures(struct http *http, const struct control_ops *ops, void *data);
void http_captured(struct http *http, const struct capture_packet *p);
struct capture_counts http_capture_counts(const struct http *http);
void http_refresh_captures(struct http *http);
void http_close(struct http *http);

#endif
