/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What "xlbctl top" draws of prepared answers, as text, at several sizes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/quantity.h"
#include "cli/top_data.h"
#include "cli/top_layout.h"

/* written as tables */
/* clang-format off */

/* ---- pieces -------------------------------------------------------------------------------- */
Test(quantity, rows)
{
	static const struct {
		double value;
		const char *expected;
	} rows[] = {
		{ 0, "0" }, { 0.04, "0.0" }, { 0.25, "0.2" }, { 7, "7" }, { 7.5, "7.5" }, { 9.94, "9.9" },
		{ 9.96, "10" }, { 999.4, "999" }, { 999.6, "1.0k" }, { 1234, "1.2k" },
		{ 99940, "99.9k" }, { 99960, "100k" }, { 999400, "999k" }, { 999600, "1.0M" },
		{ 3.4e9, "3.4G" }, { 1e12, "1.0T" }, { 1e18, "1.0E" }, { 1e20, "100E" },
	};
	char buf[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(format_quantity(rows[i].value, buf, sizeof(buf)), rows[i].expected,
				 "%f: %s", rows[i].value, buf);
}

Test(quantity, sparkline)
{
	static const double values[] = { 0, 0.001, 1, 2, 4, 6, 8, 9 };
	static const double none[] = { 0, 0 };
	char buf[64], small[8];

	cr_expect_str_eq(format_sparkline(values, 8, 8, false, buf, sizeof(buf)), " ▁▁▂▄▆██");
	cr_expect_str_eq(format_sparkline(values, 8, 8, true, buf, sizeof(buf)), " ...-+##");
	cr_expect_str_eq(format_sparkline(values, 7, 0, true, buf, sizeof(buf)), " ...-+#",
			 "by the highest");
	cr_expect_str_eq(format_sparkline(none, 2, 0, false, buf, sizeof(buf)), "  ");
	cr_expect_str_eq(format_sparkline(values, 8, 8, false, small, sizeof(small)), " ▁▁",
			 "no half of a character");
}

Test(canvas, put)
{
	struct canvas c;
	char *text = NULL;
	size_t size;
	FILE *out;

	cr_assert_eq(canvas_make(&c, 8, 3), 0);
	cr_expect_eq(canvas_put(&c, 0, 0, 3, STYLE_PLAIN, "abcdef"), 3);
	canvas_put_right(&c, 0, 3, 5, STYLE_BAD, "xy");
	canvas_put(&c, 1, 6, 10, STYLE_PLAIN, "cut off");
	canvas_put(&c, 7, 0, 8, STYLE_PLAIN, "below");
	canvas_put(&c, 2, 0, 8, STYLE_PLAIN, "a\033[2Jé\xff\xc2\x9b");
	out = open_memstream(&text, &size);
	canvas_write(&c, out);
	fclose(out);
	cr_expect_str_eq(text, "abc   xy\n      cu\na?[2Jé??\n");
	cr_expect_eq(canvas_at(&c, 0, 6)->style, STYLE_BAD);
	cr_expect_eq(canvas_length("é▁x"), 3);
	free(text);
	canvas_free(&c);
}

/* ---- answers ------------------------------------------------------------------------------- */
static struct top_data data;

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	cr_assert_not_null(value, "%s", text);
	return value;
}

/* One look, in which the redirect has so many packets a second. */
static void look(double packets)
{
	struct top_answers a = {
		.redirects = json_pack("{s:[{s:i, s:s, s:s, s:i, s:{s:f, s:f, s:f}}]}", "redirects",
				       "id", 1, "name", "https_forwarder", "status", "active",
				       "states", 1200, "per_second", "packets_1s", packets,
				       "bytes_1s", packets * 125, "sessions_1s", packets / 10),
		.relays = parse("{\"relays\":[{\"id\":1,\"name\":\"kube_forwarder\",\"status\":\"disabled\","
				"\"states\":null,\"per_second\":null}]}"),
		.hosts = parse("{\"hosts\":["
			"{\"id\":1,\"name\":\"192.168.1.3\",\"table\":\"kube_hosts:443\",\"status\":\"up\",\"states\":3,"
			"\"per_second\":{\"packets_1s\":30.0,\"bytes_1s\":1000.0,\"sessions_1s\":0.5}},"
			"{\"id\":2,\"name\":\"192.168.1.4\",\"table\":\"kube_hosts:443\",\"status\":\"down\",\"states\":0,"
			"\"per_second\":{\"packets_1s\":0,\"bytes_1s\":0,\"sessions_1s\":0}},"
			"{\"id\":3,\"name\":\"192.168.1.5\",\"table\":\"kube_hosts:443\",\"status\":\"up\",\"states\":9,"
			"\"per_second\":{\"packets_1s\":70.0,\"bytes_1s\":500.0,\"sessions_1s\":2.0}}]}"),
		.counters = parse("{\"counters\":["
			"{\"name\":\"no_service\",\"verdict\":\"pass\",\"text\":\"not for a configured service\","
			"\"count\":36,\"per_second\":{\"packets_1s\":0.25}},"
			"{\"name\":\"vlan\",\"verdict\":\"pass\",\"text\":\"802.1Q\",\"count\":0,\"per_second\":null},"
			"{\"name\":\"loop\",\"verdict\":\"drop\",\"text\":\"source MAC is one of the service's hosts\","
			"\"count\":12345,\"per_second\":{\"packets_1s\":4.0}}]}"),
		.version = parse("{\"version\":\"0.1.0\",\"uptime_s\":754}"),
	};

	cr_assert_eq(top_data_update(&data, &a, "1s"), 0);
	json_decref(a.redirects);
	json_decref(a.relays);
	json_decref(a.hosts);
	json_decref(a.counters);
	json_decref(a.version);
}

