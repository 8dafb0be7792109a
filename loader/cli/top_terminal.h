/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The terminal of "xlbctl top", by ncurses: a canvas goes out, keys and signals come in. */
#ifndef XLB_CLI_TOP_TERMINAL_H
#define XLB_CLI_TOP_TERMINAL_H

#include <stdbool.h>

#include "cli/canvas.h"

enum top_key {
	TOP_KEY_NOTHING, /* time is over, or it was a key without a meaning */
	TOP_KEY_RESIZED,
	TOP_KEY_INTERRUPTED, /* SIGINT, SIGTERM, SIGHUP; or nobody is at the terminal any more */
	TOP_KEY_QUIT,
	TOP_KEY_SORT,
	TOP_KEY_SORT_BACK,
	TOP_KEY_PAUSE,
	TOP_KEY_HELP_PAGE,
	TOP_KEY_ROW_UP,
	TOP_KEY_ROW_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_FIRST,
	TOP_KEY_LAST,
};

/* Can this terminal be drawn on? No for TERM=dumb, and where there is none. */
bool top_terminal_possible(void);
/* … with blocks of Unicode: says the locale; the console's fonts have none. */
bool top_terminal_is_unicode(void);

/* Takes the screen over until it is closed. -ENODEV: the terminal is not known here. One at a time.
 */
int top_terminal_open(bool colours);
/* The screen is as it was before. */
void top_terminal_close(void);

void top_terminal_size(int *ret_width, int *ret_height);
void top_terminal_draw(const struct canvas *c);
enum top_key top_terminal_wait(unsigned ms);

#endif
