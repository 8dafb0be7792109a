/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl reload, load, confirm, rollback: another configuration for the daemon. */
#include "cli/load.h"

#include "cli/client.h"
#include "cli/config_text.h"
#include "cli/output.h"

static int post(const struct cli *cli, const char *path, const json_t *body, unsigned confirm_s)
{
	json_t *answer;
	int r = client_post(cli, path, body, &answer);

	if (r != CLI_DONE)
		return r;
	if (cli->json)
		print_json(cli, answer);
	else if (confirm_s)
		fprintf(cli->out, "loaded; rolled back in %u s unless you say: xlbctl confirm\n",
			confirm_s);
	json_decref(answer);
	return CLI_DONE;
}

int cmd_reload(struct cli *cli, int argc, char **argv)
{
	struct config_options o;
	json_t *body;
	int r = config_options_parse(cli, TAKES_CONFIRM, argc, argv, &o);

	if (r != CLI_DONE)
		return r;
	body = json_pack("{s:i}", "confirm_s", (int)o.confirm_s);
	r = post(cli, "/v1/reload", body, o.confirm_s);
	json_decref(body);
	return r;
}

int cmd_load(struct cli *cli, int argc, char **argv)
{
	struct config_options o;
	json_t *body;
	int r = config_options_parse(cli, TAKES_FILE | TAKES_MACROS | TAKES_CONFIRM, argc, argv,
				     &o);

	if (r == CLI_DONE && !o.file) {
		fputs("xlbctl: missing argument: load FILE\n", cli->err);
		r = CLI_USAGE;
	}
	if (r == CLI_DONE)
		r = config_text_body(cli, &o, &body);
	if (r != CLI_DONE)
		return r;
	json_object_set_new(body, "confirm_s", json_integer(o.confirm_s));
	r = post(cli, "/v1/load", body, o.confirm_s);
	json_decref(body);
	return r;
}

int cmd_confirm(struct cli *cli, int argc, char **argv)
{
	return post(cli, "/v1/confirm", NULL, 0);
}

int cmd_rollback(struct cli *cli, int argc, char **argv)
{
	return post(cli, "/v1/rollback", NULL, 0);
}
