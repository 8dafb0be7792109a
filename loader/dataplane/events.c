/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/events.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "dataplane/state.h"

/* At a time: more than the buffer holds, so that only a flood is not read to its end. */
#define EVENTS_AT_A_TIME 20000

struct events {
	struct ring_buffer *ring;
	unsigned left; /* of this time's */
};

static void tell_open(struct dataplane *dp, const struct xlb_event *e)
{
	struct conn_event event = { .end = CONN_OPEN };

	if (!dp->on_conn || !session_of_conn(dp, &e->conn, e->target, e->nat_port,
					     dataplane_now(dp), &event.session))
		return;
	event.active = sessions_active(dp, &e->conn);
	dp->on_conn(&event, dp->on_conn_data);
}

static int on_event(void *data, void *event, size_t size)
{
	struct dataplane *dp = data;
	const struct xlb_event *e = event;

	if (size < sizeof(*e))
		return 0;
	if (e->type == XLB_EVENT_OPEN)
		tell_open(dp, e);
	else if (e->type == XLB_EVENT_REUSED)
		session_ended(&e->conn, e->target, e->nat_port, dp);
	return --dp->events->left ? 0 : -EAGAIN; /* which ends the reading */
}

int events_open(int fd, struct dataplane *dp, struct events **ret)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	events->ring = ring_buffer__new(fd, on_event, dp, NULL);
	if (!events->ring) {
		free(events);
		return -errno;
	}
	*ret = events;
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	ring_buffer__free(events->ring);
	free(events);
}

void dataplane_on_conn(struct dataplane *dp, conn_event_fn *fn, void *data)
{
	dp->on_conn = fn;
	dp->on_conn_data = data;
	dp->conns.ended = fn ? session_ended : NULL;
}

int dataplane_events_fd(const struct dataplane *dp)
{
	return ring_buffer__epoll_fd(dp->events->ring);
}

int dataplane_read_events(struct dataplane *dp)
{
	int n;

	dp->events->left = EVENTS_AT_A_TIME;
	n = ring_buffer__consume(dp->events->ring);
	return n < 0 && n != -EAGAIN ? n : 0;
}
