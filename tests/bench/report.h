/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Program cost as a table and as JSON.
 */
#ifndef XLB_BENCH_REPORT_H
#define XLB_BENCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "timing.h"

/* One scenario with one number of flows. All times are ns per packet. */
struct result {
	const char *scenario;
	int family;
	uint32_t flows;
	bool always_new;      /* each packet is of a flow of its own */
	struct spread net;    /* without the verdict alone */
	struct spread floor;  /* net, too; all 0: there is none */
	struct spread shape;  /* of a program of the peer's shape, net, too; all 0: there is none */
	double peer;          /* scaled to this machine by the bare program; 0: not known */
	double peer_by_shape; /* … by the program of its shape */
	double target;        /* 0: none */
};

/* What they have in common. */
struct report {
	const char *program; /* "xdp", "tc" */
	const char *verdict; /* of the bare program, as in C */
	const char *peer;    /* whose figures are printed beside */
	double bare_ns;      /* the bare program without the wrapper, here … */
	double peer_bare_ns; /* … and where the peer's figures are from */
	uint32_t packets;    /* per timed run */
	unsigned rounds;
};

void report_head(const struct report *r);
void report_line(const struct result *result);

/* -errno. */
int report_json(const struct report *r, const struct result *results, size_t n, const char *path);

#endif
