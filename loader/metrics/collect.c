/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/collect.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/process.h"
#include "metrics/text.h"

struct collector {
	struct collect_source source;
	struct snapshot *s;
	unsigned *first_host; /* by table: its first in the snapshot */
	unsigned table;       /* next */
	unsigned service;
	unsigned max_failures;
	bool done;
	struct text labels;
	/* the service that is being counted */
	struct snapshot_service *counting;
	unsigned hint; /* the host that comes next, if the kernel has them in our order */
};

/* ---- texts --------------------------------------------------------------------------------- */
static const char *keep(struct collector *c, const char *text)
{
	return text ? arena_strdup(c->s->arena, text) : NULL;
}

static const char *address_text(const struct cfg_addr *addr, char text[INET6_ADDRSTRLEN])
{
	if ((addr->family != AF_INET && addr->family != AF_INET6) ||
	    !inet_ntop(addr->family, &addr->v6, text, INET6_ADDRSTRLEN))
		snprintf(text, INET6_ADDRSTRLEN, "-");
	return text;
}

static void begin_labels(struct collector *c, const char *name, const char *value)
{
	c->labels.len = 0;
	text_puts(&c->labels, "{");
	text_label(&c->labels, name, value);
}

static void add_label(struct collector *c, const char *name, const char *value)
{
	text_puts(&c->labels, ",");
	text_label(&c->labels, name, value);
}

static const char *end_labels(struct collector *c)
{
	return c->labels.failed ? "{" : arena_strndup(c->s->arena, c->labels.p, c->labels.len);
}

/* ---- hosts --------------------------------------------------------------------------------- */
static enum host_state state_of(const struct host *h)
{
	const char *name = host_status_name(h);

	for (int i = 0; i < N_STATES; i++)
		if (strcmp(host_state_names[i], name) == 0)
			return i;
	return STATE_UNKNOWN;
}

static uint64_t since(const struct collector *c, const struct host *h)
{
	bool known = h->changed_at && c->source.now_ms >= h->changed_at;

	return known ? (c->source.now_ms - h->changed_at) / 1000 : UINT64_MAX;
}

static const char *host_labels(struct collector *c, const struct snapshot_host *to)
{
	begin_labels(c, "table", to->table);
	add_label(c, "host", to->name);
	return end_labels(c);
}

static void take_failures(struct collector *c, const struct host *h, const struct snapshot_host *to)
{
	size_t n = 0;
	const struct failure *list =
		c->source.failures ? failures_of(c->source.failures, h->id, &n) : NULL;

	/* Those of a host that has failed for the first time since we began come next time. */
	for (size_t i = 0; i < n && c->s->n_failures < c->max_failures; i++) {
		begin_labels(c, "table", to->table);
		add_label(c, "host", to->name);
		add_label(c, "reason", list[i].reason);
		c->s->failures[c->s->n_failures++] = (struct snapshot_failure){
			.labels = end_labels(c),
			.count = list[i].count,
		};
	}
}

static void take_host(struct collector *c, const struct table *t, const struct host *h,
		      const char *table)
{
	struct snapshot_host *to = &c->s->hosts[c->s->n_hosts++];
	const struct next_hop *hop = &h->next_hop;
	char address[INET6_ADDRSTRLEN];

	*to = (struct snapshot_host){
		.name = keep(c, h->conf->name),
		.address = keep(c, address_text(&h->conf->addr, address)),
		.table = table,
		.check = t->target ? cfg_check_name(&t->target->check) : "none",
		.reason = keep(c, h->reason),
		.next_hop = next_hop_state_name(hop->state),
		.interface = keep(c, hop->interface),
		.id = h->id,
		.state = state_of(h),
		.up = h->health == HOST_UP,
		.usable = host_usable(h),
		.checked = h->checks > 0,
		.weight = h->conf->weight,
		.latency_ms = h->latency_ms,
		.checks = h->checks,
		.failures = h->checks - h->checks_up,
		.since_s = since(c, h),
	};
	to->labels = host_labels(c, to);
	take_failures(c, h, to);
}

