// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * ns per packet of the XDP program in named scenarios. Each is verified before it is timed.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "report.h"

#define SKIPPED 77
#define RESULTS_MAX 256

struct options {
	bool quick;
	int family; /* 0: both */
	const char *json;
	char **names; /* NULL-terminated; empty: all scenarios */
	struct bench bench;
};

static const struct option long_options[] = { { "help", no_argument, NULL, 'h' },
					      { "ipv4", no_argument, NULL, '4' },
					      { "ipv6", no_argument, NULL, '6' },
					      { "json", required_argument, NULL, 'j' },
					      { "list", no_argument, NULL, 'l' },
					      { "packets", required_argument, NULL, 'p' },
					      { "quick", no_argument, NULL, 'q' },
					      { "rounds", required_argument, NULL, 'r' },
					      {} };

static void usage(FILE *f)
{
	fprintf(f, "usage: bench_xdp [-46lq] [-j FILE] [-p PACKETS] [-r ROUNDS] [SCENARIO...]\n"
		   "  -4, -6, --ipv4, --ipv6  only that family\n"
		   "  -j, --json FILE         write the results as JSON, too\n"
		   "  -l, --list              list the scenarios\n"
		   "  -p, --packets PACKETS   per timed run (1048576)\n"
		   "  -q, --quick             verify everything up to 65536 flows, time it badly\n"
		   "  -r, --rounds ROUNDS     how often each scenario is timed (11)\n");
}

static void list(void)
{
	for (const struct scenario *s = scenarios; s->name; s++)
		printf("%-16s %s\n", s->name, s->text);
}

static uint32_t number(const char *text, uint32_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !n || n > max) {
		fprintf(stderr, "bench_xdp: %s: not a number from 1 to %u\n", text, max);
		exit(2);
	}
	return n;
}

static bool is_scenario(const char *name)
{
	for (const struct scenario *s = scenarios; s->name; s++)
		if (!strcmp(s->name, name))
			return true;
	return false;
}

static void parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "46hj:lp:qr:", long_options, NULL)) != -1) {
		switch (c) {
		case '4':
			o->family = AF_INET;
			break;
		case '6':
			o->family = AF_INET6;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'j':
			o->json = optarg;
			break;
		case 'l':
			list();
			exit(0);
		case 'p':
			o->bench.packets = number(optarg, 1u << 22);
			break;
		case 'q':
			o->quick = true;
			o->bench.packets = 1u << 15;
			o->bench.rounds = 3;
			break;
		case 'r':
			o->bench.rounds = number(optarg, 101);
			break;
		default:
			usage(stderr);
			exit(2);
		}
	}
	o->names = argv + optind;
	for (char **name = o->names; *name; name++) {
		if (!is_scenario(*name)) {
			fprintf(stderr, "bench_xdp: no scenario %s (see --list)\n", *name);
			exit(2);
		}
	}
}

static bool wanted(const struct options *o, const struct scenario *s, int family,
		   enum flow_count flows)
{
	char **name = o->names;

	if (!(s->flows >> flows & 1) || (o->family && o->family != family))
		return false;
	if (o->quick && flow_counts[flows] > 65536 && !s->always_new)
		return false;
	while (*name && strcmp(*name, s->name))
		name++;
	return !*o->names || *name;
}

static int run_all(struct options *o, struct result *results, size_t *ret_n)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int err = bench_bare(&o->bench);

	if (err)
		return err;
	report_head(&o->bench);
	for (const struct scenario *s = scenarios; s->name; s++) {
		for (int i = 0; i < 2 * FLOW_COUNTS; i++) {
			const int family = families[i / FLOW_COUNTS];
			const enum flow_count flows = i % FLOW_COUNTS;

			if (!wanted(o, s, family, flows))
				continue;
			err = bench_run(&o->bench, s, family, flows, &results[*ret_n]);
			if (err)
				return err;
			report_line(&o->bench, &results[(*ret_n)++]);
		}
	}
	return 0;
}

/* Stays where it is, or half of the runs would find cold caches. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	struct options o = { .bench = { .packets = 1u << 20, .rounds = 11 } };
	static struct result results[RESULTS_MAX];
	size_t n = 0;
	int err;

	parse_options(argc, argv, &o);
	if (geteuid() != 0) {
		printf("1..0 # SKIP the benchmark loads BPF programs: run as root\n");
		return SKIPPED;
	}
	stay_on_this_cpu();
	err = bench_open(&o.bench);
	if (err)
		return 1;
	err = run_all(&o, results, &n);
	if (!err && o.json) {
		err = report_json(&o.bench, results, n, o.json);
		if (err)
			fprintf(stderr, "bench_xdp: %s: %s\n", o.json, strerror(-err));
	}
	bench_close(&o.bench);
	return err != 0;
}
