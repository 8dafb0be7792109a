/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Before each packet as much memory may be read as a driver and the stack touch between two
 * packets, so that a program finds its own in the second-level cache: what BPF_PROG_RUN alone does
 * not show.
 */
#ifndef BENCH_CLUTTER_BPF_H
#define BENCH_CLUTTER_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "clutter.h"

__u32 clutter_lines; /* at most CLUTTER_LINES; 0: nothing is read */

struct clutter {
	__u64 line[CLUTTER_LINES][8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct clutter);
} clutter SEC(".maps");

static __noinline int clutter_read(void)
{
	__u32 zero = 0, lines = clutter_lines;
	const struct clutter *c = bpf_map_lookup_elem(&clutter, &zero);
	__u64 sum = 0;

	if (!c)
		return 0;
	for (__u32 i = 0; i < CLUTTER_LINES && i < lines; i++)
		sum += *(const volatile __u64 *)&c->line[i][0];
	return sum != 0;
}

static __always_inline void clutter_before_packet(void)
{
	if (clutter_lines)
		clutter_read();
}

#endif
