/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/transfers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

struct transfers {
	sd_event *event;
	CURLM *multi;
	sd_event_source *timer;
	void (*done)(CURL *easy, CURLcode code);
};

static void report_done(struct transfers *t)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			t->done(message->easy_handle, message->data.result);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct transfers *t = data;
	int what = 0, running;

	if (revents & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (revents & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (revents & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(t->multi, fd, what, &running);
	report_done(t);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct transfers *t = data;
	int running;

	curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	report_done(t);
	return 0;
}

/* -1 tells libcurl to give the transfers up. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct transfers *t = data;
	sd_event_source *source = socket_data;
	uint32_t events =
		(what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		curl_multi_assign(t->multi, fd, NULL);
		return 0;
	}
	if (source)
		return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
	if (sd_event_add_io(t->event, &source, fd, events, on_io, t) < 0)
		return -1;
	curl_multi_assign(t->multi, fd, source);
	return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *data)
{
	struct transfers *t = data;
	struct timespec now;
	uint64_t when;

	if (timeout_ms < 0)
		return sd_event_source_set_enabled(t->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	when = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (sd_event_source_set_time(t->timer, when + (uint64_t)timeout_ms * 1000) < 0)
		return -1;
	return sd_event_source_set_enabled(t->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

int transfers_open(sd_event *event, void (*done)(CURL *easy, CURLcode code), struct transfers **ret)
{
	struct transfers *t = calloc(1, sizeof(*t));
	int r = -ENOMEM;

	if (!t)
		return r;
	t->event = sd_event_ref(event);
	t->done = done;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0)
		t->multi = curl_multi_init();
	if (t->multi)
		r = sd_event_add_time(event, &t->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, t);
	if (r >= 0)
		r = sd_event_source_set_enabled(t->timer, SD_EVENT_OFF);
	if (r < 0) {
		transfers_close(t);
		return r;
	}
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
	*ret = t;
	return 0;
}

void transfers_close(struct transfers *t)
{
	if (!t)
		return;
	if (t->multi)
		curl_multi_cleanup(t->multi);
	sd_event_source_disable_unref(t->timer);
	sd_event_unref(t->event);
	free(t);
}

int transfer_add(struct transfers *t, CURL *easy)
{
	return curl_multi_add_handle(t->multi, easy) == CURLM_OK ? 0 : -ENOMEM;
}

void transfer_remove(struct transfers *t, CURL *easy)
{
	curl_multi_remove_handle(t->multi, easy);
}
