/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * NAT of the others' shape (nat_shape.bpf.c): what it is filled with, and to run it.
 */
#ifndef XLB_BENCH_NAT_SHAPE_H
#define XLB_BENCH_NAT_SHAPE_H

#include <linux/types.h>

#define NAT_SHAPE_FLOWS (1u << 18)

struct nat_shape_flow {
	__be32 src, dst;
	__u32 ports; /* as in the packet */
	__u32 proto;
};

struct nat_shape_to {
	__be32 src, dst;
	__u32 ports;
	__u32 ifindex;
	__u32 macs[3]; /* destination and source, as in the frame */
	__u32 pad;
};

#ifndef __bpf__
#include "frame.h"

struct bench_nat_shape_bpf;

/* Loads it, with a connection for each of so many flows of the wrapper's; the frame is one of them,
 * plain IPv4 and TCP. Packets leave by that interface. NULL: stderr says why. */
struct bench_nat_shape_bpf *nat_shape_open(const struct frame *frame, uint32_t flows,
					   uint32_t ifindex);
void nat_shape_close(struct bench_nat_shape_bpf *shape); /* NULL is fine */

int nat_shape_program(const struct bench_nat_shape_bpf *shape);

/* Does it translate that frame? */
bool nat_shape_works(const struct bench_nat_shape_bpf *shape, const struct frame *frame);
#endif

#endif
