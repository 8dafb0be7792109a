/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Views of a model made by hand; whole answers are compared with files. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/view.h"
#include "fake_dataplane.h"
#include "sample.h"

static struct sample sample;
static struct dataplane dataplane = { .n_sessions = 3 };
static struct rates rates;
static struct meters meters;
static struct view view;

static void setup(void)
{
	sample_make(&sample);
	view = (struct view){ .model = &sample.model, .now_ms = SAMPLE_NOW_MS };
}

/* A service, a host, an interface and a reason in two seconds; of others nothing is known. */
static void sample_traffic(void)
{
	const struct meter_key keys[] = { service_meter(&sample.service[0]),
					  host_meter(&sample.host[0]), link_meter(7),
					  reason_meter(XLB_REASON_LOOP) };
	const uint64_t before[METER_VALUES] = { 0 }, after[METER_VALUES] = { 20, 2000, 5, 1 };

	for (int i = 0; i < 2; i++) {
		meters_begin(&meters, SAMPLE_NOW_MS + (uint64_t)i * 2000);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			cr_assert_eq(meters_sample(&meters, keys[k], i ? after : before), 0);
		meters_end(&meters);
	}
}

static void setup_dataplane(void)
{
	setup();
	rates_begin(&rates);
	rates_sample(&rates, "https_forwarder", 0);
	rates_begin(&rates);
	rates_sample(&rates, "https_forwarder", 9);
	sample_traffic();
	view.dataplane = &dataplane;
	view.rates = &rates;
	view.meters = &meters;
}

static void teardown(void)
{
	rates_clear(&rates);
	meters_clear(&meters);
}

TestSuite(view, .init = setup);
TestSuite(view_traffic, .init = setup_dataplane, .fini = teardown);

/* XLB_UPDATE_EXPECTED=1 writes the file instead: look at the difference before committing it. */
static void assert_answer(json_t *answer, const char *file)
{
	char path[512];
	json_t *expected;

	cr_assert_not_null(answer);
	snprintf(path, sizeof(path), XLB_SOURCE_DIR "/tests/unit/control/%s", file);
	if (getenv("XLB_UPDATE_EXPECTED"))
		json_dump_file(answer, path, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
	expected = json_load_file(path, 0, NULL);
	cr_assert_not_null(expected, "%s", path);

	/* As it is written: with eight digits. */
	char *text = json_dumps(answer, JSON_REAL_PRECISION(8));
	json_t *written = json_loads(text, 0, NULL);

	cr_assert(json_equal(written, expected), "%s differs from: %s", file, text);
	free(text);
	json_decref(written);
	json_decref(expected);
	json_decref(answer);
}

Test(view, summary)
{
	assert_answer(view_summary(&view), "summary.json");
}

Test(view, disabled_objects_have_no_children)
{
	json_t *answer, *rows;

	sample.table[0].disabled = true;
	sample.service[1].disabled = true;
	answer = view_summary(&view);
	rows = json_object_get(answer, "rows");
	/* redirect, its disabled table, the backup table with a host; the relay */
	cr_assert_eq(json_array_size(rows), 5);
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, 1), "status")),
			 "disabled");
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, 4), "status")),
			 "disabled");
	json_decref(answer);
}

Test(view, hosts_without_a_data_plane)
{
	json_t *answer = view_hosts(&view);
	json_t *host = json_array_get(json_object_get(answer, "hosts"), 0);

	cr_assert(json_is_null(json_object_get(host, "packets")));
	cr_assert(json_is_null(json_object_get(host, "states")));
	json_decref(answer);
}

Test(view, a_host_that_was_never_checked)
{
	json_t *host;

	sample.host[3].changed_at = 0;
	host = view_host(&view, &sample.host[3]);
	cr_assert(json_is_null(json_object_get(host, "availability")));
	cr_assert(json_is_null(json_object_get(host, "since_s")));
	cr_assert(json_is_null(json_object_get(host, "reason")));
	cr_assert(json_is_false(json_object_get(host, "usable")));
	json_decref(host);
}

Test(view, bytes_that_are_not_utf8)
{
	json_t *host;

	strcpy(sample.host[1].reason, "caf\xe9");
	host = view_host(&view, &sample.host[1]);
	cr_assert_str_eq(json_string_value(json_object_get(host, "reason")), "caf?");
	json_decref(host);
}

Test(view_traffic, hosts)
{
	assert_answer(view_hosts(&view), "hosts.json");
}

Test(view_traffic, tables)
{
	assert_answer(view_tables(&view), "tables.json");
}

Test(view_traffic, redirects)
{
	assert_answer(view_redirects(&view), "redirects.json");
}

Test(view_traffic, relays)
{
	assert_answer(view_relays(&view), "relays.json");
}

