/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One random sequence of changes, time and packets, decided by its seed.
 */
#ifndef XLB_MODEL_SEQUENCE_H
#define XLB_MODEL_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

struct sequence_options {
	uint64_t seed;
	uint32_t ticks; /* how long */
	const char *bpffs;
	uint32_t ifindex[2]; /* of the clients; of the hosts */
	bool verbose;
};

/* Says on stdout what is wrong, and what was done before that. */
bool sequence_run(const struct sequence_options *options);

#endif
