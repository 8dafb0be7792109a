/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl capture: packets as xlb sees them, for tcpdump and Wireshark. */
#ifndef XLB_CLI_CAPTURE_H
#define XLB_CLI_CAPTURE_H

#include "cli/capture_options.h"
#include "cli/cli.h"

int cmd_capture(struct cli *cli, int argc, char **argv);

#endif
