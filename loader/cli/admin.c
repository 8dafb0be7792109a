/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl host|table|redirect|relay enable|disable|drain NAME|ID */
#include "cli/admin.h"

#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/output.h"

/* A server can be a host of several tables, and a name means the first: worth a word. */
static void name_others(const struct cli *cli, const json_t *answer, const char *name)
{
	const json_t *host = json_object_get(answer, "host");
	const json_t *others = json_object_get(answer, "namesakes");
	json_t *other;
	size_t i;

	if (json_array_size(others) == 0 || strcmp(name, get_text(host, "name")) != 0)
		return;
	fprintf(cli->err, "xlbctl: this was host %lld of table %s; there are also:\n",
		(long long)get_number(host, "id"), get_text(host, "table"));
	json_array_foreach(others, i, other)
		fprintf(cli->err, "  %lld of table %s\n", (long long)get_number(other, "id"),
			get_text(other, "table"));
}

static int post_action(const struct cli *cli, const char *collection, const char *name,
		       const char *verb)
{
	char path[1024], *escaped = client_escape(name);
	json_t *answer;
	int r;

	if (!escaped)
		return CLI_FAILED;
	snprintf(path, sizeof(path), "/v1/%s/%s/%s", collection, escaped, verb);
	free(escaped);
	r = client_post(cli, path, NULL, &answer);
	if (r != CLI_DONE)
		return r;
	if (cli->json)
		print_json(cli, answer);
	else
		fputs("command succeeded\n", cli->out);
	name_others(cli, answer, name);
	json_decref(answer);
	return CLI_DONE;
}

static int host_enable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "hosts", argv[1], "enable");
}

static int host_disable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "hosts", argv[1], "disable");
}

static int host_drain(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "hosts", argv[1], "drain");
}

static int table_enable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "tables", argv[1], "enable");
}

static int table_disable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "tables", argv[1], "disable");
}

static int redirect_enable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "redirects", argv[1], "enable");
}

static int redirect_disable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "redirects", argv[1], "disable");
}

static int relay_enable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "relays", argv[1], "enable");
}

static int relay_disable(struct cli *cli, int argc, char **argv)
{
	return post_action(cli, "relays", argv[1], "disable");
}

#define ACTION(word, function, help)                                                               \
	{                                                                                          \
		word, "NAME|ID", 1, 1, function, help, NULL, NULL                                  \
	}

const struct command host_commands[] = {
	ACTION("enable", host_enable, "check the host again and use it when it is up"),
	ACTION("disable", host_disable, "no new flows and no checks; flows it has finish there"),
	ACTION("drain", host_drain, "no new flows, but checked: its flows move if it goes down"),
	{ 0 },
};

const struct command table_commands[] = {
	ACTION("enable", table_enable, "check the table's hosts and use them"),
	ACTION("disable", table_disable, "use none of the table's hosts for new flows"),
	{ 0 },
};

const struct command redirect_commands[] = {
	ACTION("enable", redirect_enable, "serve the redirect, and enable its tables"),
	ACTION("disable", redirect_disable, "leave the redirect's packets to the local stack"),
	{ 0 },
};

const struct command relay_commands[] = {
	ACTION("enable", relay_enable, "serve the relay, and enable its tables"),
	ACTION("disable", relay_disable, "stop serving the relay"),
	{ 0 },
};
