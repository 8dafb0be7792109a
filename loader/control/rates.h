/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sessions per interval, hour and day of each service, as relayctl shows them: a sample of the
 * data plane's totals once per RATES_INTERVAL_S. No I/O.
 */
#ifndef XLB_CONTROL_RATES_H
#define XLB_CONTROL_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define RATES_INTERVAL_S 60 /* relayd's statistics interval */

struct session_rate {
	char name[CFG_SERVICE_NAME_MAX + 1];
	uint64_t total; /* at the last sample */
	uint64_t samples;
	uint64_t last; /* sessions of the last interval */
	uint64_t hour; /* of the current hour, counted from the first sample */
	uint64_t day;
	uint64_t average; /* moving: half the old one, half the new */
	uint64_t average_hour;
	uint64_t average_day;
	unsigned round; /* of the last sample; who misses one is forgotten */
};

struct rates {
	struct session_rate *items; /* owned */
	size_t n;
	unsigned round;
};

/* One round: begin, a sample for each service that is there, end (forgets the others). */
void rates_begin(struct rates *rates);
/* The first sample of a service only sets the base: the total may be older than the daemon.
 * 0 or -ENOMEM. */
int rates_sample(struct rates *rates, const char *name, uint64_t total);
void rates_end(struct rates *rates);

/* NULL: no sample yet. */
const struct session_rate *rates_find(const struct rates *rates, const char *name);

void rates_clear(struct rates *rates);

#endif
