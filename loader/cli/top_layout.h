/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where what is drawn on a screen of "xlbctl top". No I/O. */
#ifndef XLB_CLI_TOP_LAYOUT_H
#define XLB_CLI_TOP_LAYOUT_H

#include "cli/canvas.h"
#include "cli/top_data.h"

#define TOP_MIN_WIDTH 40
#define TOP_MIN_HEIGHT 8

struct top_view {
	enum top_sort sort;
	size_t scroll; /* rows above the first one shown */
	bool paused;
	bool help;
	bool ascii; /* no blocks of Unicode */
	bool batch; /* nobody presses keys: no line about them */
	unsigned delay_ms;
	const char *clock;   /* "13:45:01" */
	const char *message; /* what is wrong just now, or NULL */
};

/* Rows of services and hosts that fit. */
size_t top_layout_page(const struct top_data *d, const struct top_view *v, int width, int height);
/* A height at which all of them fit. */
int top_layout_height(const struct top_data *d, const struct top_view *v, int width);

/* Fills the canvas, all of which is blank. */
void top_layout(struct canvas *c, const struct top_data *d, const struct top_view *v);

#endif
