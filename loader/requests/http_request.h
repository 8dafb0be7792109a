/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What an HTTP/1 request asks for (RFC 9112, 3). */
#ifndef XLB_REQUESTS_HTTP_REQUEST_H
#define XLB_REQUESTS_HTTP_REQUEST_H

#include "requests/http_head.h"

#define HTTP_MAX_HOST 512

struct http_request {
	const char *method;
	char host[HTTP_MAX_HOST]; /* with the port, if it was written; empty: there is none */
	const char *path;         /* the target without a query; of CONNECT the authority */
	const char *query;        /* behind "?"; NULL: there is none */
	const struct http_head *head;
};

/* Takes the head's target apart, where it lies: *ret is valid as long as the head. */
void http_request_read(const char *method, struct http_head *head, struct http_request *ret);

#endif
