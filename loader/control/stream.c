/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BLOCK_SIZE 32768

struct stream {
	struct stream_loop loop;
	struct MHD_Connection *connection;
	struct MHD_Response *response;
	const struct stream_source *source;
	void *data;
	sd_event_source *hangup;
	int hangup_fd; /* a duplicate: MHD closes its own before we hear of it */
	bool suspended;
	bool ended;
};

void stream_wake(struct stream *s)
{
	if (!s->suspended)
		return;
	s->suspended = false;
	MHD_resume_connection(s->connection);
	sd_event_source_set_enabled(s->loop.wake, SD_EVENT_ONESHOT);
}

void stream_end(struct stream *s)
{
	if (!s->ended && s->source->last_words)
		s->source->last_words(s->data);
	s->ended = true;
	stream_wake(s);
}

void stream_footer(struct stream *s, const char *name, const char *value)
{
	MHD_add_response_footer(s->response, name, value);
}

/* Asked whenever the socket takes more. Nothing to say: sleep until somebody wakes us. */
static ssize_t on_read(void *cls, uint64_t pos, char *buffer, size_t size)
{
	struct stream *s = cls;
	size_t n = s->source->take(s->data, buffer, size);

	if (n > 0)
		return (ssize_t)n;
	if (s->ended) {
		if (s->source->finish)
			s->source->finish(s->data);
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	s->suspended = true;
	MHD_suspend_connection(s->connection);
	return 0;
}

static void stream_free(struct stream *s)
{
	sd_event_source_disable_unref(s->hangup);
	if (s->hangup_fd >= 0)
		close(s->hangup_fd);
	free(s);
}

static void on_free(void *cls)
{
	struct stream *s = cls;

	s->source->gone(s->data);
	stream_free(s);
}

/* MHD doesn't look at a suspended connection: a reader that left would stay until there is
 * something to say. */
static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	stream_end(data);
	return 0;
}

static int watch_hangup(struct stream *s)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	s->hangup_fd = info ? fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (s->hangup_fd < 0)
		return -EMFILE;
	return sd_event_add_io(s->loop.event, &s->hangup, s->hangup_fd, EPOLLRDHUP, on_hangup, s);
}

int stream_open(const struct stream_loop *loop, struct MHD_Connection *connection,
		const struct stream_source *source, void *data, struct stream **ret_stream,
		struct MHD_Response **ret_response)
{
	struct stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct stream){ .loop = *loop,
			      .connection = connection,
			      .source = source,
			      .data = data,
			      .hangup_fd = -1 };
	r = watch_hangup(s);
	if (r >= 0)
		s->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE,
								on_read, s, on_free);
	if (r < 0 || !s->response) {
		stream_free(s);
		return r < 0 ? r : -ENOMEM;
	}
	/* Silence is normal here. */
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	*ret_stream = s;
	*ret_response = s->response;
	return 0;
}
