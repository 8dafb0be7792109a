/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the wrapper for the TC program and the benchmark share.
 */
#ifndef XLB_BENCH_WRAP_TC_H
#define XLB_BENCH_WRAP_TC_H

#include <linux/types.h>

/* Bytes of each packet that are restored: Ethernet, IPv6 and TCP, and what makes it 14 + 8 * n. */
#define WRAP_HEADER 78
#define WRAP_FLOWS (1u << 20)

/* The client of a flow: 10.128.0.0 + flow (the last word of IPv6's), and its port. */
#define WRAP_CLIENT(flow) (0x0a800000 + (flow))
#define WRAP_CLIENT_PORT(flow) (1024 + ((flow)*7 & 0x3fff))

struct wrap_flow { /* network byte order */
	__u32 address;
	__u16 port;
	__u16 pad;
};

#endif
