/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The program of the others' shape (shape.bpf.c): what it is filled with, and to run it.
 */
#ifndef XLB_BENCH_SHAPE_H
#define XLB_BENCH_SHAPE_H

#include <linux/types.h>

#define SHAPE_FLOWS (1u << 21) /* entries of each CPU's table */
#define SHAPE_CPUS 512
#define SHAPE_RING 65537
#define SHAPE_HOSTS 16

struct shape_vip {
	__u64 word; /* address, and from bit 32 the port, both in network byte order */
};

struct shape_host {
	__u32 macs[3]; /* destination and source, as in the frame */
};

struct shape_count {
	__u64 packets;
	__u64 bytes;
};

#ifndef __bpf__
#include "frame.h"

struct bench_shape_bpf;

struct shape {
	struct bench_shape_bpf *skel;
	int table; /* of the CPU that opens it, which has to be the one that runs it */
};

/* Loads the program, for the frame's VIP. -errno; says on stderr what failed. */
int shape_open(struct shape *s, const struct frame *frame);
void shape_close(struct shape *s);

int shape_program(const struct shape *s);

/* Packets that it has sent, or -errno. */
long long shape_sent(const struct shape *s);
#endif

#endif
