/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_ADMIN_H
#define XLB_CLI_ADMIN_H

#include "cli/cli.h"

extern const struct command host_commands[];
extern const struct command table_commands[];
extern const struct command redirect_commands[];
extern const struct command relay_commands[];

#endif
