/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/trace.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "daemon/daemon.h"
#include "daemon/log.h"

/* The buffer is looked at so often, and no oftener when it fills up: a flood must not take the
 * daemon's time. */
#define LOOK_USEC 50000

/* ---- who is told --------------------------------------------------------------------------- */
int trace_register(struct daemon *d, unsigned wants, trace_fn *fn, void *data)
{
	for (size_t i = 0; i < TRACE_CONSUMERS; i++) {
		struct trace_consumer *c = &d->trace.consumers[i];

		if (c->fn)
			continue;
		*c = (struct trace_consumer){ .wants = wants, .fn = fn, .data = data };
		return 0;
	}
	return -ENOSPC;
}

void trace_unregister(struct daemon *d, trace_fn *fn, void *data)
{
	for (size_t i = 0; i < TRACE_CONSUMERS; i++) {
		struct trace_consumer *c = &d->trace.consumers[i];

		if (c->fn == fn && c->data == data)
			*c = (struct trace_consumer){ 0 };
	}
}

static void on_trace(const struct trace_event *event, void *data)
{
	const struct daemon *d = data;

	for (size_t i = 0; i < TRACE_CONSUMERS; i++) {
		const struct trace_consumer *c = &d->trace.consumers[i];

		if (c->fn && c->wants & event->wants)
			c->fn(event, c->data);
	}
}

/* ---- looking ------------------------------------------------------------------------------- */
static void look(struct daemon *d)
{
	int r = dataplane_read_traces(d->dataplane);

	if (r && !d->trace.failed)
		log_warning("reading the trace buffer: %s", strerror(-r));
	d->trace.failed = r != 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *d = data;
	int r;

	look(d);
	r = sd_event_source_set_enabled(d->trace.io, SD_EVENT_ON);
	return r < 0 ? r : sd_event_source_set_time_relative(source, LOOK_USEC);
}

/* It stays readable as long as there is something in it: the rest is the timer's. */
static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	look(data);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int start(struct daemon *d)
{
	int r = sd_event_add_io(d->event, &d->trace.io, dataplane_traces_fd(d->dataplane), EPOLLIN,
				on_readable, d);

	if (r >= 0)
		r = sd_event_add_time_relative(d->event, &d->trace.timer, CLOCK_MONOTONIC,
					       LOOK_USEC, LOOK_USEC / 10, on_timer, d);
	return r < 0 ? r : sd_event_source_set_enabled(d->trace.timer, SD_EVENT_ON);
}

static void stop(struct daemon *d)
{
	d->trace.io = sd_event_source_disable_unref(d->trace.io);
	d->trace.timer = sd_event_source_disable_unref(d->trace.timer);
}

/* What failed is said by the sync that tries again. */
static int on_loaded(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct daemon *d = data;

	if (dataplane_loaded(d->dataplane))
		sync_now(d);
	trace_follow(d);
	control_refresh_captures(d->control);
	sync_check_started(d);
	return 0;
}

static void follow_loading(struct daemon *d)
{
	int fd = d->dataplane ? dataplane_loading_fd(d->dataplane) : -1, r;

	if (d->trace.loaded || fd < 0)
		return;
	r = sd_event_add_io(d->event, &d->trace.loaded, fd, EPOLLIN, on_loaded, d);
	if (r < 0)
		log_error("trace buffer: %s", strerror(-r));
}

void trace_follow(struct daemon *d)
{
	const bool tracing = d->dataplane && dataplane_is_tracing(d->dataplane);
	int r;

	if (d->dataplane)
		dataplane_on_trace(d->dataplane, on_trace, d);
	follow_loading(d);
	if (tracing == (d->trace.timer != NULL))
		return;
	if (!tracing) {
		look(d); /* what was told before the programs went */
		stop(d);
		return;
	}
	r = start(d);
	if (r < 0) {
		stop(d);
		log_error("trace buffer: %s", strerror(-r));
	}
}

void trace_unfollow(struct daemon *d)
{
	if (d->trace.timer)
		look(d);
	stop(d);
	d->trace.loaded = sd_event_source_disable_unref(d->trace.loaded);
}

int trace_capture(struct daemon *d, bool on, uint32_t snaplen, bool services_only)
{
	int r = d->dataplane ? dataplane_capture(d->dataplane, on, snaplen, services_only) :
			       -ENODEV;

	trace_follow(d);
	return r;
}
