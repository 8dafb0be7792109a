/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The two answers that change: the metrics, and the JSON of the status page. Each is made when
 * somebody asks and the last one is too old, in pieces of half a millisecond between whatever else
 * the daemon has to do, and is the same for all who ask meanwhile. So their number doesn't matter.
 */
#ifndef XLB_PAGE_ANSWERS_H
#define XLB_PAGE_ANSWERS_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "control/shared.h"
#include "metrics/collect.h"

#define ANSWERS_FRESH_MS 1000 /* an answer is given for so long, or … */
#define ANSWERS_REST 10       /* … so many times the time that it took to make it */
#define ANSWERS_FORMER 3      /* that are still being read; the readers of the oldest go */

enum answer { ANSWER_METRICS, ANSWER_STATUS, N_ANSWERS };

struct answers_ops {
	void (*source)(void *data, struct collect_source *ret);
	const json_t *(*events)(void *data); /* array, borrowed; NULL: none */
	void (*ready)(void *data);           /* whoever was told -EAGAIN may ask again */
	void (*drop)(void *data, const struct shared *answer); /* its readers are too slow */
};

struct answers;

/* `ops`, `data` and `headers` are borrowed. NULL: no memory. */
struct answers *answers_new(sd_event *event, const struct answers_ops *ops, void *data,
			    const struct http_header *headers);
void answers_free(struct answers *a); /* NULL is fine */

/* A reference. -EAGAIN: it is being made. -ENOMEM: it could not be made. */
int answers_get(struct answers *a, enum answer which, struct shared **ret);

/* Model or data plane are about to go: what is being made is begun anew. */
void answers_restart(struct answers *a);

/* Adds what it knows. */
void answers_count(const struct answers *a, struct snapshot_page *page);

#endif
