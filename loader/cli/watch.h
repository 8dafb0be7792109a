/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl -w SECONDS show ... */
#ifndef XLB_CLI_WATCH_H
#define XLB_CLI_WATCH_H

#include "cli/cli.h"

/* "1", "0.5": seconds, into ms. -EINVAL. */
int watch_parse(const char *text, unsigned *ret_ms);

/*
 * Runs the command each cli->watch_ms until it is interrupted or nobody reads any more. On a
 * terminal each output takes the place of the one before; elsewhere they follow each other, with an
 * empty line between (none with -j: one JSON object after the other). A daemon that goes away is
 * waited for; one that isn't there at first is CLI_UNREACHABLE, as without -w.
 */
int watch(struct cli *cli, const struct command *command, int argc, char **argv);

#endif
