/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From the API's answers to text. The answers are those that the control room's views are tested
 * with (tests/unit/control), so that the two ends can't drift apart.
 */
#include <criterion/criterion.h>

#include "capture.h"
#include "cli/monitor.h"
#include "cli/output.h"
#include "cli/relayctl.h"
#include "cli/table.h"

/* written as tables */
/* clang-format off */

static struct capture capture;

static void setup(void)
{
	capture_open(&capture);
}

static void teardown(void)
{
	capture_close(&capture);
}

TestSuite(output, .init = setup, .fini = teardown);

static json_t *load(const char *file)
{
	char path[512];
	json_t *answer;

	snprintf(path, sizeof(path), XLB_SOURCE_DIR "/tests/unit/control/%s", file);
	answer = json_load_file(path, 0, NULL);
	cr_assert_not_null(answer, "%s", path);
	return answer;
}

static const char *written(void)
{
	capture_read(&capture);
	return capture.out;
}

Test(output, summary)
{
	json_t *answer = load("summary.json");

	print_summary(&capture.cli, answer);
	cr_assert_str_eq(written(),
		"Id  \tType    \tName                    \tAvlblty\tStatus\n"
		"1   \tredirect\thttps_forwarder         \t       \tactive\n"
		"1   \ttable   \tkube_hosts:443          \t       \tactive (2 hosts)\n"
		"1   \thost    \t192.168.1.3             \t100.00%\tup\n"
		"2   \thost    \t192.168.1.4             \t95.24% \tdown\n"
		"3   \thost    \t2001:db8::5 parent 1    \t       \tup\n"
		"2   \ttable   \tspare/hosts:443         \t       \tempty\n"
		"4   \thost    \t192.168.1.6             \t       \tunknown\n"
		"1   \trelay   \tkube_forwarder          \t       \tnot served\n"
		"3   \ttable   \tkube_api:6443           \t       \tempty\n"
		"5   \thost    \t192.168.1.3             \t100.00%\tdraining\n");
	json_decref(answer);
}

Test(output, hosts)
{
	json_t *tables = load("tables.json"), *hosts = load("hosts.json");

	print_hosts(&capture.cli, json_object_get(tables, "tables"),
		    json_object_get(hosts, "hosts"));
	cr_assert_str_eq(written(),
		"Id  \tType    \tName                    \tAvlblty\tStatus\n"
		"1   \ttable   \tkube_hosts:443          \t       \tactive (2 hosts)\n"
		"1   \thost    \t192.168.1.3             \t100.00%\tup\n"
		"\t        \ttotal: 21/21 checks\n"
		"2   \thost    \t192.168.1.4             \t95.24% \tdown\n"
		"\t        \ttotal: 20/21 checks, 2 retries, error: tcp connect failed\n"
		"\t        \tnext hop: unreachable\n"
		"3   \thost    \t2001:db8::5 parent 1    \t       \tup\n"
		"2   \ttable   \tspare/hosts:443         \t       \tempty\n"
		"4   \thost    \t192.168.1.6             \t       \tunknown\n"
		"\t        \tnext hop: unknown\n"
		"3   \ttable   \tkube_api:6443           \t       \tempty\n"
		"5   \thost    \t192.168.1.3             \t100.00%\tdraining\n"
		"\t        \ttotal: 7/7 checks\n");
	json_decref(tables);
	json_decref(hosts);
}

Test(output, hosts_of_a_disabled_table)
{
	json_t *tables = load("tables.json"), *hosts = load("hosts.json");
	json_t *list = json_object_get(tables, "tables");

	json_object_set_new(json_array_get(list, 0), "status", json_string("disabled"));
	json_array_remove(list, 2);
	json_array_remove(list, 1);
	print_hosts(&capture.cli, list, json_object_get(hosts, "hosts"));
	cr_assert_str_eq(strchr(written(), '\n') + 1,
			 "1   \ttable   \tkube_hosts:443          \t       \tdisabled\n");
	json_decref(tables);
	json_decref(hosts);
}

