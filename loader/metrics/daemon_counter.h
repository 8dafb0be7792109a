/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the daemon itself counts of its logs, captures and exports, beside the kernel's packets by
 * reason. Static texts.
 */
#ifndef XLB_METRICS_DAEMON_COUNTER_H
#define XLB_METRICS_DAEMON_COUNTER_H

#include <stdint.h>

#define XLB_MAX_COUNTERS 64 /* that there may be */

enum counter_kind {
	COUNTER_RECORDS, /* seen or written */
	COUNTER_LOSSES,  /* … and not */
	COUNTER_BYTES,   /* of clients, that were not read */
};

struct daemon_counter {
	const char *log; /* "connections", "requests", "pflog", "pflow", "captures", "journal" */
	enum counter_kind kind;
	const char *name; /* of no other counter or reason */
	const char *text;
	uint64_t count;
};

#endif
