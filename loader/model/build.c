/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A configuration becomes a model; what stays from an old model keeps its ids and states. */
#include "model/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"
#include "model/services.h"

/* A line that makes an instance, and the port that it means. */
struct line {
	const struct cfg_target *target;
	const struct cfg_table *table;
	uint16_t port;
};

/* The table that "forward to ADDR port N" stands for. */
struct fixed {
	struct cfg_table table;
	struct cfg_host host;
};

struct builder {
	struct model *m;
	const struct model *old; /* NULL: none */
	struct line *lines; /* by instance: the parser counted them, from 1; then the fixed ones */
	unsigned n_instances;
	unsigned n_fixed;
};

/* ---- lines --------------------------------------------------------------------------------- */
static unsigned highest_instance(const struct cfg_target *target)
{
	unsigned highest = 0;

	for (; target; target = target->next)
		if (target->instance > highest)
			highest = target->instance;
	return highest;
}

static void count(struct builder *b, const struct cfg_target *targets, unsigned n_services)
{
	unsigned highest = highest_instance(targets);

	b->m->n_services += n_services;
	if (highest > b->n_instances)
		b->n_instances = highest;
	for (; targets; targets = targets->next)
		b->n_fixed += !targets->table;
}

static int allocate(struct builder *b, const struct cfg *conf)
{
	for (const struct cfg_redirect *r = conf->redirects; r; r = r->next)
		count(b, r->target, 1);
	for (const struct cfg_relay *r = conf->relays; r; r = r->next)
		count(b, r->target, r->n_listen);
	b->lines = calloc(b->n_instances + b->n_fixed + 1, sizeof(*b->lines));
	b->m->tables = calloc(b->n_instances + b->n_fixed + 1, sizeof(*b->m->tables));
	b->m->fixed = calloc(b->n_fixed + 1, sizeof(*b->m->fixed));
	b->m->services = calloc(b->m->n_services + 1, sizeof(*b->m->services));
	return b->lines && b->m->tables && b->m->fixed && b->m->services ? 0 : -ENOMEM;
}

static void note_fixed(struct builder *b, const struct cfg_target *t)
{
	struct fixed *fixed = &b->m->fixed[b->n_fixed];

	fixed->host = (struct cfg_host){
		.name = t->addr_name,
		.addr = t->addr,
		.weight = 1,
		.pos = t->pos,
	};
	fixed->table = (struct cfg_table){
		.name = t->addr_name,
		.hosts = &fixed->host,
		.n_hosts = 1,
		.used = true,
		.pos = t->pos,
	};
	b->lines[b->n_instances + b->n_fixed++] = (struct line){
		.target = t,
		.table = &fixed->table,
		.port = t->port,
	};
}

static void note_lines(struct builder *b, const struct cfg_target *targets,
		       const struct cfg_listen *listen)
{
	for (const struct cfg_target *t = targets; t; t = t->next) {
		if (!t->table)
			note_fixed(b, t);
		if (!t->table || b->lines[t->instance - 1].target)
			continue;
		b->lines[t->instance - 1] = (struct line){
			.target = t,
			.table = t->table,
			.port = t->port || !listen ? t->port : listen->port_lo,
		};
	}
}

static void collect_lines(struct builder *b, const struct cfg *conf)
{
	b->n_fixed = 0; /* counts them once more, as they come */
	for (const struct cfg_redirect *r = conf->redirects; r; r = r->next)
		note_lines(b, r->target, r->listen);
	for (const struct cfg_relay *r = conf->relays; r; r = r->next)
		note_lines(b, r->target, r->listen);
}

/* ---- hosts --------------------------------------------------------------------------------- */
static bool host_id_taken(const struct table *t, uint32_t id)
{
	for (unsigned i = 0; i < t->n_hosts; i++)
		if (t->hosts[i].id == id)
			return true;
	return false;
}

static const struct host *old_host(const struct table *t, const struct table *old,
				   const struct cfg_host *conf)
{
	for (unsigned i = 0; old && i < old->n_hosts; i++)
		if (same_host(old->hosts[i].conf, conf) && !host_id_taken(t, old->hosts[i].id))
			return &old->hosts[i];
	return NULL;
}

static bool same_counting(const struct host *a, const struct host *b)
{
	return cfg_fall(a->conf, a->table->target) == cfg_fall(b->conf, b->table->target) &&
	       cfg_rise(a->conf, a->table->target) == cfg_rise(b->conf, b->table->target);
}

