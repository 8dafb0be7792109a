/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon counts, for the API. */
#include "daemon/daemon.h"
#include "requests/requests.h"

struct list {
	struct control_counter *at;
	size_t n, max;
};

static void add(struct list *list, const char *name, const char *text, uint64_t count)
{
	if (list->n < list->max)
		list->at[list->n++] = (struct control_counter){ name, text, count };
}

static void add_requests(struct list *list, const struct daemon *d)
{
	const uint64_t *counts = requests_counters(d->request_log.requests);

	for (int i = 0; i < REQUEST_COUNTER_COUNT; i++)
		add(list, request_counter_name(i), request_counter_text(i), counts[i]);
	add(list, "request_lines_left_out", "lines of the log of requests beyond its rate",
	    d->request_log.limit.left_out);
}

size_t daemon_counters(void *data, struct control_counter *ret, size_t max)
{
	const struct daemon *d = data;
	struct list list = { .at = ret, .max = max };

	add_requests(&list, d);
	return list.n;
}
