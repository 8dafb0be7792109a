/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Aligned columns. */
#ifndef XLB_CLI_TABLE_H
#define XLB_CLI_TABLE_H

#include <stddef.h>

#include "cli/cli.h"

enum column_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER, /* to the right */
	COLUMN_STATE   /* text in the colour of a state */
};

struct column {
	const char *title;
	enum column_kind kind;
};

struct text_table;

/* columns: n of them, borrowed. NULL: no memory. */
struct text_table *text_table_new(const struct column *columns, size_t n);

/* One row; as many strings as there are columns. They are copied. */
void text_table_row(struct text_table *t, const char *const *cells);

/* The last column isn't padded. Returns CLI_DONE, or CLI_FAILED when memory ran out before. */
int text_table_print(const struct cli *cli, const struct text_table *t);

void text_table_free(struct text_table *t);

#endif
