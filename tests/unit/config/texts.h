/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the tests of the parser share: pieces of configurations, and one way to parse them. */
#ifndef XLB_TESTS_CONFIG_TEXTS_H
#define XLB_TESTS_CONFIG_TEXTS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

/* A table and a redirect that uses it: what makes a configuration complete. One line each. */
#define TABLE_T "table <t> { 10.0.0.1 }\n"
#define REDIRECT_R "redirect r { listen on 10.9.9.9 port 80\nforward to <t> check tcp\n}\n"
#define RELAY_R(lines)                                                                             \
	"relay r {\nlisten on 10.9.9.9 port 80\nforward to <t> port 8080\n" lines "}\n"

static const struct cfg_options no_resolve = { .no_resolve = true };

/* NULL when there are errors. */
static inline struct cfg *parse_with(const char *text, const struct cfg_options *options,
				     struct diag *diag)
{
	struct cfg *cfg = NULL;
	/* The exact size, so that the sanitizer sees a read beyond it. */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	if (cfg_parse_text("x.conf", copy, len, options, diag, &cfg) < 0)
		cfg = NULL;
	free(copy);
	return cfg;
}

/* For texts that must be right; the caller frees. */
static inline struct cfg *parse_good(const char *name, const char *text)
{
	struct diag diag = { 0 };
	struct cfg *cfg = parse_with(text, &no_resolve, &diag);

	cr_assert(cfg, "%s: %s", name, diag.n_items ? diag.items[0].message : "no reason given");
	diag_clear(&diag);
	return cfg;
}

/* All diagnostics, a line each: "3:9: error: …"; the caller frees. */
static inline char *diag_lines(const struct diag *diag)
{
	size_t size;
	char *lines;
	FILE *out = open_memstream(&lines, &size);

	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];

		if (item->line)
			fprintf(out, "%d:%d: ", item->line, item->col);
		fprintf(out, "%s: %s\n", diag_level_name(item->level), item->message);
	}
	fclose(out);
	return lines;
}

#endif
