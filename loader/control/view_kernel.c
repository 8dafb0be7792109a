/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel says: interfaces, flow entries, counters; and the daemon about itself. */
#include <string.h>
#include <unistd.h>

#include "control/traffic.h"
#include "control/view.h"
#include "dataplane/reason.h"

/* a key and its value stay on one line */
/* clang-format off */

static json_t *link_details(const struct view *v, uint32_t ifindex)
{
	const struct net_link *link;

	if (!v->net || net_link_by_index(v->net, ifindex, &link) < 0)
		return json_pack("{s:n, s:n, s:n}", "mac", "mtu", "up");
	return json_pack("{s:o, s:I, s:b}", "mac", json_mac(link->mac),
			 "mtu", (json_int_t)link->mtu, "up", link->up);
}

static json_t *link_stats(const struct view *v, uint32_t ifindex)
{
	struct net_link_stats s;

	if (!v->net || net_link_stats(v->net, ifindex, &s) < 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "rx_packets", (json_int_t)s.rx_packets, "rx_bytes", (json_int_t)s.rx_bytes,
			 "rx_errors", (json_int_t)s.rx_errors, "rx_dropped", (json_int_t)s.rx_dropped,
			 "tx_packets", (json_int_t)s.tx_packets, "tx_bytes", (json_int_t)s.tx_bytes,
			 "tx_errors", (json_int_t)s.tx_errors, "tx_dropped", (json_int_t)s.tx_dropped);
}

static json_t *link_per_second(const struct view *v, uint32_t ifindex)
{
	static const char *const names[] = { "rx_packets", "rx_bytes", "tx_packets", "tx_bytes" };

	return json_per_second(v, link_meter(ifindex), names, 4);
}

/* What went to hosts that are reached by the interface now. */
static json_t *sent_to_hosts(const struct view *v, uint32_t ifindex, sa_family_t family)
{
	struct traffic sum = { 0 };

	for (unsigned i = 0; i < v->model->n_services; i++)
		add_service_sent(v, &v->model->services[i], ifindex, family, &sum);
	return json_pack("{s:I, s:I}", "packets", (json_int_t)sum.packets,
			 "bytes", (json_int_t)sum.bytes);
}

/* How the program of NAT is attached, or null. */
static json_t *nat_program(const struct attachment *a)
{
	if (!a->tc)
		return json_null();
	return json_string(a->tcx ? "tcx" : "clsact");
}

json_t *view_interface(const struct view *v, const struct attachment *a)
{
	json_t *object = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}",
				   "ifindex", (json_int_t)a->ifindex,
				   "name", json_text(a->name),
				   "mode", json_text(a->xdp ? xdp_mode_name(a->mode) : NULL),
				   "why_generic", json_text(a->xdp ? a->why_generic : NULL),
				   "nat", nat_program(a),
				   "stats", link_stats(v, a->ifindex),
				   "per_second", link_per_second(v, a->ifindex),
				   "sent", "ipv4", sent_to_hosts(v, a->ifindex, AF_INET),
				   "ipv6", sent_to_hosts(v, a->ifindex, AF_INET6));

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
	const struct model *model;
	json_t *array;
	size_t limit;
	bool truncated;
};

static const struct service *service_of(const struct model *m, const struct session *s)
{
	for (unsigned i = 0; m && i < m->n_services; i++)
		if (strcmp(m->services[i].name, s->service) == 0 && m->services[i].nat == s->nat)
			return &m->services[i];
	return NULL;
}

/* The service may have gone from the configuration, its flows have not. */
static json_t *service_id(const struct model *m, const struct session *s)
{
	const struct service *service = service_of(m, s);

	if (!service)
		return json_pack("{s:n, s:n}", "type", "service_id");
	return json_pack("{s:s, s:I}", "type", service_kind_name(service->kind), "service_id",
			 (json_int_t)service->id);
}

/* Both sides have said that it is over. */
static bool session_running(const struct session *s)
{
	return s->state != XLB_FLOW_FINWAIT && s->state != XLB_FLOW_CLOSED;
}

