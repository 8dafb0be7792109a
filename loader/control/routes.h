/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The API without HTTP's mechanics: a request in, a status and a JSON body out. */
#ifndef XLB_CONTROL_ROUTES_H
#define XLB_CONTROL_ROUTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/session.h"
#include "control/control.h"
#include "control/meters.h"
#include "control/rates.h"
#include "control/shared.h"

#define API_SESSIONS_DEFAULT 10000 /* sessions in one answer, unless ?limit= says otherwise */
#define API_SESSIONS_MAX 100000

struct api {
	const struct control_ops *ops;
	void *data;
	const struct rates *rates;
	const struct meters *meters;
	uint64_t now_ms; /* monotonic */
};

struct api_request {         /* borrowed */
	const char *method;  /* "GET", "HEAD" (answered as GET), "POST" */
	const char *path;    /* as sent: percent-encoded, without the query */
	const char *host;    /* the header's; NULL: there was none */
	const json_t *query; /* object of strings, or NULL */
	const char *body;
	size_t body_len;
};

struct api_reply {
	unsigned status;                 /* HTTP's */
	json_t *body;                    /* owned by the caller; NULL: no memory, or a stream */
	const char *allow;               /* for status 405 */
	bool stream;                     /* the events, one per line */
	struct capture_session *capture; /* packets as they come; owned by the caller */
	bool later;                      /* there is none yet: ask again after http_again() */
	struct shared *shared;           /* instead of the body; a reference, as the body is */
};

/* The table of what there is, for those who compare it with its documentation: "GET",
 * "/v1/hosts/NAME/enable" with an asterisk for NAME. -ENOENT past its end. */
int api_route_at(size_t i, const char **ret_method, const char **ret_pattern);

void api_route(const struct api *api, const struct api_request *request, struct api_reply *ret);

#endif
