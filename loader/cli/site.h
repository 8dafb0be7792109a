/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The site that a command is about. */
#ifndef XLB_CLI_SITE_H
#define XLB_CLI_SITE_H

#include "cli/cli.h"
#include "doctor/site.h"

/*
 * Of the configuration `file`; if that is NULL: of the running daemon, and of the default file
 * where none is running. Complains. *ret is for site_free(); with CLI_DONE only. *ret_daemon: it is
 * the daemon's.
 */
int site_load(const struct cli *cli, const char *file, struct site *ret, bool *ret_daemon);

#endif
