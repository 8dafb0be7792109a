/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of routes, without HTTP: requests and what becomes of them. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "control/routes.h"
#include "control/view.h"
#include "dataplane/image.h"
#include "dataplane/plan.h"
#include "fake_dataplane.h"
#include "sample.h"

static struct sample sample;
static struct dataplane fake_dataplane = { .n_sessions = 3 };
static struct dataplane *dataplane; /* what the daemon has */
static char called[256];            /* the last operation, with its arguments */
static int result;                  /* what operations return */
static struct control_error why;    /* what they say */

static int did(struct control_error *error)
{
	*error = why;
	return result;
}

static bool flushed; /* before the model was asked for */

static void op_flush(void *data)
{
	flushed = true;
}

static const struct model *op_model(void *data)
{
	cr_expect(flushed, "what was put off is done first");
	return &sample.model;
}

static struct dataplane *op_dataplane(void *data)
{
	return dataplane;
}

static struct net *op_net(void *data)
{
	return NULL;
}

static void op_info(void *data, struct control_info *ret)
{
	*ret = (struct control_info){ .config_file = "/etc/xlb/xlb.conf", .bpffs = "/b" };
}

static int op_attach(void *data, const char *interface, enum xdp_mode mode, struct attachment *ret,
		     struct control_error *error)
{
	snprintf(called, sizeof(called), "attach %s %s", interface, xdp_mode_name(mode));
	*ret = (struct attachment){ .ifindex = 7, .name = "em0", .mode = XDP_MODE_NATIVE };
	return did(error);
}

static int op_detach(void *data, const char *interface, struct control_error *error)
{
	snprintf(called, sizeof(called), "detach %s", interface ? interface : "all");
	return did(error);
}

static int op_host(void *data, struct host *host, enum host_admin admin,
		   struct control_error *error)
{
	snprintf(called, sizeof(called), "host %u %d", host->id, admin);
	return did(error);
}

static int op_table(void *data, struct table *table, bool disabled, struct control_error *error)
{
	snprintf(called, sizeof(called), "table %u %d", table->id, disabled);
	return did(error);
}

static int op_service(void *data, struct service *service, bool disabled,
		      struct control_error *error)
{
	snprintf(called, sizeof(called), "service %d %s %d", service->kind, service->name,
		 disabled);
	return did(error);
}

static int op_poll(void *data, struct control_error *error)
{
	snprintf(called, sizeof(called), "poll");
	return did(error);
}

static void note_conf(const char *operation, const struct control_config *conf, unsigned confirm_s)
{
	snprintf(called, sizeof(called), "%s %s %.*s %zu %zu %u", operation,
		 conf ? conf->name : "own", conf ? (int)conf->len : 0, conf ? conf->text : "",
		 conf ? json_object_size(conf->includes) : 0,
		 conf ? json_object_size(conf->macros) : 0, confirm_s);
}

static int op_load(void *data, const struct control_config *conf, unsigned confirm_s,
		   struct diag *diag, struct control_error *error)
{
	struct cfg_pos pos = { .file = "xlb.conf", .line = 12, .col = 9 };

	note_conf("load", conf, confirm_s);
	diag_add(diag, result < 0 ? DIAG_ERROR : DIAG_WARNING, pos, "mode roundrobbin",
		 "did you mean \"roundrobin\"?", "unknown mode");
	return did(error);
}

static void no_name(uint32_t ifindex, char ret[IF_NAMESIZE])
{
	ret[0] = 0;
}

/* Nothing has to be done. */
static int op_plan(void *data, const struct control_config *conf, struct diag *diag,
		   struct control_error *error, struct plan **ret)
{
	const struct xlb_settings settings = { 0 };
	struct image *image = image_new(&settings);

	note_conf("plan", conf, 0);
	if (result == 0)
		cr_assert_eq(plan_diff(image, image, 0, no_name, ret), 0);
	image_free(image);
	return did(error);
}

static int op_confirm(void *data, struct control_error *error)
{
	snprintf(called, sizeof(called), "confirm");
	return did(error);
}

static int op_rollback(void *data, struct control_error *error)
{
	snprintf(called, sizeof(called), "rollback");
	return did(error);
}

static int op_log(void *data, bool verbose, struct control_error *error)
{
	snprintf(called, sizeof(called), "log %d", verbose);
	return did(error);
}

