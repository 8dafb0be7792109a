/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* POST /v1/why: what would become of a packet, and why. */
#ifndef XLB_CONTROL_WHY_H
#define XLB_CONTROL_WHY_H

#include <jansson.h>

#include "control/control.h"
#include "control/view.h"
#include "dataplane/why.h"

struct why_request {
	struct why_query query;
	bool assumed_port; /* the client's was not told */
	bool any_way_in;   /* so was the interface: it is the one towards the client */
};

/* -EINVAL, -ENODEV, -ENETUNREACH, with a sentence. */
int why_request_parse(const struct view *v, json_t *body, struct why_request *ret,
		      struct control_error *error);

json_t *view_why(const struct view *v, const struct why_request *request, const struct why *why);

/* What to do about a packet that is passed or dropped for that reason; NULL: nothing. */
const char *why_hint(enum xlb_reason reason);

#endif
