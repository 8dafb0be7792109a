/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/exposition.h"

#include "dataplane/reason.h"

/* What a family has a line for. */
enum scope {
	SCOPE_ONE, /* the daemon */
	SCOPE_SERVICE,
	SCOPE_BACKEND, /* a host as a service has it */
	SCOPE_HOST,    /* … as its table has it */
	SCOPE_HOST_STATE,
	SCOPE_FAILURE,
	SCOPE_TABLE,
	SCOPE_INTERFACE,
	SCOPE_NAT,
	SCOPE_REASON,
	SCOPE_USE,
	SCOPE_COUNTER, /* of the daemon's own */
};

struct number {
	uint64_t value; /* times 10^decimals */
	unsigned decimals;
};

struct family {
	const char *name;
	const char *type;
	const char *help;
	enum scope scope;
	/* false: no line for that row. */
	bool (*value)(const struct snapshot *s, unsigned row, struct number *ret);
	const char
		*suffix; /* of the name: "_sum", "_count"; NULL: none, and HELP and TYPE go ahead */
};

/* ---- values -------------------------------------------------------------------------------- */
#define VALUE(function, expression)                                                                \
	static bool function(const struct snapshot *s, unsigned row, struct number *ret)           \
	{                                                                                          \
		ret->value = (uint64_t)(expression);                                               \
		return true;                                                                       \
	}
#define VALUE_IF(function, condition, expression)                                                  \
	static bool function(const struct snapshot *s, unsigned row, struct number *ret)           \
	{                                                                                          \
		ret->value = (uint64_t)(expression);                                               \
		return condition;                                                                  \
	}
#define DECIMAL(function, condition, expression, digits)                                           \
	static bool function(const struct snapshot *s, unsigned row, struct number *ret)           \
	{                                                                                          \
		ret->value = (uint64_t)(expression);                                               \
		ret->decimals = digits;                                                            \
		return condition;                                                                  \
	}

VALUE(one, 1)
VALUE(service_up,
      s->services[row].usable && !s->services[row].disabled && !s->services[row].why_not)
VALUE(service_usable, s->services[row].usable)
#define SERVICE(function, field)                                                                   \
	VALUE_IF(function, s->services[row].counted, s->services[row].field)
SERVICE(service_packets, traffic.packets)
SERVICE(service_bytes, traffic.bytes)
SERVICE(service_sessions, traffic.sessions)
SERVICE(service_flows, flows)
#define BACKEND(function, field)                                                                   \
	VALUE_IF(function, s->backends[row].counted, s->backends[row].field)
BACKEND(backend_packets, traffic.packets)
BACKEND(backend_bytes, traffic.bytes)
BACKEND(backend_sessions, traffic.sessions)
BACKEND(backend_flows, flows)
VALUE(host_up, s->hosts[row].up)
VALUE(host_usable_now, s->hosts[row].usable)
VALUE(host_state_is, s->hosts[row / N_STATES].state == row % N_STATES)
VALUE(host_weight, s->hosts[row].weight)
DECIMAL(host_duration, s->hosts[row].checked, s->hosts[row].latency_ms, 3)
VALUE_IF(host_checks, s->hosts[row].checked, s->hosts[row].checks)
VALUE(failure_count, s->failures[row].count)
VALUE(table_hosts, s->tables[row].hosts)
VALUE(table_up, s->tables[row].up)
VALUE(table_panic, s->tables[row].panic)
VALUE(interface_up, s->interfaces[row].up)
VALUE(nat_used, s->nat[row].used)
VALUE(nat_max, s->nat[row].max)
VALUE_IF(table_used, s->counted, s->use[row].used)
VALUE_IF(table_max, s->counted, s->use[row].max)
VALUE(attached, s->daemon.attached)
VALUE(synced, s->daemon.synced)
VALUE(reload_good, !s->daemon.reload_error[0])
VALUE(reload_time, s->daemon.reloaded_at)
VALUE(reloads, s->daemon.reloads)
VALUE(reloads_failed, s->daemon.reloads_failed)
VALUE(confirm_in, s->daemon.confirm_in_s)
DECIMAL(delays_sum, true, s->daemon.delays_us, 6)
VALUE(delays_count, s->daemon.delays)
DECIMAL(delay_max, true, s->daemon.delay_max_us, 6)
VALUE(events_total, s->daemon.events_total)
VALUE(file_failures, s->daemon.file_failures)
VALUE(page_connections, s->page.connections)
VALUE(page_requests, s->page.requests)
VALUE(page_refused, s->page.refused)
VALUE(page_slow, s->page.slow)
VALUE(page_pushed, s->page.pushed)
DECIMAL(build_sum, true, s->page.build_us, 6)
VALUE(build_count, s->page.builds)
DECIMAL(process_cpu, true, s->process.cpu_ms, 3)
VALUE(process_resident, s->process.resident)
DECIMAL(process_start, true, s->process.started_ms, 3)
VALUE(process_files, s->process.files)
VALUE(process_max_files, s->process.max_files)

