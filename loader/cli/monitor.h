/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_MONITOR_H
#define XLB_CLI_MONITOR_H

#include <stddef.h>

#include "cli/cli.h"

int cmd_monitor(struct cli *cli, int argc, char **argv);

/* One event as a line: time, type, then the rest as key=value. Empty ones print nothing. */
void print_event(const struct cli *cli, const char *text, size_t len);

#endif
