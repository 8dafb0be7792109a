/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/hello.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_HEADER 5
#define RECORD_HANDSHAKE 22 /* RFC 8446, 5.1 */
#define RECORD_MAX 16384
#define MESSAGE_HEADER 4
#define MESSAGE_CLIENT_HELLO 1
#define VERSION_AND_RANDOM 34
#define EXTENSION_SERVER_NAME 0
#define NAME_TYPE_HOST 0

/* What is at hand of a structure, and how long it is by its own account. */
struct view {
	const uint8_t *at;
	size_t have;
	size_t len;
};

/* Reading beyond the structure is an error, beyond what is at hand a reason to wait. */
static enum hello_result take(struct view *v, size_t n, const uint8_t **ret)
{
	if (n > v->len)
		return HELLO_BAD;
	if (n > v->have)
		return HELLO_MORE;
	*ret = v->at;
	v->at += n;
	v->have -= n;
	v->len -= n;
	return HELLO_NAME;
}

static enum hello_result take_number(struct view *v, unsigned size, size_t *ret)
{
	const uint8_t *bytes;
	enum hello_result r = take(v, size, &bytes);

	if (r != HELLO_NAME)
		return r;
	*ret = 0;
	while (size--)
		*ret = *ret << 8 | *bytes++;
	return HELLO_NAME;
}

/* A vector with a length before it, of which the end may not be at hand. */
static enum hello_result take_vector(struct view *v, unsigned size, struct view *ret)
{
	enum hello_result r = take_number(v, size, &ret->len);
	size_t n;

	if (r != HELLO_NAME)
		return r;
	if (ret->len > v->len)
		return HELLO_BAD;
	n = ret->len < v->have ? ret->len : v->have;
	ret->at = v->at;
	ret->have = n;
	v->at += n;
	v->have -= n;
	v->len -= ret->len;
	return HELLO_NAME;
}

static enum hello_result skip_vector(struct view *v, unsigned size)
{
	struct view ignored;
	enum hello_result r = take_vector(v, size, &ignored);

	return r == HELLO_NAME && ignored.have < ignored.len ? HELLO_MORE : r;
}

/* ---- the message --------------------------------------------------------------------------- */
static enum hello_result copy_name(struct view name, char ret_name[HELLO_MAX_NAME + 1])
{
	if (name.len == 0 || name.len > HELLO_MAX_NAME || memchr(name.at, '\0', name.have))
		return HELLO_BAD;
	if (name.have < name.len)
		return HELLO_MORE;
	memcpy(ret_name, name.at, name.len);
	ret_name[name.len] = '\0';
	return HELLO_NAME;
}

static enum hello_result read_names(struct view extension, char ret_name[HELLO_MAX_NAME + 1])
{
	struct view list, name;
	size_t type;
	enum hello_result r = take_vector(&extension, 2, &list);

	while (r == HELLO_NAME && list.len > 0) {
		r = take_number(&list, 1, &type);
		if (r == HELLO_NAME)
			r = take_vector(&list, 2, &name);
		if (r == HELLO_NAME && type == NAME_TYPE_HOST)
			return copy_name(name, ret_name);
		if (r == HELLO_NAME && name.have < name.len)
			r = HELLO_MORE;
	}
	return r == HELLO_NAME ? HELLO_NO_NAME : r;
}

static enum hello_result read_extensions(struct view list, char ret_name[HELLO_MAX_NAME + 1])
{
	enum hello_result r = HELLO_NAME;
	struct view extension;
	size_t type;

	while (r == HELLO_NAME && list.len > 0) {
		r = take_number(&list, 2, &type);
		if (r == HELLO_NAME)
			r = take_vector(&list, 2, &extension);
		if (r == HELLO_NAME && type == EXTENSION_SERVER_NAME)
			return read_names(extension, ret_name);
		if (r == HELLO_NAME && extension.have < extension.len)
			r = HELLO_MORE;
	}
	return r == HELLO_NAME ? HELLO_NO_NAME : r;
}

static enum hello_result read_hello(struct view hello, char ret_name[HELLO_MAX_NAME + 1])
{
	const uint8_t *ignored;
	struct view extensions;
	enum hello_result r = take(&hello, VERSION_AND_RANDOM, &ignored);

	if (r == HELLO_NAME)
		r = skip_vector(&hello, 1); /* session */
	if (r == HELLO_NAME)
		r = skip_vector(&hello, 2); /* ciphers */
	if (r == HELLO_NAME)
		r = skip_vector(&hello, 1); /* compression */
	if (r == HELLO_NAME && hello.len == 0)
		return HELLO_NO_NAME; /* before TLS 1.2 there may be no extensions */
	if (r == HELLO_NAME)
		r = take_vector(&hello, 2, &extensions);
	return r == HELLO_NAME ? read_extensions(extensions, ret_name) : r;
}

