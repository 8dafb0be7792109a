/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which flow a made-up packet is of: the benchmark writes these before each run.
 */
#ifndef BENCH_FLOW_ORDER_BPF_H
#define BENCH_FLOW_ORDER_BPF_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

__u32 flow_mask;   /* number of flows - 1 */
__u32 in_sequence; /* flows one after the other, else in random order */
__u64 position;    /* state of either; not 0 for the random one */

static __always_inline __u32 next_flow(void)
{
	__u64 x = position;

	if (in_sequence) {
		position = x + 1;
		return x & flow_mask;
	}
	x ^= x << 13; /* xorshift64, Marsaglia 2003 */
	x ^= x >> 7;
	x ^= x << 17;
	position = x;
	return x >> 20 & flow_mask;
}

#endif
