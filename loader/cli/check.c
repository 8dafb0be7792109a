/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl check: reads a configuration as the daemon would; needs neither it nor root. */
#include "cli/check.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/output.h"
#include "config/config.h"
#include "config/diag_json.h"
#include "model/model.h"

#define MAX_MACROS 64

struct check_options {
	const char *file;
	struct cfg_macro macros[MAX_MACROS];
	size_t n_macros;
};

/* Cuts "name=value" in two. */
static int add_macro(struct cli *cli, struct check_options *o, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || o->n_macros == MAX_MACROS) {
		fprintf(cli->err, "xlbctl: %s: %s\n", text,
			o->n_macros == MAX_MACROS ? "too many macros" :
						    "not of the form NAME=VALUE");
		return CLI_USAGE;
	}
	*equals = '\0';
	o->macros[o->n_macros++] = (struct cfg_macro){ .name = text, .value = equals + 1 };
	return CLI_DONE;
}

static int parse_options(struct cli *cli, struct check_options *o, int argc, char **argv)
{
	int option, r;

	optind = 0;
	opterr = 0;
	while ((option = getopt(argc, argv, "+:f:D:")) != -1) {
		switch (option) {
		case 'f':
			o->file = optarg;
			break;
		case 'D':
			r = add_macro(cli, o, optarg);
			if (r != CLI_DONE)
				return r;
			break;
		case ':':
			fprintf(cli->err, "xlbctl: option -%c needs an argument\n", optopt);
			return CLI_USAGE;
		default:
			fprintf(cli->err, "xlbctl: unknown option: -%c\n", optopt);
			return CLI_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(cli->err, "xlbctl: superfluous argument: %s\n", argv[optind]);
		return CLI_USAGE;
	}
	return CLI_DONE;
}

/* What the reader can't know: ids are given when tables are put to use. */
static int check_parents(const struct cfg *cfg, struct diag *diag)
{
	const struct cfg_host *bad;
	int r = model_bad_parent(cfg, &bad);

	if (r == -EINVAL)
		diag_add(diag, DIAG_ERROR, bad->pos, NULL, NULL, "host parent id %u invalid",
			 bad->parent);
	return r;
}

static void report(const struct cli *cli, const struct diag *diag, bool ok)
{
	json_t *answer;

	if (cli->json) {
		answer = json_pack("{s:b, s:o}", "ok", ok, "diagnostics", diag_to_json(diag));
		print_json(cli, answer);
		json_decref(answer);
		return;
	}
	diag_print(diag, cli->err, cli->colour_err);
	if (ok)
		fputs("configuration OK\n", cli->out);
}

int cmd_check(struct cli *cli, int argc, char **argv)
{
	struct check_options o = { .file = XLB_DEFAULT_CONFIG };
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	int r = parse_options(cli, &o, argc, argv);

	if (r != CLI_DONE)
		return r;
	r = cfg_parse_file(o.file,
			   &(struct cfg_options){
				   .macros = o.macros, .n_macros = o.n_macros, .verbose = true },
			   &diag, &cfg);
	if (r >= 0)
		r = check_parents(cfg, &diag);
	report(cli, &diag, r >= 0);
	cfg_free(cfg);
	diag_clear(&diag);
	return r < 0 ? CLI_FAILED : CLI_DONE;
}