static const struct control_ops ops = {
	.flush = op_flush,
	.model = op_model,
	.dataplane = op_dataplane,
	.net = op_net,
	.info = op_info,
	.attach = op_attach,
	.detach = op_detach,
	.host_admin = op_host,
	.table_admin = op_table,
	.service_admin = op_service,
	.poll = op_poll,
	.load = op_load,
	.plan = op_plan,
	.confirm = op_confirm,
	.rollback = op_rollback,
	.log_level = op_log,
};

static void setup(void)
{
	sample_make(&sample);
	dataplane = &fake_dataplane;
	called[0] = '\0';
	result = 0;
	why = (struct control_error){ 0 };
}

TestSuite(routes, .init = setup);

static struct api_reply request(const char *method, const char *path, const char *body)
{
	struct api api = { .ops = &ops, .now_ms = SAMPLE_NOW_MS };
	struct api_request r = {
		.method = method, .path = path, .body = body, .body_len = body ? strlen(body) : 0
	};
	struct api_reply reply;

	flushed = false;
	api_route(&api, &r, &reply);
	return reply;
}

struct row {
	const char *method;
	const char *path;
	const char *body;
	unsigned status;
	const char *called; /* NULL: no operation */
};

static const struct row rows[] = {
	/* reading */
	{ "GET", "/v1/summary", NULL, 200, NULL },
	{ "HEAD", "/v1/summary", NULL, 200, NULL },
	{ "GET", "/v1/redirects", NULL, 200, NULL },
	{ "GET", "/v1/relays", NULL, 200, NULL },
	{ "GET", "/v1/tables", NULL, 200, NULL },
	{ "GET", "/v1/hosts", NULL, 200, NULL },
	{ "GET", "/v1/interfaces", NULL, 200, NULL },
	{ "GET", "/v1/sessions", NULL, 200, NULL },
	{ "GET", "/v1/counters", NULL, 200, NULL },
	{ "GET", "/v1/config", NULL, 200, NULL },
	{ "GET", "/v1/version", NULL, 200, NULL },
	/* no such thing */
	{ "GET", "/", NULL, 404, NULL },
	{ "GET", "/v1", NULL, 404, NULL },
	{ "GET", "/v1/host", NULL, 404, NULL },
	{ "GET", "/v1/hosts/", NULL, 404, NULL },
	{ "GET", "/v2/hosts", NULL, 404, NULL },
	{ "POST", "/v1/hosts/1", NULL, 404, NULL },
	{ "POST", "/v1/hosts//enable", NULL, 404, NULL },
	{ "POST", "/v1/hosts/1/enable/", NULL, 404, NULL },
	{ "POST", "/v1/hosts/1/explode", NULL, 404, NULL },
	/* the other method */
	{ "POST", "/v1/summary", NULL, 405, NULL },
	{ "DELETE", "/v1/hosts", NULL, 405, NULL },
	{ "GET", "/v1/poll", NULL, 405, NULL },
	{ "HEAD", "/v1/hosts/1/enable", NULL, 405, NULL },
	/* hosts, by id and by name */
	{ "POST", "/v1/hosts/2/disable", NULL, 200, "host 2 1" },
	{ "POST", "/v1/hosts/2/enable", "{}", 200, "host 2 0" },
	{ "POST", "/v1/hosts/192.168.1.4/drain", NULL, 200, "host 2 2" },
	{ "POST", "/v1/hosts/192.168.1.99/drain", NULL, 404, NULL },
	{ "POST", "/v1/hosts/99/drain", NULL, 404, NULL },
	{ "POST", "/v1/hosts/4294967298/drain", NULL, 404, NULL },
	{ "POST", "/v1/hosts/3/disable", NULL, 409, NULL },
	{ "POST", "/v1/hosts/2001%3Adb8%3a%3A5/disable", NULL, 409, NULL },
	{ "POST", "/v1/hosts/2/disable", "{\"for\":5}", 400, NULL },
	/* tables and services */
	{ "POST", "/v1/tables/kube_hosts:443/disable", NULL, 200, "table 1 1" },
	{ "POST", "/v1/tables/spare%2Fhosts%3a443/enable", NULL, 200, "table 2 0" },
	{ "POST", "/v1/tables/spare/hosts:443/enable", NULL, 404, NULL },
	{ "POST", "/v1/tables/kube%5/enable", NULL, 404, NULL },
	{ "POST", "/v1/tables/kube%00/enable", NULL, 404, NULL },
	{ "POST", "/v1/redirects/https_forwarder/disable", NULL, 200,
	  "service 0 https_forwarder 1" },
	{ "POST", "/v1/redirects/1/enable", NULL, 200, "service 0 https_forwarder 0" },
	{ "POST", "/v1/redirects/kube_forwarder/enable", NULL, 404, NULL },
	{ "POST", "/v1/relays/kube_forwarder/enable", NULL, 200, "service 1 kube_forwarder 0" },
	{ "POST", "/v1/relays/1/disable", NULL, 200, "service 1 kube_forwarder 1" },
	/* interfaces */
	{ "POST", "/v1/attach", "{\"interface\":\"em0\"}", 200, "attach em0 auto" },
	{ "POST", "/v1/attach", "{\"interface\":\"em0\",\"mode\":\"generic\"}", 200,
	  "attach em0 generic" },
	{ "POST", "/v1/attach", "{\"interface\":\"em0\",\"mode\":\"fast\"}", 400, NULL },
	{ "POST", "/v1/attach", "{\"interface\":5}", 400, NULL },
	{ "POST", "/v1/attach", "{\"interface\":\"em0\",\"moed\":\"native\"}", 400, NULL },
	{ "POST", "/v1/attach", "{}", 400, NULL },
	{ "POST", "/v1/attach", NULL, 400, NULL },
	{ "POST", "/v1/attach", "[\"em0\"]", 400, NULL },
	{ "POST", "/v1/attach", "{\"interface\":\"em0\"", 400, NULL },
	{ "POST", "/v1/attach", "{\"interface\":\"a\",\"interface\":\"b\"}", 400, NULL },
	{ "POST", "/v1/detach", "{\"interface\":\"em0\"}", 200, "detach em0" },
	{ "POST", "/v1/detach", NULL, 200, "detach all" },
	{ "POST", "/v1/detach", "{\"interface\":null}", 400, NULL },
	/* the daemon */
	{ "POST", "/v1/poll", NULL, 200, "poll" },
	{ "POST", "/v1/reload", NULL, 200, "load own  0 0 0" },
	{ "POST", "/v1/reload", "{\"confirm_s\":60}", 200, "load own  0 0 60" },
	{ "POST", "/v1/reload", "{\"confirm_s\":-1}", 400, NULL },
	{ "POST", "/v1/reload", "{\"confirm_s\":86401}", 400, NULL },
	{ "POST", "/v1/reload", "{\"text\":\"interval 3\"}", 400, NULL },
	{ "POST", "/v1/load", NULL, 400, NULL },
	{ "POST", "/v1/load", "{\"file\":\"a.conf\"}", 400, NULL },
	{ "POST", "/v1/load", "{\"text\":7}", 400, NULL },
	{ "POST", "/v1/load", "{\"text\":\"interval 3\"}", 200, "load request interval 3 0 0 0" },
	{ "POST", "/v1/load",
	  "{\"file\":\"a.conf\",\"text\":\"x\",\"includes\":{\"b\":\"y\"},"
	  "\"macros\":{\"c\":\"d\",\"e\":\"f\"},\"confirm_s\":5}",
	  200, "load a.conf x 1 2 5" },
	{ "POST", "/v1/load", "{\"text\":\"x\",\"includes\":{\"b\":1}}", 400, NULL },
	{ "POST", "/v1/load", "{\"text\":\"x\",\"macros\":[]}", 400, NULL },
	{ "POST", "/v1/plan", NULL, 200, "plan own  0 0 0" },
	{ "POST", "/v1/plan", "{\"file\":\"a\",\"text\":\"x\"}", 200, "plan a x 0 0 0" },
	{ "POST", "/v1/plan", "{\"confirm_s\":5}", 400, NULL },
	{ "POST", "/v1/confirm", NULL, 200, "confirm" },
	{ "POST", "/v1/confirm", "{\"x\":1}", 400, NULL },
	{ "POST", "/v1/rollback", NULL, 200, "rollback" },
	{ "POST", "/v1/log", "{\"verbose\":true}", 200, "log 1" },
	{ "POST", "/v1/log", "{\"verbose\":false}", 200, "log 0" },
	{ "POST", "/v1/log", "{\"verbose\":\"yes\"}", 400, NULL },
	{ "POST", "/v1/log", NULL, 400, NULL },
	{ "GET", "/v1/hosts", "{\"x\":1}", 400, NULL },
};

