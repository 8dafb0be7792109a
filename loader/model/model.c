/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What holds for the model as a whole: which table is active, who is called what. */
#include "model/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- state --------------------------------------------------------------------------------- */
/* What has not been checked yet, at the start or after it was enabled, is no reason to panic. */
static bool awaits_check(const struct host *h)
{
	return h->health == HOST_UNKNOWN && h->reason[0] == '\0';
}

/* Of the hosts that are to be used, fewer are up than the threshold. */
static bool must_panic(const struct table *t)
{
	unsigned enabled = 0, good = 0;

	if (t->disabled || !t->target->panic)
		return false;
	for (unsigned i = 0; i < t->n_hosts; i++) {
		const struct host *h = &t->hosts[i];

		if (h->admin != HOST_ENABLED)
			continue;
		enabled++;
		good += host_is_up(h) || awaits_check(h);
	}
	return 100 * good < t->target->panic * enabled;
}

void table_update(struct table *t)
{
	t->n_up = 0;
	t->n_usable = 0;
	for (unsigned i = 0; i < t->n_hosts; i++)
		t->n_up += host_is_up(&t->hosts[i]);
	t->panic = must_panic(t);
	for (unsigned i = 0; i < t->n_hosts; i++)
		t->n_usable += host_usable(&t->hosts[i]);
}

static unsigned count_usable(const struct service *s, const struct table *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_hosts; i++)
		n += service_can_use(s, &t->hosts[i]);
	return n;
}

/* A table that panics while none of its hosts is up gives way to one that has some. */
static struct table *choose_active(const struct service *s)
{
	for (struct table **t = s->tables; *t; t++)
		if (count_usable(s, *t) > 0 && (*t)->n_up > 0)
			return *t;
	for (struct table **t = s->tables; *t; t++)
		if (count_usable(s, *t) > 0)
			return *t;
	for (struct table **t = s->tables; *t; t++)
		if ((*t)->n_up > 0)
			return *t;
	return s->tables[0];
}

static void update_service(struct service *s)
{
	s->active = choose_active(s);
	s->n_usable = s->active ? count_usable(s, s->active) : 0;
}

void model_update(struct model *m)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		table_update(&m->tables[i]);
	for (unsigned i = 0; i < m->n_services; i++)
		update_service(&m->services[i]);
}

static bool service_uses(const struct service *s, const struct table *t)
{
	for (struct table **each = s->tables; *each; each++)
		if (*each == t)
			return true;
	return false;
}

static bool needed_by_some_service(const struct model *m, const struct table *t)
{
	for (unsigned i = 0; i < m->n_services; i++)
		if (!m->services[i].disabled && service_uses(&m->services[i], t))
			return true;
	return false;
}

void service_set_disabled(struct service *s, bool disabled)
{
	s->disabled = disabled;
	if (!s->tables[0])
		return;
	if (!disabled) {
		for (struct table **t = s->tables; *t; t++)
			table_set_disabled(*t, false);
	} else if (!needed_by_some_service(s->model, s->tables[0])) {
		table_set_disabled(s->tables[0], true);
	}
}

/* ---- looking up ---------------------------------------------------------------------------- */
/* An id is written in digits only; 0, which is none, if it is not one. */
static uint32_t parse_id(const char *text)
{
	char *end;
	unsigned long id;

	if (*text < '0' || *text > '9')
		return 0;
	id = strtoul(text, &end, 10);
	return *end || id > UINT32_MAX ? 0 : (uint32_t)id;
}

struct host *model_host_by_id(const struct model *m, uint32_t id)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		for (unsigned j = 0; j < m->tables[i].n_hosts; j++)
			if (m->tables[i].hosts[j].id == id)
				return &m->tables[i].hosts[j];
	return NULL;
}

struct host *model_host_by_name(const struct model *m, const char *name)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		for (unsigned j = 0; j < m->tables[i].n_hosts; j++)
			if (strcmp(m->tables[i].hosts[j].conf->name, name) == 0)
				return &m->tables[i].hosts[j];
	return NULL;
}

