/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/relayctl.h"

#include <string.h>

#include "cli/output.h"

#define MIN_NAME 24 /* relayctl's widths */

/* Before and between columns, and before details. */
struct layout {
	const char *gap;
	const char *indent; /* relayctl: "\t%8s\t" with nothing in it */
	int name;           /* width */
};

struct row {
	json_int_t id;
	const char *type;
	const char *name;
	json_int_t parent;          /* 0: none */
	const json_t *availability; /* percent, or null */
	const char *status;
};

static const char *row_name(const char *name, json_int_t parent, char *buf, size_t size)
{
	if (parent)
		snprintf(buf, size, "%s parent %u", name, (unsigned)parent);
	else
		snprintf(buf, size, "%s", name);
	return buf;
}

/* Of the rows in both lists, NULL: none. */
static struct layout layout_of(const struct cli *cli, const json_t *rows, const json_t *more)
{
	const json_t *const lists[] = { rows, more };
	struct layout layout = { "\t", "\t        \t", MIN_NAME };
	char name[512];
	json_t *item;
	size_t i;

	if (!cli->terminal)
		return layout;
	for (size_t n = 0; n < 2; n++)
		json_array_foreach(lists[n], i, item) {
			int width = (int)strlen(row_name(get_text(item, "name"),
							 get_number(item, "parent"), name,
							 sizeof(name)));

			if (width > layout.name)
				layout.name = width;
		}
	layout.gap = "  ";
	layout.indent = "                ";
	return layout;
}

static void print_header(const struct cli *cli, const struct layout *l)
{
	fprintf(cli->out, "%-4s%s%-8s%s%-*s%s%-7s%sStatus\n", "Id", l->gap, "Type", l->gap, l->name,
		"Name", l->gap, "Avlblty", l->gap);
}

static void print_row(const struct cli *cli, const struct layout *l, const struct row *row)
{
	char availability[16] = "", name[512];

	if (json_is_number(row->availability))
		snprintf(availability, sizeof(availability), "%.2f%%",
			 json_number_value(row->availability));
	row_name(row->name, row->parent, name, sizeof(name));
	fprintf(cli->out, "%-4u%s%-8s%s%-*s%s%-7s%s%s%s%s\n", (unsigned)row->id, l->gap, row->type,
		l->gap, l->name, name, l->gap, availability, l->gap, colour_of(cli, row->status),
		row->status, colour_end(cli));
}

void print_summary(const struct cli *cli, const json_t *summary)
{
	const json_t *rows = json_object_get(summary, "rows");
	const struct layout layout = layout_of(cli, rows, NULL);
	json_t *item;
	size_t i;

	print_header(cli, &layout);
	json_array_foreach(rows, i, item) {
		struct row row = {
			.id = get_number(item, "id"),
			.type = get_text(item, "type"),
			.name = get_text(item, "name"),
			.parent = get_number(item, "parent"),
			.availability = json_object_get(item, "availability"),
			.status = get_text(item, "status"),
		};

		print_row(cli, &layout, &row);
	}
}

/* ---- hosts --------------------------------------------------------------------------------- */
static void print_checks(const struct cli *cli, const struct layout *l, const json_t *host)
{
	json_int_t retries = get_number(host, "retries");
	const char *error = get_text(host, "error");

	if (!get_number(host, "checks"))
		return;
	fprintf(cli->out, "%stotal: %llu/%llu checks", l->indent,
		(unsigned long long)get_number(host, "checks_up"),
		(unsigned long long)get_number(host, "checks"));
	if (retries)
		fprintf(cli->out, ", %d retries", (int)retries);
	if (*error)
		fprintf(cli->out, ", error: %s", error);
	fputc('\n', cli->out);
}

/* Ours: a host that is up and can't be reached would puzzle. */
static void print_next_hop(const struct cli *cli, const struct layout *l, const json_t *host)
{
	const json_t *next_hop = json_object_get(host, "next_hop");
	const char *state = get_text(next_hop, "state");

	if (*state && strcmp(state, "ok") != 0)
		fprintf(cli->out, "%snext hop: %s\n", l->indent, state);
}

/* Ours, too. */
static void print_left_out(const struct cli *cli, const struct layout *l, const json_t *host)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(host, "left_out"), i, item)
		fprintf(cli->out, "%snot used by %s %s: %s\n", l->indent, get_text(item, "type"),
			get_text(item, "name"), get_text(item, "why"));
}

/* ---- with -v ------------------------------------------------------------------------------- */
static double per_second(const json_t *object, const char *what, const char *window)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_%s", what, window);
	return json_number_value(json_object_get(json_object_get(object, "per_second"), key));
}

/* What was counted of a service or host, and how fast. */
static void print_traffic(const struct cli *cli, const struct layout *l, const json_t *object)
{
	static const struct {
		const char *window;
		const char *title;
	} windows[] = { { "1s", "1 s" }, { "10s", "10 s" }, { "60s", "1 min" } };

	if (!cli->verbose || !json_is_integer(json_object_get(object, "packets")))
		return;
	fprintf(cli->out, "%straffic: %lld packets, %lld bytes, %lld sessions, %lld states\n",
		l->indent, (long long)get_number(object, "packets"),
		(long long)get_number(object, "bytes"), (long long)get_number(object, "sessions"),
		(long long)get_number(object, "states"));
	if (!json_is_object(json_object_get(object, "per_second")))
		return;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		fprintf(cli->out,
			"%sper second, last %s: %.1f packets, %.1f bytes, %.1f sessions\n",
			l->indent, windows[i].title,
			per_second(object, "packets", windows[i].window),
			per_second(object, "bytes", windows[i].window),
			per_second(object, "sessions", windows[i].window));
}

