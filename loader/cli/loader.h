/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The loader that runs once, where there is no daemon. */
#ifndef XLB_CLI_LOADER_H
#define XLB_CLI_LOADER_H

#include <stddef.h>

#include "cli/cli.h"

struct loader_options {
	const char *mode;   /* NULL: xlbd's default */
	const char *config; /* NULL: xlbd's default */
	char **interfaces;
	size_t n_interfaces;
};

/*
 * Runs `xlbd --oneshot`: the one beside this program (../sbin/xlbd), else the one in PATH, and
 * waits for it. Returns its exit status, or CLI_FAILED after saying why it couldn't run.
 */
int loader_run(const struct cli *cli, const struct loader_options *options);

#endif
