/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/shared.h"

#include <errno.h>
#include <stdlib.h>

struct shared {
	unsigned refs;
	struct MHD_Response *response; /* has the text */
	const char *text;
	size_t len;
};

static int make(const char *text, size_t len, enum MHD_ResponseMemoryMode mode, const char *type,
		const struct http_header *headers, struct shared **ret)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, (void *)text, mode);
	struct shared *s = response ? malloc(sizeof(*s)) : NULL;

	if (!s) {
		if (response)
			MHD_destroy_response(response);
		else if (mode == MHD_RESPMEM_MUST_FREE)
			free((void *)text);
		return -ENOMEM;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	for (; headers && headers->name; headers++)
		MHD_add_response_header(response, headers->name, headers->value);
	*s = (struct shared){ .refs = 1, .response = response, .text = text, .len = len };
	*ret = s;
	return 0;
}

int shared_new(char *text, size_t len, const char *type, const struct http_header *headers,
	       struct shared **ret)
{
	return make(text, len, MHD_RESPMEM_MUST_FREE, type, headers, ret);
}

int shared_new_constant(const char *text, size_t len, const char *type,
			const struct http_header *headers, struct shared **ret)
{
	return make(text, len, MHD_RESPMEM_PERSISTENT, type, headers, ret);
}

struct shared *shared_ref(struct shared *s)
{
	s->refs++;
	return s;
}

void shared_unref(struct shared *s)
{
	if (!s || --s->refs)
		return;
	MHD_destroy_response(s->response);
	free(s);
}

unsigned shared_others(const struct shared *s)
{
	return s->refs - 1;
}

struct MHD_Response *shared_response(const struct shared *s)
{
	return s->response;
}

const char *shared_text(const struct shared *s, size_t *ret_len)
{
	*ret_len = s->len;
	return s->text;
}
