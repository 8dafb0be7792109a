/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Time per packet, by BPF_PROG_RUN through the wrapper (wrap.bpf.c).
 *
 * Each round times the verdict alone, the floor and the program one after the other, each through
 * the same wrapper, and where the peer's figures are for established flows a program of its shape;
 * "net" is minus the verdict alone of the same round.
 */
#ifndef XLB_BENCH_MEASURE_H
#define XLB_BENCH_MEASURE_H

#include "report.h"
#include "scenarios.h"
#include "shape.h"
#include "timing.h"

struct bench_wrap_bpf;

struct bench {
	struct bench_wrap_bpf *wrap;
	uint32_t ifindex[2];
	struct fixture usual; /* flow tables of the default size */
	struct fixture large; /* with room for 2 M entries */
	uint32_t packets;     /* per timed run */
	unsigned rounds;
	uint32_t clutter; /* lines that are read before each packet */
	double bare_ns;   /* `return XDP_TX` without the wrapper, median */
	struct shape shape;
};

/* -errno; says on stderr what failed. */
int bench_open(struct bench *b);
void bench_close(struct bench *b);

/* Times the bare program, and says by what the peer's figures are scaled. */
int bench_bare(struct bench *b, struct report *ret);

/* Verifies the scenario, then measures it. -EPROTO: it does not do what it should. */
int bench_run(struct bench *b, const struct scenario *s, int family, enum flow_count flows,
	      struct result *ret);

#endif