/* Instances of one table that are checked in different ways bear the same name. */
static const char *table_name(struct collector *c, const struct table *t)
{
	const struct table *first = c->source.model->tables;
	char text[sizeof(t->name) + 16];
	unsigned n = 1;

	for (const struct table *other = first; other < t; other++)
		n += strcmp(other->name, t->name) == 0;
	if (n == 1)
		return keep(c, t->name);
	snprintf(text, sizeof(text), "%s (%u)", t->name, n);
	return keep(c, text);
}

static void take_table(struct collector *c, const struct table *t)
{
	struct snapshot_table *to = &c->s->tables[c->s->n_tables++];
	const char *name = table_name(c, t);

	begin_labels(c, "table", name);
	*to = (struct snapshot_table){
		.labels = end_labels(c),
		.hosts = t->n_hosts,
		.up = t->n_up,
		.panic = t->panic,
	};
	c->first_host[t - c->source.model->tables] = c->s->n_hosts;
	for (unsigned i = 0; i < t->n_hosts; i++)
		take_host(c, t, &t->hosts[i], name);
}

/* ---- services ------------------------------------------------------------------------------ */
static const char *listen_text(struct collector *c, const struct cfg_listen *l)
{
	char address[INET6_ADDRSTRLEN], ports[16], text[128];

	if (l->port_lo == l->port_hi)
		snprintf(ports, sizeof(ports), "%u", l->port_lo);
	else
		snprintf(ports, sizeof(ports), "%u:%u", l->port_lo, l->port_hi);
	snprintf(text, sizeof(text), "%s %s %s",
		 l->addr.family == AF_UNSPEC ? l->name : address_text(&l->addr, address),
		 l->proto == IPPROTO_UDP ? "udp" : "tcp", ports);
	return keep(c, text);
}

static const char *const *listen_texts(struct collector *c, const struct service *s)
{
	const char **list = arena_alloc(c->s->arena, (s->n_listen + 1) * sizeof(*list));
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; list && i < s->n_listen && l; i++, l = l->next)
		list[i] = listen_text(c, l);
	return list;
}

static const char *forward_name(const struct service *s)
{
	return !s->nat ? "route" : s->transparent ? "transparent" : "nat";
}

static const char *service_labels(struct collector *c, const struct service *s)
{
	begin_labels(c, "service", s->name);
	add_label(c, "type", service_kind_name(s->kind));
	return end_labels(c);
}

static void take_backend(struct collector *c, const struct service *s, const struct host *h,
			 unsigned host)
{
	const struct snapshot_host *snapshot_host = &c->s->hosts[host];

	begin_labels(c, "service", s->name);
	add_label(c, "type", service_kind_name(s->kind));
	add_label(c, "table", snapshot_host->table);
	add_label(c, "host", snapshot_host->name);
	c->s->backends[c->s->n_backends++] = (struct snapshot_backend){
		.labels = end_labels(c),
		.service = c->service,
		.host = host,
		.left_out = service_leaves_out(s, h),
	};
}

static void take_backends(struct collector *c, const struct service *s)
{
	for (struct table **t = s->tables; t && *t; t++)
		for (unsigned i = 0; i < (*t)->n_hosts; i++)
			take_backend(c, s, &(*t)->hosts[i],
				     c->first_host[*t - c->source.model->tables] + i);
}

/* ---- counters ------------------------------------------------------------------------------ */
static void add_traffic(struct traffic *sum, const struct traffic *t)
{
	sum->packets += t->packets;
	sum->bytes += t->bytes;
	sum->sessions += t->sessions;
}

/* The backend with this address; a host of two tables is the first one's. */
static struct snapshot_backend *find_backend(struct collector *c, const char *address)
{
	struct snapshot_service *to = c->counting;

	for (unsigned i = 0; i < to->n_backends; i++) {
		unsigned at = (c->hint + i) % to->n_backends;
		struct snapshot_backend *b = &c->s->backends[to->first_backend + at];

		if (strcmp(c->s->hosts[b->host].address, address) == 0) {
			c->hint = at + 1;
			return b;
		}
	}
	return NULL;
}

