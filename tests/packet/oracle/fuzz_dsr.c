// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Random packets through the XDP program and through an oracle that was written apart from it:
 * verdict, every byte, every reason and every counter have to be the same.
 *
 *	fuzz_dsr [--packets N] [--seed N] [--batch N]
 *
 * Packets come in batches, each in a world of its own. A batch that differs is run again, packet by
 * packet, and the first one that differs is printed; `--seed S --batch B` runs that batch alone.
 * Prints TAP; exits with 77 where it cannot run.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dsr_world.h"
#include "mutate.h"
#include "netdev.h"

#define SKIPPED 77
#define BATCH 1024
#define MOST_CHANGES 4

static struct fixture fx;
static struct oracle oracle;
static uint64_t hit[XLB_REASON_COUNT]; /* reasons, over all batches */

struct batch {
	uint64_t seed;
	uint64_t number;
	bool closely; /* counters are looked at after each packet */
};

static bool complain(const struct batch *b, unsigned packet, const char *what, long is, long wanted)
{
	printf("# --seed %lu --batch %lu, packet %u: %s is %ld instead of %ld\n", b->seed,
	       b->number, packet, what, is, wanted);
	return false;
}

static void dump(const char *what, const struct frame *f)
{
	printf("# %s, %zu bytes:", what, f->size);
	for (size_t i = 0; i < f->size && i < 160; i++)
		printf("%s%02x", i % 16 ? " " : "\n#   ", f->data[i]);
	printf("\n");
}

/* ---- counters ------------------------------------------------------------------------------- */
static const char *reason_text(unsigned reason)
{
#define REASON_NAME(id, name, verdict, text) name,
	static const char *const names[] = { XLB_REASONS(REASON_NAME) };
#undef REASON_NAME

	return names[reason];
}

static bool same_host_counters(const struct batch *b, unsigned packet, const struct counters *now,
			       const struct counters *start)
{
	static const char *const names[] = { "packets", "bytes", "sessions" };

	for (unsigned i = 0; i < oracle.n_hosts; i++) {
		const __u64 *is = &now->hosts[A + i].packets;
		const __u64 *was = &start->hosts[A + i].packets;
		const __u64 *wanted = &oracle.counters[i].packets;

		for (unsigned j = 0; j < 3; j++)
			if (is[j] - was[j] != wanted[j])
				return complain(b, packet, names[j], is[j] - was[j], wanted[j]);
	}
	return true;
}

static bool same_counters(const struct batch *b, unsigned packet, const struct counters *start)
{
	struct counters now;

	fixture_count(&fx, &now);
	for (unsigned i = 0; i < XLB_REASON_COUNT; i++)
		if (now.reasons[i] - start->reasons[i] != oracle.reasons[i])
			return complain(b, packet, reason_text(i),
					now.reasons[i] - start->reasons[i], oracle.reasons[i]);
	return same_host_counters(b, packet, &now, start);
}

/* ---- packets -------------------------------------------------------------------------------- */
static bool run_packet(const struct batch *b, unsigned packet, const struct frame *in)
{
	struct frame out, wanted = *in;
	uint32_t verdict, wanted_verdict;
	int err;

	wanted_verdict = oracle_dsr(&oracle, &wanted, fx.ifindex[0]);
	err = frame_run(fx.prog, in, fx.ifindex[0], &out, &verdict);
	if (err)
		return complain(b, packet, "error", err, 0);
	if (verdict != wanted_verdict)
		return complain(b, packet, "verdict", verdict, wanted_verdict);
	if (out.size != wanted.size)
		return complain(b, packet, "size", out.size, wanted.size);
	for (size_t i = 0; i < out.size; i++)
		if (out.data[i] != wanted.data[i]) {
			printf("# byte %zu\n", i);
			return complain(b, packet, "byte", out.data[i], wanted.data[i]);
		}
	return true;
}

static void next_packet(struct frame *f, struct random *r)
{
	dsr_packet(f, r);
	mutate(f, MOST_CHANGES, r);
	if (random_percent(r, 2)) {
		oracle.now += random_below(r, 40);
		fixture_set_tick(&fx, oracle.now);
	}
}

static bool run_batch(const struct batch *b)
{
	struct random r = { b->seed * 0x9e3779b97f4a7c15 + b->number };
	struct counters start;

	oracle.now = 1000;
	fixture_set_tick(&fx, oracle.now);
	dsr_world(&fx, &oracle, &r);
	fixture_count(&fx, &start);
	for (unsigned i = 0; i < BATCH; i++) {
		struct frame f;

		next_packet(&f, &r);
		if (run_packet(b, i, &f) && (!b->closely || same_counters(b, i, &start)))
			continue;
		if (b->closely)
			dump("packet", &f);
		return false;
	}
	for (unsigned i = 0; i < XLB_REASON_COUNT; i++)
		hit[i] += oracle.reasons[i];
	return same_counters(b, BATCH, &start);
}

/* ---- the run -------------------------------------------------------------------------------- */
struct options {
	uint64_t packets;
	uint64_t seed;
	int64_t batch; /* -1: all */
};

static bool run(const struct options *o)
{
	uint64_t first = o->batch < 0 ? 0 : o->batch;
	uint64_t end = o->batch < 0 ? (o->packets + BATCH - 1) / BATCH : first + 1;
	struct batch b = { .seed = o->seed };

	for (b.number = first; b.number < end; b.number++) {
		if (run_batch(&b))
			continue;
		b.closely = true;
		run_batch(&b);
		return false;
	}
	return true;
}

/* Packets that all look the same to the program prove nothing: the oracle must have had every
 * reason, but for those that need full tables and dead hosts. */
static bool hit_all(void)
{
	bool all = true;

	for (unsigned i = 0; i < XLB_REASON_TABLE_FULL; i++) {
		printf("# %s: %lu\n", reason_text(i), hit[i]);
		all = all && hit[i];
	}
	return all;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = { { "packets", required_argument, NULL, 'p' },
					       { "seed", required_argument, NULL, 's' },
					       { "batch", required_argument, NULL, 'b' },
					       {} };
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'p')
			o->packets = strtoull(optarg, NULL, 10);
		else if (c == 's')
			o->seed = strtoull(optarg, NULL, 10);
		else if (c == 'b')
			o->batch = strtoll(optarg, NULL, 10);
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

static int prepare(void)
{
	const struct fixture_options options = { .flow_lines = 4096 };
	uint32_t ifindex[2];
	int err = netdev_namespace();

	if (!err)
		err = netdev_veth("one", "two", ifindex);
	if (!err)
		err = fixture_open(&options, ifindex, &fx);
	if (err)
		printf("Bail out! %s\n", strerror(-err));
	return err;
}

int main(int argc, char **argv)
{
	struct options o = { .packets = 200000, .seed = 1, .batch = -1 };
	bool good;

	if (parse(argc, argv, &o)) {
		fprintf(stderr, "usage: fuzz_dsr [--packets N] [--seed N] [--batch N]\n");
		return 2;
	}
	if (geteuid() != 0) {
		printf("1..0 # SKIP packet tests load BPF programs: run as root\n");
		return SKIPPED;
	}
	if (prepare())
		return 1;
	good = run(&o);
	fixture_close(&fx);
	printf("%sok 1 - random packets as the oracle has them (%lu, seed %lu)\n",
	       good ? "" : "not ", o.packets, o.seed);
	if (good && o.batch < 0) {
		good = hit_all();
		printf("%sok 2 - the packets have every reason\n", good ? "" : "not ");
	}
	printf("1..%d\n", o.batch < 0 ? 2 : 1);
	return !good;
}
