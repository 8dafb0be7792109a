/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tables of the kernel that are full are told of when they begin to be, and then once a minute. */
#include <inttypes.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "dataplane/reason.h"

#define TELL_MS 60000

static const struct {
	enum xlb_reason reason;
	const char *text;
} tables[FULL_TABLES] = {
	{ XLB_REASON_TABLE_FULL, "no room for flow entries: new connections are hashed instead, "
				 "which moves them when hosts change; a shorter session timeout "
				 "makes room" },
	{ XLB_REASON_NO_PORT, "no NAT port is free towards a host: new connections are refused; "
			      "more hosts, or more addresses with \"nat to\", have more ports" },
	{ XLB_REASON_INDEX_FULL, "no room for NAT's connections: new ones are refused; a shorter "
				 "session timeout makes room" },
};

static void tell(struct full_table *t, size_t i, uint64_t count, uint64_t now)
{
	const struct packet_reason *reason = packet_reason(tables[i].reason);

	if (count == t->told || (t->told_at && now - t->told_at < TELL_MS))
		return;
	log_warning("%s (%s: %" PRIu64 " packets)", tables[i].text, reason->name, count - t->told);
	t->told = count;
	t->told_at = now;
}

int full_begin(struct daemon *d)
{
	uint64_t counts[XLB_REASON_COUNT];
	int r = dataplane_reasons(d->dataplane, counts);

	for (size_t i = 0; i < FULL_TABLES && !r; i++)
		d->full[i] = (struct full_table){ .told = counts[tables[i].reason] };
	return r;
}

int full_look(struct daemon *d)
{
	uint64_t counts[XLB_REASON_COUNT];
	int r;

	if (!d->dataplane)
		return 0;
	r = dataplane_reasons(d->dataplane, counts);
	for (size_t i = 0; i < FULL_TABLES && !r; i++)
		tell(&d->full[i], i, counts[tables[i].reason], monotonic_ms());
	return r;
}