static void take_use(const struct host_use *use, void *data)
{
	struct collector *c = data;
	char address[INET6_ADDRSTRLEN];
	struct snapshot_backend *b = find_backend(c, address_text(&use->addr, address));

	add_traffic(&c->counting->traffic, &use->traffic);
	c->counting->flows += use->flows;
	if (!b) /* it has left the configuration, and finishes its flows */
		return;
	b->counted = true;
	b->flows += use->flows;
	add_traffic(&b->traffic, &use->traffic);
}

static bool listens_on(const struct service *s, uint8_t proto)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen && l; i++, l = l->next)
		if (l->proto == proto)
			return true;
	return false;
}

static void count(struct collector *c, const struct service *s, struct snapshot_service *to)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct traffic former;

	c->counting = to;
	for (size_t i = 0; i < sizeof(protos); i++) {
		c->hint = 0;
		if (!listens_on(s, protos[i]) ||
		    dataplane_service_use(c->source.dataplane, s->name, protos[i], take_use, c,
					  &former) < 0)
			continue;
		add_traffic(&to->traffic, &former);
		to->counted = true;
	}
}

static void take_service(struct collector *c, const struct service *s)
{
	struct snapshot_service *to = &c->s->services[c->s->n_services++];

	*to = (struct snapshot_service){
		.name = keep(c, s->name),
		.labels = service_labels(c, s),
		.kind = service_kind_name(s->kind),
		.forward = forward_name(s),
		.mode = s->target ? cfg_mode_name(s->target->mode) : "",
		.status = service_status_name(s),
		.why_not = s->served ? NULL : keep(c, s->why_not ? s->why_not : "not served"),
		.listens = listen_texts(c, s),
		.table = s->active ? keep(c, s->active->name) : NULL,
		.sticky = s->kind == SERVICE_REDIRECT && s->redirect->sticky_address,
		.disabled = s->disabled,
		.usable = s->n_usable,
		.first_backend = c->s->n_backends,
	};
	take_backends(c, s);
	to->n_backends = c->s->n_backends - to->first_backend;
	if (c->source.dataplane && s->served)
		count(c, s, to);
}

/* ---- the rest ------------------------------------------------------------------------------ */
static void take_interfaces(struct collector *c)
{
	const struct attachment *list;
	size_t n;

	list = dataplane_attachments(c->source.dataplane, &n);
	c->s->interfaces = arena_alloc(c->s->arena, (n + 1) * sizeof(*c->s->interfaces));
	for (size_t i = 0; c->s->interfaces && i < n; i++) {
		const struct net_link *link;
		bool known = c->source.net &&
			     net_link_by_index(c->source.net, list[i].ifindex, &link) == 0;

		begin_labels(c, "interface", list[i].name);
		c->s->interfaces[c->s->n_interfaces++] = (struct snapshot_interface){
			.name = keep(c, list[i].name),
			.labels = end_labels(c),
			.mode = list[i].xdp ? xdp_mode_name(list[i].mode) : NULL,
			.nat = !list[i].tc ? NULL :
			       list[i].tcx ? "tcx" :
					     "clsact",
			.why_generic = keep(c, list[i].why_generic),
			.up = known && link->up,
		};
	}
}

static void count_nat(const struct nat_use *use, void *data)
{
	*(unsigned *)data += 1;
}

static void take_nat(const struct nat_use *use, void *data)
{
	char host[INET6_ADDRSTRLEN], nat[INET6_ADDRSTRLEN], port[8];
	struct collector *c = data;

	snprintf(port, sizeof(port), "%u", use->port);
	begin_labels(c, "host", address_text(&use->host, host));
	add_label(c, "port", port);
	add_label(c, "protocol", use->proto == IPPROTO_UDP ? "udp" : "tcp");
	add_label(c, "nat_address", address_text(&use->nat_addr, nat));
	c->s->nat[c->s->n_nat++] = (struct snapshot_nat){
		.labels = end_labels(c),
		.used = use->used,
		.max = use->max,
	};
}

