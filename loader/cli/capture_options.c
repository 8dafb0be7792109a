/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/capture_options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SECONDS 86400
#define MAX_COUNT 1000000000

enum { OPTION_ALL = 256 };

static const struct option options[] = {
	{ "all", no_argument, NULL, OPTION_ALL },
	{ 0 },
};

static int take_number(const struct cli *cli, const char *option, unsigned long min,
		       unsigned long max, unsigned long *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(optarg, &end, 10);
	if (!isdigit((unsigned char)*optarg) || *end || errno || value < min || value > max) {
		fprintf(cli->err, "xlbctl: %s wants a number from %lu to %lu, not \"%s\"\n", option,
			min, max, optarg);
		return CLI_USAGE;
	}
	*ret = value;
	return CLI_DONE;
}

static int take_format(const struct cli *cli, struct capture_options *o)
{
	if (capture_format_parse(optarg, &o->format) == 0)
		return CLI_DONE;
	fprintf(cli->err, "xlbctl: -F is pflog or pcapng, not \"%s\"\n", optarg);
	return CLI_USAGE;
}

static int take(const struct cli *cli, struct capture_options *o, int option, char **argv)
{
	switch (option) {
	case 'w':
		o->file = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return CLI_DONE;
	case 'F':
		return take_format(cli, o);
	case 's':
		return take_number(cli, "-s", CAPTURE_SNAPLEN_MIN, CAPTURE_SNAPLEN_MAX,
				   &o->snaplen);
	case 'c':
		return take_number(cli, "-c", 1, MAX_COUNT, &o->count);
	case 'd':
		return take_number(cli, "-d", 1, MAX_SECONDS, &o->seconds);
	case OPTION_ALL:
		o->all = true;
		return CLI_DONE;
	}
	fprintf(cli->err, "xlbctl: %s: %s\ntry: xlbctl help capture\n",
		option == ':' ? "option needs an argument" : "unknown option", argv[optind - 1]);
	return CLI_USAGE;
}

int capture_options_parse(const struct cli *cli, int argc, char **argv, struct capture_options *ret)
{
	struct capture_options o = { .format = CAPTURE_PFLOG, .snaplen = CAPTURE_SNAPLEN_MAX };
	int option, r = CLI_DONE;

	optind = 0;
	opterr = 0;
	/* "+": a filter's words may begin with a minus */
	while (r == CLI_DONE &&
	       (option = getopt_long(argc, argv, "+:w:F:s:c:d:", options, NULL)) != -1)
		r = take(cli, &o, option, argv);
	if (r != CLI_DONE)
		return r;
	o.words = argv + optind;
	o.n_words = argc - optind;
	*ret = o;
	return CLI_DONE;
}

char *capture_options_filter(const struct capture_options *o)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int i = 0; i < o->n_words; i++)
		fprintf(out, "%s%s", i ? " " : "", o->words[i]);
	return fclose(out) ? NULL : text;
}

char *capture_options_path(const struct capture_options *o, const char *filter)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "/v1/capture?format=%s&snaplen=%lu", capture_format_name(o->format),
		o->snaplen);
	if (o->count)
		fprintf(out, "&count=%lu", o->count);
	if (o->all)
		fputs("&all=1", out);
	if (filter)
		fputs("&filter=", out);
	for (; filter && *filter; filter++)
		fputc(*filter == ' ' ? '+' : *filter, out);
	return fclose(out) ? NULL : text;
}
