/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/routes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/diag_json.h"
#include "control/capture_request.h"
#include "control/view.h"
#include "control/why.h"
#include "dataplane/plan.h"

#define NAME_SIZE 256 /* decoded path argument; longer ones name nothing */

struct call {
	const struct api *api;
	const struct api_request *request;
	char name[NAME_SIZE]; /* what stands for "*" in the pattern */
	json_t *body;         /* object */
	struct view view;
};

struct route {
	const char *method;
	const char *pattern; /* "*" stands for one segment */
	void (*handler)(const struct call *call, struct api_reply *ret);
	const char *query; /* the parameters it knows, separated by blanks, or NULL */
};

/* ---- answers ------------------------------------------------------------------------------- */
static void answer(struct api_reply *ret, json_t *body)
{
	*ret = (struct api_reply){ .status = 200, .body = body };
}

static void fail(struct api_reply *ret, unsigned status, const char *message, const char *hint)
{
	*ret = (struct api_reply){ .status = status, .body = view_error(message, hint) };
}

__attribute__((format(printf, 3, 4))) static void failf(struct api_reply *ret, unsigned status,
							const char *format, ...)
{
	char message[NAME_SIZE + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fail(ret, status, message, NULL);
}

static void no_such(struct api_reply *ret, const char *what, const char *name)
{
	char message[NAME_SIZE + 64];

	snprintf(message, sizeof(message), "no %s \"%s\"", what, name);
	fail(ret, 404, message, "names and ids are those of \"xlbctl show summary\"");
}

static unsigned status_of(int error)
{
	switch (-error) {
	case EINVAL:
		return 400;
	case EPERM:
	case EACCES:
		return 403;
	case ENOENT:
	case ENODEV:
		return 404;
	case EBUSY:
	case EEXIST:
		return 409;
	case EOPNOTSUPP:
		return 501;
	}
	return 500;
}

static void fail_action(struct api_reply *ret, int error, const struct control_error *why)
{
	if (error == -EAGAIN)
		*ret = (struct api_reply){ .status = 503, .body = view_again(why->message) };
	else
		fail(ret, status_of(error), why->message[0] ? why->message : strerror(-error), why->hint);
}

/* The one place that says what an action's result means: the JSON of what it acted on, or why not.
 * `body` is only made on success. */
#define FINISH(ret, r, why, body)                                                                  \
	do {                                                                                       \
		if ((r) < 0)                                                                       \
			fail_action(ret, r, why);                                                  \
		else                                                                               \
			answer(ret, body);                                                         \
	} while (0)

static json_t *done(void)
{
	return json_pack("{s:i}", "schema", XLB_API_SCHEMA);
}

/* ---- reading ------------------------------------------------------------------------------- */
static void get_summary(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_summary(&c->view));
}

static void get_redirects(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_redirects(&c->view));
}

static void get_relays(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_relays(&c->view));
}

static void get_tables(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_tables(&c->view));
}

static void get_hosts(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_hosts(&c->view));
}

static void get_rules(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_rules(&c->view));
}

static void get_interfaces(const struct call *c, struct api_reply *ret)
{
	answer(ret, view_interfaces(&c->view));
}

static bool need_dataplane(const struct call *c, struct api_reply *ret)
{
	if (c->view.dataplane)
		return true;
	fail(ret, 503, "the data plane is not loaded", "xlbctl attach INTERFACE");
	return false;
}

static int parse_limit(const struct call *c, size_t *ret)
{
	const char *text = json_string_value(json_object_get(c->request->query, "limit"));
	unsigned long value;
	char *end;

	*ret = API_SESSIONS_DEFAULT;
	if (!text)
		return 0;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || !value || value > API_SESSIONS_MAX)
		return -EINVAL;
	*ret = value;
	return 0;
}

