/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/output.h"

#include <string.h>

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

void print_json(const struct cli *cli, const json_t *value)
{
	json_dumpf(value, cli->out, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
	fputc('\n', cli->out);
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *colour_of(const struct cli *cli, const char *state)
{
	if (!cli->colour_out)
		return "";
	if (starts_with(state, "up") || starts_with(state, "active"))
		return strstr(state, "backup") ? YELLOW : GREEN;
	if (starts_with(state, "down") || starts_with(state, "empty"))
		return RED;
	return YELLOW;
}

const char *colour_end(const struct cli *cli)
{
	return cli->colour_out ? PLAIN : "";
}

const char *get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_int_t get_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *format_endpoint(const char *address, json_int_t port, char *buf, size_t size)
{
	if (port == 0)
		snprintf(buf, size, "%s", address);
	else
		snprintf(buf, size, strchr(address, ':') ? "[%s]:%d" : "%s:%d", address, (int)port);
	return buf;
}

const char *format_duration(json_int_t seconds, char *buf, size_t size)
{
	int hours = (int)(seconds / 3600 % 24), minutes = (int)(seconds / 60 % 60);
	long long days = seconds / 86400;

	if (days)
		snprintf(buf, size, "%lldd %02d:%02d:%02d", days, hours, minutes,
			 (int)(seconds % 60));
	else
		snprintf(buf, size, "%02d:%02d:%02d", hours, minutes, (int)(seconds % 60));
	return buf;
}
