/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/captures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

struct capture_reader {
	struct captures *captures;
	struct capture_session *session;
	struct stream *stream;
	uint64_t kernel_lost; /* when it began */
	bool ending;          /* no more packets */
	struct capture_counts counted;
	struct capture_reader *prev, *next;
	size_t first, len;
	uint8_t queue[CAPTURE_QUEUE];
};

/* ---- queues -------------------------------------------------------------------------------- */
static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool push(struct capture_reader *r, struct capture_bytes bytes)
{
	size_t at = (r->first + r->len) % CAPTURE_QUEUE;
	size_t n = smaller(bytes.len, CAPTURE_QUEUE - at);

	if (bytes.len > CAPTURE_QUEUE - r->len)
		return false;
	memcpy(r->queue + at, bytes.data, n);
	memcpy(r->queue, bytes.data + n, bytes.len - n);
	r->len += bytes.len;
	return true;
}

static size_t take(void *data, char *buffer, size_t size)
{
	struct capture_reader *r = data;
	size_t n = smaller(smaller(size, r->len), CAPTURE_QUEUE - r->first);

	memcpy(buffer, r->queue + r->first, n);
	r->first = (r->first + n) % CAPTURE_QUEUE;
	r->len -= n;
	return n;
}

/* ---- what is lost -------------------------------------------------------------------------- */
static uint64_t kernel_lost(const struct captures *c)
{
	struct dataplane *dp = c->ops->dataplane(c->data);
	uint64_t counts[XLB_REASON_COUNT];

	if (!dp || dataplane_reasons(dp, counts) < 0)
		return 0;
	return counts[XLB_REASON_TRACE_LOST];
}

static uint64_t kernel_lost_since(const struct capture_reader *r)
{
	uint64_t now = kernel_lost(r->captures);

	return now > r->kernel_lost ? now - r->kernel_lost : 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void last_words(void *data)
{
	struct capture_reader *r = data;

	r->ending = true;
	push(r, capture_session_end(r->session, now_ns(), kernel_lost_since(r)));
}

static void footer(struct capture_reader *r, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	stream_footer(r->stream, name, text);
}

static void finish(void *data)
{
	struct capture_reader *r = data;

	footer(r, "Xlb-Packets", capture_session_sent(r->session));
	footer(r, "Xlb-Lost", capture_session_lost(r->session));
	footer(r, "Xlb-Kernel-Lost", kernel_lost_since(r));
}

/* ---- the kernel's side --------------------------------------------------------------------- */
/* As much as the most demanding reader wants; nothing without any. */
static int ask_kernel(struct captures *c, struct control_error *error)
{
	const struct capture_reader *r;
	bool services_only = true;
	uint32_t snaplen = 0;

	DL_FOREACH(c->readers, r) {
		if (capture_session_snaplen(r->session) > snaplen)
			snaplen = capture_session_snaplen(r->session);
		services_only &= !capture_session_wants_all(r->session);
	}
	return c->ops->capture(c->data, c->readers != NULL, snaplen, services_only, error);
}

void captures_refresh(struct captures *c)
{
	struct control_error error = { 0 };

	int r = c->readers ? ask_kernel(c, &error) : 0;

	if (r < 0 && r != -EAGAIN) /* that comes here again */
		captures_end(c);
}

/* ---- readers ------------------------------------------------------------------------------- */
static void leave(struct capture_reader *r)
{
	struct control_error error = { 0 };
	struct captures *c = r->captures;

	DL_DELETE(c->readers, r);
	c->n--;
	(void)ask_kernel(c, &error); /* less than before: there is nobody to tell */
}

static void reader_free(struct capture_reader *r)
{
	capture_session_free(r->session);
	free(r);
}

static void gone(void *data)
{
	leave(data);
	reader_free(data);
}

static const struct stream_source source = {
	.take = take,
	.last_words = last_words,
	.finish = finish,
	.gone = gone,
};

static int reader_new(struct captures *c, struct capture_session *session,
		      struct capture_reader **ret)
{
	struct capture_reader *r = c->n < CAPTURES_MAX ? calloc(1, sizeof(*r)) : NULL;

	if (!r) {
		capture_session_free(session);
		return c->n < CAPTURES_MAX ? -ENOMEM : -EBUSY;
	}
	r->captures = c;
	r->session = session;
	r->kernel_lost = kernel_lost(c);
	push(r, capture_session_begin(session));
	*ret = r;
	return 0;
}

int captures_subscribe(struct captures *c, struct MHD_Connection *connection,
		       struct capture_session *session, struct control_error *error,
		       struct MHD_Response **ret)
{
	struct capture_reader *reader;
	int r;

	if (!c->ops) {
		capture_session_free(session);
		return -ENODEV;
	}
	r = reader_new(c, session, &reader);
	if (r < 0)
		return r;
	DL_APPEND(c->readers, reader);
	c->n++;
	r = ask_kernel(c, error);
	if (r >= 0)
		r = stream_open(&c->loop, connection, &source, reader, &reader->stream, ret);
	if (r < 0)
		gone(reader);
	return r;
}

/* The reader's numbers go with it, the sums stay. */
static void note(struct capture_reader *r)
{
	const struct capture_counts now = { capture_session_sent(r->session),
					    capture_session_lost(r->session) };

	r->captures->counts.packets += now.packets - r->counted.packets;
	r->captures->counts.lost += now.lost - r->counted.lost;
	r->counted = now;
}

static void offer(struct capture_reader *r, const struct capture_packet *p)
{
	struct capture_bytes bytes;

	if (r->ending)
		return;
	bytes = capture_session_packet(r->session, p);
	if (bytes.len)
		capture_session_done(r->session, push(r, bytes));
	note(r);
	if (!bytes.len)
		return;
	if (capture_session_is_over(r->session))
		stream_end(r->stream);
	else
		stream_wake(r->stream);
}

void captures_packet(struct captures *c, const struct capture_packet *p)
{
	struct capture_reader *r;

	DL_FOREACH(c->readers, r)
		offer(r, p);
}

void captures_end(struct captures *c)
{
	struct capture_reader *r;

	DL_FOREACH(c->readers, r)
		stream_end(r->stream);
}
