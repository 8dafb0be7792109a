/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl show ...: relayctl's views, and tables of our own. */
#include "cli/show.h"

#include <stdlib.h>

#include "cli/client.h"
#include "cli/interface_stats.h"
#include "cli/output.h"
#include "cli/relayctl.h"
#include "cli/show_rules.h"
#include "cli/table.h"
#include "cli/verbose.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

typedef int (*printer)(const struct cli *cli, const json_t *answer);

static int show(const struct cli *cli, const char *path, printer print)
{
	json_t *answer;
	int r = client_get(cli, path, &answer);

	if (r != CLI_DONE)
		return r;
	if (cli->json)
		print_json(cli, answer);
	else
		r = print(cli, answer);
	json_decref(answer);
	return r;
}

/* ---- as relayctl --------------------------------------------------------------------------- */
static int print_summary_answer(const struct cli *cli, const json_t *answer)
{
	print_summary(cli, answer);
	return CLI_DONE;
}

static int print_redirects_answer(const struct cli *cli, const json_t *answer)
{
	print_services(cli, json_object_get(answer, "redirects"), "redirect");
	return CLI_DONE;
}

static int print_relays_answer(const struct cli *cli, const json_t *answer)
{
	print_services(cli, json_object_get(answer, "relays"), "relay");
	return CLI_DONE;
}

/* The hosts' answer doesn't say how the tables are. */
static int print_hosts_answer(const struct cli *cli, const json_t *answer)
{
	json_t *tables;
	int r = client_get(cli, "/v1/tables", &tables);

	if (r != CLI_DONE)
		return r;
	print_hosts(cli, json_object_get(tables, "tables"), json_object_get(answer, "hosts"));
	json_decref(tables);
	return CLI_DONE;
}

static int show_summary(struct cli *cli, int argc, char **argv)
{
	return show(cli, "/v1/summary", print_summary_answer);
}

static int show_verbose(struct cli *cli, int argc, char **argv, const char *path, printer print)
{
	int r = parse_verbose(cli, argc, argv, 1, &cli->verbose, NULL);

	return r == CLI_DONE ? show(cli, path, print) : r;
}

static int show_redirects(struct cli *cli, int argc, char **argv)
{
	return show_verbose(cli, argc, argv, "/v1/redirects", print_redirects_answer);
}

static int show_relays(struct cli *cli, int argc, char **argv)
{
	return show_verbose(cli, argc, argv, "/v1/relays", print_relays_answer);
}

static int show_hosts(struct cli *cli, int argc, char **argv)
{
	return show_verbose(cli, argc, argv, "/v1/hosts", print_hosts_answer);
}

/* ---- our tables ---------------------------------------------------------------------------- */
static int print_list(const struct cli *cli, const json_t *list, const struct column *columns,
		      size_t n_columns, void (*add)(struct text_table *t, const json_t *item))
{
	struct text_table *t = text_table_new(columns, n_columns);
	json_t *item;
	size_t i;
	int r;

	if (!t) {
		fputs("xlbctl: out of memory\n", cli->err);
		return CLI_FAILED;
	}
	json_array_foreach(list, i, item)
		add(t, item);
	r = text_table_print(cli, t);
	text_table_free(t);
	return r;
}

static void join(const json_t *list, char *buf, size_t size)
{
	json_t *item;
	size_t i, n = 0;

	buf[0] = '\0';
	json_array_foreach(list, i, item)
		if (n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? "," : "",
					      json_string_value(item));
}

/* a column, a line */
/* clang-format off */
static const struct column table_columns[] = {
	{ "Id", COLUMN_NUMBER },       { "Name", COLUMN_TEXT },      { "Status", COLUMN_STATE },
	{ "Up", COLUMN_NUMBER },       { "Hosts", COLUMN_NUMBER },   { "Check", COLUMN_TEXT },
	{ "Interval", COLUMN_NUMBER }, { "Timeout", COLUMN_NUMBER }, { "Used by", COLUMN_TEXT },
};
/* clang-format on */

static void add_table(struct text_table *t, const json_t *item)
{
	char id[24], up[24], hosts[24], interval[24], timeout[24], used_by[1024];

	snprintf(id, sizeof(id), "%lld", (long long)get_number(item, "id"));
	snprintf(up, sizeof(up), "%lld", (long long)get_number(item, "hosts_up"));
	snprintf(hosts, sizeof(hosts), "%lld", (long long)get_number(item, "hosts"));
	snprintf(interval, sizeof(interval), "%.3gs",
		 (double)get_number(item, "interval_ms") / 1000);
	snprintf(timeout, sizeof(timeout), "%lldms", (long long)get_number(item, "timeout_ms"));
	join(json_object_get(item, "used_by"), used_by, sizeof(used_by));
	text_table_row(t, (const char *const[]){
				  id, get_text(item, "name"), get_text(item, "status"), up, hosts,
				  get_text(item, "check"), interval, timeout, used_by });
}

