/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl node-setup: what real servers of direct server return need. */
#ifndef XLB_CLI_NODE_SETUP_H
#define XLB_CLI_NODE_SETUP_H

#include "cli/cli.h"

int cmd_node_setup(struct cli *cli, int argc, char **argv);

#endif
