/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/reason.h"

#include <stddef.h>

#define REASON_ROW(id, name, verdict, text) [XLB_REASON_##id] = { name, REASON_##verdict, text },
static const struct packet_reason reasons[XLB_REASON_COUNT] = { XLB_REASONS(REASON_ROW) };
#undef REASON_ROW

const struct packet_reason *packet_reason(int reason)
{
	return reason >= 0 && reason < XLB_REASON_COUNT ? &reasons[reason] : NULL;
}

const char *reason_verdict_name(enum reason_verdict verdict)
{
	static const char *const names[] = {
		[REASON_PASS] = "pass",
		[REASON_DROP] = "drop",
		[REASON_FORWARD] = "forward",
		[REASON_EVENT] = "event",
	};

	return names[verdict];
}
