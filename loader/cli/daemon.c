/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What concerns the daemon as a whole: poll, log, version. */
#include "cli/daemon.h"

#include <string.h>

#include "cli/client.h"
#include "cli/output.h"

/* said: what to print on success, or NULL. */
static int post(const struct cli *cli, const char *path, const json_t *body, const char *said)
{
	json_t *answer;
	int r = client_post(cli, path, body, &answer);

	if (r != CLI_DONE)
		return r;
	if (cli->json)
		print_json(cli, answer);
	else if (said)
		fprintf(cli->out, "%s\n", said);
	json_decref(answer);
	return CLI_DONE;
}

int cmd_poll(struct cli *cli, int argc, char **argv)
{
	return post(cli, "/v1/poll", NULL, "command succeeded");
}

static int set_verbose(const struct cli *cli, bool verbose)
{
	json_t *body = json_pack("{s:b}", "verbose", verbose);
	int r = post(cli, "/v1/log", body, "logging request sent.");

	json_decref(body);
	return r;
}

static int log_brief(struct cli *cli, int argc, char **argv)
{
	return set_verbose(cli, false);
}

static int log_verbose(struct cli *cli, int argc, char **argv)
{
	return set_verbose(cli, true);
}

const struct command log_commands[] = {
	{ "brief", NULL, 0, 0, log_brief, "log what the configuration asks for", NULL, NULL },
	{ "verbose", NULL, 0, 0, log_verbose, "log details, too", NULL, NULL },
	{ 0 },
};

/* ---- version ------------------------------------------------------------------------------- */
static void print_version(const struct cli *cli, const json_t *daemon)
{
	char uptime[40];

	fprintf(cli->out, "xlbctl %s\n", XLB_VERSION);
	if (!daemon) {
		fputs("xlbd is not running\n", cli->out);
		return;
	}
	format_duration(get_number(daemon, "uptime_s"), uptime, sizeof(uptime));
	fprintf(cli->out, "xlbd %s, process %lld, up %s\nconfiguration %s\nbpffs %s\n",
		get_text(daemon, "version"), (long long)get_number(daemon, "pid"), uptime,
		get_text(daemon, "config_file"), get_text(daemon, "bpffs"));
	if (*get_text(daemon, "loaded_from") &&
	    (strcmp(get_text(daemon, "config_state"), "loaded") != 0 ||
	     strcmp(get_text(daemon, "loaded_from"), get_text(daemon, "config_file")) != 0))
		fprintf(cli->out, "in use: %s, %s\n", get_text(daemon, "loaded_from"),
			get_text(daemon, "config_state"));
}

static void print_version_json(const struct cli *cli, json_t *daemon)
{
	json_t *both = json_pack("{s:s, s:O?}", "xlbctl", XLB_VERSION, "xlbd", daemon);

	print_json(cli, both);
	json_decref(both);
}

/* Answers without a daemon, too. */
int cmd_version(struct cli *cli, int argc, char **argv)
{
	struct answer answer = { 0 };
	int r = client_call(cli, "GET", "/v1/version", NULL, &answer);

	if (!client_is_absent(r)) {
		r = client_check(cli, r, &answer);
		if (r != CLI_DONE) {
			json_decref(answer.body);
			return r;
		}
	}
	if (cli->json)
		print_version_json(cli, answer.body);
	else
		print_version(cli, answer.body);
	json_decref(answer.body);
	return CLI_DONE;
}
