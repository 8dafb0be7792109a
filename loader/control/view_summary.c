/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* relayctl's "show summary": services, their tables, their hosts, in relayd's order. */
#include "control/view.h"

json_t *json_availability(const struct host *h)
{
	double percent;

	return host_availability(h, &percent) ? json_real(percent) : json_null();
}

const char *table_status_name(const struct table *t)
{
	if (t->disabled)
		return "disabled";
	return t->n_up || t->panic ? "active" : "empty";
}

static json_t *row(uint32_t id, const char *type, const char *name, json_t *availability,
		   json_t *status)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:o}", "id", (json_int_t)id, "type", type, "name",
			 json_text(name), "availability", availability, "status", status);
}

static int add_host(json_t *rows, const struct host *h)
{
	json_t *object = row(h->id, "host", h->conf->name, json_availability(h),
			     json_string(host_status_name(h)));

	json_t *parent = h->parent ? json_integer(h->parent->id) : json_null();

	if (json_object_set_new(object, "parent", parent) < 0) {
		json_decref(object);
		return -1;
	}
	return json_array_append_new(rows, object);
}

static int add_table(json_t *rows, const struct table *t)
{
	char status[40];
	json_t *object = row(t->id, "table", t->name, json_null(),
			     json_string(table_status_text(t, status, sizeof(status))));

	if (json_array_append_new(rows, object) < 0)
		return -1;
	if (t->disabled)
		return 0;
	for (unsigned i = 0; i < t->n_hosts; i++)
		if (add_host(rows, &t->hosts[i]) < 0)
			return -1;
	return 0;
}

static int add_service(json_t *rows, const struct service *s)
{
	json_t *object = row(s->id, service_kind_name(s->kind), s->name, json_null(),
			     json_string(service_status_name(s)));

	if (json_array_append_new(rows, object) < 0)
		return -1;
	if (s->disabled)
		return 0;
	for (struct table **t = s->tables; t && *t; t++)
		if (add_table(rows, *t) < 0)
			return -1;
	return 0;
}

static int add_services(json_t *rows, const struct model *m, enum service_kind kind)
{
	for (unsigned i = 0; i < m->n_services; i++)
		if (m->services[i].kind == kind && add_service(rows, &m->services[i]) < 0)
			return -1;
	return 0;
}

json_t *view_summary(const struct view *v)
{
	json_t *rows = json_array();

	if (add_services(rows, v->model, SERVICE_REDIRECT) < 0 ||
	    add_services(rows, v->model, SERVICE_RELAY) < 0) {
		json_decref(rows);
		return NULL;
	}
	return json_answer("rows", rows);
}
