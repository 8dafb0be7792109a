/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The readers of /v1/events. Each has a bounded queue of lines; whoever falls behind loses events
 * and finds {"type":"dropped","count":N} in their place.
 */
#ifndef XLB_CONTROL_EVENTS_H
#define XLB_CONTROL_EVENTS_H

#include <jansson.h>
#include <microhttpd.h>

#include "control/stream.h"

#define EVENTS_MAX_STREAMS 16
#define EVENTS_QUEUE 256 /* lines a reader may be behind, besides what its socket holds */

struct event_reader;

struct events {
	struct stream_loop loop;
	struct event_reader *readers;
	unsigned n_readers;
};

/* A response that never ends by itself. -EBUSY: enough readers. The connection is the one that the
 * response will be queued on. */
int events_subscribe(struct events *events, struct MHD_Connection *connection,
		     struct MHD_Response **ret);

/* Adds "time", now. */
void events_stamp(json_t *event);

/* Takes over `event`, stamped. */
void events_publish(struct events *events, json_t *event);

/* Ends all streams; they go when MHD runs next. */
void events_end(struct events *events);

#endif