static void get_sessions(const struct call *c, struct api_reply *ret)
{
	size_t limit;

	if (!need_dataplane(c, ret))
		return;
	if (parse_limit(c, &limit) < 0)
		failf(ret, 400, "limit must be a number from 1 to %d", API_SESSIONS_MAX);
	else
		answer(ret, view_sessions(&c->view, limit));
}

static void get_counters(const struct call *c, struct api_reply *ret)
{
	uint64_t counts[XLB_REASON_COUNT];
	struct daemon_counter own[XLB_MAX_COUNTERS];
	struct control_error why = { 0 };
	size_t n_own = 0;
	int r;

	if (!need_dataplane(c, ret))
		return;
	r = dataplane_reasons(c->view.dataplane, counts);
	if (r >= 0 && c->api->ops->counters)
		n_own = c->api->ops->counters(c->api->data, own, XLB_MAX_COUNTERS);
	FINISH(ret, r, &why, view_counters(&c->view, counts, own, n_own));
}

static void post_why(const struct call *c, struct api_reply *ret)
{
	struct control_error error = { 0 };
	struct why_request request;
	struct why why;
	int r;

	if (!need_dataplane(c, ret))
		return;
	r = why_request_parse(&c->view, c->body, &request, &error);
	if (r < 0)
		return fail_action(ret, r, &error);
	r = dataplane_why(c->view.dataplane, &request.query, &why);
	if (r < 0)
		snprintf(error.message, sizeof(error.message), "%s",
			 dataplane_error(c->view.dataplane));
	FINISH(ret, r, &error, view_why(&c->view, &request, &why));
}

static void get_version(const struct call *c, struct api_reply *ret)
{
	struct control_info info = { 0 };

	c->api->ops->info(c->api->data, &info);
	answer(ret, view_version(&info, c->api->now_ms));
}

static void get_events(const struct call *c, struct api_reply *ret)
{
	*ret = (struct api_reply){ .status = 200, .stream = true };
}

static void get_capture(const struct call *c, struct api_reply *ret)
{
	struct capture_request request;
	struct capture_session *session = NULL;
	char error[256] = "";
	int r = capture_request_parse(c->request->query, &request, error, sizeof(error));

	if (r == 0)
		r = capture_session_new(&request, &session);
	if (r < 0)
		fail(ret, status_of(r), error[0] ? error : strerror(-r), NULL);
	else
		*ret = (struct api_reply){ .status = 200, .capture = session };
}

/* ---- interfaces ---------------------------------------------------------------------------- */
static int parse_mode(const char *text, enum xdp_mode *ret)
{
	static const enum xdp_mode modes[] = { XDP_MODE_AUTO, XDP_MODE_NATIVE, XDP_MODE_GENERIC };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(text, xdp_mode_name(modes[i])) == 0) {
			*ret = modes[i];
			return 0;
		}
	return -EINVAL;
}

static void post_attach(const struct call *c, struct api_reply *ret)
{
	const char *interface, *mode_name = "auto";
	struct control_error why = { 0 };
	struct attachment attachment = { 0 };
	enum xdp_mode mode;
	json_error_t error;
	int r;

	if (json_unpack_ex(c->body, &error, 0, "{s:s, s?:s!}", "interface", &interface, "mode",
			   &mode_name) < 0)
		return failf(ret, 400, "request body: %s", error.text);
	if (parse_mode(mode_name, &mode) < 0)
		return fail(ret, 400, "mode must be auto, native or generic", NULL);
	r = c->api->ops->attach(c->api->data, interface, mode, &attachment, &why);
	struct view view = c->view;

	view.dataplane = c->api->ops->dataplane(c->api->data);
	FINISH(ret, r, &why, json_answer("interface", view_interface(&view, &attachment)));
}

static void post_detach(const struct call *c, struct api_reply *ret)
{
	struct control_error why = { 0 };
	const char *interface = NULL;
	json_error_t error;
	int r;

	if (json_unpack_ex(c->body, &error, 0, "{s?:s!}", "interface", &interface) < 0)
		return failf(ret, 400, "request body: %s", error.text);
	r = c->api->ops->detach(c->api->data, interface, &why);
	FINISH(ret, r, &why, done());
}

