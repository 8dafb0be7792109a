/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the wrapper for the XDP program and the benchmarks share.
 */
#ifndef XLB_BENCH_WRAP_H
#define XLB_BENCH_WRAP_H

/* The client of a flow: 10.0.0.0 + flow (the last word of IPv6's), and its port. */
#define WRAP_CLIENT(flow) (0x0a000000 + (flow))
#define WRAP_CLIENT_PORT(flow) (1024 + ((flow)*7 & 0x3fff))

#endif
