/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * relayctl's own formats, from the API's answers; column by column as relayctl prints them, with
 * its tabs: so programs read them. On a terminal the columns are as wide as what is in them.
 */
#ifndef XLB_CLI_RELAYCTL_H
#define XLB_CLI_RELAYCTL_H

#include <jansson.h>

#include "cli/cli.h"

void print_summary(const struct cli *cli, const json_t *summary);

/* Each table's row, then its hosts' with their checks. */
void print_hosts(const struct cli *cli, const json_t *tables, const json_t *hosts);

/* list: the array of redirects or relays; type: the word in the second column. */
void print_services(const struct cli *cli, const json_t *list, const char *type);

/* Connections of NAT in relayctl's form, with a line of ours; not the flows of DSR. */
void print_connections(const struct cli *cli, const json_t *sessions, json_int_t pid);

#endif