struct table *model_table_by_name(const struct model *m, const char *name_or_id)
{
	uint32_t id = parse_id(name_or_id);

	for (unsigned i = 0; i < m->n_tables; i++)
		if (id ? m->tables[i].id == id : strcmp(m->tables[i].name, name_or_id) == 0)
			return &m->tables[i];
	return NULL;
}

struct service *model_service_by_name(const struct model *m, enum service_kind kind,
				      const char *name_or_id)
{
	uint32_t id = parse_id(name_or_id);

	for (unsigned i = 0; i < m->n_services; i++) {
		struct service *s = &m->services[i];

		if (s->kind == kind && (id ? s->id == id : strcmp(s->name, name_or_id) == 0))
			return s;
	}
	return NULL;
}

/* ---- words --------------------------------------------------------------------------------- */
const char *service_kind_name(enum service_kind kind)
{
	return kind == SERVICE_RELAY ? "relay" : "redirect";
}

const char *host_health_name(enum host_health health)
{
	static const char *const names[] = {
		[HOST_UNKNOWN] = "unknown",
		[HOST_UP] = "up",
		[HOST_DOWN] = "down",
	};

	return names[health];
}

const char *host_status_name(const struct host *h)
{
	if (h->admin == HOST_DISABLED)
		return "disabled";
	if (h->admin == HOST_DRAINING)
		return "draining";
	return host_health_name(h->health);
}

const char *next_hop_state_name(enum next_hop_state state)
{
	static const char *const names[] = {
		[NEXT_HOP_UNKNOWN] = "unknown",     [NEXT_HOP_OK] = "ok",
		[NEXT_HOP_NO_ROUTE] = "no route",   [NEXT_HOP_NO_INTERFACE] = "no interface",
		[NEXT_HOP_LINK_DOWN] = "link down", [NEXT_HOP_UNREACHABLE] = "unreachable",
	};

	return names[state];
}

const char *service_status_name(const struct service *s)
{
	if (s->disabled)
		return "disabled";
	if (!s->served)
		return "not served";
	if (s->n_usable == 0)
		return "down";
	if (s->active->panic)
		return "active (panic)";
	return s->active == s->tables[0] ? "active" : "active (using backup table)";
}

const char *table_status_text(const struct table *t, char *buf, size_t size)
{
	if (t->disabled)
		snprintf(buf, size, "disabled");
	else if (t->panic)
		snprintf(buf, size, "active (panic)");
	else if (t->n_up == 0)
		snprintf(buf, size, "empty");
	else
		snprintf(buf, size, "active (%u hosts)", t->n_up);
	return buf;
}

const char *host_row_name(const struct host *h, char *buf, size_t size)
{
	if (h->parent)
		snprintf(buf, size, "%s parent %" PRIu32, h->conf->name, h->parent->id);
	else
		snprintf(buf, size, "%s", h->conf->name);
	return buf;
}

/* relayd's name of a check, with its " use tls" where TLS is not the check itself's name. */
static void check_text(const struct cfg_check *check, char *buf, size_t size)
{
	if (check->type == CFG_CHECK_TLS)
		snprintf(buf, size, "tcp use tls");
	else
		snprintf(buf, size, "%s%s", cfg_check_name(check), check->tls ? " use tls" : "");
}

const char *host_change_text(const struct host_change *change, char *buf, size_t size)
{
	const struct host *h = change->host;
	char availability[16] = "";
	char check[32];
	double percent;

	check_text(&h->table->target->check, check, sizeof(check));
	if (change->ignored) {
		snprintf(buf, size, "host %s, check %s (ignoring result, host disabled)",
			 h->conf->name, check);
		return buf;
	}
	if (host_availability(h, &percent))
		snprintf(availability, sizeof(availability), "%.2f%%", percent);
	snprintf(buf, size, "host %s, check %s (%" PRIu32 "ms,%s), state %s -> %s, availability %s",
		 h->conf->name, check, h->latency_ms, h->reason, host_health_name(change->before),
		 host_health_name(change->after), availability);
	return buf;
}
