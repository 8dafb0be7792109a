// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "timing.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread spread_of(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return (struct spread){ .median = values[n / 2],
				.low = values[n / 4],
				.high = values[n - 1 - n / 4] };
}

double timing_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

void timing_stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int run(int prog, const struct frame *frame, void *ctx, size_t ctx_size, uint32_t n,
	       uint32_t *ret_verdict, double *ret_ns)
{
	uint8_t out[FRAME_SIZE];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->size,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = ctx,
		    .ctx_size_in = ctx_size, .repeat = n);
	double begin = timing_cpu_ns();
	int err = bpf_prog_test_run_opts(prog, &opts);

	*ret_ns = (timing_cpu_ns() - begin) / n;
	*ret_verdict = opts.retval;
	return err;
}

int timing_run_xdp(int prog, const struct frame *frame, uint32_t ifindex, uint32_t n,
		   uint32_t *ret_verdict, double *ret_ns)
{
	struct xdp_md ctx = { .data_end = frame->size, .ingress_ifindex = ifindex };

	return run(prog, frame, &ctx, sizeof(ctx), n, ret_verdict, ret_ns);
}

int timing_run_tc(int prog, const struct frame *frame, uint32_t ifindex, uint32_t n,
		  uint32_t *ret_verdict, double *ret_ns)
{
	struct __sk_buff ctx = { .ifindex = ifindex, .ingress_ifindex = ifindex };

	return run(prog, frame, &ctx, sizeof(ctx), n, ret_verdict, ret_ns);
}
