/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Time per packet of the TC program, by BPF_PROG_RUN through the wrapper (wrap_tc.bpf.c). As in
 * measure.h, "net" is without what the wrapper with the bare verdict took in the same round.
 */
#ifndef XLB_BENCH_NAT_MEASURE_H
#define XLB_BENCH_NAT_MEASURE_H

#include "bpffs.h"
#include "nat_world.h"
#include "report.h"
#include "scenarios.h"
#include "timing.h"

struct bench_wrap_tc_bpf;
struct wrap_flow;
struct bench_nat_shape_bpf;

enum nat_direction { NAT_IN, NAT_BACK };

struct nat_scenario {
	const char *name; /* NULL ends the list */
	const char *text;
	enum nat_direction direction;
	uint8_t tcp_flags;
	bool open;                   /* the flows' connections are there before */
	bool always_new;             /* each packet is another flow's; none is there before a run */
	bool passed;                 /* not for a service */
	unsigned flows;              /* bits 1 << enum flow_count */
	double peer_ns[FLOW_COUNTS]; /* loxilb's, IPv4; 0: not measured */
	double target[FLOW_COUNTS];  /* ratio to the peer; 0: none */
	double target_ns;            /* without a peer */
};

struct nat_bench {
	struct bench_wrap_tc_bpf *wrap;
	struct wrap_flow *listed; /* the wrapper's flows */
	char bpffs[BPFFS_PATH_SIZE];
	struct nat_world usual;    /* index of the default size */
	struct nat_world large;    /* with room for a million connections of each family */
	struct nat_world fleeting; /* the same, on a clock that makes everything expire */
	uint32_t packets;          /* per timed run */
	unsigned rounds;
	uint32_t clutter;                  /* lines that are read before each packet */
	double bare_ns;                    /* `return TC_ACT_OK` without the wrapper, median */
	struct bench_nat_shape_bpf *shape; /* NAT like the peer's, with 65,536 connections */
};

/* -errno; says on stderr what failed. */
int nat_bench_open(struct nat_bench *b, bool large);
void nat_bench_close(struct nat_bench *b);

int nat_bench_bare(struct nat_bench *b, struct report *ret);

/* Verifies the scenario, then measures it. -EPROTO: it does not do what it should. */
int nat_bench_run(struct nat_bench *b, const struct nat_scenario *s, int family,
		  enum flow_count flows, struct result *ret);

#endif
