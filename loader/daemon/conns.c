/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/conns.h"

#include <errno.h>
#include <string.h>

#include "daemon/conn_log.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/pflow.h"

/* The buffer is read again after so long at the soonest: a flood must not take the daemon's time.
 */
#define PAUSE_USEC 50000

void conns_event(struct daemon *d, const struct conn_event *event)
{
	conn_log_event(d, event);
	pflow_event(d, event);
}

static void on_conn(const struct conn_event *event, void *data)
{
	conns_event(data, event);
}

/* ---- when the buffer fills up sooner than the next tick ------------------------------------ */
static int on_pause_over(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *d = data;

	return sd_event_source_set_enabled(d->conns.io, SD_EVENT_ON);
}

/* The buffer stays readable as long as there is something in it. */
static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct daemon *d = data;
	int r = dataplane_read_events(d->dataplane);

	if (r)
		log_warning("reading the event buffer: %s", strerror(-r));
	r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_time_relative(d->conns.pause, PAUSE_USEC);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->conns.pause, SD_EVENT_ONESHOT);
	return r;
}

int conns_follow(struct daemon *d)
{
	int r;

	dataplane_on_conn(d->dataplane, on_conn, d);
	r = sd_event_add_io(d->event, &d->conns.io, dataplane_events_fd(d->dataplane), EPOLLIN,
			    on_readable, d);
	if (r >= 0)
		r = sd_event_add_time_relative(d->event, &d->conns.pause, CLOCK_MONOTONIC,
					       PAUSE_USEC, 0, on_pause_over, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->conns.pause, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void conns_unfollow(struct daemon *d)
{
	d->conns.io = sd_event_source_disable_unref(d->conns.io);
	d->conns.pause = sd_event_source_disable_unref(d->conns.pause);
}
