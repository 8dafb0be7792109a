/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * xlbctl check: reads a configuration as the daemon would; needs neither it nor root. With --plan
 * it asks the daemon what loading the file would change.
 */
#include "cli/check.h"

#include "cli/client.h"
#include "cli/config_text.h"
#include "cli/output.h"
#include "config/diag_json.h"
#include "review/review.h"

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

static int check(const struct cli *cli, const struct config_options *o)
{
	const struct cfg_options options = { .macros = o->macros,
					     .n_macros = o->n_macros,
					     .verbose = true };
	const char *file = o->file ? o->file : XLB_DEFAULT_CONFIG;
	struct diag diag = { 0 };
	struct cfg *cfg;
	int r = cfg_parse_file(file, &options, &diag, &cfg);

	if (r >= 0)
		r = review_all(cfg, &diag);
	report(cli, &diag, r >= 0);
	diag_clear(&diag);
	return r < 0 ? CLI_FAILED : CLI_DONE;
}

/* ---- plans --------------------------------------------------------------------------------- */
static const char *flows_text(const json_t *operation, char *buf, size_t size)
{
	json_int_t flows = get_number(operation, "flows");
	bool uncounted = json_is_true(json_object_get(operation, "uncounted"));

	if (uncounted && !flows)
		snprintf(buf, size, "?");
	else
		snprintf(buf, size, "%lld%s", (long long)flows, uncounted ? "+" : "");
	return buf;
}

static void print_plan(const struct cli *cli, const json_t *plan)
{
	const json_t *list = json_object_get(plan, "operations"), *operation;
	char flows[32];
	size_t i;

	if (json_array_size(list) > 0)
		fputs("   Flows  Operation\n", cli->out);
	json_array_foreach(list, i, operation)
		fprintf(cli->out, "%8s  %s\n", flows_text(operation, flows, sizeof(flows)),
			get_text(operation, "text"));
	fprintf(cli->out, "%zu operation%s, %s live flow%s would move\n", json_array_size(list),
		json_array_size(list) == 1 ? "" : "s", flows_text(plan, flows, sizeof(flows)),
		get_number(plan, "flows") == 1 ? "" : "s");
	if (json_is_true(json_object_get(plan, "uncounted")))
		fputs("?, +: flows that go by their hash alone have no entry to be counted by\n",
		      cli->out);
}

/* No file: what a reload would do. */
static int check_plan(const struct cli *cli, const struct config_options *o)
{
	json_t *body = NULL, *plan;
	int r = CLI_DONE;

	if (o->file)
		r = config_text_body(cli, o, &body);
	if (r == CLI_DONE)
		r = client_post(cli, "/v1/plan", body, &plan);
	json_decref(body);
	if (r != CLI_DONE)
		return r;
	if (cli->json)
		print_json(cli, plan);
	else
		print_plan(cli, plan);
	json_decref(plan);
	return CLI_DONE;
}

int cmd_check(struct cli *cli, int argc, char **argv)
{
	struct config_options o;
	int r = config_options_parse(cli, TAKES_FILE | TAKES_MACROS | TAKES_PLAN, argc, argv, &o);

	if (r != CLI_DONE)
		return r;
	if (o.plan && !o.file && o.n_macros) {
		fputs("xlbctl: -D needs a FILE with --plan: the daemon's own file has the daemon's "
		      "macros\n",
		      cli->err);
		return CLI_USAGE;
	}
	return o.plan ? check_plan(cli, &o) : check(cli, &o);
}
