/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tables and their hosts. */
#include <string.h>

#include "control/traffic.h"
#include "control/view.h"

/* a key and its value stay on one line */
/* clang-format off */

static json_t *used_by(const struct model *m, const struct table *t)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->n_services; i++)
		if (service_uses(&m->services[i], t))
			json_array_append_new(list, json_text(m->services[i].name));
	return list;
}

json_t *view_table(const struct view *v, const struct table *t)
{
	const struct cfg_target *target = t->target;

	return json_pack("{s:I, s:o, s:s, s:b, s:I, s:I, s:s, s:I, s:I, s:o}",
			 "id", (json_int_t)t->id, "name", json_text(t->name),
			 "status", table_status_name(t), "panic", t->panic,
			 "hosts_up", (json_int_t)t->n_up, "hosts", (json_int_t)t->n_hosts,
			 "check", target ? cfg_check_name(&target->check) : "none",
			 "interval_ms", target ? (json_int_t)target->interval_s * 1000 : 0,
			 "timeout_ms", target ? (json_int_t)target->timeout_ms : 0,
			 "used_by", used_by(v->model, t));
}

json_t *view_tables(const struct view *v)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->model->n_tables; i++)
		if (json_array_append_new(list, view_table(v, &v->model->tables[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return json_answer("tables", list);
}

static json_t *load_json(const struct view *v, const struct host *h)
{
	struct traffic t;
	uint64_t states;

	if (host_total_traffic(v, h, &t) < 0 || host_total_states(v, h, &states) < 0)
		return json_pack("{s:n, s:n, s:n, s:n, s:n}", "packets", "bytes", "sessions",
				 "states", "per_second");
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "packets", (json_int_t)t.packets,
			 "bytes", (json_int_t)t.bytes,
			 "sessions", (json_int_t)t.sessions,
			 "states", (json_int_t)states,
			 "per_second", json_traffic_per_second(v, host_meter(h)));
}

/* Services that use the host's table and not the host, with the reason. */
static json_t *left_out(const struct view *v, const struct host *h)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->model->n_services; i++) {
		const struct service *s = &v->model->services[i];
		const char *why = service_uses(s, h->table) ? service_leaves_out(s, h) : NULL;

		if (why)
			json_array_append_new(list, json_pack("{s:s, s:o, s:s}",
							      "type", service_kind_name(s->kind),
							      "name", json_text(s->name),
							      "why", why));
	}
	return list;
}

static json_t *next_hop(const struct host *h)
{
	const struct next_hop *n = &h->next_hop;
	bool ok = n->state == NEXT_HOP_OK;

	return json_pack("{s:s, s:o, s:I, s:o, s:o, s:o}",
			 "state", next_hop_state_name(n->state),
			 "interface", json_text(n->interface),
			 "ifindex", (json_int_t)n->ifindex,
			 "gateway", json_address(&n->gateway),
			 "mac", ok ? json_mac(n->dst_mac) : json_null(),
			 "source", json_address(&n->src_addr));
}

static const char *admin_name(enum host_admin admin)
{
	switch (admin) {
	case HOST_ENABLED:
		return "enabled";
	case HOST_DISABLED:
		return "disabled";
	case HOST_DRAINING:
		return "draining";
	}
	return "unknown";
}

static json_t *checks(const struct view *v, const struct host *h)
{
	bool known = h->changed_at && v->now_ms >= h->changed_at;

	return json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:I, s:o}",
			 "availability", json_availability(h),
			 "checks", (json_int_t)h->checks, "checks_up", (json_int_t)h->checks_up,
			 "retries", (json_int_t)h->retries_left,
			 "error", json_text(h->health == HOST_DOWN ? h->reason : NULL),
			 "reason", json_text(h->reason),
			 "latency_ms", (json_int_t)h->latency_ms,
			 "since_s", known ? json_integer((v->now_ms - h->changed_at) / 1000) :
					    json_null());
}

static json_t *identity(const struct host *h)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:I, s:o, s:i}", "id", (json_int_t)h->id,
			 "name", json_text(h->conf->name),
			 "address", json_address(&h->conf->addr),
			 "table", json_text(h->table->name),
			 "table_id", (json_int_t)h->table->id,
			 "parent", h->parent ? json_integer(h->parent->id) : json_null(),
			 "weight", h->conf->weight);
}

json_t *view_host(const struct view *v, const struct host *h)
{
	json_t *object = identity(h);
	json_t *state = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "status", host_status_name(h),
				  "health", host_health_name(h->health),
				  "admin", admin_name(h->admin),
				  "usable", host_usable(h), "next_hop", next_hop(h),
				  "left_out", left_out(v, h));

	if (json_object_update_new(object, state) < 0 ||
	    json_object_update_new(object, checks(v, h)) < 0 ||
	    json_object_update_new(object, load_json(v, h)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static bool is_namesake(const struct host *a, const struct host *b)
{
	return a != b && strcmp(a->conf->name, b->conf->name) == 0;
}

json_t *view_namesakes(const struct view *v, const struct host *h)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->model->n_tables; i++) {
		const struct table *t = &v->model->tables[i];

		for (unsigned j = 0; j < t->n_hosts; j++)
			if (is_namesake(h, &t->hosts[j]))
				json_array_append_new(list, json_pack("{s:I, s:o}",
								      "id", (json_int_t)t->hosts[j].id,
								      "table", json_text(t->name)));
	}
	return list;
}

json_t *view_hosts(const struct view *v)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->model->n_tables; i++) {
		const struct table *t = &v->model->tables[i];

		for (unsigned j = 0; j < t->n_hosts; j++)
			if (json_array_append_new(list, view_host(v, &t->hosts[j])) < 0) {
				json_decref(list);
				return NULL;
			}
	}
	return json_answer("hosts", list);
}