enum hello_result hello_parse(const uint8_t *message, size_t len, char ret_name[HELLO_MAX_NAME + 1])
{
	struct view all = { message, len, MESSAGE_HEADER + 0xffffff };
	struct view hello;
	size_t type;
	enum hello_result r = take_number(&all, 1, &type);

	if (r == HELLO_NAME && type != MESSAGE_CLIENT_HELLO)
		return HELLO_BAD;
	if (r == HELLO_NAME)
		r = take_vector(&all, 3, &hello);
	if (r == HELLO_NAME && hello.len > HELLO_MAX_SIZE - MESSAGE_HEADER)
		return HELLO_BAD;
	return r == HELLO_NAME ? read_hello(hello, ret_name) : r;
}

/* ---- the records --------------------------------------------------------------------------- */
/* SSL 3.0's major version is that of all TLS. */
static bool is_handshake(const uint8_t *header, size_t n)
{
	return header[0] == RECORD_HANDSHAKE && (n < 2 || header[1] == 3);
}

enum hello_result hello_unwrap(const uint8_t *records, size_t len, uint8_t *message, size_t size,
			       size_t *ret_len)
{
	size_t written = 0;

	while (len > 0) {
		size_t n, take_n;

		if (!is_handshake(records, len))
			return HELLO_BAD;
		if (len < RECORD_HEADER)
			break;
		n = (size_t)records[3] << 8 | records[4];
		if (n == 0 || n > RECORD_MAX)
			return HELLO_BAD;
		records += RECORD_HEADER;
		len -= RECORD_HEADER;
		take_n = n < len ? n : len;
		if (take_n > size - written)
			take_n = size - written;
		memcpy(message + written, records, take_n);
		written += take_n;
		if (n >= len || written == size)
			break;
		records += n;
		len -= n;
	}
	*ret_len = written;
	return HELLO_MORE;
}

/* ---- the stream ---------------------------------------------------------------------------- */
static void drop_saved(struct hello_reader *r, struct stream_budget *budget)
{
	budget->used -= r->saved_len;
	free(r->saved);
	r->saved = NULL;
	r->saved_len = 0;
}

static void save(struct hello_reader *r, struct hello_shared *shared, size_t len)
{
	if (shared->budget->used + len <= shared->budget->max)
		r->saved = malloc(len);
	if (!r->saved) {
		shared->counters[REQUEST_NO_ROOM]++;
		r->over = true;
		return;
	}
	memcpy(r->saved, shared->bytes, len);
	r->saved_len = len;
	shared->budget->used += len;
}

/* The name is at the front in general, so that less than all of it will do. */
static enum hello_result find(struct hello_shared *shared, size_t len,
			      char ret_name[HELLO_MAX_NAME + 1])
{
	size_t message_len = 0;
	enum hello_result r = hello_unwrap(shared->bytes, len, shared->message,
					   sizeof(shared->message), &message_len);

	if (r == HELLO_MORE)
		r = hello_parse(shared->message, message_len, ret_name);
	if (r == HELLO_MORE && len == sizeof(shared->bytes))
		return HELLO_BAD;
	return r;
}

static void not_seen(struct hello_reader *r, struct hello_shared *shared, size_t len)
{
	shared->counters[REQUEST_GAPS]++;
	shared->counters[REQUEST_UNSEEN_BYTES] += len;
	drop_saved(r, shared->budget);
	r->over = true;
}

static void judge(struct hello_reader *r, struct hello_shared *shared, size_t len)
{
	char name[HELLO_MAX_NAME + 1];

	switch (find(shared, len, name)) {
	case HELLO_MORE:
		save(r, shared, len);
		return;
	case HELLO_NAME:
		shared->counters[REQUEST_SERVER_NAMES]++;
		shared->on_name(name, shared->context);
		break;
	case HELLO_NO_NAME:
		shared->counters[REQUEST_NAMELESS]++;
		shared->on_name("", shared->context);
		break;
	case HELLO_BAD:
		shared->counters[REQUEST_NOT_TLS]++;
		break;
	}
	r->over = true;
}

void hello_read(struct hello_reader *reader, struct hello_shared *shared, const uint8_t *data,
		size_t len)
{
	size_t have = reader->saved_len, room = sizeof(shared->bytes) - have;

	if (reader->over)
		return;
	if (!data) {
		not_seen(reader, shared, len);
		return;
	}
	if (have)
		memcpy(shared->bytes, reader->saved, have);
	drop_saved(reader, shared->budget);
	if (len > room)
		len = room;
	memcpy(shared->bytes + have, data, len);
	judge(reader, shared, have + len);
}

void hello_end(struct hello_reader *reader, struct stream_budget *budget)
{
	drop_saved(reader, budget);
}
