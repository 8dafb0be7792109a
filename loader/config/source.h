/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The texts a configuration is read from, kept while it is parsed: diagnostics quote their lines.
 */
#ifndef XLB_CONFIG_SOURCE_H
#define XLB_CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* More than this is no configuration. */
#define SOURCE_MAX_SIZE (4u << 20)

struct source {
	const char *name; /* as positions show it; a position's file is this very pointer */
	const char *text; /* not NUL-terminated */
	size_t len;
	struct source *next;
};

/*
 * Reads a whole file into *ret_text (malloc'd; the caller's). regular: refuse devices and pipes,
 * which an include could hang on. 0 or -errno; -EFBIG beyond SOURCE_MAX_SIZE.
 */
int source_read(const char *path, bool regular, char **ret_text, size_t *ret_len);

/* The line without its newline: a malloc'd copy, or NULL. */
char *source_line(const struct source *sources, const char *name, int line);

#endif