static void setup(void)
{
	for (int i = 1; i <= 8; i++)
		look(i * 100);
}

static void teardown(void)
{
	top_data_clear(&data);
}

TestSuite(top, .init = setup, .fini = teardown);

static void expect_drawn(const struct top_view *view, int width, int height, const char *expected)
{
	struct canvas c;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(canvas_make(&c, width, height), 0);
	top_layout(&c, &data, view);
	canvas_write(&c, out);
	fclose(out);
	cr_expect_str_eq(text, expected, "%d x %d:\n%s", width, height, text);
	free(text);
	canvas_free(&c);
}

static struct top_view plain(void)
{
	return (struct top_view){ .delay_ms = 1000, .clock = "13:45:01" };
}

Test(top, a_screen_of_80_columns)
{
	struct top_view view = plain();

	expect_drawn(&view, 80, 18,
"xlbd 0.1.0  up 00:12:34                            every 1 s, by order  13:45:01\n"
"2 services  2/3 hosts up  800 pkt/s  800k bit/s  80 conn/s  1.2k states\n"
"\n"
"NAME                       STATE      PKT/S  BIT/S CONN/S STATES  BEFORE\n"
"redirect https_forwarder   active       800   800k     80   1.2k        ▁▂▃▄▅▆▇█\n"
"relay kube_forwarder       disabled       -      -      -      -\n"
"192.168.1.3 kube_hosts:443 up            30   8.0k    0.5      3        ████████\n"
"192.168.1.4 kube_hosts:443 down           0      0      0      0\n"
"192.168.1.5 kube_hosts:443 up            70   4.0k      2      9        ████████\n"
"\n\n\n\n\n"
"NOT THE PLAIN WAY          VERDICT    PKT/S  TOTAL  MEANING\n"
"loop                       drop           4  12.3k  source MAC is one of the ser\n"
"no_service                 pass         0.2     36  not for a configured service\n"
"q quit  s sort  p pause  ? help  arrows and pages scroll\n");
}

Test(top, sorted_scrolled_paused_in_ascii)
{
	struct top_view view = plain();

	view.sort = TOP_SORT_PACKETS;
	view.scroll = 1;
	view.paused = true;
	view.ascii = true;
	top_data_sort(&data, view.sort);
	expect_drawn(&view, 80, 9,
"xlbd 0.1.0  up 00:12:34                  every 1 s, by packets, paused  13:45:01\n"
"2 services  2/3 hosts up  800 pkt/s  800k bit/s  80 conn/s  1.2k states\n"
"\n"
"NAME                       STATE      PKT/S  BIT/S CONN/S STATES  BEFORE\n"
"relay kube_forwarder       disabled       -      -      -      -\n"
"192.168.1.5 kube_hosts:443 up            70   4.0k      2      9        ########\n"
"192.168.1.3 kube_hosts:443 up            30   8.0k    0.5      3        ########\n"
"192.168.1.4 kube_hosts:443 down           0      0      0      0\n"
"q quit  s sort  p pause  ? help  arrows and pages scroll                   2-5/5\n");
}

Test(top, a_wide_screen_uses_its_room)
{
	struct top_view view = plain();

	view.message = "xlbd does not answer for 3 s (Connection refused), trying again";
	expect_drawn(&view, 120, 12,
"xlbd 0.1.0  up 00:12:34                                                                    every 1 s, by order  13:45:01\n"
"2 services  2/3 hosts up  800 pkt/s  800k bit/s  80 conn/s  1.2k states\n"
"\n"
"NAME                       STATE      PKT/S  BIT/S CONN/S STATES  BEFORE\n"
"redirect https_forwarder   active       800   800k     80   1.2k                                                ▁▂▃▄▅▆▇█\n"
"relay kube_forwarder       disabled       -      -      -      -\n"
"192.168.1.3 kube_hosts:443 up            30   8.0k    0.5      3                                                ████████\n"
"192.168.1.4 kube_hosts:443 down           0      0      0      0\n"
"\n"
"NOT THE PLAIN WAY          VERDICT    PKT/S  TOTAL  MEANING\n"
"loop                       drop           4  12.3k  source MAC is one of the service's hosts\n"
"xlbd does not answer for 3 s (Connection refused), trying again                                                    1-4/5\n");
}

