/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/transfers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

struct transfers {
	sd_event *event;
	CURLM *multi; /* NULL: there was no memory for another one */
	CURL **easy;  /* those in it */
	size_t n, room;
	bool broken; /* all of these are being given up */
	sd_event_source *timer;
	void (*done)(CURL *easy, CURLcode code);
};

static void renew(struct transfers *t);

static void report_done(struct transfers *t)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			t->done(message->easy_handle, message->data.result);
}

static void act(struct transfers *t, int fd, int what)
{
	int running;
	CURLMcode code = curl_multi_socket_action(t->multi, fd, what, &running);

	report_done(t);
	if (code != CURLM_OK)
		renew(t);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct transfers *t = data;
	int what = 0;

	if (revents & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (revents & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (revents & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	act(t, fd, what);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	act(data, CURL_SOCKET_TIMEOUT, 0);
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

static CURLM *new_multi(struct transfers *t)
{
	CURLM *multi = curl_multi_init();

	if (!multi)
		return NULL;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, t);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, t);
	return multi;
}

/*
 * Where there was no memory for what libcurl knows of a socket, it is left with a table of no size,
 * and divides by that when it goes on (7.88); where we had none for the socket's event source, its
 * transfers would wait until their time is over. So all of them are given up, which says nothing of
 * their hosts, and the next ones have another handle.
 */
static void renew(struct transfers *t)
{
	t->broken = true;
	while (t->n)
		t->done(t->easy[t->n - 1], CURLE_OUT_OF_MEMORY);
	curl_multi_cleanup(t->multi);
	t->multi = new_multi(t);
	t->broken = false;
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
		t->multi = new_multi(t);
	if (t->multi)
		r = sd_event_add_time(event, &t->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, t);
	if (r >= 0)
		r = sd_event_source_set_enabled(t->timer, SD_EVENT_OFF);
	if (r < 0) {
		transfers_close(t);
		return r;
	}
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
	free(t->easy);
	free(t);
}

static int make_room(struct transfers *t)
{
	size_t room = t->room ? 2 * t->room : 16;
	CURL **easy;

	if (t->n < t->room)
		return 0;
	easy = reallocarray(t->easy, room, sizeof(CURL *));
	if (!easy)
		return -ENOMEM;
	t->easy = easy;
	t->room = room;
	return 0;
}

int transfer_add(struct transfers *t, CURL *easy)
{
	if (!t->multi)
		t->multi = new_multi(t);
	if (!t->multi || t->broken || make_room(t) ||
	    curl_multi_add_handle(t->multi, easy) != CURLM_OK)
		return -ENOMEM;
	t->easy[t->n++] = easy;
	return 0;
}

void transfer_remove(struct transfers *t, CURL *easy)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->easy[i] != easy)
			continue;
		t->easy[i] = t->easy[--t->n];
		curl_multi_remove_handle(t->multi, easy);
		return;
	}
}
