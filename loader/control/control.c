/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "control/events.h"
#include "control/http.h"
#include "control/meters.h"
#include "control/rates.h"
#include "control/routes.h"
#include "control/sampling.h"
#include "control/socket.h"
#include "control/view.h"

#define USEC_PER_S 1000000ull
#define USEC_PER_MS 1000ull
#define METERS_SLACK_US 50000 /* may come along with what else wakes the daemon */

struct control {
	const struct control_ops *ops;
	void *data;
	struct control_socket socket;
	struct http *http;
	struct rates rates;
	struct meters meters;
	sd_event_source *rates_timer;
	sd_event_source *meters_timer;
	json_t *recent; /* events; the oldest first */
	uint64_t n_events;
};

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void handle(void *data, const struct api_request *request, struct api_reply *ret)
{
	struct control *c = data;
	struct api api = {
		.ops = c->ops,
		.data = c->data,
		.rates = &c->rates,
		.meters = &c->meters,
		.now_ms = monotonic_ms(),
	};

	api_route(&api, request, ret);
}

static struct view make_view(const struct control *c)
{
	return (struct view){
		.model = c->ops->model(c->data),
		.dataplane = c->ops->dataplane(c->data),
		.net = c->ops->net(c->data),
		.now_ms = monotonic_ms(),
	};
}

/* From when it was to happen: seconds stay seconds. */
static int again(sd_event_source *source, uint64_t usec)
{
	int r = sd_event_source_set_time(source, usec);

	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_rates_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct control *c = data;
	struct view view = make_view(c);

	sample_sessions(&view, &c->rates);
	return again(source, usec + RATES_INTERVAL_S * USEC_PER_S);
}

/* Samples that are missed are not made up for. */
static int on_meters_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct control *c = data;
	struct view view = make_view(c);
	uint64_t now_us = view.now_ms * USEC_PER_MS;

	sample_meters(&view, &c->meters);
	if (now_us > usec + USEC_PER_S)
		usec = now_us;
	return again(source, usec + METERS_INTERVAL_MS * USEC_PER_MS);
}

/* The first samples are taken as soon as the loop runs; they set the bases. */
static int start_timers(struct control *c, sd_event *event)
{
	uint64_t now;
	int r = sd_event_now(event, CLOCK_MONOTONIC, &now);

	if (r >= 0)
		r = sd_event_add_time(event, &c->rates_timer, CLOCK_MONOTONIC, now, 0,
				      on_rates_timer, c);
	if (r >= 0)
		r = sd_event_add_time(event, &c->meters_timer, CLOCK_MONOTONIC, now,
				      METERS_SLACK_US, on_meters_timer, c);
	return r;
}

int control_open(sd_event *event, const char *socket_path, const struct control_ops *ops,
		 void *data, struct control **ret)
{
	struct control *c = calloc(1, sizeof(*c));
	const struct http_options options = {
		.handler = handle,
		.data = c,
		.max_body = HTTP_MAX_BODY,
		.max_request_s = HTTP_MAX_REQUEST_S,
	};
	int r;

	if (!c)
		return -ENOMEM;
	c->ops = ops;
	c->data = data;
	c->recent = json_array();
	r = control_socket_open(socket_path, &c->socket);
	if (r >= 0)
		r = http_open(event, c->socket.fd, &options, &c->http);
	if (r >= 0)
		http_serve_captures(c->http, ops, data);
	if (r >= 0)
		r = start_timers(c, event);
	if (r < 0) {
		control_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* No memory: it is not among the recent ones. */
static void remember(struct control *c, json_t *event)
{
	if (json_array_size(c->recent) == CONTROL_RECENT)
		json_array_remove(c->recent, 0);
	(void)json_array_append(c->recent, event);
}

void control_event(struct control *c, json_t *event)
{
	c->n_events++;
	if (event) {
		events_stamp(event);
		remember(c, event);
	}
	http_publish(c->http, event);
}

void control_packet(struct control *c, const struct capture_packet *packet)
{
	http_captured(c->http, packet);
}

struct capture_counts control_captured(const struct control *c)
{
	return c ? http_capture_counts(c->http) : (struct capture_counts){ 0 };
}

void control_refresh_captures(struct control *c)
{
	http_refresh_captures(c->http);
}

const json_t *control_recent(const struct control *c)
{
	return c->recent;
}

uint64_t control_events(const struct control *c)
{
	return c->n_events;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	sd_event_source_disable_unref(c->rates_timer);
	sd_event_source_disable_unref(c->meters_timer);
	control_socket_remove(&c->socket);
	http_close(c->http);
	rates_clear(&c->rates);
	meters_clear(&c->meters);
	json_decref(c->recent);
	free(c);
}
