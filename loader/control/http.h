/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * HTTP on a listening socket, driven by the event loop; says nothing about what is served. Requests
 * are answered one at a time, each after whatever else has come to the loop meanwhile: however many
 * there are, nothing waits for more than one of them.
 */
#ifndef XLB_CONTROL_HTTP_H
#define XLB_CONTROL_HTTP_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "control/routes.h"

#define HTTP_MAX_CONNECTIONS 64
#define HTTP_MAX_BODY ((size_t)8 << 20)    /* bytes; more is 413 */
#define HTTP_MAX_BODIES ((size_t)32 << 20) /* of all requests together; more is 503 */
#define HTTP_TIMEOUT_S 10                  /* of silence on a connection */
#define HTTP_MAX_REQUEST_S 30              /* from a request's first byte to its answer's last */

struct http;

typedef void (*http_handler)(void *data, const struct api_request *request, struct api_reply *ret);

/* Takes over listen_fd, on failure too. */
int http_open(sd_event *event, int listen_fd, http_handler handler, void *data, struct http **ret);
void http_publish(struct http *http, json_t *event); /* takes over event */
/* Captures need somebody who asks the kernel for packets; borrowed. Without, there are none. */
void http_serve_captures(struct http *http, const struct control_ops *ops, void *data);
void http_captured(struct http *http, const struct capture_packet *p);
void http_refresh_captures(struct http *http);
void http_close(struct http *http);

#endif