static int print_tables(const struct cli *cli, const json_t *answer)
{
	return print_list(cli, json_object_get(answer, "tables"), table_columns, N(table_columns),
			  add_table);
}

static int show_tables(struct cli *cli, int argc, char **argv)
{
	return show(cli, "/v1/tables", print_tables);
}

/* a column, a line */
/* clang-format off */
static const struct column interface_columns[] = {
	{ "Name", COLUMN_TEXT },        { "Ifindex", COLUMN_NUMBER }, { "Link", COLUMN_STATE },
	{ "Mode", COLUMN_TEXT },        { "NAT", COLUMN_TEXT },       { "MAC", COLUMN_TEXT },
	{ "MTU", COLUMN_NUMBER },       { "Why generic", COLUMN_TEXT },
};
/* clang-format on */

static void add_interface(struct text_table *t, const json_t *item)
{
	const json_t *up = json_object_get(item, "up");
	char ifindex[24], mtu[24] = "";

	snprintf(ifindex, sizeof(ifindex), "%lld", (long long)get_number(item, "ifindex"));
	if (json_is_integer(json_object_get(item, "mtu")))
		snprintf(mtu, sizeof(mtu), "%lld", (long long)get_number(item, "mtu"));
	text_table_row(t, (const char *const[]){ get_text(item, "name"), ifindex,
						 json_is_true(up)  ? "up" :
						 json_is_false(up) ? "down" :
								     "",
						 get_text(item, "mode"), get_text(item, "nat"),
						 get_text(item, "mac"), mtu,
						 get_text(item, "why_generic") });
}

static int print_interfaces(const struct cli *cli, const json_t *answer)
{
	if (cli->verbose)
		return print_interface_stats(cli, json_object_get(answer, "interfaces"));
	return print_list(cli, json_object_get(answer, "interfaces"), interface_columns,
			  N(interface_columns), add_interface);
}

static int show_interfaces(struct cli *cli, int argc, char **argv)
{
	return show_verbose(cli, argc, argv, "/v1/interfaces", print_interfaces);
}

/* a column, a line */
/* clang-format off */
static const struct column counter_columns[] = {
	{ "Count", COLUMN_NUMBER },
	{ "Name", COLUMN_TEXT },
	{ "Verdict", COLUMN_TEXT },
	{ "Meaning", COLUMN_TEXT },
};

static const struct column counter_rate_columns[] = {
	{ "Count", COLUMN_NUMBER },
	{ "Per second", COLUMN_NUMBER },
	{ "Name", COLUMN_TEXT },
	{ "Verdict", COLUMN_TEXT },
	{ "Meaning", COLUMN_TEXT },
};
/* clang-format on */

static void add_counter(struct text_table *t, const json_t *item)
{
	char count[24];

	snprintf(count, sizeof(count), "%lld", (long long)get_number(item, "count"));
	text_table_row(t,
		       (const char *const[]){ count, get_text(item, "name"),
					      get_text(item, "verdict"), get_text(item, "text") });
}

/* As pf's "rate" of a counter. */
static void add_counter_rate(struct text_table *t, const json_t *item)
{
	const json_t *rate = json_object_get(json_object_get(item, "per_second"), "packets_10s");
	char count[24], per_second[24] = "";

	snprintf(count, sizeof(count), "%lld", (long long)get_number(item, "count"));
	if (json_is_number(rate))
		snprintf(per_second, sizeof(per_second), "%.1f/s", json_number_value(rate));
	text_table_row(t,
		       (const char *const[]){ count, per_second, get_text(item, "name"),
					      get_text(item, "verdict"), get_text(item, "text") });
}

static int print_counters(const struct cli *cli, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "counters");

	if (cli->verbose)
		return print_list(cli, list, counter_rate_columns, N(counter_rate_columns),
				  add_counter_rate);
	return print_list(cli, list, counter_columns, N(counter_columns), add_counter);
}

static int show_counters(struct cli *cli, int argc, char **argv)
{
	return show_verbose(cli, argc, argv, "/v1/counters", print_counters);
}

