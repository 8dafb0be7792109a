// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Packet tests: the loaded program, run by BPF_PROG_RUN on frames one at a time. Prints TAP; exits
 * with 77 where it cannot run.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "fixture.h"
#include "netdev.h"
#include "rows.h"

#define SKIPPED 77

static const struct {
	const char *name;
	const struct row *rows;
} tables[] = {
	{ "parse", rows_parse },     { "match", rows_match },     { "hashed", rows_hashed },
	{ "tracked", rows_tracked }, { "sticky", rows_sticky },   { "fragment", rows_fragment },
	{ "icmp", rows_icmp },       { "deliver", rows_deliver },
};

static unsigned number, failures;

static void report(bool good, const char *name)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++number, name);
	fflush(stdout);
	failures += !good;
}

static void run_table(struct fixture *fx, const char *name, const struct row *rows,
		      struct coverage *coverage)
{
	struct tally tally = {};
	char line[64];

	rows_run(fx, name, rows, coverage, &tally);
	snprintf(line, sizeof(line), "%s: %u of %u packets as expected", name,
		 tally.run - tally.failed, tally.run);
	report(!tally.failed && tally.run, line);
}

/* The reasons that this program counts. */
#define REASON_ID(id, name, verdict, text) XLB_REASON_##id,
static const enum xlb_reason xdp_reasons[] = { XLB_XDP_REASONS(REASON_ID) };
#undef REASON_ID

/* Has every reason and every counter been hit by some row? */
static void report_coverage(const struct coverage *c)
{
	bool all = c->packets && c->bytes && c->sessions;

	for (size_t i = 0; i < sizeof(xdp_reasons) / sizeof(*xdp_reasons); i++) {
		if (c->reasons & 1ull << xdp_reasons[i])
			continue;
		printf("# no row is about the reason %s\n", reason_name(xdp_reasons[i]));
		all = false;
	}
	report(all, "rows hit every reason and every counter");
}

int main(int argc, char **argv)
{
	const struct fixture_options options = { .flow_lines = 64,
						 .traced = argc == 2 &&
							   !strcmp(argv[1], "--traced") };
	struct coverage coverage = {};
	uint32_t ifindex[2];
	struct fixture fx;
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP packet tests load BPF programs: run as root\n");
		return SKIPPED;
	}
	err = netdev_namespace();
	if (!err)
		err = netdev_veth("one", "two", ifindex);
	if (err) {
		printf("Bail out! network namespace with a veth pair: %s\n", strerror(-err));
		return 1;
	}
	err = fixture_open(&options, ifindex, &fx);
	if (err) {
		printf("Bail out! loading the program: %s\n", strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		run_table(&fx, tables[i].name, tables[i].rows, &coverage);
	for (const struct check *c = checks; c->name; c++)
		report(c->run(&fx), c->name);
	report_coverage(&coverage);
	fixture_close(&fx);
	printf("1..%u\n", number);
	return failures != 0;
}
