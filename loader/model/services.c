/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Redirects and relays become services: names, ids, tables, and what cannot be served. */
#include "model/services.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"

/* ---- tables -------------------------------------------------------------------------------- */
static struct table *table_of(const struct model *m, const struct cfg_target *target)
{
	if (target->table)
		return &m->tables[target->instance - 1];
	for (unsigned i = 0; i < m->n_tables; i++)
		if (m->tables[i].target == target)
			return &m->tables[i];
	return NULL;
}

static int refer_to_tables(struct service *s)
{
	unsigned n = 0;

	for (const struct cfg_target *t = s->target; t; t = t->next)
		n++;
	s->tables = calloc(n + 1, sizeof(*s->tables));
	if (!s->tables)
		return -ENOMEM;
	n = 0;
	for (const struct cfg_target *t = s->target; t; t = t->next)
		s->tables[n++] = table_of(s->model, t);
	return 0;
}

/* ---- what is served ------------------------------------------------------------------------ */
static bool mixes_families(const struct service *s)
{
	const struct cfg_listen *l = s->listen;
	sa_family_t family = AF_UNSPEC;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next) {
		if (family != AF_UNSPEC && l->addr.family != AF_UNSPEC && l->addr.family != family)
			return true;
		if (l->addr.family != AF_UNSPEC)
			family = l->addr.family;
	}
	return false;
}

static bool keeps_port_of_range(const struct service *s)
{
	const struct cfg_listen *l = s->listen;

	if (s->target->port)
		return false;
	for (unsigned i = 0; i < s->n_listen; i++, l = l->next)
		if (l->port_lo != l->port_hi)
			return true;
	return false;
}

static bool mixes_transparent(const struct service *s)
{
	for (const struct cfg_target *t = s->target; t; t = t->next)
		if (t->transparent != s->target->transparent)
			return true;
	return false;
}

/* The kernel tells services by name and protocol. */
static bool has_namesake(const struct service *s)
{
	for (unsigned i = 0; i < s->model->n_services; i++) {
		const struct service *other = &s->model->services[i];

		if (other == s)
			break;
		if (other->kind != s->kind && strcmp(other->name, s->name) == 0)
			return true;
	}
	return false;
}

static bool listens_on_all(const struct service *s)
{
	const struct cfg_addr *addr = &s->listen->addr;

	if (addr->family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&addr->v6);
	return addr->family == AF_INET && addr->v4.s_addr == htonl(INADDR_ANY);
}

static const char *why_not(const struct service *s)
{
	if (has_namesake(s))
		return "a redirect has the same name";
	if (!s->nat)
		return NULL;
	if (listens_on_all(s))
		return "it listens on all addresses: name the address, or an interface that has it";
	if (mixes_families(s))
		return "it listens on IPv4 and on IPv6, and NAT has one table for both: make it "
		       "two "
		       "redirects";
	if (keeps_port_of_range(s))
		return "a range of ports needs \"port\" in \"forward to\": hosts are reached at "
		       "one";
	if (mixes_transparent(s))
		return "some of its \"forward to\" are transparent, some are not: make it two "
		       "relays";
	return NULL;
}

/* ---- names and ids -----------------------------------------------------------------------------
 */
static bool same_listen(const struct cfg_listen *a, const struct cfg_listen *b)
{
	return same_addr(&a->addr, &b->addr) && a->port_lo == b->port_lo;
}

/* Is it the one that bears the configuration's name, not one of a further "listen on"? */
static bool is_first(const struct service *s)
{
	return s->kind == SERVICE_REDIRECT || s->listen == s->relay->listen;
}

static const char *conf_name(const struct service *s)
{
	return s->kind == SERVICE_REDIRECT ? s->redirect->name : s->relay->name;
}

static const struct service *old_service(const struct service *s, const struct model *old)
{
	for (unsigned i = 0; old && i < old->n_services; i++) {
		const struct service *o = &old->services[i];

		if (o->kind == s->kind && strcmp(conf_name(o), conf_name(s)) == 0 &&
		    is_first(o) == is_first(s) &&
		    (is_first(s) || same_listen(o->listen, s->listen)))
			return o;
	}
	return NULL;
}

