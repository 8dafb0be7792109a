/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check send S|nothing expect P [tls]": all that came so far matches the pattern P, as file names
 * do; tried after each read. "check binary send H expect H": what comes begins with these bytes.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "health/stream.h"

/* More than this is no greeting. It also bounds what a pattern with many stars may cost. */
#define MAX_DATA 16384

struct exchange {
	struct stream stream; /* first: proceed() gets it */
	size_t sent;
	size_t n_data;
	char data[MAX_DATA + 1];
};

static bool is_binary(const struct probe *p)
{
	return p->target.check->type == CFG_CHECK_BINARY;
}

/* ---- hexadecimal --------------------------------------------------------------------------- */
static unsigned char nibble(char digit)
{
	return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* The parser saw to it that there are lower-case digits, and an even number. */
static unsigned char hex_byte(const char *hex, size_t i)
{
	return (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
}

static bool begins_with_hex(const char *data, const char *hex, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)data[i] != hex_byte(hex, i))
			return false;
	return true;
}

/* ---- receiving ----------------------------------------------------------------------------- */
enum verdict { MATCH, MISMATCH, MORE };

static enum verdict judge_binary(const struct exchange *e, const char *hex)
{
	size_t n = strlen(hex) / 2;

	if (e->n_data < n)
		return MORE;
	return begins_with_hex(e->data, hex, n) ? MATCH : MISMATCH;
}

static enum verdict judge(const struct probe *p, struct exchange *e)
{
	if (is_binary(p))
		return judge_binary(e, p->target.check->expect);
	e->data[e->n_data] = '\0';
	if (fnmatch(p->target.check->expect, e->data, 0) == 0)
		return MATCH;
	return e->n_data < MAX_DATA ? MORE : MISMATCH;
}

/* relayd: a peer that closes before it said what it should leaves the state unknown. */
static void receive(struct stream *stream)
{
	struct exchange *e = (struct exchange *)stream;
	struct probe *p = stream->probe;
	enum verdict verdict = MORE;

	while (verdict == MORE) {
		ssize_t n = stream_read(stream, e->data + e->n_data, MAX_DATA - e->n_data);

		if (n < 0)
			return;
		if (n == 0) {
			check_finish(p, HOST_UNKNOWN, "send/expect failed");
			return;
		}
		e->n_data += (size_t)n;
		verdict = judge(p, e);
	}
	if (verdict == MATCH)
		check_finish(p, HOST_UP, "send/expect ok");
	else
		check_finish(p, HOST_DOWN, "send/expect failed");
}

/* ---- sending ------------------------------------------------------------------------------- */
/* The next piece of what is to be sent; 0: nothing left. */
static size_t next_piece(const struct probe *p, size_t sent, char *buf, size_t size)
{
	const char *send = p->target.check->send;
	size_t len = !send ? 0 : is_binary(p) ? strlen(send) / 2 : strlen(send);
	size_t n = len - sent < size ? len - sent : size;

	for (size_t i = 0; i < n; i++)
		buf[i] = is_binary(p) ? (char)hex_byte(send, sent + i) : send[sent + i];
	return n;
}

static void transmit(struct stream *stream)
{
	struct exchange *e = (struct exchange *)stream;
	char piece[1024];
	size_t size;

	while ((size = next_piece(stream->probe, e->sent, piece, sizeof(piece))) > 0) {
		ssize_t n = stream_write(stream, piece, size);

		if (n < 0)
			return;
		e->sent += (size_t)n;
	}
	stream->proceed = receive;
	receive(stream);
}

/* ---- the kind ------------------------------------------------------------------------------ */
static void start(struct probe *p)
{
	struct exchange *e = p->state;

	stream_connect(&e->stream, p, p->target.check->tls ? p->shared : NULL, transmit);
}

static void deadline(struct probe *p)
{
	struct exchange *e = p->state;

	check_finish(p, HOST_DOWN, stream_timeout_reason(&e->stream));
}

static void stop(struct probe *p)
{
	struct exchange *e = p->state;

	stream_close(&e->stream);
}

const struct check_ops send_check = {
	.open = stream_tls_open,
	.close = stream_tls_close,
	.state_size = sizeof(struct exchange),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
