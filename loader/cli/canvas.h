/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A screen in memory: cells with a character and a style each. No I/O. */
#ifndef XLB_CLI_CANVAS_H
#define XLB_CLI_CANVAS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum style {
	STYLE_PLAIN,
	STYLE_TITLE, /* of a column */
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLES
};

struct cell {
	char text[5]; /* one character, UTF-8 */
	uint8_t style;
};

struct canvas {
	int width;
	int height;
	struct cell *cells; /* owned; by row */
};

/* All blank. -ENOMEM. */
int canvas_make(struct canvas *c, int width, int height);
void canvas_free(struct canvas *c);

/*
 * Writes text from (row, column) on, and not further than `width` cells or the row's end; what is
 * outside of the canvas is left out. Each character takes one cell; control characters and what is
 * not UTF-8 become '?'. Returns the cells written.
 */
int canvas_put(struct canvas *c, int row, int column, int width, enum style style,
	       const char *text);
/* The same, ending with the cell before (row, column + width). */
void canvas_put_right(struct canvas *c, int row, int column, int width, enum style style,
		      const char *text);

const struct cell *canvas_at(const struct canvas *c, int row, int column);

/* As lines of text, without styles and without blanks at their ends. */
void canvas_write(const struct canvas *c, FILE *out);

/* Characters of the text, as canvas_put() counts them. */
int canvas_length(const char *text);

#endif
