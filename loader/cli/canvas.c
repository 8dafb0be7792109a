/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int canvas_make(struct canvas *c, int width, int height)
{
	struct cell *cells = calloc((size_t)width * (size_t)height + 1, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
		cells[i].text[0] = ' ';
	*c = (struct canvas){ width, height, cells };
	return 0;
}

void canvas_free(struct canvas *c)
{
	free(c->cells);
	*c = (struct canvas){ 0 };
}

/* Bytes of the character that begins like this (RFC 3629); 0: none does. */
static size_t length_by_first(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* The character at `text`, or '?'; how many bytes it takes. */
static size_t next_character(const char *text, char ret[5])
{
	size_t n = length_by_first((unsigned char)*text);

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			n = 0;
	/* C0, DEL, and C1, which terminals take for commands, too */
	if (n == 0 || (n == 1 && ((unsigned char)*text < ' ' || *text == 0x7f)) ||
	    (n == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0)) {
		strcpy(ret, "?");
		return n ? n : 1;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
	return n;
}

int canvas_length(const char *text)
{
	char character[5];
	int n = 0;

	while (*text) {
		text += next_character(text, character);
		n++;
	}
	return n;
}

int canvas_put(struct canvas *c, int row, int column, int width, enum style style, const char *text)
{
	int written = 0;

	if (row < 0 || row >= c->height)
		return 0;
	for (; *text && written < width && column < c->width; column++, written++) {
		struct cell cell = { .style = style };

		text += next_character(text, cell.text);
		if (column >= 0)
			c->cells[row * c->width + column] = cell;
	}
	return written;
}

void canvas_put_right(struct canvas *c, int row, int column, int width, enum style style,
		      const char *text)
{
	int length = canvas_length(text);

	if (length < width) {
		column += width - length;
		width = length;
	}
	canvas_put(c, row, column, width, style, text);
}

const struct cell *canvas_at(const struct canvas *c, int row, int column)
{
	return &c->cells[row * c->width + column];
}

static int last_used(const struct canvas *c, int row)
{
	int n = c->width;

	while (n > 0 && strcmp(canvas_at(c, row, n - 1)->text, " ") == 0)
		n--;
	return n;
}

void canvas_write(const struct canvas *c, FILE *out)
{
	for (int row = 0; row < c->height; row++) {
		int n = last_used(c, row);

		for (int column = 0; column < n; column++)
			fputs(canvas_at(c, row, column)->text, out);
		fputc('\n', out);
	}
}
