/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/dispatch.h"

#include <string.h>

#include "cli/show.h"
#include "cli/watch.h"
#include "config/suggest.h"

#define MAX_WORDS 32 /* of one table */
#define MAX_DEPTH 4  /* words of one command */
#define HELP_COLUMN 32

const struct command *command_find(const struct command *table, const char *word,
				   bool *ret_ambiguous)
{
	const struct command *found = NULL;
	size_t len = strlen(word);

	*ret_ambiguous = false;
	if (len == 0)
		return NULL;
	for (const struct command *c = table; c->name; c++) {
		if (strncmp(c->name, word, len) != 0)
			continue;
		if (c->name[len] == '\0') {
			*ret_ambiguous = false;
			return c;
		}
		*ret_ambiguous |= found != NULL;
		found = c;
	}
	return *ret_ambiguous ? NULL : found;
}

/* ---- complaints ---------------------------------------------------------------------------- */
static const char *nearest(const struct command *table, const char *word)
{
	const char *words[MAX_WORDS];
	size_t n = 0;

	for (const struct command *c = table; c->name && n < MAX_WORDS; c++)
		words[n++] = c->name;
	return suggest_nearest(word, words, n);
}

static void list_words(FILE *out, const struct command *table, const char *prefix)
{
	fputs("valid commands/args:\n", out);
	for (const struct command *c = table; c->name; c++)
		if (strncmp(c->name, prefix, strlen(prefix)) == 0)
			fprintf(out, "  %s\n", c->name);
}

static int bad_word(struct cli *cli, const struct command *table, const char *word, bool ambiguous)
{
	const char *meant = ambiguous ? NULL : nearest(table, word);

	fprintf(cli->err, "xlbctl: %s argument: %s\n", ambiguous ? "ambiguous" : "unknown", word);
	if (meant)
		fprintf(cli->err, "did you mean \"%s\"?\n", meant);
	else
		list_words(cli->err, table, ambiguous ? word : "");
	return CLI_USAGE;
}

static int bad_count(struct cli *cli, const char *before, const struct command *c, int argc,
		     char **argv)
{
	int given = argc - 1;

	if (given < c->min_args) {
		fprintf(cli->err, "xlbctl: missing argument: %s%s %s\ntry: xlbctl help %s%s\n",
			before, c->name, c->args, before, c->name);
		return CLI_USAGE;
	}
	fprintf(cli->err, "xlbctl: superfluous argument: %s\n", argv[1 + c->max_args]);
	if (argv[1 + c->max_args][0] == '-')
		fputs("options come before the command\n", cli->err);
	return CLI_USAGE;
}

/* ---- running ------------------------------------------------------------------------------- */
static int run(struct cli *cli, const char *before, const struct command *c, int argc, char **argv)
{
	int given = argc - 1;

	if (given < c->min_args || (c->max_args >= 0 && given > c->max_args))
		return bad_count(cli, before, c, argc, argv);
	return cli->watch_ms ? watch(cli, c, argc, argv) : c->function(cli, argc, argv);
}

/* before: the words that led to the table, each with a blank. */
static int walk(struct cli *cli, const char *before, const struct command *table, int argc,
		char **argv)
{
	const struct command *c;
	char words[64];
	bool ambiguous;

	if (argc == 0) {
		fputs("xlbctl: missing argument:\n", cli->err);
		list_words(cli->err, table, "");
		fprintf(cli->err, "try: xlbctl help %s\n", before);
		return CLI_USAGE;
	}
	c = command_find(table, argv[0], &ambiguous);
	if (!c)
		return bad_word(cli, table, argv[0], ambiguous);
	if (cli->watch_ms && table == commands && c->sub != show_commands) {
		fputs("xlbctl: -w is for show\n", cli->err);
		return CLI_USAGE;
	}
	snprintf(words, sizeof(words), "%s%s ", before, c->name);
	return c->sub ? walk(cli, words, c->sub, argc - 1, argv + 1) :
			run(cli, before, c, argc, argv);
}

int dispatch(struct cli *cli, int argc, char **argv)
{
	const char *last = argc > 1 ? argv[argc - 1] : "";

	if (strcmp(last, "--help") == 0)
		return print_help(cli, argc - 1, argv);
	return walk(cli, "", commands, argc, argv);
}

/* ---- usage and help ------------------------------------------------------------------------ */
static void print_command(FILE *out, const struct command *const *path, unsigned depth)
{
	const struct command *c = path[depth - 1];
	int width = 0;

	width += fprintf(out, "  ");
	for (unsigned i = 0; i < depth; i++)
		width += fprintf(out, "%s ", path[i]->name);
	if (c->args)
		width += fprintf(out, "%s ", c->args);
	if (width > HELP_COLUMN)
		width = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", HELP_COLUMN - width, "", c->help);
}

static void print_tree(FILE *out, const struct command *table, const struct command **path,
		       unsigned depth)
{
	for (const struct command *c = table; c->name; c++) {
		path[depth] = c;
		if (c->sub && depth + 1 < MAX_DEPTH)
			print_tree(out, c->sub, path, depth + 1);
		else
			print_command(out, path, depth + 1);
	}
}

void print_usage(FILE *out, const struct command *table)
{
	const struct command *path[MAX_DEPTH];

	print_tree(out, table, path, 0);
}

int print_help(struct cli *cli, int argc, char **argv)
{
	const struct command *path[MAX_DEPTH];
	const struct command *table = commands;
	unsigned depth = 0;
	bool ambiguous;

	for (int i = 0; i < argc && table && depth < MAX_DEPTH; i++) {
		const struct command *c = command_find(table, argv[i], &ambiguous);

		if (!c)
			return bad_word(cli, table, argv[i], ambiguous);
		path[depth++] = c;
		table = c->sub;
	}
	if (table)
		print_tree(cli->out, table, path, depth);
	else
		print_command(cli->out, path, depth);
	if (depth && path[depth - 1]->details)
		fprintf(cli->out, "\n%s", path[depth - 1]->details);
	return CLI_DONE;
}
