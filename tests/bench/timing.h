/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Programs run by BPF_PROG_RUN, their time, and what is said of many times.
 */
#ifndef XLB_BENCH_TIMING_H
#define XLB_BENCH_TIMING_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"

#define ROUNDS_MAX 101

struct spread { /* of any unit */
	double median;
	double low, high; /* quartiles */
};

/* Sorts the values. */
struct spread spread_of(double *values, size_t n);

/* CPU time of this thread. */
double timing_cpu_ns(void);

/* Stays where it is, or half of the runs would find cold caches. */
void timing_stay_on_this_cpu(void);

/*
 * Runs the program n times on the frame, as if it had come in by the interface; CPU ns per packet.
 * The kernel repeats it on one buffer, and does not restore that. -errno.
 */
int timing_run_xdp(int prog, const struct frame *frame, uint32_t ifindex, uint32_t n,
		   uint32_t *ret_verdict, double *ret_ns);
int timing_run_tc(int prog, const struct frame *frame, uint32_t ifindex, uint32_t n,
		  uint32_t *ret_verdict, double *ret_ns);

#endif
