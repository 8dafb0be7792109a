/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Any bytes as a configuration. What is accepted must print, and its print must be accepted, be the
 * same configuration and print the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/print.h"
#include "unit/config/difference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cfg_options options = { .no_resolve = true, .max_memory = 8u << 20 };

static struct cfg *parse(const char *text, size_t len)
{
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	FILE *null = fopen("/dev/null", "w");
	int ret = cfg_parse_text("fuzz.conf", text, len, &options, &diag, &cfg);

	if ((ret < 0) != (diag.n_errors > 0))
		abort();
	if (null) {
		diag_print(&diag, null, true);
		fclose(null);
	}
	diag_clear(&diag);
	return ret < 0 ? NULL : cfg;
}

static char *print(const struct cfg *cfg)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out || cfg_print(cfg, out) < 0)
		abort();
	fclose(out);
	return text;
}

static void check_print(const struct cfg *cfg)
{
	char *text = print(cfg), *again;
	struct cfg *second = parse(text, strlen(text));
	const char *differs;

	if (!second) {
		fprintf(stderr, "not accepted again:\n%s", text);
		abort();
	}
	differs = configurations_differ(cfg, second);
	if (differs) {
		fprintf(stderr, "%s is not the same in:\n%s", differs, text);
		abort();
	}
	again = print(second);
	if (strcmp(text, again) != 0) {
		fprintf(stderr, "printed:\n%s\nand then:\n%s", text, again);
		abort();
	}
	free(again);
	free(text);
	cfg_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfg *cfg = parse((const char *)data, size);

	if (cfg)
		check_print(cfg);
	cfg_free(cfg);
	return 0;
}