static void print_host(const struct cli *cli, const struct layout *l, const json_t *host)
{
	struct row row = {
		.id = get_number(host, "id"),
		.type = "host",
		.name = get_text(host, "name"),
		.parent = get_number(host, "parent"),
		.availability = json_object_get(host, "availability"),
		.status = get_text(host, "status"),
	};

	print_row(cli, l, &row);
	print_checks(cli, l, host);
	print_traffic(cli, l, host);
	print_next_hop(cli, l, host);
	print_left_out(cli, l, host);
}

static void print_table_row(const struct cli *cli, const struct layout *l, const json_t *table)
{
	char status[64];
	struct row row = {
		.id = get_number(table, "id"),
		.type = "table",
		.name = get_text(table, "name"),
		.status = get_text(table, "status"),
	};

	if (strcmp(row.status, "active") == 0) {
		snprintf(status, sizeof(status), "active (%d hosts)",
			 (int)get_number(table, "hosts_up"));
		row.status = status;
	}
	print_row(cli, l, &row);
}

/* As relayctl: the hosts of a disabled table aren't shown. */
void print_hosts(const struct cli *cli, const json_t *tables, const json_t *hosts)
{
	const struct layout layout = layout_of(cli, tables, hosts);
	json_t *table, *host;
	size_t i, j;

	print_header(cli, &layout);
	json_array_foreach(tables, i, table) {
		print_table_row(cli, &layout, table);
		if (strcmp(get_text(table, "status"), "disabled") == 0)
			continue;
		json_array_foreach(hosts, j, host)
			if (get_number(host, "table_id") == get_number(table, "id"))
				print_host(cli, &layout, host);
	}
}

/* ---- redirects and relays ------------------------------------------------------------------ */
static void print_rate(const struct cli *cli, const struct layout *l, const char *title,
		       json_int_t interval, json_int_t last, json_int_t hour, json_int_t day)
{
	fprintf(cli->out, "%s%s: %u/%llus %u/h %u/d sessions\n", l->indent, title, (unsigned)last,
		(unsigned long long)interval, (unsigned)hour, (unsigned)day);
}

static void print_sessions(const struct cli *cli, const struct layout *l, const json_t *service)
{
	const json_t *rates = json_object_get(service, "rates");
	json_int_t total = get_number(service, "sessions");
	json_int_t interval = get_number(rates, "interval_s");

	if (!total)
		return;
	fprintf(cli->out, "%stotal: %llu sessions\n", l->indent, (unsigned long long)total);
	if (!interval)
		return;
	print_rate(cli, l, "last", interval, get_number(rates, "last"), get_number(rates, "hour"),
		   get_number(rates, "day"));
	print_rate(cli, l, "average", interval, get_number(rates, "average"),
		   get_number(rates, "average_hour"), get_number(rates, "average_day"));
}

void print_services(const struct cli *cli, const json_t *list, const char *type)
{
	const struct layout layout = layout_of(cli, list, NULL);
	json_t *service;
	size_t i;

	print_header(cli, &layout);
	json_array_foreach(list, i, service) {
		struct row row = {
			.id = get_number(service, "id"),
			.type = type,
			.name = get_text(service, "name"),
			.status = get_text(service, "status"),
		};
		const char *why_not = get_text(service, "why_not");

		print_row(cli, &layout, &row);
		print_sessions(cli, &layout, service);
		print_traffic(cli, &layout, service);
		if (*why_not)
			fprintf(cli->out, "%snot served: %s\n", layout.indent, why_not);
	}
}

/* ---- sessions ------------------------------------------------------------------------------ */
/* What relayd's view lacks: who the host believes the client to be, and how much went each way. */
static void print_translation(const struct cli *cli, const json_t *session, const json_t *nat)
{
	char address[64] = "transparent";

	if (*get_text(nat, "address"))
		format_endpoint(get_text(nat, "address"), get_number(nat, "port"), address,
				sizeof(address));
	fprintf(cli->out,
		"\t%s, nat %s, %s, in %lld packets %lld bytes, out %lld packets %lld bytes\n",
		get_text(session, "proto"), address, get_text(session, "state"),
		(long long)get_number(nat, "packets_in"), (long long)get_number(nat, "bytes_in"),
		(long long)get_number(nat, "packets_out"), (long long)get_number(nat, "bytes_out"));
}

static void print_connection(const struct cli *cli, const json_t *session, const json_t *nat,
			     json_int_t pid)
{
	char client[64], host[64], age[32], idle[32];
	const char *type = get_text(session, "type");

	format_endpoint(get_text(session, "client"), get_number(session, "client_port"), client,
			sizeof(client));
	format_endpoint(get_text(session, "host"), get_number(nat, "host_port"), host,
			sizeof(host));
	fprintf(cli->out, "session 0:%u %s -> %s\t%s\n", (unsigned)get_number(nat, "id"), client,
		host, json_is_true(json_object_get(nat, "running")) ? "RUNNING" : "DONE");
	fprintf(cli->out, "\tage %s, idle %s, %s %u, pid %u\n",
		format_duration(get_number(nat, "age_s"), age, sizeof(age)),
		format_duration(get_number(session, "idle_s"), idle, sizeof(idle)),
		*type ? type : "service", (unsigned)get_number(session, "service_id"),
		(unsigned)pid);
	print_translation(cli, session, nat);
}

void print_connections(const struct cli *cli, const json_t *sessions, json_int_t pid)
{
	json_t *session;
	size_t i;

	json_array_foreach(sessions, i, session) {
		const json_t *nat = json_object_get(session, "nat");

		if (json_is_object(nat))
			print_connection(cli, session, nat, pid);
	}
}