Test(output, redirects)
{
	json_t *answer = load("redirects.json");

	print_services(&capture.cli, json_object_get(answer, "redirects"), "redirect");
	cr_assert_str_eq(written(),
		"Id  \tType    \tName                    \tAvlblty\tStatus\n"
		"1   \tredirect\thttps_forwarder         \t       \tactive\n"
		"\t        \ttotal: 9 sessions\n"
		"\t        \tlast: 9/60s 9/h 9/d sessions\n"
		"\t        \taverage: 4/60s 0/h 0/d sessions\n");
	json_decref(answer);
}

Test(output, relays)
{
	json_t *answer = load("relays.json");

	print_services(&capture.cli, json_object_get(answer, "relays"), "relay");
	cr_assert_str_eq(strchr(written(), '\n') + 1,
		"1   \trelay   \tkube_forwarder          \t       \tnot served\n"
		"\t        \tnot served: relays are not done yet\n");
	json_decref(answer);
}

Test(output, states_have_colours)
{
	json_t *answer = load("summary.json");

	capture.cli.colour_out = true;
	print_summary(&capture.cli, answer);
	cr_assert_not_null(strstr(written(), "\t100.00%\t\033[32mup\033[0m\n"));
	cr_assert_not_null(strstr(written(), "\t95.24% \t\033[31mdown\033[0m\n"));
	cr_assert_not_null(strstr(written(), "\t\033[33munknown\033[0m\n"));
	json_decref(answer);
}

/* ---- tables -------------------------------------------------------------------------------- */
static const struct column columns[] = {
	{ "Name", COLUMN_TEXT }, { "Count", COLUMN_NUMBER }, { "State", COLUMN_STATE },
	{ "Note", COLUMN_TEXT },
};

static void print_sample(void)
{
	struct text_table *t = text_table_new(columns, 4);

	text_table_row(t, (const char *const[]){ "caf\xc3\xa9s", "7", "up", "first" });
	text_table_row(t, (const char *const[]){ "x", "1234567", "unknown", "" });
	cr_assert_eq(text_table_print(&capture.cli, t), CLI_DONE);
	text_table_free(t);
}

Test(output, columns_are_aligned)
{
	print_sample();
	cr_assert_str_eq(written(), "Name     Count  State    Note\n"
				    "caf\xc3\xa9s        7  up       first\n"
				    "x      1234567  unknown  \n");
}

Test(output, colours_take_no_room)
{
	capture.cli.colour_out = true;
	print_sample();
	cr_assert_str_eq(written(), "Name     Count  State    Note\n"
				    "caf\xc3\xa9s        7  \033[32mup\033[0m       first\n"
				    "x      1234567  \033[33munknown\033[0m  \n");
}

/* ---- events -------------------------------------------------------------------------------- */
Test(output, events)
{
	static const char event[] =
		"{\"type\":\"host_status\",\"id\":2,\"name\":\"192.168.1.4\",\"before\":\"up\","
		"\"after\":\"down\",\"reason\":\"tcp connect failed\",\"empty\":\"\","
		"\"availability\":95.238095,\"list\":[1],\"none\":null,"
		"\"time\":\"2026-01-31T12:00:00.123Z\"}";

	print_event(&capture.cli, event, strlen(event));
	print_event(&capture.cli, "", 0);
	cr_assert_str_eq(written(),
			 "2026-01-31T12:00:00.123Z host_status id=2 name=192.168.1.4 before=up "
			 "after=down reason=\"tcp connect failed\" empty=\"\" "
			 "availability=95.238095 list=[1] none=null\n");
}

/* ---- pieces -------------------------------------------------------------------------------- */
Test(output, endpoints)
{
	char buf[64];

	cr_expect_str_eq(format_endpoint("192.0.2.1", 443, buf, sizeof(buf)), "192.0.2.1:443");
	cr_expect_str_eq(format_endpoint("2001:db8::1", 443, buf, sizeof(buf)),
			 "[2001:db8::1]:443");
	cr_expect_str_eq(format_endpoint("192.0.2.1", 0, buf, sizeof(buf)), "192.0.2.1");
}

Test(output, durations)
{
	char buf[64];

	cr_expect_str_eq(format_duration(0, buf, sizeof(buf)), "00:00:00");
	cr_expect_str_eq(format_duration(3723, buf, sizeof(buf)), "01:02:03");
	cr_expect_str_eq(format_duration(86399, buf, sizeof(buf)), "23:59:59");
	cr_expect_str_eq(format_duration(2 * 86400 + 61, buf, sizeof(buf)), "2d 00:01:01");
}