/* ---- hosts, tables, services --------------------------------------------------------------- */
static bool need_empty_body(const struct call *c, struct api_reply *ret)
{
	if (json_object_size(c->body) == 0)
		return true;
	fail(ret, 400, "this request takes no members in its body", NULL);
	return false;
}

static struct host *find_host(const struct model *m, const char *name)
{
	unsigned long id;
	char *end;

	if (isdigit((unsigned char)*name)) {
		errno = 0;
		id = strtoul(name, &end, 10);
		if (!*end)
			return errno || id > UINT32_MAX ? NULL : model_host_by_id(m, id);
	}
	return model_host_by_name(m, name);
}

static void host_action(const struct call *c, enum host_admin admin, struct api_reply *ret)
{
	struct host *host = find_host(c->view.model, c->name);
	struct control_error why = { 0 };
	int r;

	if (!need_empty_body(c, ret))
		return;
	if (!host)
		return no_such(ret, "host", c->name);
	if (host->parent)
		return failf(ret, 409, "host %s follows host %u and cannot be switched by itself",
			     host->conf->name, host->parent->id);
	r = c->api->ops->host_admin(c->api->data, host, admin, &why);
	FINISH(ret, r, &why,
	       json_pack("{s:i, s:o, s:o}", "schema", XLB_API_SCHEMA, "host",
			 view_host(&c->view, host), "namesakes", view_namesakes(&c->view, host)));
}

static void post_host_enable(const struct call *c, struct api_reply *ret)
{
	host_action(c, HOST_ENABLED, ret);
}

static void post_host_disable(const struct call *c, struct api_reply *ret)
{
	host_action(c, HOST_DISABLED, ret);
}

static void post_host_drain(const struct call *c, struct api_reply *ret)
{
	host_action(c, HOST_DRAINING, ret);
}

static void table_action(const struct call *c, bool disabled, struct api_reply *ret)
{
	struct table *table = model_table_by_name(c->view.model, c->name);
	struct control_error why = { 0 };
	int r;

	if (!need_empty_body(c, ret))
		return;
	if (!table)
		return no_such(ret, "table", c->name);
	r = c->api->ops->table_admin(c->api->data, table, disabled, &why);
	FINISH(ret, r, &why, json_answer("table", view_table(&c->view, table)));
}

static void post_table_enable(const struct call *c, struct api_reply *ret)
{
	table_action(c, false, ret);
}

static void post_table_disable(const struct call *c, struct api_reply *ret)
{
	table_action(c, true, ret);
}

static void service_action(const struct call *c, enum service_kind kind, bool disabled,
			   struct api_reply *ret)
{
	const char *word = service_kind_name(kind);
	struct service *service = model_service_by_name(c->view.model, kind, c->name);
	struct control_error why = { 0 };
	int r;

	if (!need_empty_body(c, ret))
		return;
	if (!service)
		return no_such(ret, word, c->name);
	r = c->api->ops->service_admin(c->api->data, service, disabled, &why);
	FINISH(ret, r, &why, json_answer(word, view_service(&c->view, service)));
}

static void post_redirect_enable(const struct call *c, struct api_reply *ret)
{
	service_action(c, SERVICE_REDIRECT, false, ret);
}

static void post_redirect_disable(const struct call *c, struct api_reply *ret)
{
	service_action(c, SERVICE_REDIRECT, true, ret);
}

static void post_relay_enable(const struct call *c, struct api_reply *ret)
{
	service_action(c, SERVICE_RELAY, false, ret);
}

static void post_relay_disable(const struct call *c, struct api_reply *ret)
{
	service_action(c, SERVICE_RELAY, true, ret);
}

