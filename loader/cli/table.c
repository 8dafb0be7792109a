/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

#define GAP 2

struct text_table {
	const struct column *columns;
	size_t n_columns;
	int *widths;
	char **cells; /* row by row */
	size_t n_rows;
	bool failed; /* a row is missing */
};

/* Characters, not bytes. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

struct text_table *text_table_new(const struct column *columns, size_t n)
{
	struct text_table *t = calloc(1, sizeof(*t));
	int *widths = calloc(n, sizeof(*widths));

	if (!t || !widths) {
		free(t);
		free(widths);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		widths[i] = width_of(columns[i].title);
	*t = (struct text_table){ .columns = columns, .n_columns = n, .widths = widths };
	return t;
}

static void set_cell(struct text_table *t, size_t row, size_t column, const char *text)
{
	char *copy = strdup(text);
	int width = width_of(text);

	t->cells[row * t->n_columns + column] = copy;
	if (!copy)
		t->failed = true;
	if (width > t->widths[column])
		t->widths[column] = width;
}

void text_table_row(struct text_table *t, const char *const *cells)
{
	char **grown = reallocarray(t->cells, (t->n_rows + 1) * t->n_columns, sizeof(*grown));

	if (!grown) {
		t->failed = true;
		return;
	}
	t->cells = grown;
	for (size_t i = 0; i < t->n_columns; i++)
		set_cell(t, t->n_rows, i, cells[i]);
	t->n_rows++;
}

static void pad(FILE *out, int n)
{
	fprintf(out, "%*s", n > 0 ? n : 0, "");
}

static void print_cell(const struct cli *cli, const struct text_table *t, size_t column,
		       const char *text, const char *colour)
{
	bool last = column + 1 == t->n_columns;
	bool right = t->columns[column].kind == COLUMN_NUMBER;
	int space = t->widths[column] - width_of(text);

	if (right)
		pad(cli->out, space);
	fprintf(cli->out, "%s%s%s", colour, text, *colour ? colour_end(cli) : "");
	if (!last)
		pad(cli->out, GAP + (right ? 0 : space));
}

static void print_row(const struct cli *cli, const struct text_table *t, size_t row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		const char *text = t->cells[row * t->n_columns + i];
		bool state = t->columns[i].kind == COLUMN_STATE;

		print_cell(cli, t, i, text, state ? colour_of(cli, text) : "");
	}
	fputc('\n', cli->out);
}

int text_table_print(const struct cli *cli, const struct text_table *t)
{
	if (t->failed) {
		fputs("xlbctl: out of memory\n", cli->err);
		return CLI_FAILED;
	}
	for (size_t i = 0; i < t->n_columns; i++)
		print_cell(cli, t, i, t->columns[i].title, "");
	fputc('\n', cli->out);
	for (size_t row = 0; row < t->n_rows; row++)
		print_row(cli, t, row);
	return CLI_DONE;
}

void text_table_free(struct text_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->widths);
	free(t);
}