static void set_id(struct service *s, const struct model *old)
{
	const struct service *before = old_service(s, old);

	s->id = before ? before->id : ++s->model->last_service_id[s->kind];
	s->disabled = before && before->conf_disabled == s->conf_disabled ? before->disabled :
									    s->conf_disabled;
}

/* relayd's; a name that would be too long for the kernel's maps is cut in its first part. */
static int set_name(struct service *s)
{
	char suffix[24];
	int n;

	s->name = conf_name(s);
	if (is_first(s))
		return 0;
	n = snprintf(suffix, sizeof(suffix), "%" PRIu32 ":%u", s->id, s->listen->port_lo);
	if (asprintf(&s->own_name, "%.*s%s", CFG_SERVICE_NAME_MAX - n, conf_name(s), suffix) < 0) {
		s->own_name = NULL;
		return -ENOMEM;
	}
	s->name = s->own_name;
	return 0;
}

static bool logs_packets(const struct service *s)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next)
		if (l->pflog)
			return true;
	return false;
}

/* What of its packets is to be told to user space. */
static unsigned watched_packets(const struct service *s)
{
	const struct cfg_protocol *protocol = s->relay ? s->relay->protocol : NULL;
	unsigned trace = 0;

	if (s->redirect ? s->redirect->sni_log : protocol && (protocol->logs || protocol->sni_log))
		trace |= XLB_TRACE_REQUEST;
	if (logs_packets(s))
		trace |= XLB_TRACE_PFLOG;
	return trace;
}

/* Who logs or exports connections is told of them by the data plane if they are NAT's; those of
 * direct server return have to be seen. */
static unsigned watched_connections(const struct service *s, const struct cfg *conf)
{
	if (s->nat || !(conf->log_connection || conf->log_connection_errors ||
			conf->log_connection_opens || conf->pflow))
		return 0;
	return XLB_TRACE_CONN;
}

/* ---- services ------------------------------------------------------------------------------ */
static int finish(struct service *s, const struct model *old)
{
	int r;

	set_id(s, old);
	r = set_name(s);
	if (r < 0)
		return r;
	s->why_not = why_not(s);
	s->served = !s->why_not;
	s->trace = watched_packets(s);
	return refer_to_tables(s);
}

static int add_redirect(struct model *m, const struct model *old, const struct cfg_redirect *conf,
			struct service *s)
{
	s->model = m;
	s->kind = SERVICE_REDIRECT;
	s->redirect = conf;
	s->listen = conf->listen;
	s->n_listen = conf->n_listen;
	s->target = conf->target;
	s->nat = !conf->target->route;
	s->transparent = s->nat;
	s->conf_disabled = conf->disabled;
	return finish(s, old);
}

static int add_relay(struct model *m, const struct model *old, const struct cfg_relay *conf,
		     const struct cfg_listen *listen, struct service *s)
{
	s->model = m;
	s->kind = SERVICE_RELAY;
	s->relay = conf;
	s->listen = listen;
	s->n_listen = 1;
	s->target = conf->target;
	s->nat = true;
	s->nat_to = conf->nat;
	s->transparent = conf->target->transparent;
	s->conf_disabled = conf->disabled;
	return finish(s, old);
}

int services_build(struct model *m, const struct model *old, const struct cfg *conf)
{
	struct service *s = m->services;
	int r = 0;

	for (const struct cfg_redirect *c = conf->redirects; r == 0 && c; c = c->next)
		r = add_redirect(m, old, c, s++);
	for (const struct cfg_relay *c = conf->relays; r == 0 && c; c = c->next)
		for (const struct cfg_listen *l = c->listen; r == 0 && l; l = l->next)
			r = add_relay(m, old, c, l, s++);
	for (unsigned i = 0; i < m->n_services; i++)
		m->services[i].trace |= watched_connections(&m->services[i], conf);
	return r;
}

void services_free(struct model *m)
{
	for (unsigned i = 0; m->services && i < m->n_services; i++) {
		free(m->services[i].tables);
		free(m->services[i].own_name);
	}
	free(m->services);
}
