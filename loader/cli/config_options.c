/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/config_options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONFIRM_S 86400

enum { OPTION_PLAN = 256, OPTION_CONFIRM };

static const struct option options[] = {
	{ "plan", no_argument, NULL, OPTION_PLAN },
	{ "confirm", required_argument, NULL, OPTION_CONFIRM },
	{ 0 },
};

static int add_macro(const struct cli *cli, struct config_options *o, char *text)
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

static int set_confirm(const struct cli *cli, struct config_options *o, const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || !value || value > MAX_CONFIRM_S) {
		fprintf(cli->err,
			"xlbctl: --confirm wants a number of seconds, 1 to %d, not \"%s\"\n",
			MAX_CONFIRM_S, text);
		return CLI_USAGE;
	}
	o->confirm_s = (unsigned)value;
	return CLI_DONE;
}

/* getopt knows options that this command has not. */
static const char *option_word(int option, char **argv)
{
	switch (option) {
	case 'f':
		return "-f";
	case 'D':
		return "-D";
	case OPTION_PLAN:
		return "--plan";
	case OPTION_CONFIRM:
		return "--confirm";
	}
	return argv[optind - 1];
}

static int unknown(const struct cli *cli, const char *command, int option, const char *word)
{
	fprintf(cli->err, "xlbctl: %s: %s\ntry: xlbctl help %s\n",
		option == ':' ? "option needs an argument" : "unknown option", word, command);
	return CLI_USAGE;
}

static unsigned option_of(int option)
{
	switch (option) {
	case 'f':
		return TAKES_FILE;
	case 'D':
		return TAKES_MACROS;
	case OPTION_PLAN:
		return TAKES_PLAN;
	case OPTION_CONFIRM:
		return TAKES_CONFIRM;
	}
	return 0;
}

static int take(const struct cli *cli, struct config_options *o, int option)
{
	switch (option) {
	case 'f':
		o->file = optarg;
		return CLI_DONE;
	case 'D':
		return add_macro(cli, o, optarg);
	case OPTION_CONFIRM:
		return set_confirm(cli, o, optarg);
	}
	o->plan = true;
	return CLI_DONE;
}

static int take_words(const struct cli *cli, unsigned takes, int argc, char **argv,
		      struct config_options *o)
{
	if (optind < argc && (takes & TAKES_FILE) && !o->file)
		o->file = argv[optind++];
	if (optind == argc)
		return CLI_DONE;
	fprintf(cli->err, "xlbctl: superfluous argument: %s\n", argv[optind]);
	return CLI_USAGE;
}

int config_options_parse(const struct cli *cli, unsigned takes, int argc, char **argv,
			 struct config_options *ret)
{
	struct config_options o = { 0 };
	int option, r = CLI_DONE;

	optind = 0;
	opterr = 0;
	while (r == CLI_DONE && (option = getopt_long(argc, argv, ":f:D:", options, NULL)) != -1)
		r = takes & option_of(option) ?
			    take(cli, &o, option) :
			    unknown(cli, argv[0], option, option_word(option, argv));
	if (r == CLI_DONE)
		r = take_words(cli, takes, argc, argv, &o);
	if (r == CLI_DONE)
		*ret = o;
	return r;
}