/* ---- the daemon ---------------------------------------------------------------------------- */
static void post_poll(const struct call *c, struct api_reply *ret)
{
	struct control_error why = { 0 };
	int r;

	if (!need_empty_body(c, ret))
		return;
	r = c->api->ops->poll(c->api->data, &why);
	FINISH(ret, r, &why, done());
}

/* ---- configurations ------------------------------------------------------------------------ */
static void get_config(const struct call *c, struct api_reply *ret)
{
	struct control_info info = { 0 };

	c->api->ops->info(c->api->data, &info);
	answer(ret, view_config(c->view.model->conf, &info));
}

/* What the reader had to say goes along, and frees it. A file with errors is nothing that the
 * request could have said better: 422. */
static void add_diagnostics(struct api_reply *ret, int r, struct diag *diag)
{
	if (r < 0 && diag->n_errors)
		ret->status = 422;
	if (json_object_set_new(ret->body, "diagnostics", diag_to_json(diag)) < 0) {
		json_decref(ret->body);
		ret->body = NULL;
	}
	diag_clear(diag);
}

static bool are_strings(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		if (!json_is_string(value))
			return false;
	return !object || json_is_object(object);
}

struct load_request {
	struct control_config conf; /* name NULL: the daemon's own file */
	unsigned confirm_s;
};

static bool parse_load(const struct call *c, struct load_request *load, struct api_reply *ret)
{
	json_t *text = NULL, *includes = NULL, *macros = NULL;
	json_error_t error;
	int confirm_s = 0;

	*load = (struct load_request){ 0 };
	if (json_unpack_ex(c->body, &error, 0, "{s?:s, s?:o, s?:o, s?:o, s?:i!}", "file",
			   &load->conf.name, "text", &text, "includes", &includes, "macros",
			   &macros, "confirm_s", &confirm_s) < 0) {
		failf(ret, 400, "request body: %s", error.text);
	} else if (confirm_s < 0 || confirm_s > XLB_CONFIRM_MAX_S) {
		failf(ret, 400, "confirm_s must be a number from 0 to %d", XLB_CONFIRM_MAX_S);
	} else if (text ? !json_is_string(text) : load->conf.name || includes || macros) {
		fail(ret, 400, "\"text\" is the configuration itself, as a string",
		     "\"file\" is only its name in messages");
	} else if (!are_strings(includes) || !are_strings(macros)) {
		fail(ret, 400, "\"includes\" and \"macros\" are objects of strings", NULL);
	} else {
		load->conf.text = json_string_value(text);
		load->conf.len = json_string_length(text);
		load->conf.includes = includes;
		load->conf.macros = macros;
		load->confirm_s = (unsigned)confirm_s;
		if (text && !load->conf.name)
			load->conf.name = "request";
		return true;
	}
	return false;
}

static const struct control_config *own_or_sent(const struct load_request *load)
{
	return load->conf.text ? &load->conf : NULL;
}

static void load_config(const struct call *c, bool own, struct api_reply *ret)
{
	struct control_error why = { 0 };
	struct load_request load;
	struct diag diag = { 0 };
	int r;

	if (!parse_load(c, &load, ret))
		return;
	if (own && load.conf.text)
		return fail(ret, 400, "reload reads the daemon's own file", "POST /v1/load");
	if (!own && !load.conf.text)
		return fail(ret, 400, "\"text\" is missing", "POST /v1/reload");
	r = c->api->ops->load(c->api->data, own_or_sent(&load), load.confirm_s, &diag, &why);
	FINISH(ret, r, &why,
	       json_pack("{s:i, s:i}", "schema", XLB_API_SCHEMA, "confirm_s", (int)load.confirm_s));
	add_diagnostics(ret, r, &diag);
}

static void post_reload(const struct call *c, struct api_reply *ret)
{
	load_config(c, true, ret);
}

static void post_load(const struct call *c, struct api_reply *ret)
{
	load_config(c, false, ret);
}

