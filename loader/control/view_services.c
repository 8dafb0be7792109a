/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Redirects and relays. */
#include "control/traffic.h"
#include "control/view.h"

/* a key and its value stay on one line */
/* clang-format off */

static unsigned service_timeout(const struct service *s)
{
	unsigned seconds = s->kind == SERVICE_REDIRECT ? s->redirect->session_timeout :
							 s->relay->session_timeout;

	return seconds ? seconds : XLB_DEFAULT_SESSION_TIMEOUT;
}

static json_t *listens(const struct service *s)
{
	const struct cfg_listen *l = s->listen;
	json_t *list = json_array();

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next)
		json_array_append_new(list, json_pack("{s:o, s:o, s:i, s:i, s:s, s:o}",
						      "name", json_text(l->name),
						      "address", json_address(&l->addr),
						      "port", l->port_lo, "port_end", l->port_hi,
						      "proto", protocol_name(l->proto),
						      "interface", json_text(l->interface)));
	return list;
}

static json_t *table_names(const struct service *s)
{
	json_t *list = json_array();

	for (struct table **t = s->tables; t && *t; t++)
		json_array_append_new(list, json_text((*t)->name));
	return list;
}

static json_t *rate(const struct view *v, const struct service *s)
{
	const struct session_rate *r = v->rates ? rates_find(v->rates, s->name) : NULL;

	if (!r || !s->served)
		return json_null();
	return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "interval_s", RATES_INTERVAL_S,
			 "last", (json_int_t)r->last, "hour", (json_int_t)r->hour,
			 "day", (json_int_t)r->day, "average", (json_int_t)r->average,
			 "average_hour", (json_int_t)r->average_hour,
			 "average_day", (json_int_t)r->average_day);
}

static json_t *traffic_json(const struct view *v, const struct service *s)
{
	struct traffic t;
	uint64_t states;

	if (service_traffic(v, s, &t) < 0 || service_states(v, s, &states) < 0)
		return json_pack("{s:n, s:n, s:n, s:n, s:n}", "packets", "bytes", "sessions",
				 "states", "per_second");
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "packets", (json_int_t)t.packets, "bytes",
			 (json_int_t)t.bytes, "sessions", (json_int_t)t.sessions, "states",
			 (json_int_t)states, "per_second",
			 json_traffic_per_second(v, service_meter(s)));
}

static const char *way_name(const struct service *s)
{
	if (!s->nat)
		return "route";
	return s->transparent ? "transparent" : "nat";
}

static json_t *service_conf(const struct service *s)
{
	return json_pack("{s:s, s:s, s:b, s:o}", "forward", way_name(s),
			 "mode", cfg_mode_name(s->target->mode),
			 "sticky", s->kind == SERVICE_REDIRECT && s->redirect->sticky_address,
			 "session_timeout", json_integer(service_timeout(s)));
}

json_t *view_service(const struct view *v, const struct service *s)
{
	json_t *object = json_pack("{s:I, s:o, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o}",
				   "id", (json_int_t)s->id, "name", json_text(s->name),
				   "status", service_status_name(s), "disabled", s->disabled,
				   "served", s->served,
				   "why_not", s->served ? json_null() : json_text(s->why_not),
				   "listens", listens(s), "tables", table_names(s),
				   "active_table", json_text(s->active ? s->active->name : NULL),
				   "rates", rate(v, s));

	if (json_object_update_new(object, service_conf(s)) < 0 ||
	    json_object_update_new(object, traffic_json(v, s)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *view_services(const struct view *v, enum service_kind kind, const char *key)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->model->n_services; i++) {
		const struct service *s = &v->model->services[i];

		if (s->kind == kind && json_array_append_new(list, view_service(v, s)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return json_answer(key, list);
}

json_t *view_redirects(const struct view *v)
{
	return view_services(v, SERVICE_REDIRECT, "redirects");
}

json_t *view_relays(const struct view *v)
{
	return view_services(v, SERVICE_RELAY, "relays");
}
