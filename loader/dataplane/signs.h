/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Passive signs: what the counters of the hosts say about their health between two checks. They
 * cost the data path nothing, as it counts anyway.
 *
 * A host that answers sees at least three packets of each TCP session: SYN, ACK, and what ends it.
 * One that does not answer sees SYNs only, however often they are repeated (without entries for
 * flows, each of them counts as a session). What a host shows with many old sessions that go on
 * while new ones fail is not a sign of that kind, nor is a reset: a host sends those past us.
 */
#ifndef XLB_DATAPLANE_SIGNS_H
#define XLB_DATAPLANE_SIGNS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dataplane.h"

/* What is compared with: the counters at the last verdict, and how many looks ago that was. */
struct sign_sample {
	uint64_t packets;
	uint64_t sessions;
	uint32_t looks;
	uint32_t pad;
};

/* Takes one more look; true: the sessions since the last verdict came to nothing. */
bool sign_of_stall(struct sign_sample *sample, const struct traffic *now);

#endif
