/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* POST /v1/why: what it takes, and how the kernel's answer looks. */
#include <criterion/criterion.h>
#include <string.h>

#include "control/why.h"
#include "fake_dataplane.h"
#include "sample.h"

/* ---- the question -------------------------------------------------------------------------- */
static const struct {
	const char *body;
	const char *message; /* part of it */
} refused[] = {
	{ "{}", "client" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\"}", "port" },
	{ "{\"client\":\"x\",\"vip\":\"5.6.7.8\",\"port\":80}", "\"x\" is no IPv4 or IPv6" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7\",\"port\":80}", "\"5.6.7\" is no" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"2001:db8::1\",\"port\":80}", "one family" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":0}", "port must be" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":65536}", "port must be" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":80,\"client_port\":-1}",
	  "client_port must be" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":80,\"proto\":\"sctp\"}",
	  "tcp or udp" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":80,\"proto\":\"udp\","
	  "\"mid_stream\":true}",
	  "only TCP" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":80,\"interface\":\"em9\"}",
	  "no interface \"em9\"" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":80}", "no interface leads" },
	{ "{\"client\":\"1.2.3.4\",\"vip\":\"5.6.7.8\",\"port\":80,\"odd\":1}", "odd" },
};

Test(why, refused_questions)
{
	const struct view v = { .net = NULL };

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct control_error error = { 0 };
		json_t *body = json_loads(refused[i].body, 0, NULL);
		struct why_request request;

		cr_assert_not_null(body, "%s", refused[i].body);
		cr_expect_lt(why_request_parse(&v, body, &request, &error), 0, "%s",
			     refused[i].body);
		cr_expect_not_null(strstr(error.message, refused[i].message), "%s: %s",
				   refused[i].body, error.message);
		json_decref(body);
	}
}

/* ---- the answer ---------------------------------------------------------------------------- */
/* {why} for a client's port that the data plane of tests knows. */
static json_t *answer(uint16_t client_port)
{
	static struct sample sample;
	static struct dataplane dataplane;
	struct why_request request = {
		.query = { .client = sample_addr("203.0.113.9"),
			   .vip = sample_addr("192.168.0.2"),
			   .client_port = client_port,
			   .port = 443,
			   .proto = IPPROTO_TCP },
	};
	struct view v = { .model = &sample.model };
	struct why why;
	json_t *json;

	sample_make(&sample);
	cr_assert_eq(dataplane_why(&dataplane, &request.query, &why), 0);
	json = view_why(&v, &request, &why);
	cr_assert_not_null(json);
	return json;
}

static void expect(const json_t *object, const char *key, const char *value)
{
	const char *text = json_string_value(json_object_get(object, key));

	cr_expect_str_eq(text ? text : "null", value, "%s", key);
}

Test(why, stable_row)
{
	json_t *json = answer(1), *why = json_object_get(json, "why");
	json_t *row = json_object_get(why, "row");

	expect(why, "client", "203.0.113.9");
	expect(why, "packet", "syn");
	expect(why, "program", "xdp");
	expect(json_object_get(why, "service"), "name", "https_forwarder");
	expect(json_object_get(why, "service"), "kind", "redirect");
	expect(json_object_get(why, "service"), "forward", "route");
	expect(row, "state", "stable");
	cr_expect_eq(json_integer_value(json_object_get(row, "number")), 77);
	cr_expect(json_is_null(json_object_get(row, "former")));
	expect(json_object_get(why, "host"), "address", "192.168.1.3");
	expect(why, "by", "row");
	expect(json_object_get(why, "egress"), "dst_mac", "00:00:00:00:00:03");
	cr_expect(json_is_null(json_object_get(why, "nat")));
	expect(why, "verdict", "forward");
	expect(why, "reason", "null");
	expect(why, "hint", "null");
	json_decref(json);
}

Test(why, connection)
{
	json_t *json = answer(2), *why = json_object_get(json, "why");

	expect(why, "program", "tc");
	expect(json_object_get(why, "service"), "forward", "nat");
	expect(why, "by", "connection");
	expect(why, "state", "ESTABLISHED");
	cr_expect(json_is_null(json_object_get(why, "row")));
	expect(json_object_get(why, "nat"), "address", "192.168.1.2");
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(why, "nat"), "port")),
		     1024);
	json_decref(json);
}

Test(why, no_host)
{
	json_t *json = answer(3), *why = json_object_get(json, "why");

	expect(why, "verdict", "pass");
	expect(why, "reason", "no_host");
	cr_expect_eq(json_array_size(json_object_get(why, "reasons")), 1);
	cr_expect(json_is_string(json_object_get(why, "hint")));
	cr_expect(json_is_null(json_object_get(why, "host")));
	cr_expect(json_is_null(json_object_get(why, "by")));
	json_decref(json);
}

Test(why, no_program)
{
	json_t *json = answer(4), *why = json_object_get(json, "why");

	expect(why, "program", "null");
	expect(why, "verdict", "pass");
	cr_expect_eq(json_array_size(json_object_get(why, "programs")), 0);
	cr_expect_not_null(strstr(json_string_value(json_object_get(why, "hint")), "attach"));
	json_decref(json);
}

/* Whatever ends a packet's way has something to be done about it. */
Test(why, hints)
{
	enum { PASS, DROP, FORWARD, EVENT };
#define VERDICT(id, name, verdict, text) verdict,
	static const int verdicts[] = { XLB_REASONS(VERDICT) };
#undef VERDICT

	for (int i = 0; i < XLB_REASON_COUNT; i++)
		cr_expect_eq(why_hint(i) != NULL, verdicts[i] == PASS || verdicts[i] == DROP,
			     "reason %d", i);
	cr_expect_null(why_hint(XLB_REASON_COUNT));
}