static void take_tables_in_use(struct collector *c)
{
	struct dataplane *dp = c->source.dataplane;
	unsigned n = 0;

	dataplane_table_use(dp, c->s->use);
	dataplane_nat_use(dp, count_nat, &n);
	c->s->nat = arena_alloc(c->s->arena, (n + 1) * sizeof(*c->s->nat));
	if (c->s->nat)
		dataplane_nat_use(dp, take_nat, c);
	c->s->counted = dataplane_reasons(dp, c->s->reasons) == 0;
}

static void take_daemon(struct collector *c)
{
	struct snapshot_daemon *d = &c->s->daemon;

	*d = c->source.daemon;
	d->hostname = keep(c, d->hostname);
	d->config_file = keep(c, d->config_file);
	d->config_state = keep(c, d->config_state);
	d->reload_error = keep(c, d->reload_error);
	c->s->page = c->source.page;
	memcpy(c->s->counters, c->source.counters, sizeof(c->s->counters));
	c->s->n_counters = (unsigned)c->source.n_counters;
	c->s->made_ms = c->source.now_ms;
	clock_gettime(CLOCK_REALTIME, &c->s->time);
	process_read(&c->s->process);
}

static void finish(struct collector *c)
{
	if (c->source.dataplane) {
		take_interfaces(c);
		take_tables_in_use(c);
	}
	if (c->source.failures)
		failures_tidy(c->source.failures);
	c->done = true;
}

/* ---- in pieces ----------------------------------------------------------------------------- */
static unsigned count_hosts(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_tables; i++)
		n += m->tables[i].n_hosts;
	return n;
}

static unsigned count_backends(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_services; i++)
		for (struct table **t = m->services[i].tables; t && *t; t++)
			n += (*t)->n_hosts;
	return n;
}

static unsigned count_failures(const struct collect_source *source)
{
	const struct model *m = source->model;
	unsigned sum = 0;
	size_t n;

	for (unsigned i = 0; source->failures && i < m->n_tables; i++)
		for (unsigned j = 0; j < m->tables[i].n_hosts; j++) {
			failures_of(source->failures, m->tables[i].hosts[j].id, &n);
			sum += n ? FAILURES_REASONS + 1 : 0;
		}
	return sum;
}

static bool reserve(struct collector *c)
{
	const struct model *m = c->source.model;
	struct cfg_arena *arena = c->s->arena;

	c->max_failures = count_failures(&c->source);
	c->s->hosts = arena_alloc(arena, (count_hosts(m) + 1) * sizeof(*c->s->hosts));
	c->s->tables = arena_alloc(arena, (m->n_tables + 1) * sizeof(*c->s->tables));
	c->s->services = arena_alloc(arena, (m->n_services + 1) * sizeof(*c->s->services));
	c->s->backends = arena_alloc(arena, (count_backends(m) + 1) * sizeof(*c->s->backends));
	c->s->failures = arena_alloc(arena, (c->max_failures + 1) * sizeof(*c->s->failures));
	c->first_host = arena_alloc(arena, (m->n_tables + 1) * sizeof(*c->first_host));
	take_daemon(c);
	return !arena_failed(arena);
}

struct collector *collect_begin(const struct collect_source *source)
{
	struct collector *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->source = *source;
	c->s = snapshot_new();
	if (c->s && reserve(c))
		return c;
	snapshot_free(c->s);
	free(c);
	return NULL;
}

bool collect_step(struct collector *c)
{
	const struct model *m = c->source.model;

	if (c->done || arena_failed(c->s->arena))
		return true;
	if (c->table < m->n_tables) {
		take_table(c, &m->tables[c->table]);
		c->table++;
	} else if (c->service < m->n_services) {
		take_service(c, &m->services[c->service]);
		c->service++;
	} else {
		finish(c);
	}
	return c->done;
}

struct snapshot *collect_end(struct collector *c)
{
	struct snapshot *s = c->s;

	if (!c->done || arena_failed(s->arena) || c->labels.failed) {
		snapshot_free(s);
		s = NULL;
	}
	text_free(&c->labels);
	free(c);
	return s;
}