static void post_plan(const struct call *c, struct api_reply *ret)
{
	struct control_error why = { 0 };
	struct load_request load;
	struct plan *plan = NULL;
	struct diag diag = { 0 };
	int r;

	if (!parse_load(c, &load, ret))
		return;
	if (load.confirm_s)
		return fail(ret, 400, "a plan changes nothing: there is nothing to confirm", NULL);
	r = c->api->ops->plan(c->api->data, own_or_sent(&load), &diag, &why, &plan);
	FINISH(ret, r, &why, view_plan(plan));
	add_diagnostics(ret, r, &diag);
	plan_free(plan);
}

static void post_confirm(const struct call *c, struct api_reply *ret)
{
	struct control_error why = { 0 };
	int r;

	if (!need_empty_body(c, ret))
		return;
	r = c->api->ops->confirm(c->api->data, &why);
	FINISH(ret, r, &why, done());
}

static void post_rollback(const struct call *c, struct api_reply *ret)
{
	struct control_error why = { 0 };
	int r;

	if (!need_empty_body(c, ret))
		return;
	r = c->api->ops->rollback(c->api->data, &why);
	FINISH(ret, r, &why, done());
}

static void post_log(const struct call *c, struct api_reply *ret)
{
	struct control_error why = { 0 };
	json_error_t error;
	int verbose, r;

	if (json_unpack_ex(c->body, &error, 0, "{s:b!}", "verbose", &verbose) < 0)
		return failf(ret, 400, "request body: %s", error.text);
	r = c->api->ops->log_level(c->api->data, verbose, &why);
	FINISH(ret, r, &why, json_pack("{s:i, s:b}", "schema", XLB_API_SCHEMA, "verbose", verbose));
}

