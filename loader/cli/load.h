/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_LOAD_H
#define XLB_CLI_LOAD_H

#include "cli/cli.h"

int cmd_reload(struct cli *cli, int argc, char **argv);
int cmd_load(struct cli *cli, int argc, char **argv);
int cmd_confirm(struct cli *cli, int argc, char **argv);
int cmd_rollback(struct cli *cli, int argc, char **argv);

#endif
