/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/http_head.h"

#include <stdlib.h>
#include <string.h>

void http_head_clear(struct http_head *head)
{
	head->target = (struct http_text){ 0 };
	head->n_fields = 0;
	head->used = 0;
	head->in_value = false;
	head->full = false;
	head->cut = false;
	head->text[0] = '\0';
}

/* There is always room for the NUL. */
static void start(struct http_head *head, struct http_text *text)
{
	if (head->used > 0)
		head->used++; /* the NUL of the text before */
	if (head->used >= HTTP_HEAD_TEXT) {
		head->used = HTTP_HEAD_TEXT - 1;
		head->cut = true;
	}
	*text = (struct http_text){ .at = head->used };
	head->text[head->used] = '\0';
}

static void append(struct http_head *head, struct http_text *text, const char *piece, size_t len)
{
	size_t room = HTTP_HEAD_TEXT - 1u - head->used;

	if (len > room) {
		len = room;
		head->cut = true;
	}
	memcpy(head->text + head->used, piece, len);
	head->used = (uint16_t)(head->used + len);
	text->len = (uint16_t)(text->len + len);
	head->text[head->used] = '\0';
}

void http_head_add_target(struct http_head *head, const char *piece, size_t len)
{
	append(head, &head->target, piece, len);
}

static void new_field(struct http_head *head)
{
	head->in_value = false;
	if (head->n_fields == HTTP_HEAD_FIELDS) {
		head->full = head->cut = true;
		return;
	}
	head->n_fields++;
	head->fields[head->n_fields - 1] = (struct http_field){ 0 };
	start(head, &head->fields[head->n_fields - 1].name);
}

void http_head_add_name(struct http_head *head, const char *piece, size_t len)
{
	if (head->n_fields == 0 || head->in_value)
		new_field(head);
	if (!head->full)
		append(head, &head->fields[head->n_fields - 1].name, piece, len);
}

void http_head_add_value(struct http_head *head, const char *piece, size_t len)
{
	struct http_text *value;

	if (head->n_fields == 0 || head->full)
		return;
	value = &head->fields[head->n_fields - 1].value;
	if (!head->in_value)
		start(head, value);
	head->in_value = true;
	append(head, value, piece, len);
}

/* Everything before `fields`, the fields in use, the text in use with its NUL. */
#define FIXED offsetof(struct http_head, fields)

static size_t fields_size(const struct http_head *head)
{
	return head->n_fields * sizeof(head->fields[0]);
}

void *http_head_save(const struct http_head *head, size_t *ret_size)
{
	size_t size = FIXED + fields_size(head) + head->used + 1;
	char *saved = malloc(size);

	if (!saved)
		return NULL;
	memcpy(saved, head, FIXED);
	memcpy(saved + FIXED, head->fields, fields_size(head));
	memcpy(saved + FIXED + fields_size(head), head->text, head->used + 1u);
	*ret_size = size;
	return saved;
}

void http_head_restore(struct http_head *head, const void *saved)
{
	const char *bytes = saved;

	memcpy(head, bytes, FIXED);
	memcpy(head->fields, bytes + FIXED, fields_size(head));
	memcpy(head->text, bytes + FIXED + fields_size(head), head->used + 1u);
}
