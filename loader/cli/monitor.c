/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl monitor: events as they come. */
#include "cli/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/output.h"

static void print_member(const struct cli *cli, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);
	char *dump;

	if (text && *text && !strpbrk(text, " =\"")) {
		fprintf(cli->out, " %s=%s", key, text);
		return;
	}
	dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(8));
	fprintf(cli->out, " %s=%s", key, dump ? dump : "?");
	free(dump);
}

void print_event(const struct cli *cli, const char *text, size_t len)
{
	json_t *event = json_loadb(text, len, 0, NULL), *value;
	const char *key;

	if (!event)
		return;
	fprintf(cli->out, "%s %s", get_text(event, "time"), get_text(event, "type"));
	json_object_foreach(event, key, value)
		if (strcmp(key, "time") != 0 && strcmp(key, "type") != 0)
			print_member(cli, key, value);
	fputc('\n', cli->out);
	json_decref(event);
}

/* Whoever reads us wants each line when it happens. */
static void on_line(const struct cli *cli, const char *text, size_t len)
{
	if (cli->json)
		fprintf(cli->out, "%.*s\n", (int)len, text);
	else
		print_event(cli, text, len);
	fflush(cli->out);
}

int cmd_monitor(struct cli *cli, int argc, char **argv)
{
	return client_lines(cli, "/v1/events", on_line);
}