/* ---- reasons ------------------------------------------------------------------------------- */
#define REASONS(function, verdict_)                                                                \
	VALUE_IF(function, s->counted &&packet_reason((int)row)->verdict == REASON_##verdict_,     \
		 s->reasons[row])
REASONS(drops, DROP)
REASONS(passes, PASS)
REASONS(forwards, FORWARD)
REASONS(datapath_events, EVENT)

/* ---- the daemon's own counters -------------------------------------------------------------- */
#define COUNTERS(function, kind_)                                                                  \
	VALUE_IF(function, s->counters[row].kind == COUNTER_##kind_, s->counters[row].count)
COUNTERS(log_records, RECORDS)
COUNTERS(log_losses, LOSSES)
COUNTERS(log_bytes, BYTES)

/* ---- the families -------------------------------------------------------------------------- */
#define COUNTER "counter"
#define GAUGE "gauge"
#define SUMMARY "summary"

/* clang-format off */
static const struct family families[] = {
	{ "xlb_build_info", GAUGE, "Version of the daemon; always 1.", SCOPE_ONE, one, NULL },
	{ "xlb_dataplane_attached", GAUGE, "Whether programs and maps are loaded.", SCOPE_ONE, attached, NULL },
	{ "xlb_dataplane_synced", GAUGE, "Whether the last change of states has reached the kernel.", SCOPE_ONE, synced, NULL },
	{ "xlb_config_last_reload_successful", GAUGE, "Whether the last reload succeeded, or there was none.", SCOPE_ONE, reload_good, NULL },
	{ "xlb_config_last_reload_success_timestamp_seconds", GAUGE, "When the configuration in use was loaded.", SCOPE_ONE, reload_time, NULL },
	{ "xlb_config_reloads_total", COUNTER, "Reloads that succeeded.", SCOPE_ONE, reloads, NULL },
	{ "xlb_config_reload_failures_total", COUNTER, "Reloads that failed and changed nothing.", SCOPE_ONE, reloads_failed, NULL },
	{ "xlb_config_confirm_seconds", GAUGE, "Time until the configuration is rolled back unless confirmed; 0: it is not.", SCOPE_ONE, confirm_in, NULL },

	{ "xlb_service_info", GAUGE, "How a redirect or relay forwards and chooses hosts; always 1.", SCOPE_SERVICE, one, NULL },
	{ "xlb_service_up", GAUGE, "Whether some host takes new connections of the service.", SCOPE_SERVICE, service_up, NULL },
	{ "xlb_service_backends_usable", GAUGE, "Hosts that take new connections of the service.", SCOPE_SERVICE, service_usable, NULL },
	{ "xlb_service_packets_total", COUNTER, "Packets from clients to the service that were forwarded.", SCOPE_SERVICE, service_packets, NULL },
	{ "xlb_service_bytes_total", COUNTER, "Bytes of these packets.", SCOPE_SERVICE, service_bytes, NULL },
	{ "xlb_service_connections_total", COUNTER, "Connections, or flows of UDP, that began.", SCOPE_SERVICE, service_sessions, NULL },
	{ "xlb_service_flows", GAUGE, "Entries of flows and connections, as of the last look through the tables.", SCOPE_SERVICE, service_flows, NULL },

	{ "xlb_backend_up", GAUGE, "Whether the checks of the host in this table say that it is up.", SCOPE_HOST, host_up, NULL },
	{ "xlb_backend_usable", GAUGE, "Whether the host takes new connections: up, enabled and reachable.", SCOPE_HOST, host_usable_now, NULL },
	{ "xlb_backend_state", GAUGE, "Status of the host: 1 for the one that it has.", SCOPE_HOST_STATE, host_state_is, NULL },
	{ "xlb_backend_weight", GAUGE, "Weight of the host in its table.", SCOPE_HOST, host_weight, NULL },
	{ "xlb_check_duration_seconds", GAUGE, "Duration of the host's last check.", SCOPE_HOST, host_duration, NULL },
	{ "xlb_checks_total", COUNTER, "Checks of the host that came to a result.", SCOPE_HOST, host_checks, NULL },
	{ "xlb_check_failures_total", COUNTER, "Checks of the host that failed, by reason.", SCOPE_FAILURE, failure_count, NULL },
	{ "xlb_backend_packets_total", COUNTER, "Packets of the service that were forwarded to the host.", SCOPE_BACKEND, backend_packets, NULL },
	{ "xlb_backend_bytes_total", COUNTER, "Bytes of these packets.", SCOPE_BACKEND, backend_bytes, NULL },
	{ "xlb_backend_connections_total", COUNTER, "Connections, or flows of UDP, of the service that began at the host.", SCOPE_BACKEND, backend_sessions, NULL },
	{ "xlb_backend_flows", GAUGE, "Entries that name the host, as of the last look through the tables.", SCOPE_BACKEND, backend_flows, NULL },

	{ "xlb_table_backends", GAUGE, "Hosts of the table.", SCOPE_TABLE, table_hosts, NULL },
	{ "xlb_table_backends_up", GAUGE, "Hosts of the table that are enabled and up.", SCOPE_TABLE, table_up, NULL },
	{ "xlb_table_panic", GAUGE, "Whether so few hosts are up that their health is ignored.", SCOPE_TABLE, table_panic, NULL },

	{ "xlb_drops_total", COUNTER, "Packets dropped, by reason.", SCOPE_REASON, drops, NULL },
	{ "xlb_passes_total", COUNTER, "Packets left to the local network stack, by reason.", SCOPE_REASON, passes, NULL },
	{ "xlb_slow_forwards_total", COUNTER, "Packets forwarded by other than the plain path, by reason.", SCOPE_REASON, forwards, NULL },
	{ "xlb_datapath_events_total", COUNTER, "What is worth knowing of packets that went on, by reason.", SCOPE_REASON, datapath_events, NULL },
	{ "xlb_flows", GAUGE, "Entries in use, as of the last look through the tables.", SCOPE_USE, table_used, NULL },
	{ "xlb_flow_table_max_entries", GAUGE, "Entries that there is room for.", SCOPE_USE, table_max, NULL },
	{ "xlb_nat_ports_used", GAUGE, "NAT ports in use towards a port of a host, as of the last look through the tables.", SCOPE_NAT, nat_used, NULL },
	{ "xlb_nat_ports", GAUGE, "NAT ports that there are towards a port of a host.", SCOPE_NAT, nat_max, NULL },
	{ "xlb_interface_info", GAUGE, "Mode of XDP, and how NAT is attached; always 1.", SCOPE_INTERFACE, one, NULL },
	{ "xlb_interface_up", GAUGE, "Whether the interface's link is up.", SCOPE_INTERFACE, interface_up, NULL },

	{ "xlb_log_records_total", COUNTER, "What logs, captures and exports have seen and written, by counter.", SCOPE_COUNTER, log_records, NULL },
	{ "xlb_log_losses_total", COUNTER, "What they have not, by reason.", SCOPE_COUNTER, log_losses, NULL },
	{ "xlb_log_unread_bytes_total", COUNTER, "Bytes of clients that a log did not read, by reason.", SCOPE_COUNTER, log_bytes, NULL },

	{ "xlb_loop_delay_seconds", SUMMARY, "How late the daemon's event loop came to a timer of once a second.", SCOPE_ONE, delays_sum, "_sum" },
	{ "xlb_loop_delay_seconds", NULL, NULL, SCOPE_ONE, delays_count, "_count" },
	{ "xlb_loop_delay_max_seconds", GAUGE, "The most that this was since the start.", SCOPE_ONE, delay_max, NULL },
	{ "xlb_events_total", COUNTER, "Events told: changes of states, reloads and the like.", SCOPE_ONE, events_total, NULL },
	{ "xlb_status_connections", GAUGE, "Connections to the status page's addresses.", SCOPE_ONE, page_connections, NULL },
	{ "xlb_status_requests_total", COUNTER, "Requests answered there.", SCOPE_ONE, page_requests, NULL },
	{ "xlb_status_refused_total", COUNTER, "Requests refused there: a foreign host name, another method or path.", SCOPE_ONE, page_refused, NULL },
	{ "xlb_status_slow_readers_total", COUNTER, "Connections ended there, as the answer was not read.", SCOPE_ONE, page_slow, NULL },
	{ "xlb_status_evicted_total", COUNTER, "Idle connections ended there to make room.", SCOPE_ONE, page_pushed, NULL },
	{ "xlb_status_build_seconds", SUMMARY, "Time to make an answer, with all that the daemon did in between.", SCOPE_ONE, build_sum, "_sum" },
	{ "xlb_status_build_seconds", NULL, NULL, SCOPE_ONE, build_count, "_count" },
	{ "xlb_metrics_file_failures_total", COUNTER, "Failures to write the file of --metrics-file.", SCOPE_ONE, file_failures, NULL },

	{ "xlb_process_cpu_seconds_total", COUNTER, "User and system CPU time of the daemon.", SCOPE_ONE, process_cpu, NULL },
	{ "xlb_process_resident_memory_bytes", GAUGE, "Resident memory of the daemon.", SCOPE_ONE, process_resident, NULL },
	{ "xlb_process_start_time_seconds", GAUGE, "Start of the daemon, since the epoch.", SCOPE_ONE, process_start, NULL },
	{ "xlb_process_open_fds", GAUGE, "Open files of the daemon.", SCOPE_ONE, process_files, NULL },
	{ "xlb_process_max_fds", GAUGE, "Files that the daemon may open.", SCOPE_ONE, process_max_files, NULL },
};
/* clang-format on */
#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

const char *exposition_family(unsigned i)
{
	return i < N_FAMILIES ? families[i].name : NULL;
}

/* ---- writing ------------------------------------------------------------------------------- */
static unsigned rows_of(const struct snapshot *s, enum scope scope)
{
	switch (scope) {
	case SCOPE_ONE:
		return 1;
	case SCOPE_SERVICE:
		return s->n_services;
	case SCOPE_BACKEND:
		return s->n_backends;
	case SCOPE_HOST:
		return s->n_hosts;
	case SCOPE_HOST_STATE:
		return s->n_hosts * N_STATES;
	case SCOPE_FAILURE:
		return s->n_failures;
	case SCOPE_TABLE:
		return s->n_tables;
	case SCOPE_INTERFACE:
		return s->n_interfaces;
	case SCOPE_NAT:
		return s->n_nat;
	case SCOPE_REASON:
		return XLB_REASON_COUNT;
	case SCOPE_USE:
		return TABLE_USES;
	case SCOPE_COUNTER:
		return s->n_counters;
	}
	return 0;
}

static void add_one_label(struct text *text, const char *name, const char *value)
{
	text_puts(text, "{");
	text_label(text, name, value);
	text_puts(text, "}");
}

/* Info families have labels that the others of their scope have not. */
static void add_info_labels(struct text *text, const struct family *f, const struct snapshot *s,
			    unsigned row)
{
	if (f->scope == SCOPE_SERVICE) {
		text_puts(text, ",");
		text_label(text, "forward", s->services[row].forward);
		text_puts(text, ",");
		text_label(text, "mode", s->services[row].mode);
	} else if (f->scope == SCOPE_INTERFACE) {
		text_puts(text, ",");
		text_label(text, "mode", s->interfaces[row].mode ? s->interfaces[row].mode : "");
		text_puts(text, ",");
		text_label(text, "nat", s->interfaces[row].nat ? s->interfaces[row].nat : "");
	}
}

static const char *labels_of(const struct snapshot *s, enum scope scope, unsigned row)
{
	switch (scope) {
	case SCOPE_SERVICE:
		return s->services[row].labels;
	case SCOPE_BACKEND:
		return s->backends[row].labels;
	case SCOPE_HOST:
		return s->hosts[row].labels;
	case SCOPE_HOST_STATE:
		return s->hosts[row / N_STATES].labels;
	case SCOPE_FAILURE:
		return s->failures[row].labels;
	case SCOPE_TABLE:
		return s->tables[row].labels;
	case SCOPE_INTERFACE:
		return s->interfaces[row].labels;
	case SCOPE_NAT:
		return s->nat[row].labels;
	default:
		return NULL;
	}
}

static void add_counter_labels(struct text *text, const struct daemon_counter *c)
{
	text_puts(text, "{");
	text_label(text, "log", c->log);
	text_puts(text, ",");
	text_label(text, c->kind == COUNTER_RECORDS ? "counter" : "reason", c->name);
	text_puts(text, "}");
}

static void add_labels(struct text *text, const struct family *f, const struct snapshot *s,
		       unsigned row)
{
	const char *labels = labels_of(s, f->scope, row);

	if (f->scope == SCOPE_REASON)
		add_one_label(text, "reason", packet_reason((int)row)->name);
	else if (f->scope == SCOPE_USE)
		add_one_label(text, "table", s->use[row].name);
	else if (f->scope == SCOPE_COUNTER)
		add_counter_labels(text, &s->counters[row]);
	else if (f->scope == SCOPE_ONE && f->value == one)
		add_one_label(text, "version", XLB_VERSION);
	if (!labels)
		return;
	text_puts(text, labels);
	if (f->scope == SCOPE_HOST_STATE) {
		text_puts(text, ",");
		text_label(text, "state", host_state_names[row % N_STATES]);
	}
	if (f->value == one)
		add_info_labels(text, f, s, row);
	text_puts(text, "}");
}

static void add_head(struct text *text, const struct family *f)
{
	if (!f->help)
		return; /* of the family before */
	text_puts(text, "# HELP ");
	text_puts(text, f->name);
	text_puts(text, " ");
	text_puts(text, f->help);
	text_puts(text, "\n# TYPE ");
	text_puts(text, f->name);
	text_puts(text, " ");
	text_puts(text, f->type);
	text_puts(text, "\n");
}

static void add_line(struct text *text, const struct family *f, const struct snapshot *s,
		     unsigned row)
{
	struct number n = { 0 };

	if (!f->value(s, row, &n))
		return;
	text_puts(text, f->name);
	if (f->suffix)
		text_puts(text, f->suffix);
	add_labels(text, f, s, row);
	text_puts(text, " ");
	text_number(text, n.value, n.decimals);
	text_puts(text, "\n");
}

bool exposition_step(struct exposition *e, const struct snapshot *s, unsigned lines,
		     struct text *text)
{
	for (; e->family < N_FAMILIES; e->family++, e->row = 0) {
		const struct family *f = &families[e->family];
		unsigned rows = rows_of(s, f->scope);

		for (; e->row < rows; e->row++) {
			if (!lines--)
				return false;
			if (e->row == 0)
				add_head(text, f);
			add_line(text, f, s, e->row);
		}
	}
	return true;
}
