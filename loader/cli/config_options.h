/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Options of the commands that have to do with configurations: check, load, reload. */
#ifndef XLB_CLI_CONFIG_OPTIONS_H
#define XLB_CLI_CONFIG_OPTIONS_H

#include <stddef.h>

#include "cli/cli.h"
#include "config/config.h"

#define MAX_MACROS 64

/* Which of them a command has. */
enum {
	TAKES_FILE = 1,   /* FILE, or -f FILE */
	TAKES_MACROS = 2, /* -D NAME=VALUE */
	TAKES_PLAN = 4,   /* --plan */
	TAKES_CONFIRM = 8 /* --confirm SECONDS */
};

struct config_options {
	const char *file; /* NULL: none was named */
	struct cfg_macro macros[MAX_MACROS];
	size_t n_macros;
	bool plan;
	unsigned confirm_s; /* 0: not given */
};

/* CLI_DONE, or complains and says CLI_USAGE. Cuts "NAME=VALUE" of argv in two. */
int config_options_parse(const struct cli *cli, unsigned takes, int argc, char **argv,
			 struct config_options *ret);

#endif
