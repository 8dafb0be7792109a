/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What was counted at interfaces, as "pfctl -s info" prints it of its loginterface. */
#ifndef XLB_CLI_INTERFACE_STATS_H
#define XLB_CLI_INTERFACE_STATS_H

#include <jansson.h>

#include "cli/cli.h"

/* list: the API's interfaces. Returns enum cli_status. */
int print_interface_stats(const struct cli *cli, const json_t *list);

#endif