Test(top, help)
{
	struct top_view view = plain();
	struct canvas c;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	view.help = true;
	cr_assert_eq(canvas_make(&c, 80, 24), 0);
	top_layout(&c, &data, &view);
	canvas_write(&c, out);
	fclose(out);
	cr_expect_not_null(strstr(text, "\n  p, Space           pause, and go on\n"));
	cr_expect_null(strstr(text, "kube_forwarder"));
	free(text);
	canvas_free(&c);
}

Test(top, too_small)
{
	struct top_view view = plain();

	expect_drawn(&view, 39, 3, "too small\n\n\n");
	expect_drawn(&view, 5, 24, "too s\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
}

/* Whatever the size, nothing is written beside the canvas (run with a sanitizer). */
Test(top, all_sizes)
{
	for (int width = 1; width < 160; width += 3)
		for (int height = 1; height < 50; height++) {
			struct top_view view = plain();
			struct canvas c;

			cr_assert_eq(canvas_make(&c, width, height), 0);
			cr_assert_leq(top_layout_page(&data, &view, width, height), (size_t)height);
			view.scroll = (size_t)height % 5;
			top_layout(&c, &data, &view);
			canvas_free(&c);
		}
}

/* As text: all rows, all reasons, and no line about keys. */
Test(top, batch)
{
	struct top_view view = plain();
	int height;

	view.batch = view.ascii = true;
	height = top_layout_height(&data, &view, 80);
	cr_expect_eq(top_layout_page(&data, &view, 80, height), data.n_rows);
	expect_drawn(&view, 80, height,
"xlbd 0.1.0  up 00:12:34                            every 1 s, by order  13:45:01\n"
"2 services  2/3 hosts up  800 pkt/s  800k bit/s  80 conn/s  1.2k states\n"
"\n"
"NAME                       STATE      PKT/S  BIT/S CONN/S STATES  BEFORE\n"
"redirect https_forwarder   active       800   800k     80   1.2k        ..:-=+*#\n"
"relay kube_forwarder       disabled       -      -      -      -\n"
"192.168.1.3 kube_hosts:443 up            30   8.0k    0.5      3        ########\n"
"192.168.1.4 kube_hosts:443 down           0      0      0      0\n"
"192.168.1.5 kube_hosts:443 up            70   4.0k      2      9        ########\n"
"\n"
"NOT THE PLAIN WAY          VERDICT    PKT/S  TOTAL  MEANING\n"
"loop                       drop           4  12.3k  source MAC is one of the ser\n"
"no_service                 pass         0.2     36  not for a configured service\n");
}

/* ---- the past ------------------------------------------------------------------------------ */
Test(top, the_past_has_an_end)
{
	struct top_past past;

	for (int i = 0; i < TOP_HISTORY; i++)
		look(i);
	top_row_past(&data.rows[0], &past);
	cr_expect_eq(past.n, TOP_HISTORY);
	cr_expect_eq(past.values[0], 0);
	cr_expect_eq(past.values[TOP_HISTORY - 1], TOP_HISTORY - 1);
}

Test(top, a_row_that_was_away_begins_anew)
{
	const struct top_answers nothing = { 0 };
	struct top_past past;

	cr_assert_eq(top_data_update(&data, &nothing, "1s"), 0);
	cr_expect_eq(data.n_rows, 0);
	cr_expect_eq(data.n_reasons, 0);
	look(5);
	top_row_past(&data.rows[0], &past);
	cr_expect_eq(past.n, 1);
}

Test(top, sorts)
{
	static const struct {
		const char *sort;
		const char *first, *first_host;
	} rows[] = {
		{ "order", "https_forwarder", "192.168.1.3" },
		{ "packets", "https_forwarder", "192.168.1.5" },
		{ "bits", "https_forwarder", "192.168.1.3" },
		{ "sessions", "https_forwarder", "192.168.1.5" },
		{ "states", "https_forwarder", "192.168.1.5" },
		{ "name", "https_forwarder", "192.168.1.3" },
	};
	enum top_sort sort;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(top_sort_parse(rows[i].sort, &sort), 0);
		cr_expect_str_eq(top_sort_name(sort), rows[i].sort);
		top_data_sort(&data, sort);
		cr_expect_str_eq(data.rows[0].name, rows[i].first, "%s", rows[i].sort);
		cr_expect_str_eq(data.rows[2].name, rows[i].first_host, "%s", rows[i].sort);
	}
	cr_expect_lt(top_sort_parse("colour", &sort), 0);
}

Test(top, windows)
{
	cr_expect_str_eq(top_window(100), "1s");
	cr_expect_str_eq(top_window(9999), "1s");
	cr_expect_str_eq(top_window(10000), "10s");
	cr_expect_str_eq(top_window(60000), "60s");
}
