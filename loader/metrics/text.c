/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

static bool reserve(struct text *t, size_t len)
{
	size_t size = t->size ? t->size : FIRST_SIZE;
	char *p;

	if (t->failed)
		return false;
	if (len <= t->size - t->len)
		return true;
	while (size - t->len < len)
		size *= 2;
	p = realloc(t->p, size);
	if (!p) {
		t->failed = true;
		return false;
	}
	t->p = p;
	t->size = size;
	return true;
}

void text_add(struct text *t, const char *s, size_t len)
{
	if (!reserve(t, len))
		return;
	memcpy(t->p + t->len, s, len);
	t->len += len;
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

/* There are a hundred thousand of them in a large answer, so it isn't printf's. */
void text_number(struct text *t, uint64_t value, unsigned decimals)
{
	char buf[32], *at = buf + sizeof(buf);
	unsigned digits = 0;

	do {
		if (digits && digits == decimals)
			*--at = '.';
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (++digits <= decimals || value);
	text_add(t, at, (size_t)(buf + sizeof(buf) - at));
}

/* Length of the UTF-8 character at s; 0: there is none. RFC 3629. */
static size_t utf8_length(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void add_escaped(struct text *t, const char *value)
{
	while (*value) {
		size_t len = utf8_length((const unsigned char *)value);

		if (*value == '\\' || *value == '"')
			text_add(t, "\\", 1);
		if (*value == '\n')
			text_puts(t, "\\n");
		else if (len)
			text_add(t, value, len);
		else
			text_add(t, "?", 1);
		value += len ? len : 1;
	}
}

void text_label(struct text *t, const char *name, const char *value)
{
	text_puts(t, name);
	text_puts(t, "=\"");
	add_escaped(t, value);
	text_puts(t, "\"");
}

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}