Test(routes, table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct api_reply reply;

		called[0] = '\0';
		reply = request(row->method, row->path, row->body);
		cr_expect_eq(reply.status, row->status, "%s %s %s: %u", row->method, row->path,
			     row->body, reply.status);
		cr_expect_str_eq(called, row->called ? row->called : "", "%s %s: called \"%s\"",
				 row->method, row->path, called);
		cr_expect(json_is_object(reply.body), "%s %s", row->method, row->path);
		cr_expect_eq(json_is_string(json_object_get(reply.body, "error")),
			     row->status != 200, "%s %s", row->method, row->path);
		json_decref(reply.body);
	}
}

Test(routes, other_methods_are_named)
{
	struct api_reply reply = request("GET", "/v1/poll", NULL);

	cr_assert_str_eq(reply.allow, "POST");
	json_decref(reply.body);
}

Test(routes, events_are_a_stream)
{
	struct api_reply reply = request("GET", "/v1/events", NULL);

	cr_assert(reply.stream);
	cr_assert_null(reply.body);
}

static unsigned status_of_failure(int error)
{
	struct api_reply reply;

	result = error;
	reply = request("POST", "/v1/attach", "{\"interface\":\"em0\"}");
	json_decref(reply.body);
	return reply.status;
}

Test(routes, failures_have_their_status)
{
	cr_expect_eq(status_of_failure(-EINVAL), 400);
	cr_expect_eq(status_of_failure(-EPERM), 403);
	cr_expect_eq(status_of_failure(-ENODEV), 404);
	cr_expect_eq(status_of_failure(-EBUSY), 409);
	cr_expect_eq(status_of_failure(-EOPNOTSUPP), 501);
	cr_expect_eq(status_of_failure(-EIO), 500);
}

