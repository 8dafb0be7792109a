/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/show_rules.h"

#include <string.h>

#include "cli/client.h"
#include "cli/output.h"
#include "cli/rule_text.h"
#include "cli/verbose.h"

#define ANCHOR "relayd/" /* of pf: it goes with the name */

/* ---- one rule, as "pfctl -s rules" with -v ----------------------------------------------------
 */
static void print_counters(const struct cli *cli, const json_t *rule)
{
	fprintf(cli->out,
		"  [ Evaluations: %-8lld  Packets: %-8lld  Bytes: %-10lld  States: %-6lld]\n",
		(long long)get_number(rule, "evaluations"), (long long)get_number(rule, "packets"),
		(long long)get_number(rule, "bytes"), (long long)get_number(rule, "states"));
}

static void print_details(const struct cli *cli, const json_t *answer, const json_t *rule)
{
	const json_t *with = json_object_get(rule, "counted_with");

	if (json_is_integer(with)) {
		fprintf(cli->out, "  [ Counted with rule %lld ]\n",
			(long long)json_integer_value(with));
		return;
	}
	print_counters(cli, rule);
	fprintf(cli->out, "  [ Inserted: uid %lld pid %lld State Creations: %-6lld]\n",
		(long long)get_number(answer, "uid"), (long long)get_number(answer, "pid"),
		(long long)get_number(rule, "state_creations"));
}

/* Numbers are those of the whole, or in an anchor of the anchor. */
static void print_one(const struct cli *cli, const json_t *answer, const json_t *rule, int verbose,
		      bool anchor)
{
	const char *no_effect = get_text(rule, "no_effect");

	if (verbose > 1)
		fprintf(cli->out, "@%lld ",
			(long long)get_number(rule, anchor ? "sub_number" : "number"));
	if (*no_effect)
		fputs("# ", cli->out);
	print_rule(cli->out, rule, verbose);
	if (*no_effect)
		fprintf(cli->out, " # without effect: %s", no_effect);
	fputc('\n', cli->out);
	if (verbose > 0 && !*no_effect)
		print_details(cli, answer, rule);
}

/* ---- which ones ---------------------------------------------------------------------------- */
static const char *without_anchor(const char *name)
{
	return strncmp(name, ANCHOR, strlen(ANCHOR)) == 0 ? name + strlen(ANCHOR) : name;
}

static int no_such(const struct cli *cli, const char *name)
{
	fprintf(cli->err, "xlbctl: no redirect or relay \"%s\"\n", name);
	fputs("hint: names are those of \"xlbctl show summary\"\n", cli->err);
	return CLI_FAILED;
}

/* Leaves only the service's rules in the answer; how many. */
static size_t keep_service(json_t *rules, const char *name)
{
	for (size_t i = json_array_size(rules); i-- > 0;)
		if (strcmp(get_text(json_array_get(rules, i), "service"), name) != 0)
			json_array_remove(rules, i);
	return json_array_size(rules);
}

static void print_all(const struct cli *cli, const json_t *answer, int verbose, bool anchor)
{
	json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(answer, "rules"), i, rule)
		print_one(cli, answer, rule, verbose, anchor);
}

int show_rules(struct cli *cli, int argc, char **argv)
{
	const char *name = NULL;
	int verbose, r = parse_verbose(cli, argc, argv, 2, &verbose, &name);
	json_t *answer;

	if (r != CLI_DONE)
		return r;
	r = client_get(cli, "/v1/rules", &answer);
	if (r != CLI_DONE)
		return r;
	if (name && keep_service(json_object_get(answer, "rules"), without_anchor(name)) == 0)
		r = no_such(cli, without_anchor(name));
	else if (cli->json)
		print_json(cli, answer);
	else
		print_all(cli, answer, verbose, name != NULL);
	json_decref(answer);
	return r;
}