Test(view_traffic, rules)
{
	json_t *answer = view_rules(&view);

	cr_assert_eq(json_integer_value(json_object_get(answer, "pid")), getpid());
	cr_assert_eq(json_integer_value(json_object_get(answer, "uid")), getuid());
	json_object_set_new(answer, "pid", json_integer(4711));
	json_object_set_new(answer, "uid", json_integer(998));
	assert_answer(answer, "rules.json");
}

/* The second listener of a protocol has its counters at the first one. */
Test(view_traffic, rules_that_are_counted_together)
{
	json_t *answer, *rules;

	sample.listen[1].proto = IPPROTO_TCP;
	answer = view_rules(&view);
	rules = json_object_get(answer, "rules");
	cr_assert_eq(json_integer_value(json_object_get(json_array_get(rules, 0), "packets")), 10);
	cr_assert(json_is_null(json_object_get(json_array_get(rules, 0), "counted_with")));
	cr_assert(json_is_null(json_object_get(json_array_get(rules, 1), "packets")));
	cr_assert_eq(json_integer_value(json_object_get(json_array_get(rules, 1), "counted_with")),
		     0);
	json_decref(answer);
}

Test(view_traffic, rules_without_effect)
{
	json_t *answer, *rules;

	sample.service[0].disabled = true;
	sample.service[1].served = true;
	answer = view_rules(&view);
	rules = json_object_get(answer, "rules");
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rules, 0), "no_effect")),
			 "disabled");
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rules, 2), "no_effect")),
			 "its name has no address");
	json_decref(answer);
}

Test(view_traffic, interfaces)
{
	assert_answer(view_interfaces(&view), "interfaces.json");
}

Test(view_traffic, sessions)
{
	static struct dataplane nat = { .n_sessions = 1, .with_nat = true };
	json_t *answer;

	view.dataplane = &nat;
	answer = view_sessions(&view, 3);
	cr_assert_eq(json_integer_value(json_object_get(answer, "pid")), getpid());
	json_object_del(answer, "pid");
	assert_answer(answer, "sessions.json");
}

Test(view_traffic, more_sessions_than_asked_for)
{
	json_t *answer = view_sessions(&view, 2);

	cr_assert(json_is_true(json_object_get(answer, "truncated")));
	cr_assert_eq(json_array_size(json_object_get(answer, "sessions")), 2);
	json_decref(answer);
}

Test(view_traffic, counters)
{
	static const struct daemon_counter own[] = {
		{ "pflow", COUNTER_RECORDS, "pflow_flows", "flows sent", 100 + XLB_REASON_COUNT },
		{ "pflow", COUNTER_LOSSES, "pflow_errors", "datagrams lost",
		  101 + XLB_REASON_COUNT },
	};
	uint64_t counts[XLB_REASON_COUNT];
	json_t *answer, *list, *item;
	size_t i;

	dataplane_reasons(&dataplane, counts);
	answer = view_counters(&view, counts, own, 2);
	list = json_object_get(answer, "counters");
	cr_assert_eq(json_array_size(list), XLB_REASON_COUNT + 2);
	json_array_foreach(list, i, item) {
		cr_assert_eq(json_integer_value(json_object_get(item, "count")), 100 + i);
		cr_assert(json_is_string(json_object_get(item, "text")));
	}
	item = json_array_get(list, XLB_REASON_COUNT + 1);
	cr_assert_str_eq(json_string_value(json_object_get(item, "name")), "pflow_errors");
	cr_assert_str_eq(json_string_value(json_object_get(item, "verdict")), "event");
	item = json_array_get(list, XLB_REASON_LOOP);
	cr_assert_str_eq(json_string_value(json_object_get(item, "name")), "loop");
	cr_assert_str_eq(json_string_value(json_object_get(item, "verdict")), "drop");
	cr_assert_eq(json_real_value(
			     json_object_get(json_object_get(item, "per_second"), "packets_1s")),
		     10);
	item = json_array_get(list, XLB_REASON_VLAN);
	cr_assert(json_is_null(json_object_get(item, "per_second")));
	json_decref(answer);
}

Test(view, version)
{
	struct control_info info = { .config_file = "/etc/xlb/xlb.conf",
				     .bpffs = "/sys/fs/bpf/xlb",
				     .started_at = 1000,
				     .started = true };
	json_t *answer = view_version(&info, 43999);

	cr_assert_str_eq(json_string_value(json_object_get(answer, "version")), XLB_VERSION);
	cr_assert_eq(json_integer_value(json_object_get(answer, "uptime_s")), 42);
	cr_assert(json_is_true(json_object_get(answer, "started")));
	json_decref(answer);
}