/* null for flows of DSR, of which only the client's half is seen. */
static json_t *connection(const struct session *s)
{
	if (!s->nat)
		return json_null();
	return json_pack("{s:I, s:o, s:i, s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:I}",
			 "id", (json_int_t)s->id, "listen", json_address(&s->listen), "host_port", s->host_port,
			 "address", json_address(&s->nat_addr),
			 "port", s->transparent ? json_null() : json_integer(s->nat_port),
			 "running", session_running(s),
			 "age_s", (json_int_t)s->age_s,
			 "packets_in", (json_int_t)s->packets_in,
			 "bytes_in", (json_int_t)s->bytes_in,
			 "packets_out", (json_int_t)s->packets_out,
			 "bytes_out", (json_int_t)s->bytes_out);
}

static json_t *session_json(const struct model *m, const struct session *s)
{
	json_t *object = json_pack("{s:o, s:s, s:o, s:i, s:i, s:o, s:o, s:s, s:I, s:I, s:o}",
				   "service", json_text(s->service), "proto", protocol_name(s->proto),
				   "client", json_address(&s->client), "client_port", s->client_port,
				   "port", s->port, "host", json_address(&s->host),
				   "host_name", json_text(s->host_name),
				   "state", s->state_name,
				   "idle_s", (json_int_t)s->idle_s,
				   "expires_s", (json_int_t)s->expires_s,
				   "nat", connection(s));

	if (json_object_update_new(object, service_id(m, s)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int add_session(const struct session *s, void *data)
{
	struct session_list *list = data;

	if (json_array_size(list->array) == list->limit) {
		list->truncated = true;
		return 1;
	}
	return json_array_append_new(list->array, session_json(list->model, s));
}

json_t *view_sessions(const struct view *v, size_t limit)
{
	struct session_list list = { .model = v->model, .array = json_array(), .limit = limit };

	if (dataplane_sessions(v->dataplane, add_session, &list) < 0) {
		json_decref(list.array);
		return NULL;
	}
	return json_pack("{s:i, s:I, s:b, s:o}", "schema", XLB_API_SCHEMA,
			 "pid", (json_int_t)getpid(), "truncated", list.truncated,
			 "sessions", list.array);
}

static json_t *reason_per_second(const struct view *v, uint32_t reason)
{
	static const char *const names[] = { "packets" };

	return json_per_second(v, reason_meter(reason), names, 1);
}

static int add_counter(json_t *array, const struct packet_reason *reason, uint64_t count,
		       json_t *per_second)
{
	return json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", reason->name,
						      "verdict", reason_verdict_name(reason->verdict),
						      "text", reason->text,
						      "count", (json_int_t)count,
						      "per_second", per_second));
}

json_t *view_counters(const struct view *v, const uint64_t counts[XLB_REASON_COUNT],
		      const struct daemon_counter *own, size_t n_own)
{
	json_t *array = json_array();
	int r = 0;

	for (size_t i = 0; i < XLB_REASON_COUNT && !r; i++)
		r = add_counter(array, packet_reason((int)i), counts[i],
				reason_per_second(v, (uint32_t)i));
	for (size_t i = 0; i < n_own && !r; i++) {
		const struct packet_reason reason = { own[i].name, REASON_EVENT, own[i].text };

		r = add_counter(array, &reason, own[i].count, json_null());
	}
	if (r) {
		json_decref(array);
		return NULL;
	}
	return json_answer("counters", array);
}

json_t *view_version(const struct control_info *info, uint64_t now_ms)
{
	return json_pack("{s:s, s:i, s:I, s:I, s:b, s:o, s:o, s:s, s:o}", "version", XLB_VERSION,
			 "schema", XLB_API_SCHEMA, "pid", (json_int_t)getpid(),
			 "uptime_s", (json_int_t)((now_ms - info->started_at) / 1000),
			 "started", info->started,
			 "config_file", json_text(info->config_file),
			 "loaded_from", json_text(info->loaded_from),
			 "config_state", config_state_name(info->config_state),
			 "bpffs", json_text(info->bpffs));
}
