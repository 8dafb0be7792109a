/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What xlb/reasons.h declares, for those who tell of it. */
#ifndef XLB_DATAPLANE_REASON_H
#define XLB_DATAPLANE_REASON_H

#include "xlb/reasons.h"

enum reason_verdict { REASON_PASS, REASON_DROP, REASON_FORWARD, REASON_EVENT };

struct packet_reason {
	const char *name;
	enum reason_verdict verdict;
	const char *text;
};

/* Of an enum xlb_reason; NULL: there is no such. */
const struct packet_reason *packet_reason(int reason);

/* "pass", "drop", "forward", "event" */
const char *reason_verdict_name(enum reason_verdict verdict);

#endif
