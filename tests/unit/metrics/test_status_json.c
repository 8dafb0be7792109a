/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <string.h>

#include "metrics/status_json.h"
#include "snapshot_sample.h"

static char *render(const struct snapshot *s, unsigned rows, size_t *ret_len)
{
	json_t *events = json_pack("[{s:s}]", "type", "reload");
	struct status_json j = { 0 };
	struct text t = { 0 };
	unsigned steps = 0;

	while (!status_json_step(&j, s, events, rows, &t))
		cr_assert_lt(++steps, 10000);
	cr_assert_not(t.failed);
	json_decref(events);
	*ret_len = t.len;
	return t.p;
}

Test(status_json, content)
{
	struct snapshot s = snapshot_sample();
	size_t len;
	char *text = render(&s, 1000, &len);
	json_t *all = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *name, *reason, *left_out, *type;
	json_int_t host, sessions, time_ms;
	json_t *null;

	cr_assert_not_null(all);
	cr_assert_eq(json_unpack(all, "{s:I, s:[{s:s}], s:{s:s}}", "time_ms", &time_ms, "events",
				 "type", &type, "daemon", "hostname", &name),
		     0);
	cr_expect_eq(time_ms, 1700000000005);
	cr_expect_str_eq(type, "reload");
	cr_expect_str_eq(name, "lb1");
	cr_assert_eq(json_unpack(all, "{s:[{s:s, s:[{s:I}, {s:I, s:s, s:[o]}]}]}", "services",
				 "name", &name, "backends", "host", &host, "host", &host,
				 "left_out", &left_out, "traffic", &null),
		     0);
	cr_expect_eq(host, 1);
	cr_expect_str_eq(left_out, "another family");
	cr_expect(json_is_null(null));
	cr_assert_eq(json_unpack(all, "{s:[{s:[{s:[iiI]}]}]}", "services", "backends", "traffic",
				 &(int){ 0 }, &(int){ 0 }, &sessions),
		     0);
	cr_expect_eq(sessions, 2);
	cr_assert_eq(json_unpack(all, "{s:[{s:s}, {s:s, s:o}]}", "hosts", "reason", &reason, "name",
				 &name, "since_s", &null),
		     0);
	cr_expect_str_eq(reason, "tcp connect ok");
	/* a byte that is not UTF-8 doesn't make all of it unreadable */
	cr_expect_str_eq(name, "</script><script>alert(1)</script>?");
	cr_expect(json_is_null(null));
	cr_expect_eq(json_array_size(json_object_get(all, "counters")), XLB_REASON_COUNT);
	cr_assert_eq(json_unpack(all, "{s:[{}, {s:s, s:s, s:I}]}", "logs", "name", &name, "kind",
				 &type, "count", &host),
		     0);
	cr_expect_str_eq(name, "pflow_dropped");
	cr_expect_str_eq(type, "losses");
	cr_expect_eq(host, 22);
	json_decref(all);
	free(text);
}

Test(status_json, pieces)
{
	struct snapshot s = snapshot_sample();
	size_t len, n;
	char *whole = render(&s, 1000, &len);

	for (unsigned rows = 1; rows < 40; rows++) {
		char *text = render(&s, rows, &n);

		cr_expect(n == len && memcmp(text, whole, n) == 0, "pieces of %u rows", rows);
		free(text);
	}
	free(whole);
}

Test(status_json, nothing)
{
	struct snapshot s = { .daemon = { .config_state = "loaded" } };
	size_t len;
	char *text = render(&s, 3, &len);
	json_t *all = json_loadb(text, len, 0, NULL);

	cr_assert_not_null(all);
	cr_expect_eq(json_array_size(json_object_get(all, "services")), 0);
	json_decref(all);
	free(text);
}
