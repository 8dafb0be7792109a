/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MIN_METHOD 3
#define MAX_METHOD 20

/* What is missing of a body is stepped over up to here: more is hardly true, and would take time.
 */
#define MAX_SKIPPED (16u << 20)

static void count(struct http_reader *r, enum request_counter counter, uint64_t n)
{
	r->shared->counters[counter] += n;
}

/* ---- what the parser tells ----------------------------------------------------------------- */
static int on_begin(http_parser *parser)
{
	struct http_reader *r = parser->data;

	http_head_clear(&r->shared->head);
	r->place = PLACE_HEAD;
	r->turns = false;
	return 0;
}

static int on_target(http_parser *parser, const char *at, size_t len)
{
	struct http_reader *r = parser->data;

	http_head_add_target(&r->shared->head, at, len);
	return 0;
}

/* Trailers come in the same way, behind the body. */
static int on_name(http_parser *parser, const char *at, size_t len)
{
	struct http_reader *r = parser->data;

	if (r->place == PLACE_HEAD)
		http_head_add_name(&r->shared->head, at, len);
	return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
	struct http_reader *r = parser->data;

	if (r->place == PLACE_HEAD)
		http_head_add_value(&r->shared->head, at, len);
	return 0;
}

static int on_head_over(http_parser *parser)
{
	struct http_reader *r = parser->data;
	struct http_head *head = &r->shared->head;
	struct http_request request;

	http_request_read(http_method_str(parser->method), head, &request);
	count(r, REQUEST_REQUESTS, 1);
	count(r, REQUEST_CUT, head->cut);
	r->shared->on_request(&request, r->shared->context);
	r->place = PLACE_BODY;
	r->body_left = 0;
	if (!(parser->flags & F_CHUNKED) && parser->content_length != UINT64_MAX)
		r->body_left = parser->content_length;
	return 0;
}

static int on_chunk(http_parser *parser)
{
	struct http_reader *r = parser->data;

	r->body_left = parser->content_length;
	return 0;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
	struct http_reader *r = parser->data;

	r->body_left -= len;
	return 0;
}

static int on_over(http_parser *parser)
{
	struct http_reader *r = parser->data;

	r->place = PLACE_BETWEEN;
	r->turns = parser->upgrade;
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_target,
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_headers_complete = on_head_over,
	.on_chunk_header = on_chunk,
	.on_body = on_body,
	.on_message_complete = on_over,
};

/* ---- places -------------------------------------------------------------------------------- */
static void begin(struct http_reader *r)
{
	http_parser_init(&r->parser, HTTP_REQUEST);
	r->parser.data = r;
	r->place = PLACE_BETWEEN;
	r->turns = false;
	r->n_begin = 0;
	r->body_left = 0;
}

/* RFC 9113, 3.4; no method of HTTP/1 begins with "PRI". */
static bool is_http2(const uint8_t *bytes, size_t len)
{
	return len >= 3 && memcmp(bytes, "PRI", 3) == 0;
}

static bool begins_like_request(const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (n < len && n < MAX_METHOD && (isupper(data[n]) || data[n] == '-'))
		n++;
	return n >= MIN_METHOD && n + 1 < len && data[n] == ' ' && !isspace(data[n + 1]);
}

static void note_begin(struct http_reader *r, const uint8_t *data, size_t len)
{
	while (r->n_begin < sizeof(r->begin) && len--)
		r->begin[r->n_begin++] = *data++;
}

/* The parser has stopped at `data`, with so many bytes left. What becomes of a request for another
 * protocol is the host's answer, which is not seen: if it is refused requests go on. */
static void stopped(struct http_reader *r, const uint8_t *data, size_t len)
{
	if (!r->turns && is_http2(r->begin, r->n_begin)) {
		count(r, REQUEST_HTTP2, 1);
		r->place = PLACE_OVER;
	} else if (!r->turns) {
		count(r, REQUEST_MALFORMED, 1);
		r->place = PLACE_LOST;
	} else if (r->parser.method == HTTP_CONNECT) {
		count(r, REQUEST_TUNNELS, 1);
		r->place = PLACE_OVER;
	} else {
		count(r, REQUEST_UPGRADES, 1);
		r->place = PLACE_LOST;
	}
	count(r, REQUEST_UNREAD_BYTES, len);
}

