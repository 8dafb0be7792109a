/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A TCP connection of a check, from socket() to close(). */
#ifndef XLB_HEALTH_STREAM_H
#define XLB_HEALTH_STREAM_H

#include "health/check.h"

struct stream {
	struct probe *probe;
	int fd; /* valid if io is not NULL */
	sd_event_source *io;
	/* Connected; the stream's events are off until stream_wait(). */
	void (*connected)(struct stream *stream);
};

/* Begins to connect to the probe's target. Finishes the check, in relayd's words, if that fails. */
void stream_connect(struct stream *stream, struct probe *probe,
		    void (*connected)(struct stream *stream));

/* A zeroed stream is fine. */
void stream_close(struct stream *stream);

#endif
