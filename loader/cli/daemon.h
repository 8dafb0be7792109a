/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_DAEMON_H
#define XLB_CLI_DAEMON_H

#include "cli/cli.h"

extern const struct command log_commands[];

int cmd_poll(struct cli *cli, int argc, char **argv);
int cmd_version(struct cli *cli, int argc, char **argv);

#endif
