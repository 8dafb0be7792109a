// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Random packets through the XDP program and through an oracle that was written apart from it:
 * verdict, every byte, every reason and every counter have to be the same. See batches.h.
 */
#include <stdio.h>

#include "batches.h"
#include "dsr_world.h"
#include "mutate.h"
#include "netdev.h"

#define MOST_CHANGES 4

static struct fixture fx;
static struct oracle oracle;
static uint64_t hit[XLB_REASON_COUNT]; /* reasons, over all batches */

/* ---- counters ------------------------------------------------------------------------------- */
static const char *reason_text(unsigned reason)
{
#define REASON_NAME(id, name, verdict, text) name,
	static const char *const names[] = { XLB_REASONS(REASON_NAME) };
#undef REASON_NAME

	return names[reason];
}

static bool same_host_counters(const struct batch *b, const struct counters *now,
			       const struct counters *start)
{
	static const char *const names[] = { "packets", "bytes", "sessions" };

	for (unsigned i = 0; i < oracle.n_hosts; i++) {
		const __u64 *is = &now->hosts[A + i].packets;
		const __u64 *was = &start->hosts[A + i].packets;
		const __u64 *wanted = &oracle.counters[i].packets;

		for (unsigned j = 0; j < 3; j++)
			if (is[j] - was[j] != wanted[j])
				return complain(b, names[j], is[j] - was[j], wanted[j]);
	}
	return true;
}

static bool same_counters(const struct batch *b, const struct counters *start)
{
	struct counters now;

	fixture_count(&fx, &now);
	for (unsigned i = 0; i < XLB_REASON_COUNT; i++)
		if (now.reasons[i] - start->reasons[i] != oracle.reasons[i])
			return complain(b, reason_text(i), now.reasons[i] - start->reasons[i],
					oracle.reasons[i]);
	return same_host_counters(b, &now, start);
}

/* ---- packets -------------------------------------------------------------------------------- */
static bool run_packet(const struct batch *b, const struct frame *in)
{
	struct frame out, wanted = *in;
	uint32_t verdict, wanted_verdict;
	int err;

	wanted_verdict = oracle_dsr(&oracle, &wanted, fx.ifindex[0]);
	err = frame_run(fx.prog, in, fx.ifindex[0], &out, &verdict);
	if (err)
		return complain(b, "error", err, 0);
	if (verdict != wanted_verdict)
		return complain(b, "verdict", verdict, wanted_verdict);
	return same_bytes(b, &out, &wanted);
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

static bool run_batch(struct batch *b)
{
	struct counters start;

	oracle.now = 1000;
	fixture_set_tick(&fx, oracle.now);
	dsr_world(&fx, &oracle, &b->random);
	fixture_count(&fx, &start);
	for (b->packet = 0; b->packet < BATCH; b->packet++) {
		struct frame f;

		next_packet(&f, &b->random);
		if (run_packet(b, &f) && (!b->closely || same_counters(b, &start)))
			continue;
		if (b->closely)
			dump("packet", &f);
		return false;
	}
	for (unsigned i = 0; i < XLB_REASON_COUNT; i++)
		hit[i] += oracle.reasons[i];
	return same_counters(b, &start);
}

/* Every reason, but for those that need full tables and dead hosts. */
static bool covered(void)
{
	bool all = true;

	for (unsigned i = 0; i < XLB_REASON_TABLE_FULL; i++) {
		printf("# %s: %lu\n", reason_text(i), hit[i]);
		all = all && hit[i];
	}
	return all;
}

/* ---- opening -------------------------------------------------------------------------------- */
static int open_fixture(void)
{
	const struct fixture_options options = { .flow_lines = 4096 };
	uint32_t ifindex[2];
	int err = netdev_namespace();

	if (!err)
		err = netdev_veth("one", "two", ifindex);
	return err ? err : fixture_open(&options, ifindex, &fx);
}

static void close_fixture(void)
{
	fixture_close(&fx);
}

int main(int argc, char **argv)
{
	static const struct fuzz fuzz = { "DSR", open_fixture, close_fixture, run_batch, covered };

	return fuzz_main(&fuzz, argc, argv);
}
