/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A rule in pf's words, as pfctl(8) prints it. */
#ifndef XLB_CLI_RULE_TEXT_H
#define XLB_CLI_RULE_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* rule: of the API. verbose 2: tables with the number of their addresses. Without a newline. */
void print_rule(FILE *out, const json_t *rule, int verbose);

#endif
