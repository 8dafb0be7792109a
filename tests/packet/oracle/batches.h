/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The command line, batches and messages of the programs here.
 *
 * Packets come in batches, each in a world of its own. A batch that differs is run again, closely,
 * and the first packet that differs is printed; `--seed S --batch B` runs that batch alone.
 */
#ifndef XLB_TESTS_BATCHES_H
#define XLB_TESTS_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "random.h"

#define BATCH 1024 /* packets */

struct batch {
	uint64_t seed;
	uint64_t number;
	unsigned packet; /* in the batch: the one at hand */
	bool closely;    /* look at all there is after each packet, and print what differs */
	struct random random;
};

struct fuzz {
	const char *name;
	int (*open)(void); /* -errno */
	void (*close)(void);
	bool (*batch)(struct batch *b); /* are BATCH packets as they should be? */
	bool (*covered)(void); /* after a whole run: have the packets been all there are? */
};

/* Says on stdout what is wrong with the packet at hand, and returns false. */
bool complain(const struct batch *b, const char *what, long is, long wanted);
void dump(const char *what, const struct frame *f);

bool same_size(const struct batch *b, const struct frame *is, const struct frame *wanted);
bool same_bytes(const struct batch *b, const struct frame *is, const struct frame *wanted);

/* main(): prints TAP, returns the exit status. */
int fuzz_main(const struct fuzz *fuzz, int argc, char **argv);

#endif
