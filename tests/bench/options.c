// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "options.h"

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clutter.h"
#include "timing.h"

#define QUICK_FLOWS 65536

static const struct option long_options[] = {
	{ "clutter", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
	{ "ipv4", no_argument, NULL, '4' },          { "ipv6", no_argument, NULL, '6' },
	{ "json", required_argument, NULL, 'j' },    { "list", no_argument, NULL, 'l' },
	{ "packets", required_argument, NULL, 'p' }, { "quick", no_argument, NULL, 'q' },
	{ "rounds", required_argument, NULL, 'r' },  {}
};

static void usage(FILE *f, const char *program)
{
	fprintf(f,
		"usage: %s [-46lq] [-c LINES] [-j FILE] [-p PACKETS] [-r ROUNDS] [SCENARIO...]\n"
		"  -4, -6, --ipv4, --ipv6  only that family\n"
		"  -c, --clutter LINES     read so many lines of 64 bytes before each packet (0)\n"
		"  -j, --json FILE         write the results as JSON, too\n"
		"  -l, --list              list the scenarios\n"
		"  -p, --packets PACKETS   per timed run (1048576)\n"
		"  -q, --quick             verify everything up to %d flows, time it badly\n"
		"  -r, --rounds ROUNDS     how often each scenario is timed (11)\n",
		program, QUICK_FLOWS);
}

static void list(options_scenario *scenario)
{
	const char *name, *text;

	for (size_t i = 0; (name = scenario(i, &text)); i++)
		printf("%-16s %s\n", name, text);
}

static uint32_t number(const char *program, const char *text, uint32_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !n || n > max) {
		fprintf(stderr, "%s: %s: not a number from 1 to %u\n", program, text, max);
		exit(2);
	}
	return n;
}

static void check_names(const char *program, options_scenario *scenario, char **names)
{
	for (; *names; names++) {
		const char *name, *text;
		size_t i = 0;

		while ((name = scenario(i, &text)) && strcmp(name, *names))
			i++;
		if (!name) {
			fprintf(stderr, "%s: no scenario %s (see --list)\n", program, *names);
			exit(2);
		}
	}
}

void options_parse(int argc, char **argv, const char *program, options_scenario *scenario,
		   struct options *ret)
{
	struct options o = { .packets = 1u << 20, .rounds = 11 };
	int c;

	while ((c = getopt_long(argc, argv, "46c:hj:lp:qr:", long_options, NULL)) != -1) {
		switch (c) {
		case '4':
			o.family = AF_INET;
			break;
		case '6':
			o.family = AF_INET6;
			break;
		case 'c':
			o.clutter = number(program, optarg, CLUTTER_LINES);
			break;
		case 'h':
			usage(stdout, program);
			exit(0);
		case 'j':
			o.json = optarg;
			break;
		case 'l':
			list(scenario);
			exit(0);
		case 'p':
			o.packets = number(program, optarg, 1u << 22);
			break;
		case 'q':
			o.quick = true;
			o.packets = 1u << 15;
			o.rounds = 3;
			break;
		case 'r':
			o.rounds = number(program, optarg, ROUNDS_MAX);
			break;
		default:
			usage(stderr, program);
			exit(2);
		}
	}
	o.names = argv + optind;
	check_names(program, scenario, o.names);
	*ret = o;
}

bool options_wanted(const struct options *o, const char *scenario, int family, uint32_t flows,
		    bool few)
{
	char **name = o->names;

	if (o->family && o->family != family)
		return false;
	if (o->quick && flows > QUICK_FLOWS && !few)
		return false;
	while (*name && strcmp(*name, scenario))
		name++;
	return !*o->names || *name;
}
