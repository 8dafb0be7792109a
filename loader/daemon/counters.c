/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon counts, for the API. */
#include "daemon/daemon.h"
#include "daemon/flows.h"
#include "daemon/journal.h"
#include "daemon/pflow.h"
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

static void add_log(struct list *list, const struct daemon *d)
{
	add(list, "log_left_out", "lines of the connection log beyond its rate",
	    d->conn_log.limit.left_out);
	add(list, "log_lost", "messages that the journal did not take", journal_lost());
}

static void add_flows(struct list *list, const struct daemon *d)
{
	const struct flows_counters flows = flows_counted(d);

	add(list, "flow_end_unseen", "connections of \"route to\" whose end was not seen",
	    flows.unseen);
	add(list, "flow_expired", "such as had become silent", flows.expired);
	add(list, "flow_displaced", "such as there was no more room for", flows.displaced);
	add(list, "flow_begin_unseen", "connections of \"route to\" whose begin was not seen",
	    flows.begin_unseen);
}

static void add_pflow(struct list *list, const struct daemon *d)
{
	const struct pflow_counters pflow = pflow_counted(d);

	add(list, "pflow_flows", "flows sent to the collector", pflow.flows);
	add(list, "pflow_datagrams", "datagrams sent to the collector", pflow.datagrams);
	add(list, "pflow_errors", "datagrams that did not get to the collector", pflow.errors);
	add(list, "pflow_dropped", "flows in such datagrams", pflow.dropped);
	add(list, "pflow_ipv6", "flows of IPv6, which NetFlow 5 does not know", pflow.ipv6);
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

	add_log(&list, d);
	add_flows(&list, d);
	add_pflow(&list, d);
	add_requests(&list, d);
	return list.n;
}
