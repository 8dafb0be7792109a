/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_CHECK_H
#define XLB_CLI_CHECK_H

#include "cli/cli.h"

int cmd_check(struct cli *cli, int argc, char **argv);

#endif
