/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/events.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

struct line { /* shared by the queues */
	unsigned refs;
	size_t len;
	char text[]; /* ends with a newline, not with NUL */
};

struct event_reader {
	struct events *events;
	struct stream *stream;
	struct line *queue[EVENTS_QUEUE];
	unsigned first, n;
	size_t offset;         /* into the first line */
	unsigned long dropped; /* since the last queued line */
	struct event_reader *prev, *next;
};

/* ---- lines --------------------------------------------------------------------------------- */
static int line_new(const json_t *event, struct line **ret)
{
	char *text = event ? json_dumps(event, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	struct line *line = text ? malloc(sizeof(*line) + len + 1) : NULL;

	if (line) {
		*line = (struct line){ .refs = 1, .len = len + 1 };
		memcpy(line->text, text, len);
		line->text[len] = '\n';
		*ret = line;
	}
	free(text);
	return line ? 0 : -ENOMEM;
}

static void line_unref(struct line *line)
{
	if (--line->refs == 0)
		free(line);
}

void events_stamp(json_t *event)
{
	char text[40];
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03ldZ", now.tv_nsec / 1000000);
	json_object_set_new(event, "time", json_string(text));
}

/* ---- queues -------------------------------------------------------------------------------- */
static void enqueue(struct event_reader *s, struct line *line)
{
	s->queue[(s->first + s->n++) % EVENTS_QUEUE] = line;
	line->refs++;
}

static void dequeue(struct event_reader *s)
{
	line_unref(s->queue[s->first]);
	s->first = (s->first + 1) % EVENTS_QUEUE;
	s->offset = 0;
	s->n--;
}

/* Once it loses events it loses all of them until it has read what it has: one gap, one notice. */
static void offer(struct event_reader *s, struct line *line)
{
	if (!line || s->dropped || s->n == EVENTS_QUEUE)
		s->dropped++;
	else
		enqueue(s, line);
}

static void report_dropped(struct event_reader *s)
{
	json_t *notice =
		json_pack("{s:s, s:I}", "type", "dropped", "count", (json_int_t)s->dropped);
	struct line *line;

	events_stamp(notice);
	if (line_new(notice, &line) == 0) {
		enqueue(s, line);
		line_unref(line);
		s->dropped = 0;
	}
	json_decref(notice);
}

static size_t take(struct event_reader *s, char *buffer, size_t size)
{
	const struct line *line = s->queue[s->first];
	size_t n = line->len - s->offset;

	if (n > size)
		n = size;
	memcpy(buffer, line->text + s->offset, n);
	s->offset += n;
	if (s->offset == line->len)
		dequeue(s);
	return n;
}

/* ---- readers ------------------------------------------------------------------------------- */
static size_t take_lines(void *data, char *buffer, size_t size)
{
	struct event_reader *s = data;
	size_t n = 0;

	if (!s->n && s->dropped)
		report_dropped(s);
	while (s->n && n < size)
		n += take(s, buffer + n, size - n);
	return n;
}

static void gone(void *data)
{
	struct event_reader *s = data;

	DL_DELETE(s->events->readers, s);
	s->events->n_readers--;
	while (s->n)
		dequeue(s);
	free(s);
}

static const struct stream_source source = { .take = take_lines, .gone = gone };

int events_subscribe(struct events *events, struct MHD_Connection *connection,
		     struct MHD_Response **ret)
{
	struct event_reader *s;
	int r;

	if (events->n_readers == EVENTS_MAX_STREAMS)
		return -EBUSY;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->events = events;
	DL_APPEND(events->readers, s);
	events->n_readers++;
	r = stream_open(&events->loop, connection, &source, s, &s->stream, ret);
	if (r < 0)
		gone(s);
	return r;
}

void events_publish(struct events *events, json_t *event)
{
	struct line *line = NULL;
	struct event_reader *s;

	if (events->readers) {
		(void)line_new(event, &line);
		DL_FOREACH(events->readers, s) {
			offer(s, line);
			stream_wake(s->stream);
		}
		if (line)
			line_unref(line);
	}
	json_decref(event);
}

void events_end(struct events *events)
{
	struct event_reader *s;

	DL_FOREACH(events->readers, s)
		stream_end(s->stream);
}
