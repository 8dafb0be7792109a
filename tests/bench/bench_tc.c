// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * ns per packet of the TC program, that is of NAT, in named scenarios. Each is verified before it
 * is timed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nat_measure.h"
#include "options.h"
#include "report.h"

#define SKIPPED 77
#define RESULTS_MAX 64

#define ALL (1u << FLOWS_1 | 1u << FLOWS_4K | 1u << FLOWS_64K | 1u << FLOWS_1M)

/* loxilb's fast path with both rewrites, as printed */
#define LOXILB                                                                                     \
	{                                                                                          \
		[FLOWS_1] = 76, [FLOWS_64K] = 522                                                  \
	}
#define TARGET                                                                                     \
	{                                                                                          \
		[FLOWS_1] = 0.40, [FLOWS_64K] = 0.25                                               \
	}

static const struct nat_scenario scenarios_nat[] = {
	{ .name = "nat-in",
	  .text = "relay, client to host, open connection",
	  .direction = NAT_IN,
	  .tcp_flags = TH_ACK,
	  .open = true,
	  .flows = ALL,
	  .peer_ns = LOXILB,
	  .target = TARGET },
	{ .name = "nat-back",
	  .text = "relay, host to client, open connection",
	  .direction = NAT_BACK,
	  .tcp_flags = TH_ACK,
	  .open = true,
	  .flows = ALL,
	  .peer_ns = LOXILB,
	  .target = TARGET },
	{ .name = "nat-syn",
	  .text = "relay, new connection (SYN), roundrobin",
	  .direction = NAT_IN,
	  .tcp_flags = TH_SYN,
	  .always_new = true,
	  .flows = 1u << FLOWS_1M },
	{ .name = "nat-no-service",
	  .text = "neither for a relay nor of a connection",
	  .direction = NAT_IN,
	  .tcp_flags = TH_ACK,
	  .passed = true,
	  .flows = 1u << FLOWS_1 | 1u << FLOWS_64K },
	{}
};

static const char *scenario_name(size_t i, const char **ret_text)
{
	*ret_text = scenarios_nat[i].text;
	return scenarios_nat[i].name;
}

static int run_all(struct nat_bench *b, const struct options *o, struct result *results,
		   size_t *ret_n)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (const struct nat_scenario *s = scenarios_nat; s->name; s++) {
		for (int i = 0; i < 2 * FLOW_COUNTS; i++) {
			const int family = families[i / FLOW_COUNTS];
			const enum flow_count flows = i % FLOW_COUNTS;
			int err;

			if (!(s->flows >> flows & 1) ||
			    !options_wanted(o, s->name, family, flow_counts[flows], s->always_new))
				continue;
			err = nat_bench_run(b, s, family, flows, &results[*ret_n]);
			if (err)
				return err;
			report_line(&results[(*ret_n)++]);
		}
	}
	return 0;
}

static int run_and_report(struct nat_bench *b, const struct options *o)
{
	static struct result results[RESULTS_MAX];
	struct report report;
	size_t n = 0;
	int err = nat_bench_bare(b, &report);

	if (err)
		return err;
	report_head(&report);
	err = run_all(b, o, results, &n);
	if (err || !o->json)
		return err;
	err = report_json(&report, results, n, o->json);
	if (err)
		fprintf(stderr, "bench_tc: %s: %s\n", o->json, strerror(-err));
	return err;
}

int main(int argc, char **argv)
{
	struct nat_bench bench = {};
	struct options o;
	int err;

	options_parse(argc, argv, "bench_tc", scenario_name, &o);
	if (geteuid() != 0) {
		printf("1..0 # SKIP the benchmark loads BPF programs: run as root\n");
		return SKIPPED;
	}
	bench.packets = o.packets;
	bench.rounds = o.rounds;
	bench.clutter = o.clutter;
	timing_stay_on_this_cpu();
	err = nat_bench_open(&bench, !o.quick);
	if (!err)
		err = run_and_report(&bench, &o);
	nat_bench_close(&bench);
	return err != 0;
}
