/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Small things that commands print with. */
#ifndef XLB_CLI_OUTPUT_H
#define XLB_CLI_OUTPUT_H

#include <jansson.h>

#include "cli/cli.h"

/* The API's answer as it is, indented. */
void print_json(const struct cli *cli, const json_t *value);

/* The escape sequence for a state's colour and the one that ends it; empty without colour. */
const char *colour_of(const struct cli *cli, const char *state);
const char *colour_end(const struct cli *cli);

/* Members of an object; "" and 0 for what is null or missing. */
const char *get_text(const json_t *object, const char *key);
json_int_t get_number(const json_t *object, const char *key);

/* "12.3.4.5:443", "[2001:db8::1]:443"; without a port if it is 0. Returns buf. */
const char *format_endpoint(const char *address, json_int_t port, char *buf, size_t size);

/* "00:12:34", "3d 00:12:34". Returns buf. */
const char *format_duration(json_int_t seconds, char *buf, size_t size);

#endif
