/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rates per second of whatever counts upwards: services, hosts, interfaces, reasons. All are
 * sampled together, about once a second; time is an input. No I/O.
 */
#ifndef XLB_CONTROL_METERS_H
#define XLB_CONTROL_METERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METERS_INTERVAL_MS 1000
#define METER_VALUES 4 /* counters of one meter; who has fewer leaves the rest 0 */

enum meter_kind { METER_REDIRECT, METER_RELAY, METER_HOST, METER_LINK, METER_REASON };

struct meter_key {
	uint32_t kind; /* enum meter_kind */
	uint32_t id;   /* the model's; ifindex; enum xlb_reason */
};

/* What a rate is the average of: the time since the last sample, the last 10 s, the last minute (up
 * to 9 s more). Of a meter that is younger than that: of its life. */
enum meter_window { METER_1S, METER_10S, METER_60S, METER_WINDOWS };

/* Values of a meter: packets, bytes, sessions; of a link packets and bytes that came in, and that
 * went out; of a reason packets. */

struct meter;

struct meters {
	struct meter *items; /* owned; by key */
	unsigned round;
	uint64_t fine_at[11];  /* monotonic ms of the samples; by round */
	uint64_t coarse_at[7]; /* of each tenth one */
};

/* One round: begin, a sample for each that is there, end (forgets the others). */
void meters_begin(struct meters *m, uint64_t now_ms);
/* Totals that went down are a new beginning: the data plane was taken out and loaded again. 0 or
 * -ENOMEM. */
int meters_sample(struct meters *m, struct meter_key key, const uint64_t totals[METER_VALUES]);
void meters_end(struct meters *m);

/* Per second. false: not known, or sampled only once so far. */
bool meters_rate(const struct meters *m, struct meter_key key, enum meter_window window,
		 double ret[METER_VALUES]);

void meters_clear(struct meters *m);

#endif
