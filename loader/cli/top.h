/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl top: services and hosts at work, on a terminal that lives or as text again and again. */
#ifndef XLB_CLI_TOP_H
#define XLB_CLI_TOP_H

#include "cli/cli.h"

int cmd_top(struct cli *cli, int argc, char **argv);

#endif
