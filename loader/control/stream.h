/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * An answer that has no length: it is written as there is something to say, to whoever goes on
 * reading. The connection sleeps meanwhile.
 */
#ifndef XLB_CONTROL_STREAM_H
#define XLB_CONTROL_STREAM_H

#include <microhttpd.h>
#include <stddef.h>
#include <systemd/sd-event.h>

struct stream_loop { /* where streams live; borrowed */
	sd_event *event;
	sd_event_source *wake; /* enabled when MHD is to run: a reader was resumed */
};

struct stream;

struct stream_source {
	/* At most `size` bytes that are to be sent; 0: nothing, for now. */
	size_t (*take)(void *data, char *buffer, size_t size);
	/* It is to end, for whatever reason: the last chance to have something more to take. NULL
	 * is fine. */
	void (*last_words)(void *data);
	/* All has been taken: stream_footer() may be called. NULL is fine. */
	void (*finish)(void *data);
	/* Nobody reads any more. */
	void (*gone)(void *data);
};

/*
 * A response to be queued on that connection. What source and data are is borrowed until gone(),
 * which is called after success only, once. A reader that closes its side of the connection gets
 * what there is, and the end. -ENOMEM, -EMFILE.
 */
int stream_open(const struct stream_loop *loop, struct MHD_Connection *connection,
		const struct stream_source *source, void *data, struct stream **ret_stream,
		struct MHD_Response **ret_response);

/* There is something to take. */
void stream_wake(struct stream *s);

/* Ends it when all is taken; it goes when MHD runs next. Once is enough. */
void stream_end(struct stream *s);

/* A trailing header, RFC 9112 7.1.2. */
void stream_footer(struct stream *s, const char *name, const char *value);

#endif
