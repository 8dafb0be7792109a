/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_ATTACH_H
#define XLB_CLI_ATTACH_H

#include "cli/cli.h"

int cmd_attach(struct cli *cli, int argc, char **argv);
int cmd_detach(struct cli *cli, int argc, char **argv);

#endif