/* ---- the table ----------------------------------------------------------------------------- */
static const struct route routes[] = {
	{ "GET", "/v1/summary", get_summary, NULL },
	{ "GET", "/v1/redirects", get_redirects, NULL },
	{ "GET", "/v1/relays", get_relays, NULL },
	{ "GET", "/v1/tables", get_tables, NULL },
	{ "GET", "/v1/hosts", get_hosts, NULL },
	{ "GET", "/v1/rules", get_rules, NULL },
	{ "GET", "/v1/interfaces", get_interfaces, NULL },
	{ "GET", "/v1/sessions", get_sessions, "limit" },
	{ "GET", "/v1/counters", get_counters, NULL },
	{ "GET", "/v1/config", get_config, NULL },
	{ "GET", "/v1/version", get_version, NULL },
	{ "GET", "/v1/events", get_events, NULL },
	{ "GET", "/v1/capture", get_capture, CAPTURE_PARAMETERS },
	{ "POST", "/v1/attach", post_attach, NULL },
	{ "POST", "/v1/detach", post_detach, NULL },
	{ "POST", "/v1/hosts/*/enable", post_host_enable, NULL },
	{ "POST", "/v1/hosts/*/disable", post_host_disable, NULL },
	{ "POST", "/v1/hosts/*/drain", post_host_drain, NULL },
	{ "POST", "/v1/tables/*/enable", post_table_enable, NULL },
	{ "POST", "/v1/tables/*/disable", post_table_disable, NULL },
	{ "POST", "/v1/redirects/*/enable", post_redirect_enable, NULL },
	{ "POST", "/v1/redirects/*/disable", post_redirect_disable, NULL },
	{ "POST", "/v1/relays/*/enable", post_relay_enable, NULL },
	{ "POST", "/v1/relays/*/disable", post_relay_disable, NULL },
	{ "POST", "/v1/poll", post_poll, NULL },
	{ "POST", "/v1/reload", post_reload, NULL },
	{ "POST", "/v1/load", post_load, NULL },
	{ "POST", "/v1/plan", post_plan, NULL },
	{ "POST", "/v1/confirm", post_confirm, NULL },
	{ "POST", "/v1/rollback", post_rollback, NULL },
	{ "POST", "/v1/log", post_log, NULL },
	{ "POST", "/v1/why", post_why, NULL },
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

int api_route_at(size_t i, const char **ret_method, const char **ret_pattern)
{
	if (i >= N_ROUTES)
		return -ENOENT;
	*ret_method = routes[i].method;
	*ret_pattern = routes[i].pattern;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one segment up to '/' or the end. The end of what was read, or NULL: malformed, too
 * long, empty, or holding a NUL byte. */
static const char *decode_segment(const char *path, char name[NAME_SIZE])
{
	size_t n = 0;

	while (*path && *path != '/') {
		int c = (unsigned char)*path++;

		if (c == '%') {
			int high = hex_digit(path[0]);
			int low = high < 0 ? -1 : hex_digit(path[1]);

			if (low < 0)
				return NULL;
			c = high << 4 | low;
			path += 2;
		}
		if (c == '\0' || n == NAME_SIZE - 1)
			return NULL;
		name[n++] = (char)c;
	}
	name[n] = '\0';
	return n ? path : NULL;
}

static bool matches(const char *pattern, const char *path, char name[NAME_SIZE])
{
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			path = decode_segment(path, name);
			if (!path)
				return false;
		} else if (*pattern != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static const struct route *find_route(const struct api_request *request, char name[NAME_SIZE],
				      const char **ret_allow)
{
	const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;

	*ret_allow = NULL;
	for (size_t i = 0; i < N_ROUTES; i++) {
		if (!matches(routes[i].pattern, request->path, name))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		*ret_allow = routes[i].method;
	}
	return NULL;
}

static void no_route(const struct api_request *request, const char *allow, struct api_reply *ret)
{
	if (allow) {
		failf(ret, 405, "this resource takes %s only", allow);
		ret->allow = allow;
	} else {
		failf(ret, 404, "no such resource: %.200s", request->path);
	}
}

static bool is_word_of(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (; len && words && *words; words += strspn(words, " ")) {
		size_t n = strcspn(words, " ");

		if (n == len && strncmp(words, word, n) == 0)
			return true;
		words += n;
	}
	return false;
}

static bool check_query(const struct route *route, const struct api_request *request,
			struct api_reply *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)request->query, key, value) {
		if (!is_word_of(route->query, key)) {
			failf(ret, 400, "unknown parameter: %.200s", key);
			return false;
		}
		if (!json_is_string(value)) {
			failf(ret, 400, "parameter %.200s is not UTF-8", key);
			return false;
		}
	}
	return true;
}

/* No body is an empty object. */
static json_t *parse_body(const struct api_request *request, struct api_reply *ret)
{
	json_error_t error;
	json_t *body;

	if (!request->body_len)
		return json_object();
	body = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		failf(ret, 400, "request body, line %d, column %d: %s", error.line, error.column,
		      error.text);
	} else if (!json_is_object(body)) {
		fail(ret, 400, "request body: not a JSON object", NULL);
		json_decref(body);
		body = NULL;
	}
	return body;
}

static struct view make_view(const struct api *api)
{
	return (struct view){
		.model = api->ops->model(api->data),
		.dataplane = api->ops->dataplane(api->data),
		.net = api->ops->net(api->data),
		.rates = api->rates,
		.meters = api->meters,
		.now_ms = api->now_ms,
	};
}

void api_route(const struct api *api, const struct api_request *request, struct api_reply *ret)
{
	struct call call = { .api = api, .request = request };
	const struct route *route;
	const char *allow;

	*ret = (struct api_reply){ .status = 500 };
	route = find_route(request, call.name, &allow);
	if (!route)
		return no_route(request, allow, ret);
	if (!check_query(route, request, ret))
		return;
	call.body = parse_body(request, ret);
	if (!call.body)
		return;
	if (api->ops->flush)
		api->ops->flush(api->data);
	call.view = make_view(api);
	if (strcmp(route->method, "POST") == 0 || need_empty_body(&call, ret))
		route->handler(&call, ret);
	json_decref(call.body);
}
