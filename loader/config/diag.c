/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A source line is shown in a window of this many bytes around the place. */
#define DIAG_WINDOW 100

static const struct {
	const char *name;
	const char *colour;
} levels[] = {
	[DIAG_ERROR] = { "error", "\033[1;31m" },
	[DIAG_WARNING] = { "warning", "\033[1;35m" },
	[DIAG_NOTE] = { "note", "\033[1;36m" },
};

const char *diag_level_name(enum diag_level level)
{
	return levels[level].name;
}

static char *copy_or_null(const char *text)
{
	return text ? strdup(text) : NULL;
}

static struct diag_item *diag_append(struct diag *diag)
{
	struct diag_item *items;

	items = reallocarray(diag->items, diag->n_items + 1, sizeof(*items));
	if (!items)
		return NULL;
	diag->items = items;
	memset(&items[diag->n_items], 0, sizeof(*items));
	return &items[diag->n_items++];
}

void diag_add(struct diag *diag, enum diag_level level, struct cfg_pos pos, const char *source,
	      const char *hint, const char *format, ...)
{
	struct diag_item *item;
	va_list args;

	/* Counted even if there is no memory to say what it was. */
	if (level == DIAG_ERROR)
		diag->n_errors++;
	else if (level == DIAG_WARNING)
		diag->n_warnings++;
	item = diag_append(diag);
	if (!item)
		return;
	item->level = level;
	item->file = copy_or_null(pos.file);
	item->line = pos.line;
	item->col = pos.col;
	item->source = copy_or_null(source);
	item->hint = copy_or_null(hint);
	va_start(args, format);
	if (vasprintf(&item->message, format, args) < 0)
		item->message = NULL;
	va_end(args);
}

/* What a terminal would obey must not come from a configuration file. */
static char printable(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c == '\t' || (c >= 0x20 && c != 0x7f) ? byte : '?';
}

static void print_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc(printable(*text), out);
}

static void print_source(const struct diag_item *item, FILE *out, bool colour)
{
	int len = (int)strlen(item->source);
	int col = item->col < 1 ? 1 : item->col;
	int from = 0, to = len, i;

	if (col > len + 1)
		col = len + 1;
	if (len > DIAG_WINDOW) {
		from = col > DIAG_WINDOW / 2 ? col - DIAG_WINDOW / 2 : 0;
		to = from + DIAG_WINDOW < len ? from + DIAG_WINDOW : len;
	}
	fputs("    ", out);
	for (i = from; i < to; i++)
		fputc(printable(item->source[i]), out);
	fputs("\n    ", out);
	for (i = from; i < col - 1; i++)
		fputc(item->source[i] == '\t' ? '\t' : ' ', out);
	fprintf(out, "%s^%s\n", colour ? "\033[1;32m" : "", colour ? "\033[0m" : "");
}

static void print_place(const struct diag_item *item, FILE *out)
{
	if (item->file) {
		print_text(out, item->file);
		if (item->line > 0)
			fprintf(out, ":%d", item->line);
		if (item->line > 0 && item->col > 0)
			fprintf(out, ":%d", item->col);
		fputs(": ", out);
	}
}

static const char *message_of(const struct diag_item *item)
{
	return item->message ? item->message : "out of memory";
}

void diag_text(const struct diag_item *item, char *ret, size_t size)
{
	char line[16] = "", col[16] = "";

	if (item->line > 0)
		snprintf(line, sizeof(line), ":%d", item->line);
	if (item->line > 0 && item->col > 0)
		snprintf(col, sizeof(col), ":%d", item->col);
	snprintf(ret, size, "%s%s%s%s%s", item->file ? item->file : "", line, col,
		 item->file ? ": " : "", message_of(item));
}

void diag_print(const struct diag *diag, FILE *out, bool colour)
{
	size_t errors = 0;

	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];

		print_place(item, out);
		fprintf(out, "%s%s:%s ", colour ? levels[item->level].colour : "",
			levels[item->level].name, colour ? "\033[0m" : "");
		print_text(out, message_of(item));
		fputc('\n', out);
		if (item->source && item->line > 0)
			print_source(item, out, colour);
		if (item->hint) {
			fputs("    hint: ", out);
			print_text(out, item->hint);
			fputc('\n', out);
		}
		errors += item->level == DIAG_ERROR;
	}
	if (errors < diag->n_errors)
		fputs("error: out of memory\n", out);
}

void diag_clear(struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++) {
		struct diag_item *item = &diag->items[i];

		free(item->file);
		free(item->message);
		free(item->source);
		free(item->hint);
	}
	free(diag->items);
	memset(diag, 0, sizeof(*diag));
}