static void carry_host(struct host *h, const struct host *old)
{
	h->id = old->id;
	h->admin = old->admin;
	h->health = old->health;
	h->last_known = old->last_known;
	h->checks = old->checks;
	h->checks_up = old->checks_up;
	memcpy(h->reason, old->reason, sizeof(h->reason));
	h->latency_ms = old->latency_ms;
	h->changed_at = old->changed_at;
	if (same_counting(h, old)) {
		h->retries_left = old->retries_left;
		h->rises_left = old->rises_left;
	}
	if (same_way(h->table->target, old->table->target))
		h->next_hop = old->next_hop;
}

/* n_hosts counts as they come, so that host_id_taken() sees those before. */
static void add_host(struct builder *b, struct table *t, const struct table *old,
		     const struct cfg_host *conf)
{
	struct host *h = &t->hosts[t->n_hosts];
	const struct host *before = old_host(t, old, conf);

	h->number = t->target->first_host_id + t->n_hosts;
	h->table = t;
	h->conf = conf;
	host_reset_counting(h);
	if (before)
		carry_host(h, before);
	else
		h->id = ++b->m->last_host_id;
	t->n_hosts++;
}

/* ---- instances ----------------------------------------------------------------------------- */
static bool table_id_taken(const struct model *m, uint32_t id)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		if (m->tables[i].id == id)
			return true;
	return false;
}

/* The same options first: of two instances with one name each finds its own. */
static const struct table *old_table(const struct builder *b, const struct table *t)
{
	for (unsigned i = 0; b->old && i < b->old->n_tables; i++) {
		const struct table *old = &b->old->tables[i];

		if (same_instance(t, old) && !table_id_taken(b->m, old->id))
			return old;
	}
	for (unsigned i = 0; b->old && i < b->old->n_tables; i++) {
		const struct table *old = &b->old->tables[i];

		if (strcmp(t->name, old->name) == 0 && !table_id_taken(b->m, old->id))
			return old;
	}
	return NULL;
}

static int add_table(struct builder *b, const struct line *line)
{
	struct table *t = &b->m->tables[b->m->n_tables];
	const struct table *old;

	t->target = line->target;
	t->conf = line->table;
	t->port = line->port;
	snprintf(t->name, sizeof(t->name), "%.*s:%u", CFG_TABLE_NAME_MAX, t->conf->name, t->port);
	t->hosts = calloc(t->conf->n_hosts + 1, sizeof(*t->hosts));
	if (!t->hosts)
		return -ENOMEM;
	old = old_table(b, t);
	t->id = old ? old->id : ++b->m->last_table_id;
	for (const struct cfg_host *h = t->conf->hosts; h; h = h->next)
		add_host(b, t, old, h);
	b->m->n_tables++;
	return 0;
}

static int add_tables(struct builder *b)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < b->n_instances + b->n_fixed; i++)
		r = add_table(b, &b->lines[i]);
	return r;
}

/* ---- what needs all of it ------------------------------------------------------------------ */
/* Every service that uses it is disabled by the file. */
static bool only_for_disabled(const struct model *m, const struct table *t)
{
	for (unsigned i = 0; i < m->n_services; i++)
		for (struct table **each = m->services[i].tables; *each; each++)
			if (*each == t && !m->services[i].conf_disabled)
				return false;
	return true;
}

static const struct table *table_with_id(const struct model *m, uint32_t id)
{
	for (unsigned i = 0; m && i < m->n_tables; i++)
		if (m->tables[i].id == id)
			return &m->tables[i];
	return NULL;
}

/* Hosts without a check are up: nothing will ever say so. */
static void settle_unchecked(struct table *t)
{
	for (unsigned i = 0; t->target->check.type == CFG_CHECK_NONE && i < t->n_hosts; i++) {
		struct host *h = &t->hosts[i];

		h->health = t->disabled || h->admin == HOST_DISABLED ? HOST_UNKNOWN : HOST_UP;
		h->last_known = HOST_UP;
	}
}

static void settle_tables(struct builder *b)
{
	for (unsigned i = 0; i < b->m->n_tables; i++) {
		struct table *t = &b->m->tables[i];
		const struct table *old = table_with_id(b->old, t->id);
		bool as_before;

		t->conf_disabled = t->conf->disabled || only_for_disabled(b->m, t);
		as_before = old && old->conf_disabled == t->conf_disabled;
		/* The hosts' states, carried over, are those under the old flag. */
		t->disabled = old && old->disabled;
		table_set_disabled(t, as_before ? old->disabled : t->conf_disabled);
		settle_unchecked(t);
	}
}

