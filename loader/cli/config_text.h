/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A configuration of this side's files, for the daemon: read with the rights of whoever calls. */
#ifndef XLB_CLI_CONFIG_TEXT_H
#define XLB_CLI_CONFIG_TEXT_H

#include <jansson.h>

#include "cli/cli.h"
#include "cli/config_options.h"

/*
 * The body of a request to load or to plan: the file, all that it includes, and the macros. What is
 * wrong in the text is the daemon's to say; *ret is set with CLI_DONE only, else this complains.
 */
int config_text_body(const struct cli *cli, const struct config_options *o, json_t **ret);

#endif
