/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl doctor: what is wrong here, and what to do about it. */
#ifndef XLB_CLI_DOCTOR_H
#define XLB_CLI_DOCTOR_H

#include "cli/cli.h"

int cmd_doctor(struct cli *cli, int argc, char **argv);

#endif
