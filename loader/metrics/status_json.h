/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A snapshot as the JSON that the status page reads; docs/api.md describes it. */
#ifndef XLB_METRICS_STATUS_JSON_H
#define XLB_METRICS_STATUS_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "metrics/snapshot.h"
#include "metrics/text.h"

struct status_json { /* how far it is; zero at first */
	unsigned part;
	unsigned row;
};

/* Goes on for at most so many objects. events: a JSON array, borrowed; NULL: none. true: whole. */
bool status_json_step(struct status_json *j, const struct snapshot *s, const json_t *events,
		      unsigned rows, struct text *text);

#endif
