/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The head of an HTTP/1 request while it is read, in a buffer of fixed size. What is longer is cut,
 * and that is said.
 */
#ifndef XLB_REQUESTS_HTTP_HEAD_H
#define XLB_REQUESTS_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_TEXT 8192 /* relayd's default headerlen */
#define HTTP_HEAD_FIELDS 100

/* A text without NUL, which NUL follows. */
struct http_text {
	uint16_t at; /* in http_head.text */
	uint16_t len;
};

struct http_field {
	struct http_text name;
	struct http_text value;
};

struct http_head {
	struct http_text target;
	uint16_t n_fields;
	uint16_t used; /* of text */
	bool in_value; /* of the last field */
	bool full;     /* no more fields */
	bool cut;
	struct http_field fields[HTTP_HEAD_FIELDS];
	char text[HTTP_HEAD_TEXT];
};

void http_head_clear(struct http_head *head);

/* The next piece of the target, of a field's name, or of its value, as they come. */
void http_head_add_target(struct http_head *head, const char *piece, size_t len);
void http_head_add_name(struct http_head *head, const char *piece, size_t len);
void http_head_add_value(struct http_head *head, const char *piece, size_t len);

static inline const char *http_head_text(const struct http_head *head, struct http_text text)
{
	return head->text + text.at;
}

/* Between segments a head is kept in as many bytes as it has. save: malloc'd, or NULL. */
void *http_head_save(const struct http_head *head, size_t *ret_size);
void http_head_restore(struct http_head *head, const void *saved);

#endif
