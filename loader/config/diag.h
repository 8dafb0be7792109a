/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Diagnostics with a place: file:line:col, the source line, a caret and a hint. Collected, so that
 * one run shows all of them; rendered as text or JSON by whoever shows them.
 */
#ifndef XLB_CONFIG_DIAG_H
#define XLB_CONFIG_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct cfg_pos {
	const char *file; /* owned by the configuration's arena, or static */
	int line;         /* from 1; 0: no place */
	int col;          /* from 1, in bytes */
};

struct diag_item {
	enum diag_level level;
	char *file;
	int line;
	int col;
	char *message;
	char *source; /* the source line, or NULL */
	char *hint;   /* or NULL */
};

struct diag {
	struct diag_item *items;
	size_t n_items;
	size_t n_errors;
	size_t n_warnings;
};

/* hint may be NULL. Items own copies of everything. */
void diag_add(struct diag *diag, enum diag_level level, struct cfg_pos pos, const char *source,
	      const char *hint, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* One line, as a log has it: FILE:LINE:COLUMN: message, without what is not known. */
void diag_text(const struct diag_item *item, char *ret, size_t size);

/* "xlb.conf:12:9: error: …", the line, the caret, "hint: …"; colour only when asked. */
void diag_print(const struct diag *diag, FILE *out, bool colour);

/* "error", "warning", "note" */
const char *diag_level_name(enum diag_level level);

/* Frees the items; the diag itself is the caller's and can be used again. */
void diag_clear(struct diag *diag);

#endif
