/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Command line of the benchmarks of program cost.
 */
#ifndef XLB_BENCH_OPTIONS_H
#define XLB_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
	bool quick;
	int family; /* 0: both */
	const char *json;
	char **names;     /* NULL-terminated; empty: all scenarios */
	uint32_t packets; /* per timed run */
	unsigned rounds;
	uint32_t clutter; /* see clutter.bpf.h */
};

/* Name and description of the i-th scenario; NULL after the last one. */
typedef const char *options_scenario(size_t i, const char **ret_text);

/* Exits on --help, --list and mistakes. */
void options_parse(int argc, char **argv, const char *program, options_scenario *scenario,
		   struct options *ret);

/* Is that one to be measured? `few` says that it can be without many flows. */
bool options_wanted(const struct options *o, const char *scenario, int family, uint32_t flows,
		    bool few);

#endif
