/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define BLOCK_SIZE 4096

struct line { /* shared by the queues */
	unsigned refs;
	size_t len;
	char text[]; /* ends with a newline, not with NUL */
};

struct stream {
	struct events *events;
	struct MHD_Connection *connection;
	sd_event_source *hangup;
	int hangup_fd; /* a duplicate: MHD closes its own before we hear of it */
	bool suspended;
	bool ended;
	struct line *queue[EVENTS_QUEUE];
	unsigned first, n;
	size_t offset;         /* into the first line */
	unsigned long dropped; /* since the last queued line */
	struct stream *prev, *next;
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

static void stamp(json_t *event)
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
static void enqueue(struct stream *s, struct line *line)
{
	s->queue[(s->first + s->n++) % EVENTS_QUEUE] = line;
	line->refs++;
}

static void dequeue(struct stream *s)
{
	line_unref(s->queue[s->first]);
	s->first = (s->first + 1) % EVENTS_QUEUE;
	s->offset = 0;
	s->n--;
}

/* Once it loses events it loses all of them until it has read what it has: one gap, one notice. */
static void offer(struct stream *s, struct line *line)
{
	if (!line || s->dropped || s->n == EVENTS_QUEUE)
		s->dropped++;
	else
		enqueue(s, line);
}

static void report_dropped(struct stream *s)
{
	json_t *notice =
		json_pack("{s:s, s:I}", "type", "dropped", "count", (json_int_t)s->dropped);
	struct line *line;

	stamp(notice);
	if (line_new(notice, &line) == 0) {
		enqueue(s, line);
		line_unref(line);
		s->dropped = 0;
	}
	json_decref(notice);
}

static size_t take(struct stream *s, char *buffer, size_t size)
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

/* ---- MHD's side ---------------------------------------------------------------------------- */
static void wake(struct stream *s)
{
	if (!s->suspended)
		return;
	s->suspended = false;
	MHD_resume_connection(s->connection);
	sd_event_source_set_enabled(s->events->wake, SD_EVENT_ONESHOT);
}

/* Asked whenever the socket takes more. Nothing to say: sleep until somebody wakes us. */
static ssize_t read_stream(void *cls, uint64_t pos, char *buffer, size_t size)
{
	struct stream *s = cls;
	size_t n = 0;

	if (s->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!s->n && s->dropped)
		report_dropped(s);
	while (s->n && n < size)
		n += take(s, buffer + n, size - n);
	if (n == 0) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
	}
	return (ssize_t)n;
}

static void stream_free(void *cls)
{
	struct stream *s = cls;

	DL_DELETE(s->events->streams, s);
	s->events->n_streams--;
	sd_event_source_disable_unref(s->hangup);
	if (s->hangup_fd >= 0)
		close(s->hangup_fd);
	while (s->n)
		dequeue(s);
	free(s);
}

/* MHD doesn't look at a suspended connection: a reader that left would stay until the next event.
 */
static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct stream *s = data;

	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	s->ended = true;
	wake(s);
	return 0;
}

static int watch_hangup(struct stream *s)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	s->hangup_fd = info ? fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (s->hangup_fd < 0)
		return -EMFILE;
	return sd_event_add_io(s->events->event, &s->hangup, s->hangup_fd, EPOLLRDHUP, on_hangup,
			       s);
}

int events_subscribe(struct events *events, struct MHD_Connection *connection,
		     struct MHD_Response **ret)
{
	struct stream *s;
	int r;

	if (events->n_streams == EVENTS_MAX_STREAMS)
		return -EBUSY;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->events = events;
	s->connection = connection;
	DL_APPEND(events->streams, s);
	events->n_streams++;
	r = watch_hangup(s);
	if (r >= 0)
		*ret = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream,
							 s, stream_free);
	if (r < 0 || !*ret) {
		stream_free(s);
		return r < 0 ? r : -ENOMEM;
	}
	/* Silence is normal here. */
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	return 0;
}

void events_publish(struct events *events, json_t *event)
{
	struct line *line = NULL;
	struct stream *s;

	if (events->streams) {
		if (event)
			stamp(event);
		(void)line_new(event, &line);
		DL_FOREACH(events->streams, s) {
			offer(s, line);
			wake(s);
		}
		if (line)
			line_unref(line);
	}
	json_decref(event);
}

void events_end(struct events *events)
{
	struct stream *s;

	DL_FOREACH(events->streams, s) {
		s->ended = true;
		wake(s);
	}
}
