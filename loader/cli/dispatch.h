/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From words to commands. */
#ifndef XLB_CLI_DISPATCH_H
#define XLB_CLI_DISPATCH_H

#include "cli/cli.h"

/*
 * The command of the table that WORD names: by its name, or by a prefix that no other one has.
 * NULL: none, or *ret_ambiguous of them.
 */
const struct command *command_find(const struct command *table, const char *word,
				   bool *ret_ambiguous);

/* Follows the words down the tables and runs what they name; with --help at the end: says how. */
int dispatch(struct cli *cli, int argc, char **argv);

/* One line for each command of the table and those below it. */
void print_usage(FILE *out, const struct command *table);

/* What `xlbctl help WORD...` says; none: everything. */
int print_help(struct cli *cli, int argc, char **argv);

#endif
