// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * ns per packet of the XDP program in named scenarios. Each is verified before it is timed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "options.h"
#include "report.h"

#define SKIPPED 77
#define RESULTS_MAX 256

static const char *scenario_name(size_t i, const char **ret_text)
{
	*ret_text = scenarios[i].text;
	return scenarios[i].name;
}

static bool wanted(const struct options *o, const struct scenario *s, int family,
		   enum flow_count flows)
{
	return s->flows >> flows & 1 &&
	       options_wanted(o, s->name, family, flow_counts[flows], s->always_new);
}

static int run_all(struct bench *b, const struct options *o, struct result *results, size_t *ret_n)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (const struct scenario *s = scenarios; s->name; s++) {
		for (int i = 0; i < 2 * FLOW_COUNTS; i++) {
			const int family = families[i / FLOW_COUNTS];
			const enum flow_count flows = i % FLOW_COUNTS;
			int err;

			if (!wanted(o, s, family, flows))
				continue;
			err = bench_run(b, s, family, flows, &results[*ret_n]);
			if (err)
				return err;
			report_line(&results[(*ret_n)++]);
		}
	}
	return 0;
}

static int run_and_report(struct bench *b, const struct options *o)
{
	static struct result results[RESULTS_MAX];
	struct report report;
	size_t n = 0;
	int err = bench_bare(b, &report);

	if (err)
		return err;
	report_head(&report);
	err = run_all(b, o, results, &n);
	if (err || !o->json)
		return err;
	err = report_json(&report, results, n, o->json);
	if (err)
		fprintf(stderr, "bench_xdp: %s: %s\n", o->json, strerror(-err));
	return err;
}

int main(int argc, char **argv)
{
	struct bench bench = {};
	struct options o;
	int err;

	options_parse(argc, argv, "bench_xdp", scenario_name, &o);
	if (geteuid() != 0) {
		printf("1..0 # SKIP the benchmark loads BPF programs: run as root\n");
		return SKIPPED;
	}
	bench.packets = o.packets;
	bench.rounds = o.rounds;
	bench.clutter = o.clutter;
	timing_stay_on_this_cpu();
	err = bench_open(&bench);
	if (!err)
		err = run_and_report(&bench, &o);
	bench_close(&bench);
	return err != 0;
}
