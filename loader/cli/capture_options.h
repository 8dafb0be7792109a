/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The command line of xlbctl capture. */
#ifndef XLB_CLI_CAPTURE_OPTIONS_H
#define XLB_CLI_CAPTURE_OPTIONS_H

#include "capture/session.h"
#include "cli/cli.h"

struct capture_options {
	const char *file; /* NULL: standard output */
	enum capture_format format;
	unsigned long snaplen;
	unsigned long count;   /* 0: no end */
	unsigned long seconds; /* 0: no end */
	bool all;
	char *const *words; /* of the filter */
	int n_words;
};

/* CLI_DONE, or it has been said what is wrong. */
int capture_options_parse(const struct cli *cli, int argc, char **argv,
			  struct capture_options *ret);

/* The filter's words as one text; the caller frees it. NULL: no memory. */
char *capture_options_filter(const struct capture_options *o);

/* What is asked of the daemon; `filter` is compiled, or NULL. The caller frees it. NULL: no memory.
 */
char *capture_options_path(const struct capture_options *o, const char *filter);

#endif
