/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "-v" and "-vv" behind the words of a command. */
#ifndef XLB_CLI_VERBOSE_H
#define XLB_CLI_VERBOSE_H

#include "cli/cli.h"

/*
 * Of argv: how often there is a v, up to `max`, and the one other argument (NULL: none may be).
 * CLI_DONE, or CLI_USAGE and a complaint.
 */
int parse_verbose(const struct cli *cli, int argc, char **argv, int max, int *ret_verbose,
		  const char **ret_name);

#endif
