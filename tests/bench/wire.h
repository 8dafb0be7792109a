/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the programs at the ends of the wire and the benchmark share.
 */
#ifndef XLB_BENCH_WIRE_H
#define XLB_BENCH_WIRE_H

#include <linux/types.h>

/* Ethernet, IPv4, TCP and 10 bytes: 64 with the frame check sequence that a real wire adds. */
#define WIRE_FRAME 64

/* The client of a flow: 10.128.0.0 + flow, and its port. */
#define WIRE_CLIENT(flow) (0x0a800000 + (flow))
#define WIRE_CLIENT_PORT(flow) (1024 + ((flow)*7 & 0x3fff))

#define WIRE_MAC_BYTES                                                                             \
	5 /* of a destination MAC that are looked at: the last one is the host's number */

struct wire_arrivals { /* per CPU */
	__u64 good;
	__u64 bad;      /* IPv4, to another MAC */
	__u64 first_ns; /* CLOCK_MONOTONIC, of the first and … */
	__u64 last_ns;  /* … of one of the last 64 */
	__u64 good_at_last;
	__u8 frame[WIRE_FRAME]; /* the first good one */
};

#endif
