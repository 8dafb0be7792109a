/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * An answer that is in memory once, however many read it, and as long as somebody does.
 */
#ifndef XLB_CONTROL_SHARED_H
#define XLB_CONTROL_SHARED_H

#include <microhttpd.h>
#include <stddef.h>

struct http_header {
	const char *name; /* NULL ends a list */
	const char *value;
};

struct shared;

/* Takes over `text` (malloc'd), on failure too. 0 or -ENOMEM. */
int shared_new(char *text, size_t len, const char *type, const struct http_header *headers,
	       struct shared **ret);
/* A text that outlives it, such as a constant. */
int shared_new_constant(const char *text, size_t len, const char *type,
			const struct http_header *headers, struct shared **ret);
struct shared *shared_ref(struct shared *s);
void shared_unref(struct shared *s); /* NULL is fine */

/* Who else has it. */
unsigned shared_others(const struct shared *s);
struct MHD_Response *shared_response(const struct shared *s);
/* As long as the reference is held; not terminated. */
const char *shared_text(const struct shared *s, size_t *ret_len);

#endif