Test(routes, failures_say_why)
{
	struct api_reply reply;

	result = -ENODEV;
	strcpy(why.message, "no interface \"em7\"");
	strcpy(why.hint, "there is em0");
	reply = request("POST", "/v1/attach", "{\"interface\":\"em7\"}");
	cr_assert_str_eq(json_string_value(json_object_get(reply.body, "error")),
			 "no interface \"em7\"");
	cr_assert_str_eq(json_string_value(json_object_get(reply.body, "hint")), "there is em0");
	json_decref(reply.body);

	why = (struct control_error){ 0 };
	reply = request("POST", "/v1/poll", NULL);
	cr_assert_str_eq(json_string_value(json_object_get(reply.body, "error")), strerror(ENODEV));
	json_decref(reply.body);
}

static void check_diagnostics(const json_t *body, const char *level)
{
	const json_t *list = json_object_get(body, "diagnostics");
	const json_t *item = json_array_get(list, 0);

	cr_assert_eq(json_array_size(list), 1);
	cr_assert_str_eq(json_string_value(json_object_get(item, "level")), level);
	cr_assert_eq(json_integer_value(json_object_get(item, "line")), 12);
}

Test(routes, hosts_of_the_same_name_are_told)
{
	struct api_reply reply = request("POST", "/v1/hosts/192.168.1.3/drain", NULL);
	json_t *others = json_object_get(reply.body, "namesakes");

	cr_assert_eq(json_array_size(others), 1);
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(others, 0), "id")), 5);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(others, 0), "table")),
			 "kube_api:6443");
	json_decref(reply.body);

	reply = request("POST", "/v1/hosts/192.168.1.4/drain", NULL);
	cr_expect_eq(json_array_size(json_object_get(reply.body, "namesakes")), 0);
	json_decref(reply.body);
}

Test(routes, reload_reports_what_the_reader_said)
{
	struct api_reply reply = request("POST", "/v1/reload", NULL);

	cr_assert_eq(reply.status, 200);
	check_diagnostics(reply.body, "warning");
	json_decref(reply.body);

	result = -EINVAL;
	reply = request("POST", "/v1/reload", NULL);
	cr_assert_eq(reply.status, 422);
	check_diagnostics(reply.body, "error");
	json_decref(reply.body);
}

