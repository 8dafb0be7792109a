// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "batches.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77
#define MOST_DUMPED 160

struct options {
	uint64_t packets;
	uint64_t seed;
	int64_t batch; /* -1: all */
};

/* ---- messages ------------------------------------------------------------------------------- */
bool complain(const struct batch *b, const char *what, long is, long wanted)
{
	printf("# --seed %lu --batch %lu, packet %u: %s is %ld instead of %ld\n", b->seed,
	       b->number, b->packet, what, is, wanted);
	return false;
}

void dump(const char *what, const struct frame *f)
{
	printf("# %s, %zu bytes:", what, f->size);
	for (size_t i = 0; i < f->size && i < MOST_DUMPED; i++)
		printf("%s%02x", i % 16 ? " " : "\n#   ", f->data[i]);
	printf("\n");
}

bool same_size(const struct batch *b, const struct frame *is, const struct frame *wanted)
{
	return is->size == wanted->size || complain(b, "size", is->size, wanted->size);
}

bool same_bytes(const struct batch *b, const struct frame *is, const struct frame *wanted)
{
	char what[32];

	if (!same_size(b, is, wanted))
		return false;
	for (size_t i = 0; i < is->size; i++)
		if (is->data[i] != wanted->data[i]) {
			snprintf(what, sizeof(what), "byte %zu", i);
			return complain(b, what, is->data[i], wanted->data[i]);
		}
	return true;
}

/* ---- the run -------------------------------------------------------------------------------- */
static bool run_batch(const struct fuzz *fuzz, struct batch *b, bool closely)
{
	b->random.state = b->seed;
	b->random.state = random_u64(&b->random) ^ b->number << 32;
	b->closely = closely;
	b->packet = 0;
	return fuzz->batch(b);
}

static bool run(const struct fuzz *fuzz, const struct options *o)
{
	uint64_t first = o->batch < 0 ? 0 : o->batch;
	uint64_t end = o->batch < 0 ? (o->packets + BATCH - 1) / BATCH : first + 1;
	struct batch b = { .seed = o->seed };

	for (b.number = first; b.number < end; b.number++) {
		if (run_batch(fuzz, &b, false))
			continue;
		run_batch(fuzz, &b, true);
		return false;
	}
	return true;
}

static int report(const struct fuzz *fuzz, const struct options *o)
{
	const bool whole = o->batch < 0;
	bool good = run(fuzz, o), covered = good && whole && fuzz->covered();

	printf("%sok 1 - %s: random packets as the oracle has them (%lu, seed %lu)\n",
	       good ? "" : "not ", fuzz->name, o->packets, o->seed);
	if (good && whole)
		printf("%sok 2 - %s: nothing that packets can be is missing\n",
		       covered ? "" : "not ", fuzz->name);
	printf("1..%d\n", good && whole ? 2 : 1);
	return !(good && (covered || !whole));
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

int fuzz_main(const struct fuzz *fuzz, int argc, char **argv)
{
	struct options o = { .packets = 200000, .seed = 1, .batch = -1 };
	int err;

	if (parse(argc, argv, &o)) {
		fprintf(stderr, "usage: %s [--packets N] [--seed N] [--batch N]\n", argv[0]);
		return 2;
	}
	if (geteuid() != 0) {
		printf("1..0 # SKIP packet tests load BPF programs: run as root\n");
		return SKIPPED;
	}
	err = fuzz->open();
	if (err) {
		printf("Bail out! %s\n", strerror(-err));
		return 1;
	}
	err = report(fuzz, &o);
	fuzz->close();
	return err;
}
