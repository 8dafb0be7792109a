/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel says: interfaces, flow entries, counters; and the daemon about itself. */
#include <unistd.h>

#include "control/view.h"

/* clang-format off: a key and its value stay on one line */

static json_t *link_details(const struct view *v, uint32_t ifindex)
{
	const struct net_link *link;

	if (!v->net || net_link_by_index(v->net, ifindex, &link) < 0)
		return json_pack("{s:n, s:n, s:n}", "mac", "mtu", "up");
	return json_pack("{s:o, s:I, s:b}", "mac", json_mac(link->mac),
			 "mtu", (json_int_t)link->mtu, "up", link->up);
}

json_t *view_interface(const struct view *v, const struct attachment *a)
{
	json_t *object = json_pack("{s:I, s:o, s:s, s:o}", "ifindex", (json_int_t)a->ifindex,
				   "name", json_text(a->name), "mode", xdp_mode_name(a->mode),
				   "why_generic", json_text(a->why_generic));

	if (json_object_update_new(object, link_details(v, a->ifindex)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *view_interfaces(const struct view *v)
{
	const struct attachment *list = NULL;
	json_t *array = json_array();
	size_t n = 0;

	if (v->dataplane)
		list = dataplane_attachments(v->dataplane, &n);
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(array, view_interface(v, &list[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return json_answer("interfaces", array);
}

struct session_list {
	json_t *array;
	size_t limit;
	bool truncated;
};

static int add_session(const struct session *s, void *data)
{
	struct session_list *list = data;
	json_t *object;

	if (json_array_size(list->array) == list->limit) {
		list->truncated = true;
		return 1;
	}
	object = json_pack("{s:o, s:s, s:o, s:i, s:i, s:o, s:o, s:s, s:I, s:I}",
			   "service", json_text(s->service), "proto", protocol_name(s->proto),
			   "client", json_address(&s->client), "client_port", s->client_port,
			   "port", s->port, "host", json_address(&s->host),
			   "host_name", json_text(s->host_name),
			   "state", flow_state_name(s->state),
			   "idle_s", (json_int_t)s->idle_s, "expires_s", (json_int_t)s->expires_s);
	return json_array_append_new(list->array, object);
}

json_t *view_sessions(struct dataplane *dp, size_t limit)
{
	struct session_list list = { .array = json_array(), .limit = limit };

	if (dataplane_sessions(dp, add_session, &list) < 0) {
		json_decref(list.array);
		return NULL;
	}
	return json_pack("{s:i, s:b, s:o}", "schema", XLB_API_SCHEMA, "truncated", list.truncated,
			 "sessions", list.array);
}

struct reason {
	const char *name;
	const char *verdict;
	const char *text;
};

#define VERDICT_PASS "pass"
#define VERDICT_DROP "drop"
#define VERDICT_FORWARD "forward"
#define VERDICT_EVENT "event"
#define REASON_ROW(id, name_, verdict_, text_) \
	[XLB_REASON_##id] = { .name = name_, .verdict = VERDICT_##verdict_, .text = text_ },
static const struct reason reasons[XLB_REASON_COUNT] = { XLB_REASONS(REASON_ROW) };
#undef REASON_ROW

json_t *view_counters(const uint64_t counts[XLB_REASON_COUNT])
{
	json_t *array = json_array();

	for (size_t i = 0; i < XLB_REASON_COUNT; i++) {
		json_t *object = json_pack("{s:s, s:s, s:s, s:I}", "name", reasons[i].name,
					   "verdict", reasons[i].verdict, "text", reasons[i].text,
					   "count", (json_int_t)counts[i]);

		if (json_array_append_new(array, object) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return json_answer("counters", array);
}

json_t *view_version(const struct control_info *info, uint64_t now_ms)
{
	return json_pack("{s:s, s:i, s:I, s:I, s:o, s:o}", "version", XLB_VERSION,
			 "schema", XLB_API_SCHEMA, "pid", (json_int_t)getpid(),
			 "uptime_s", (json_int_t)((now_ms - info->started_at) / 1000),
			 "config_file", json_text(info->config_file),
			 "bpffs", json_text(info->bpffs));
}