Test(routes, without_a_data_plane)
{
	static const char *const paths[] = { "/v1/sessions", "/v1/counters" };
	struct api_reply reply;

	dataplane = NULL;
	for (size_t i = 0; i < 2; i++) {
		reply = request("GET", paths[i], NULL);
		cr_expect_eq(reply.status, 503, "%s", paths[i]);
		json_decref(reply.body);
	}
	reply = request("GET", "/v1/interfaces", NULL);
	cr_expect_eq(reply.status, 200);
	cr_expect_eq(json_array_size(json_object_get(reply.body, "interfaces")), 0);
	json_decref(reply.body);
}

static unsigned get_with_query(const char *path, const char *key, const char *value,
			       size_t *ret_sessions)
{
	struct api api = { .ops = &ops, .now_ms = SAMPLE_NOW_MS };
	json_t *query = json_pack("{s:s}", key, value);
	struct api_request r = { .method = "GET", .path = path, .query = query };
	struct api_reply reply;

	api_route(&api, &r, &reply);
	*ret_sessions = json_array_size(json_object_get(reply.body, "sessions"));
	json_decref(query);
	json_decref(reply.body);
	return reply.status;
}

/* -1: a capture begins. */
static int get_capture(const char *key, const char *value)
{
	struct api api = { .ops = &ops, .now_ms = SAMPLE_NOW_MS };
	json_t *query = json_pack("{s:s}", key, value);
	const struct api_request request = { .method = "GET",
					     .path = "/v1/capture",
					     .query = query };
	struct api_reply reply;
	bool begins;

	api_route(&api, &request, &reply);
	begins = reply.capture != NULL;
	cr_expect_eq(begins, reply.status == 200);
	cr_expect(begins || json_object_get(reply.body, "error"));
	capture_session_free(reply.capture);
	json_decref(reply.body);
	json_decref(query);
	return begins ? -1 : (int)reply.status;
}

Test(routes, captures)
{
	cr_expect_eq(get_capture("format", "pflog"), -1);
	cr_expect_eq(get_capture("format", "pcapng"), -1);
	cr_expect_eq(get_capture("format", "pcap"), 400);
	cr_expect_eq(get_capture("snaplen", "64"), -1);
	cr_expect_eq(get_capture("snaplen", "63"), 400);
	cr_expect_eq(get_capture("snaplen", "2305"), 400);
	cr_expect_eq(get_capture("count", "1"), -1);
	cr_expect_eq(get_capture("count", "0"), 400);
	cr_expect_eq(get_capture("count", "-1"), 400);
	cr_expect_eq(get_capture("all", "1"), -1);
	cr_expect_eq(get_capture("all", "yes"), 400);
	cr_expect_eq(get_capture("filter", "1,6 0 0 1"), -1);
	cr_expect_eq(get_capture("filter", ""), 400);
	cr_expect_eq(get_capture("filter", "tcp port 80"), 400);
	cr_expect_eq(get_capture("form", "pflog"), 400);
	cr_expect_eq(get_capture("", "pflog"), 400);
}

Test(routes, parameters)
{
	size_t n;

	cr_expect_eq(get_with_query("/v1/sessions", "limit", "2", &n), 200);
	cr_expect_eq(n, 2);
	cr_expect_eq(get_with_query("/v1/sessions", "limit", "100000", &n), 200);
	cr_expect_eq(n, 3);
	cr_expect_eq(get_with_query("/v1/sessions", "limit", "100001", &n), 400);
	cr_expect_eq(get_with_query("/v1/sessions", "limit", "0", &n), 400);
	cr_expect_eq(get_with_query("/v1/sessions", "limit", "-1", &n), 400);
	cr_expect_eq(get_with_query("/v1/sessions", "limit", " 5", &n), 400);
	cr_expect_eq(get_with_query("/v1/sessions", "limit", "5x", &n), 400);
	cr_expect_eq(get_with_query("/v1/sessions", "limt", "5", &n), 400);
	cr_expect_eq(get_with_query("/v1/hosts", "limit", "5", &n), 400);
}
