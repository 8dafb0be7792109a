/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CLI_SHOW_H
#define XLB_CLI_SHOW_H

#include "cli/cli.h"

extern const struct command show_commands[];

#endif
