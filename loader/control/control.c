/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "control/http.h"
#include "control/rates.h"
#include "control/routes.h"
#include "control/socket.h"
#include "control/view.h"

#define USEC_PER_S 1000000ull

struct control {
	const struct control_ops *ops;
	void *data;
	struct control_socket socket;
	struct http *http;
	struct rates rates;
	sd_event_source *rates_timer;
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
		.now_ms = monotonic_ms(),
	};

	api_route(&api, request, ret);
}

/* No memory for a new service's rate: it is tried again at the next sample. */
static void sample_rates(struct control *c)
{
	struct view view = {
		.model = c->ops->model(c->data),
		.dataplane = c->ops->dataplane(c->data),
	};
	struct traffic traffic;

	rates_begin(&c->rates);
	for (unsigned i = 0; i < view.model->n_services; i++) {
		const struct service *s = &view.model->services[i];

		if (service_traffic(&view, s, &traffic) == 0)
			(void)rates_sample(&c->rates, s->name, traffic.sessions);
	}
	rates_end(&c->rates);
}

static int on_rates_timer(sd_event_source *source, uint64_t usec, void *data)
{
	int r;

	sample_rates(data);
	r = sd_event_source_set_time(source, usec + RATES_INTERVAL_S * USEC_PER_S);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* The first sample is taken as soon as the loop runs; it sets the base. */
static int start_rates(struct control *c, sd_event *event)
{
	uint64_t now;
	int r = sd_event_now(event, CLOCK_MONOTONIC, &now);

	if (r < 0)
		return r;
	return sd_event_add_time(event, &c->rates_timer, CLOCK_MONOTONIC, now, 0, on_rates_timer,
				 c);
}

int control_open(sd_event *event, const char *socket_path, const struct control_ops *ops,
		 void *data, struct control **ret)
{
	struct control *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->ops = ops;
	c->data = data;
	r = control_socket_open(socket_path, &c->socket);
	if (r >= 0)
		r = http_open(event, c->socket.fd, handle, c, &c->http);
	if (r >= 0)
		r = start_rates(c, event);
	if (r < 0) {
		control_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

void control_event(struct control *c, json_t *event)
{
	http_publish(c->http, event);
}

void control_close(struct control *c)
{
	if (!c)
		return;
	sd_event_source_disable_unref(c->rates_timer);
	control_socket_remove(&c->socket);
	http_close(c->http);
	rates_clear(&c->rates);
	free(c);
}