static void parse(struct http_reader *r, const uint8_t *data, size_t len)
{
	size_t done = http_parser_execute(&r->parser, &settings, (const char *)data, len);

	if (r->turns || HTTP_PARSER_ERRNO(&r->parser) != HPE_OK)
		stopped(r, data + done, len - done);
}

static void find_again(struct http_reader *r, const uint8_t *data, size_t len)
{
	if (begins_like_request(data, len)) {
		begin(r);
		note_begin(r, data, len);
		parse(r, data, len);
	} else {
		count(r, REQUEST_UNREAD_BYTES, len);
	}
}

static void read_bytes(struct http_reader *r, const uint8_t *data, size_t len)
{
	switch (r->place) {
	case PLACE_BETWEEN:
	case PLACE_HEAD:
	case PLACE_BODY:
		note_begin(r, data, len);
		parse(r, data, len);
		break;
	case PLACE_LOST:
		find_again(r, data, len);
		break;
	case PLACE_OVER:
		count(r, REQUEST_UNREAD_BYTES, len);
		break;
	}
}

/* ---- bytes that were not seen -------------------------------------------------------------- */
static void skip_body(struct http_reader *r, size_t len)
{
	static const uint8_t nothing[65536];

	while (len > 0 && r->place == PLACE_BODY) {
		size_t n = len < sizeof(nothing) ? len : sizeof(nothing);

		parse(r, nothing, n);
		len -= n;
	}
}

static void skip(struct http_reader *r, size_t len)
{
	if (r->place == PLACE_OVER) {
		count(r, REQUEST_UNREAD_BYTES, len);
		return;
	}
	if (r->place == PLACE_BODY && len <= r->body_left && len <= MAX_SKIPPED) {
		skip_body(r, len);
		return;
	}
	count(r, REQUEST_GAPS, 1);
	count(r, REQUEST_UNSEEN_BYTES,
	      len - (r->place == PLACE_BODY && r->body_left < len ? r->body_left : 0));
	r->place = PLACE_LOST;
}

/* ---- between segments ---------------------------------------------------------------------- */
static void drop_saved(struct http_reader *r, struct stream_budget *budget)
{
	if (r->saved)
		budget->used -= r->saved_size;
	free(r->saved);
	r->saved = NULL;
}

static void restore(struct http_reader *r)
{
	if (r->saved)
		http_head_restore(&r->shared->head, r->saved);
	drop_saved(r, r->shared->budget);
}

static void save(struct http_reader *r)
{
	struct stream_budget *budget = r->shared->budget;

	if (r->place != PLACE_HEAD)
		return;
	r->saved = http_head_save(&r->shared->head, &r->saved_size);
	if (r->saved && budget->used + r->saved_size <= budget->max) {
		budget->used += r->saved_size;
		return;
	}
	free(r->saved);
	r->saved = NULL;
	count(r, REQUEST_NO_ROOM, 1);
	r->place = PLACE_LOST;
}

/* ---- the interface ------------------------------------------------------------------------- */
void http_begin(struct http_reader *reader, bool late)
{
	*reader = (struct http_reader){ 0 };
	begin(reader);
	if (late)
		reader->place = PLACE_LOST;
}

void http_read(struct http_reader *reader, struct http_shared *shared, const uint8_t *data,
	       size_t len)
{
	reader->shared = shared;
	reader->parser.data = reader;
	restore(reader);
	if (data)
		read_bytes(reader, data, len);
	else
		skip(reader, len);
	save(reader);
	reader->shared = NULL;
}

void http_end(struct http_reader *reader, struct stream_budget *budget)
{
	drop_saved(reader, budget);
}
