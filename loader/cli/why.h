/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_WHY_H
#define XLB_CLI_WHY_H

#include <jansson.h>

#include "cli/cli.h"

int cmd_why(struct cli *cli, int argc, char **argv);

/* The request's body from the command's words; NULL: *ret_error says what is wrong. */
json_t *why_request(int argc, char **argv, const char **ret_error);

/* The answer's member "why", for reading. */
void print_why(const struct cli *cli, const json_t *why);

#endif