static struct host *host_numbered(const struct model *m, uint32_t number)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		for (unsigned j = 0; j < m->tables[i].n_hosts; j++)
			if (m->tables[i].hosts[j].number == number)
				return &m->tables[i].hosts[j];
	return NULL;
}

/* -EINVAL and the offender, or 0. Prepending in reverse order leaves children in file order. */
static int link_parents(struct model *m, const struct cfg_host **ret_bad)
{
	for (unsigned i = m->n_tables; i-- > 0;) {
		for (unsigned j = m->tables[i].n_hosts; j-- > 0;) {
			struct host *h = &m->tables[i].hosts[j];
			struct host *parent;

			if (!h->conf->parent)
				continue;
			parent = host_numbered(m, h->conf->parent);
			if (!parent || parent->conf->parent) {
				*ret_bad = h->conf;
				return -EINVAL;
			}
			h->parent = parent;
			h->next_sibling = parent->children;
			parent->children = h;
		}
	}
	return 0;
}

static void free_parts(struct model *m)
{
	for (unsigned i = 0; m->tables && i < m->n_tables; i++)
		free(m->tables[i].hosts);
	services_free(m);
	free(m->tables);
	free(m->fixed);
	free(m);
}

static int build_parts(struct builder *b, const struct cfg *conf, const struct cfg_host **ret_bad)
{
	int r = allocate(b, conf);

	if (r < 0)
		return r;
	collect_lines(b, conf);
	r = add_tables(b);
	if (r == 0)
		r = services_build(b->m, b->old, conf);
	if (r == 0)
		r = link_parents(b->m, ret_bad);
	if (r < 0)
		return r;
	settle_tables(b);
	model_update(b->m);
	return 0;
}

static int build(const struct cfg *conf, const struct model *old, const struct cfg_host **ret_bad,
		 struct model **ret)
{
	struct builder b = { .old = old, .m = calloc(1, sizeof(*b.m)) };
	int r;

	if (!b.m)
		return -ENOMEM;
	if (old) {
		b.m->last_table_id = old->last_table_id;
		b.m->last_host_id = old->last_host_id;
		memcpy(b.m->last_service_id, old->last_service_id, sizeof(old->last_service_id));
	}
	r = build_parts(&b, conf, ret_bad);
	free(b.lines);
	if (r < 0) {
		free_parts(b.m);
		return r;
	}
	*ret = b.m;
	return 0;
}

int model_build(struct cfg *conf, const struct model *old, struct model **ret)
{
	const struct cfg_host *bad;
	int r = build(conf, old, &bad, ret);

	if (r == 0)
		(*ret)->conf = conf;
	return r;
}

/* ---- going back ---------------------------------------------------------------------------- */
static const struct host *host_with_id(const struct table *t, uint32_t id)
{
	for (unsigned i = 0; t && i < t->n_hosts; i++)
		if (t->hosts[i].id == id)
			return &t->hosts[i];
	return NULL;
}

static void catch_up_table(struct table *t, const struct table *newer)
{
	if (newer && newer->conf_disabled == t->conf_disabled)
		t->disabled = newer->disabled;
	for (unsigned i = 0; i < t->n_hosts; i++) {
		struct host *h = &t->hosts[i];
		const struct host *now = host_with_id(newer, h->id);

		if (now) {
			carry_host(h, now);
			continue;
		}
		h->health = HOST_UNKNOWN;
		host_reset_counting(h);
	}
	settle_unchecked(t);
}

static void catch_up_service(struct service *s, const struct model *newer)
{
	for (unsigned i = 0; i < newer->n_services; i++) {
		const struct service *now = &newer->services[i];

		if (now->kind == s->kind && now->id == s->id &&
		    now->conf_disabled == s->conf_disabled)
			s->disabled = now->disabled;
	}
}

void model_catch_up(struct model *m, const struct model *newer)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		catch_up_table(&m->tables[i], table_with_id(newer, m->tables[i].id));
	for (unsigned i = 0; i < m->n_services; i++)
		catch_up_service(&m->services[i], newer);
	m->last_table_id = newer->last_table_id;
	m->last_host_id = newer->last_host_id;
	memcpy(m->last_service_id, newer->last_service_id, sizeof(m->last_service_id));
	model_update(m);
}

int model_bad_parent(const struct cfg *conf, const struct cfg_host **ret)
{
	struct model *m = NULL;
	int r = build(conf, NULL, ret, &m);

	if (m)
		free_parts(m);
	return r;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	cfg_free(m->conf);
	free_parts(m);
}