/* a column, a line */
/* clang-format off */
static const struct column session_columns[] = {
	{ "Service", COLUMN_TEXT }, { "Proto", COLUMN_TEXT },        { "Client", COLUMN_TEXT },
	{ "Port", COLUMN_NUMBER },  { "Host", COLUMN_TEXT },         { "State", COLUMN_TEXT },
	{ "Idle", COLUMN_NUMBER },  { "Expires in", COLUMN_NUMBER },
};
/* clang-format on */

static void add_session(struct text_table *t, const json_t *item)
{
	char client[64], port[24] = "", idle[32], expires[32];

	format_endpoint(get_text(item, "client"), get_number(item, "client_port"), client,
			sizeof(client));
	if (get_number(item, "port"))
		snprintf(port, sizeof(port), "%lld", (long long)get_number(item, "port"));
	format_duration(get_number(item, "idle_s"), idle, sizeof(idle));
	format_duration(get_number(item, "expires_s"), expires, sizeof(expires));
	text_table_row(t, (const char *const[]){ get_text(item, "service"), get_text(item, "proto"),
						 client, port, get_text(item, "host"),
						 get_text(item, "state"), idle, expires });
}

/* The flows of DSR, which relayctl doesn't know. */
static int print_flows(const struct cli *cli, const json_t *sessions)
{
	json_t *flows = json_array(), *session;
	size_t i;
	int r = CLI_DONE;

	json_array_foreach(sessions, i, session)
		if (!json_is_object(json_object_get(session, "nat")))
			json_array_append(flows, session);
	if (json_array_size(flows) > 0)
		r = print_list(cli, flows, session_columns, N(session_columns), add_session);
	json_decref(flows);
	return r;
}

static int print_sessions(const struct cli *cli, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "sessions");
	int r;

	print_connections(cli, list, get_number(answer, "pid"));
	r = print_flows(cli, list);

	if (json_is_true(json_object_get(answer, "truncated")))
		fprintf(cli->err, "xlbctl: these are the first %zu sessions, there are more\n",
			json_array_size(list));
	return r;
}

/* The daemon says what is wrong with the number. */
static int show_sessions(struct cli *cli, int argc, char **argv)
{
	char path[300] = "/v1/sessions";
	char *number;
	int r;

	if (argc == 1)
		return show(cli, path, print_sessions);
	number = client_escape(argv[1]);
	if (!number)
		return CLI_FAILED;
	snprintf(path, sizeof(path), "/v1/sessions?limit=%.200s", number);
	r = show(cli, path, print_sessions);
	free(number);
	return r;
}

static int print_config(const struct cli *cli, const json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "text"));

	if (!text) {
		fputs("xlbctl: the configuration has text that is not UTF-8\n", cli->err);
		return CLI_FAILED;
	}
	fputs(text, cli->out);
	return CLI_DONE;
}

static int show_config(struct cli *cli, int argc, char **argv)
{
	return show(cli, "/v1/config", print_config);
}

static const char traffic_details[] =
	"  -v  with packets, bytes and states, and what comes in a second\n";

static const char interfaces_details[] =
	"  -v  what was counted, as \"pfctl -s info\" has it for its loginterface, and what comes\n"
	"      in a second\n";

static const char counters_details[] = "  -v  with the packets a second, of the last 10 s\n";

static const char rules_details[] =
	"As \"pfctl -s rules\" would print them. NAME: only those of a redirect or relay.\n\n"
	"  -v   with what was counted: packets, bytes, states\n"
	"  -vv  with the rules' numbers and how many hosts are up, too\n";

const struct command show_commands[] = {
	{ "summary", NULL, 0, 0, show_summary, "redirects, relays, tables and hosts", NULL, NULL },
	{ "redirects", "[-v]", 0, -1, show_redirects, "redirects and their sessions",
	  traffic_details, NULL },
	{ "relays", "[-v]", 0, -1, show_relays, "relays and their sessions", traffic_details,
	  NULL },
	{ "hosts", "[-v]", 0, -1, show_hosts, "tables, hosts and the results of checks",
	  traffic_details, NULL },
	{ "tables", NULL, 0, 0, show_tables, "tables with their checks and users", NULL, NULL },
	{ "rules", "[-v|-vv] [NAME]", 0, -1, show_rules, "services as rules of pf", rules_details,
	  NULL },
	{ "interfaces", "[-v]", 0, -1, show_interfaces, "interfaces that run the program",
	  interfaces_details, NULL },
	{ "sessions", "[MAX]", 0, 1, show_sessions, "connections and flows", NULL, NULL },
	{ "config", NULL, 0, 0, show_config, "the configuration in use, without macros", NULL,
	  NULL },
	{ "counters", "[-v]", 0, -1, show_counters, "packets that left the fast path, by reason",
	  counters_details, NULL },
	{ 0 },
};
