/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "page/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "metrics/exposition.h"
#include "metrics/status_json.h"

#define PIECE_US 500 /* after so long the daemon does something else */
#define PIECE_ROWS 32

struct kept {
	struct shared *current; /* NULL: none yet, or the last try failed */
	uint64_t stale_at;      /* monotonic us */
	struct shared *former[ANSWERS_FORMER];
	unsigned n_former; /* the oldest first */
	bool wanted;
};

struct answers {
	const struct answers_ops *ops;
	void *data;
	const struct http_header *headers;
	sd_event_source *step;
	struct kept kept[N_ANSWERS];
	/* what is being made */
	struct collector *collector;
	struct snapshot *snapshot;
	enum answer writing; /* N_ANSWERS: none */
	struct exposition exposition;
	struct status_json status;
	struct text text;
	uint64_t began_us;
	uint64_t worked_us;
	/* sums */
	uint64_t builds;
	uint64_t build_us;
};

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- answers that are there ---------------------------------------------------------------- */
static void forget_former(struct kept *k, unsigned i)
{
	shared_unref(k->former[i]);
	k->n_former--;
	memmove(&k->former[i], &k->former[i + 1], (k->n_former - i) * sizeof(*k->former));
}

static void forget_unread(struct kept *k)
{
	for (unsigned i = k->n_former; i-- > 0;)
		if (shared_others(k->former[i]) == 0)
			forget_former(k, i);
}

/* The one in use makes room for the next. */
static void retire(struct answers *a, struct kept *k)
{
	if (!k->current)
		return;
	forget_unread(k);
	if (k->n_former == ANSWERS_FORMER) {
		a->ops->drop(a->data, k->former[0]);
		forget_former(k, 0);
	}
	k->former[k->n_former++] = k->current;
	k->current = NULL;
	forget_unread(k);
}

static uint64_t rest_us(const struct answers *a)
{
	uint64_t rest = a->worked_us * ANSWERS_REST;

	return rest > ANSWERS_FRESH_MS * 1000ull ? rest : ANSWERS_FRESH_MS * 1000ull;
}

static void put(struct answers *a, enum answer which, struct shared *answer)
{
	struct kept *k = &a->kept[which];

	retire(a, k);
	k->current = answer;
	k->stale_at = monotonic_us() + rest_us(a);
	k->wanted = false;
}

/* ---- making them --------------------------------------------------------------------------- */
static void stop(struct answers *a)
{
	if (a->collector)
		snapshot_free(collect_end(a->collector));
	a->collector = NULL;
	snapshot_free(a->snapshot);
	a->snapshot = NULL;
	a->writing = N_ANSWERS;
	text_free(&a->text);
	sd_event_source_set_enabled(a->step, SD_EVENT_OFF);
}

/* No memory: whoever waits is told so. */
static void fail(struct answers *a)
{
	for (int i = 0; i < N_ANSWERS; i++)
		if (a->kept[i].wanted)
			put(a, i, NULL);
	stop(a);
	a->ops->ready(a->data);
}

static bool collect(struct answers *a)
{
	if (!collect_step(a->collector))
		return true;
	a->snapshot = collect_end(a->collector);
	a->collector = NULL;
	return a->snapshot;
}

static enum answer next_wanted(const struct answers *a)
{
	int i = 0;

	while (i < N_ANSWERS && !a->kept[i].wanted)
		i++;
	return i;
}

static bool write_piece(struct answers *a)
{
	if (a->writing == ANSWER_METRICS)
		return exposition_step(&a->exposition, a->snapshot, PIECE_ROWS, &a->text);
	return status_json_step(&a->status, a->snapshot, a->ops->events(a->data), PIECE_ROWS,
				&a->text);
}

/* Takes the text over. */
static int share(struct answers *a, struct shared **ret)
{
	static const char *const types[N_ANSWERS] = { EXPOSITION_TYPE, "application/json" };
	struct text text = a->text;

	a->text = (struct text){ 0 };
	if (!text.failed)
		return shared_new(text.p, text.len, types[a->writing], a->headers, ret);
	text_free(&text);
	return -ENOMEM;
}

static bool finish(struct answers *a)
{
	struct shared *answer;

	if (share(a, &answer) < 0)
		return false;
	put(a, a->writing, answer);
	a->builds++;
	a->build_us += monotonic_us() - a->began_us;
	a->writing = N_ANSWERS;
	a->ops->ready(a->data);
	return true;
}

static bool write_some(struct answers *a)
{
	if (a->writing == N_ANSWERS) {
		a->writing = next_wanted(a);
		a->exposition = (struct exposition){ 0 };
		a->status = (struct status_json){ 0 };
	}
	if (a->writing == N_ANSWERS) {
		stop(a);
		return true;
	}
	return write_piece(a) || a->text.failed ? finish(a) : true;
}

static bool is_busy(const struct answers *a)
{
	return a->collector || a->snapshot;
}

static int on_step(sd_event_source *source, void *data)
{
	uint64_t from = monotonic_us();
	struct answers *a = data;
	bool ok = true;

	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	do
		ok = a->collector ? collect(a) : write_some(a);
	while (ok && is_busy(a) && monotonic_us() - from < PIECE_US);
	a->worked_us += monotonic_us() - from;
	if (!ok)
		fail(a);
	return 0;
}

static int begin(struct answers *a)
{
	struct collect_source source = { 0 };

	a->ops->source(a->data, &source);
	a->collector = collect_begin(&source);
	if (!a->collector)
		return -ENOMEM;
	a->began_us = monotonic_us();
	a->worked_us = 0;
	return sd_event_source_set_enabled(a->step, SD_EVENT_ONESHOT);
}

int answers_get(struct answers *a, enum answer which, struct shared **ret)
{
	struct kept *k = &a->kept[which];

	if (!k->wanted && monotonic_us() < k->stale_at) {
		if (!k->current)
			return -ENOMEM;
		*ret = shared_ref(k->current);
		return 0;
	}
	k->wanted = true;
	if (!is_busy(a) && begin(a) < 0) {
		k->wanted = false;
		return -ENOMEM;
	}
	return -EAGAIN;
}

void answers_restart(struct answers *a)
{
	if (!a || !a->collector)
		return;
	snapshot_free(collect_end(a->collector));
	a->collector = NULL;
	if (begin(a) < 0)
		fail(a);
}

void answers_count(const struct answers *a, struct snapshot_page *page)
{
	page->builds = a->builds;
	page->build_us = a->build_us;
}

/* ---- life ---------------------------------------------------------------------------------- */
struct answers *answers_new(sd_event *event, const struct answers_ops *ops, void *data,
			    const struct http_header *headers)
{
	struct answers *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->ops = ops;
	a->data = data;
	a->headers = headers;
	a->writing = N_ANSWERS;
	if (sd_event_add_defer(event, &a->step, on_step, a) < 0 ||
	    sd_event_source_set_enabled(a->step, SD_EVENT_OFF) < 0) {
		sd_event_source_disable_unref(a->step);
		free(a);
		return NULL;
	}
	return a;
}

void answers_free(struct answers *a)
{
	if (!a)
		return;
	stop(a);
	for (int i = 0; i < N_ANSWERS; i++) {
		while (a->kept[i].n_former)
			forget_former(&a->kept[i], 0);
		shared_unref(a->kept[i].current);
	}
	sd_event_source_disable_unref(a->step);
	free(a);
}
