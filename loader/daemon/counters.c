/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon counts, for the API and the metrics. */
#include "daemon/daemon.h"
#include "daemon/flows.h"
#include "daemon/journal.h"
#include "daemon/pflow.h"
#include "requests/requests.h"

struct list {
	struct daemon_counter *at;
	size_t n, max;
};

static void add(struct list *list, const char *log, enum counter_kind kind, const char *name,
		const char *text, uint64_t count)
{
	if (list->n < list->max)
		list->at[list->n++] = (struct daemon_counter){ log, kind, name, text, count };
}

static void seen(struct list *list, const char *log, const char *name, const char *text,
		 uint64_t count)
{
	add(list, log, COUNTER_RECORDS, name, text, count);
}

static void lost(struct list *list, const char *log, const char *name, const char *text,
		 uint64_t count)
{
	add(list, log, COUNTER_LOSSES, name, text, count);
}

static void add_log(struct list *list, const struct daemon *d)
{
	static const char log[] = "connections";

	seen(list, log, "log_lines", "lines of the connection log", d->conn_log.limit.allowed);
	lost(list, log, "log_left_out", "lines of the connection log beyond its rate",
	     d->conn_log.limit.left_out);
	lost(list, "journal", "log_lost", "messages that the journal did not take", journal_lost());
}

static void add_flows(struct list *list, const struct daemon *d)
{
	static const char log[] = "connections";
	const struct flows_counters flows = flows_counted(d);

	lost(list, log, "flow_end_unseen", "connections of \"route to\" whose end was not seen",
	     flows.unseen);
	seen(list, log, "flow_expired", "such as had become silent", flows.expired);
	seen(list, log, "flow_displaced", "such as there was no more room for", flows.displaced);
	lost(list, log, "flow_begin_unseen", "connections of \"route to\" whose begin was not seen",
	     flows.begin_unseen);
}

static void add_pflow(struct list *list, const struct daemon *d)
{
	static const char log[] = "pflow";
	const struct pflow_counters pflow = pflow_counted(d);

	seen(list, log, "pflow_flows", "flows sent to the collector", pflow.flows);
	seen(list, log, "pflow_datagrams", "datagrams sent to the collector", pflow.datagrams);
	lost(list, log, "pflow_errors", "datagrams that did not get to the collector",
	     pflow.errors);
	lost(list, log, "pflow_dropped", "flows in such datagrams", pflow.dropped);
	lost(list, log, "pflow_ipv6", "flows of IPv6, which NetFlow 5 does not know", pflow.ipv6);
}

static void add_packets(struct list *list, const struct daemon *d)
{
	const struct pflog_counts pflog = pflog_counted(d);
	const struct capture_counts captures = control_captured(d->control);

	seen(list, "pflog", "pflog_records", "records for the file of pflog", pflog.records);
	lost(list, "pflog", "pflog_lost", "such as it had no room for", pflog.lost);
	seen(list, "captures", "capture_packets", "packets for readers of captures",
	     captures.packets);
	lost(list, "captures", "capture_lost", "such as they were too slow for", captures.lost);
}

static void add_requests(struct list *list, const struct daemon *d)
{
	static const char log[] = "requests";
	const uint64_t *counts = requests_counters(d->request_log.requests);

	for (int i = 0; i < REQUEST_COUNTER_COUNT; i++)
		add(list, log, request_counter_kind(i), request_counter_name(i),
		    request_counter_text(i), counts[i]);
	seen(list, log, "request_lines", "lines of the log of requests",
	     d->request_log.limit.allowed);
	lost(list, log, "request_lines_left_out", "lines of the log of requests beyond its rate",
	     d->request_log.limit.left_out);
}

size_t daemon_counters(void *data, struct daemon_counter *ret, size_t max)
{
	const struct daemon *d = data;
	struct list list = { .at = ret, .max = max };

	add_log(&list, d);
	add_flows(&list, d);
	add_packets(&list, d);
	add_pflow(&list, d);
	add_requests(&list, d);
	return list.n;
}
