/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/site.h"

#include <string.h>

#include "cli/client.h"

static int complain(const struct cli *cli, int r)
{
	if (r == 0)
		return CLI_DONE;
	fprintf(cli->err, "xlbctl: %s\n", strerror(-r));
	return CLI_FAILED;
}

/* Notes and warnings are for `xlbctl check`. */
static int load_file(const struct cli *cli, const char *file, struct site *ret)
{
	const struct cfg_options options = { 0 };
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	int r = cfg_parse_file(file, &options, &diag, &cfg);

	if (r < 0) {
		diag_print(&diag, cli->err, cli->colour_err);
		r = CLI_FAILED;
	} else {
		r = complain(cli, site_from_config(cfg, ret));
	}
	cfg_free(cfg);
	diag_clear(&diag);
	return r;
}

static int load_daemon(const struct cli *cli, struct site *ret)
{
	json_t *redirects = NULL, *relays = NULL, *hosts = NULL;
	int r = client_get(cli, "/v1/redirects", &redirects);

	if (r == CLI_DONE)
		r = client_get(cli, "/v1/relays", &relays);
	if (r == CLI_DONE)
		r = client_get(cli, "/v1/hosts", &hosts);
	if (r == CLI_DONE)
		r = complain(cli, site_from_daemon(redirects, relays, hosts, ret));
	json_decref(redirects);
	json_decref(relays);
	json_decref(hosts);
	return r;
}

/* CLI_UNREACHABLE: there is none. One that is there and does not answer is worth a complaint. */
static int find_daemon(const struct cli *cli)
{
	struct answer answer = { 0 };
	int error = client_call(cli, "GET", "/v1/version", NULL, &answer);
	int r = client_is_absent(error) ? CLI_UNREACHABLE : client_check(cli, error, &answer);

	json_decref(answer.body);
	return r;
}

int site_load(const struct cli *cli, const char *file, struct site *ret, bool *ret_daemon)
{
	int r = file ? CLI_UNREACHABLE : find_daemon(cli);

	*ret_daemon = r == CLI_DONE;
	if (r == CLI_DONE)
		return load_daemon(cli, ret);
	if (!file && r != CLI_UNREACHABLE)
		return r;
	return load_file(cli, file ? file : XLB_DEFAULT_CONFIG, ret);
}
