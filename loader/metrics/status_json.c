/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/status_json.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/reason.h"

/* a key and its value stay on one line */
/* clang-format off */

/* ---- pieces -------------------------------------------------------------------------------- */
/* Bytes that are not UTF-8 become '?'. */
static json_t *string(const char *text)
{
	json_t *s = text ? json_string(text) : json_null();
	char ascii[256];
	size_t i = 0;

	if (s)
		return s;
	for (; text[i] && i < sizeof(ascii) - 1; i++)
		ascii[i] = (signed char)text[i] < 0 ? '?' : text[i];
	ascii[i] = '\0';
	return json_string(ascii);
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? string(text) : json_null();
}

static json_t *number(bool known, uint64_t value)
{
	return known ? json_integer((json_int_t)value) : json_null();
}

static json_t *traffic(bool counted, const struct traffic *t, uint64_t flows)
{
	return json_pack("[o, o, o, o]", number(counted, t->packets), number(counted, t->bytes),
			 number(counted, t->sessions), number(counted, flows));
}

static json_t *strings(const char *const *list)
{
	json_t *array = json_array();

	for (; list && *list; list++)
		json_array_append_new(array, string(*list));
	return array;
}

/* ---- rows ---------------------------------------------------------------------------------- */
static json_t *backends(const struct snapshot *s, const struct snapshot_service *service)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < service->n_backends; i++) {
		const struct snapshot_backend *b = &s->backends[service->first_backend + i];

		json_array_append_new(array, json_pack("{s:i, s:o, s:o}", "host", (int)b->host,
				"traffic", traffic(b->counted, &b->traffic, b->flows),
				"left_out", text_or_null(b->left_out)));
	}
	return array;
}

static json_t *service_row(const struct snapshot *s, unsigned i)
{
	const struct snapshot_service *v = &s->services[i];

	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:i, s:o, s:o}",
			 "name", string(v->name), "type", v->kind, "status", v->status,
			 "forward", v->forward, "mode", v->mode,
			 "listens", strings(v->listens), "table", text_or_null(v->table),
			 "why_not", text_or_null(v->why_not),
			 "sticky", v->sticky, "disabled", v->disabled, "usable", (int)v->usable,
			 "traffic", traffic(v->counted, &v->traffic, v->flows),
			 "backends", backends(s, v));
}

static json_t *host_row(const struct snapshot *s, unsigned i)
{
	const struct snapshot_host *h = &s->hosts[i];

	return json_pack("{s:I, s:o, s:o, s:o, s:s, s:b, s:s, s:o, s:s, s:o, s:i, s:o, s:I, s:I, s:o}",
			 "id", (json_int_t)h->id, "name", string(h->name),
			 "address", string(h->address), "table", string(h->table),
			 "status", host_state_names[h->state], "usable", h->usable,
			 "check", h->check, "reason", text_or_null(h->reason),
			 "next_hop", h->next_hop, "interface", text_or_null(h->interface),
			 "weight", (int)h->weight, "latency_ms", number(h->checked, h->latency_ms),
			 "checks", (json_int_t)h->checks, "failures", (json_int_t)h->failures,
			 "since_s", number(h->since_s != UINT64_MAX, h->since_s));
}

static json_t *counter_row(const struct snapshot *s, unsigned i)
{
	const struct packet_reason *reason = packet_reason((int)i);

	return json_pack("{s:s, s:s, s:s, s:o}", "name", reason->name,
			 "verdict", reason_verdict_name(reason->verdict),
			 "text", reason->text, "count", number(s->counted, s->reasons[i]));
}

static json_t *log_row(const struct snapshot *s, unsigned i)
{
	static const char *const kinds[] = {
		[COUNTER_RECORDS] = "records", [COUNTER_LOSSES] = "losses", [COUNTER_BYTES] = "bytes",
	};
	const struct daemon_counter *c = &s->counters[i];

	return json_pack("{s:s, s:s, s:s, s:s, s:I}", "name", c->name, "log", c->log,
			 "kind", kinds[c->kind], "text", c->text, "count", (json_int_t)c->count);
}

static json_t *interface_row(const struct snapshot *s, unsigned i)
{
	const struct snapshot_interface *f = &s->interfaces[i];

	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "name", string(f->name),
			 "mode", text_or_null(f->mode), "nat", text_or_null(f->nat),
			 "why_generic", text_or_null(f->why_generic), "up", f->up);
}

static json_t *use_row(const struct snapshot *s, unsigned i)
{
	return json_pack("{s:s, s:I, s:I}", "name", s->use[i].name,
			 "used", (json_int_t)s->use[i].used, "max", (json_int_t)s->use[i].max);
}

static json_t *daemon_object(const struct snapshot *s)
{
	const struct snapshot_daemon *d = &s->daemon;

	return json_pack("{s:s, s:o, s:I, s:o, s:s, s:i, s:o, s:I, s:b, s:b, s:I}",
			 "version", XLB_VERSION, "hostname", text_or_null(d->hostname),
			 "uptime_s", (json_int_t)d->uptime_s,
			 "config_file", text_or_null(d->config_file),
			 "config_state", d->config_state,
			 "confirm_in_s", (int)d->confirm_in_s,
			 "reload_error", text_or_null(d->reload_error),
			 "reloaded_at", (json_int_t)d->reloaded_at,
			 "attached", d->attached, "synced", d->synced,
			 "delay_max_us", (json_int_t)d->delay_max_us);
}

/* ---- writing ------------------------------------------------------------------------------- */
static int append(const char *buffer, size_t size, void *data)
{
	text_add(data, buffer, size);
	return 0;
}

static void add(struct text *text, json_t *value)
{
	if (!value || json_dump_callback(value, append, text, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		text->failed = true;
	json_decref(value);
}

struct part {
	const char *key;
	json_t *(*row)(const struct snapshot *s, unsigned i);
};

static const struct part parts[] = {
	{ "services", service_row },     { "hosts", host_row }, { "counters", counter_row },
	{ "interfaces", interface_row }, { "tables", use_row }, { "logs", log_row },
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static unsigned rows_of(const struct snapshot *s, unsigned part)
{
	const unsigned rows[N_PARTS] = { s->n_services, s->n_hosts, XLB_REASON_COUNT,
					 s->n_interfaces, s->counted ? TABLE_USES : 0, s->n_counters };

	return rows[part];
}

static void begin(const struct snapshot *s, const json_t *events, struct text *text)
{
	char time[48];

	snprintf(time, sizeof(time), "{\"time_ms\":%lld,\"daemon\":",
		 (long long)s->time.tv_sec * 1000 + s->time.tv_nsec / 1000000);
	text_puts(text, time);
	add(text, daemon_object(s));
	text_puts(text, ",\"events\":");
	add(text, events ? json_incref((json_t *)events) : json_array());
}

bool status_json_step(struct status_json *j, const struct snapshot *s, const json_t *events,
		      unsigned rows, struct text *text)
{
	if (j->part == 0 && j->row == 0 && text->len == 0)
		begin(s, events, text);
	for (; j->part < N_PARTS; j->part++, j->row = 0) {
		unsigned n = rows_of(s, j->part);

		if (!rows)
			return false;
		if (j->row == 0) {
			text_puts(text, ",\"");
			text_puts(text, parts[j->part].key);
			text_puts(text, "\":[");
		}
		for (; j->row < n; j->row++) {
			if (!rows--)
				return false;
			text_puts(text, j->row ? "," : "");
			add(text, parts[j->part].row(s, j->row));
		}
		text_puts(text, "]");
	}
	text_puts(text, "}\n");
	return true;
}
