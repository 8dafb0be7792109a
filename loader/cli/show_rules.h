/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl show rules: pf's view. */
#ifndef XLB_CLI_SHOW_RULES_H
#define XLB_CLI_SHOW_RULES_H

#include "cli/cli.h"

int show_rules(struct cli *cli, int argc, char **argv);

#endif
