/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What can be said only when all of the configuration has been read. */
#include <string.h>

#include "config/parse.h"

static void validate_globals(struct parse *p)
{
	const struct cfg *cfg = p->cfg;

	if (cfg->timeout_ms >= cfg->interval_s * 1000)
		parse_error(p, p->timeout_pos.line ? p->timeout_pos : p->interval_pos,
			    "the timeout is in milliseconds, the interval in seconds",
			    "global timeout exceeds interval");
	if (!cfg->redirects && !cfg->relays && parse_errors(p) == 0)
		parse_error(p, (struct cfg_pos){ .file = cfg->file }, NULL,
			    "no actions, nothing to do");
}

static const char *target_name(const struct cfg_target *target)
{
	return target->table ? target->table->name : target->addr_name ? target->addr_name : "?";
}

static void validate_fast_interval(struct parse *p, const struct cfg_target *target)
{
	struct cfg_pos pos = target_draft((struct cfg_target *)target)->fast_pos;

	if (target->fast_interval_s > target->interval_s)
		parse_error(p, pos, NULL, "the fast interval is longer than the interval (%u s)",
			    target->interval_s);
	else if (target->fast_interval_s && target->timeout_ms >= target->fast_interval_s * 1000)
		parse_error(p, pos, "the timeout is in milliseconds, the interval in seconds",
			    "table timeout exceeds fast interval: %s", target_name(target));
}

static void validate_target(struct parse *p, struct cfg_target *target)
{
	const struct target_draft *draft = target_draft(target);
	unsigned global = p->cfg->interval_s;

	if (!draft->interval_pos.line)
		target->interval_s = global;
	else if (target->interval_s < global || target->interval_s % global)
		parse_error(p, draft->interval_pos, NULL,
			    "table interval must be divisible by global interval (%u s)", global);
	/* Where it is the global timeout that is too long, that has been said. */
	if (target->timeout_ms >= global * 1000 && target->timeout_ms != p->cfg->timeout_ms)
		parse_error(p, draft->timeout_pos.line ? draft->timeout_pos : target->pos,
			    "the timeout is in milliseconds, the interval in seconds",
			    "table timeout exceeds interval: %s", target_name(target));
	validate_fast_interval(p, target);
}

static void validate_targets(struct parse *p)
{
	for (struct cfg_redirect *r = p->cfg->redirects; r; r = r->next) {
		for (struct cfg_target *t = r->target; t; t = t->next)
			validate_target(p, t);
	}
	for (struct cfg_relay *r = p->cfg->relays; r; r = r->next) {
		for (struct cfg_target *t = r->target; t; t = t->next)
			validate_target(p, t);
	}
}

/* A listen line and whose it is. */
struct listener {
	const char *service;
	const struct cfg_listen *listen;
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_listen_address(const struct cfg_listen *a, const struct cfg_listen *b)
{
	if (a->addr.family != b->addr.family)
		return false;
	if (a->addr.family == AF_INET)
		return a->addr.v4.s_addr == b->addr.v4.s_addr;
	if (a->addr.family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->addr.v6, &b->addr.v6);
	return strcmp(a->name, b->name) == 0;
}

static bool listeners_clash(const struct cfg_listen *a, const struct cfg_listen *b)
{
	/* Port 0: it has been reported already. */
	return a->port_lo && b->port_lo && a->proto == b->proto && a->port_lo <= b->port_hi &&
	       b->port_lo <= a->port_hi && same_text(a->interface, b->interface) &&
	       same_listen_address(a, b);
}

/* Reports the first of the listeners before it that a listen line clashes with. */
static void validate_listener(struct parse *p, const struct listener *before, size_t n,
			      const struct cfg_listen *listen)
{
	for (size_t i = 0; i < n; i++) {
		if (!listeners_clash(before[i].listen, listen))
			continue;
		parse_error(p, listen->pos, NULL,
			    "%s port %u is listened on already, by %s in line %d", listen->name,
			    listen->port_lo > before[i].listen->port_lo ? listen->port_lo :
									  before[i].listen->port_lo,
			    before[i].service, before[i].listen->pos.line);
		return;
	}
}

static size_t count_listeners(const struct cfg *cfg)
{
	size_t n = 0;

	for (const struct cfg_redirect *r = cfg->redirects; r; r = r->next)
		n += r->n_listen;
	for (const struct cfg_relay *r = cfg->relays; r; r = r->next)
		n += r->n_listen;
	return n;
}

static void validate_listeners(struct parse *p)
{
	size_t n = 0, total = count_listeners(p->cfg);
	struct listener *seen = arena_alloc(p->arena, (total + 1) * sizeof(*seen));

	if (!seen)
		return;
	for (const struct cfg_redirect *r = p->cfg->redirects; r; r = r->next) {
		for (const struct cfg_listen *l = r->listen; l; l = l->next) {
			validate_listener(p, seen, n, l);
			seen[n++] = (struct listener){ r->name, l };
		}
	}
	for (const struct cfg_relay *r = p->cfg->relays; r; r = r->next) {
		for (const struct cfg_listen *l = r->listen; l; l = l->next) {
			validate_listener(p, seen, n, l);
			seen[n++] = (struct listener){ r->name, l };
		}
	}
}

static void validate_unused(struct parse *p)
{
	/* Where something was left out, what it would have used looks unused. */
	if (parse_errors(p))
		return;
	for (const struct cfg_table *t = p->cfg->tables; t; t = t->next) {
		if (!t->used)
			parse_warning(p, t->pos, NULL, "unused table: %s", t->name);
	}
	for (const struct cfg_protocol *q = p->cfg->protocols; q; q = q->next) {
		if (!q->used)
			parse_warning(p, q->pos, NULL, "unused protocol: %s", q->name);
	}
}

static bool same_instance(const struct target_draft *a, const struct target_draft *b)
{
	const struct cfg_target *x = &a->target, *y = &b->target;

	return x->table == y->table && a->effective_port == b->effective_port &&
	       cfg_same_check(&x->check, &y->check) && x->timeout_ms == y->timeout_ms &&
	       x->interval_s == y->interval_s && same_text(x->demote, y->demote) &&
	       x->route == y->route && same_text(x->interface, y->interface) &&
	       x->rise == y->rise && x->fall == y->fall &&
	       x->fast_interval_s == y->fast_interval_s && x->panic == y->panic;
}

static const struct target_draft *find_instance(const struct parse *p,
						const struct target_draft *draft)
{
	const struct target_draft *other = p->targets;

	while (other != draft && !(other->target.table && same_instance(other, draft)))
		other = other->next;
	return other;
}

static void number_instances(struct parse *p)
{
	unsigned next_instance = 1, next_host_id = 1;

	for (struct target_draft *draft = p->targets; draft; draft = draft->next) {
		const struct target_draft *first;

		if (!draft->target.table)
			continue;
		first = find_instance(p, draft);
		if (first == draft) {
			draft->target.instance = next_instance++;
			draft->target.first_host_id = next_host_id;
			next_host_id += draft->target.table->n_hosts;
		} else {
			draft->target.instance = first->target.instance;
			draft->target.first_host_id = first->target.first_host_id;
		}
	}
}

static const struct cfg_host *host_by_id(const struct parse *p, unsigned id)
{
	for (const struct target_draft *draft = p->targets; draft; draft = draft->next) {
		const struct cfg_table *table = draft->target.table;
		unsigned first = draft->target.first_host_id;
		const struct cfg_host *host;

		if (!table || id < first || id - first >= table->n_hosts)
			continue;
		for (host = table->hosts; id > first; id--)
			host = host->next;
		return host;
	}
	return NULL;
}

static void validate_parents(struct parse *p, const struct cfg_table *table)
{
	for (const struct cfg_host *h = table->hosts; h; h = h->next) {
		const struct cfg_host *parent;

		if (!h->parent)
			continue;
		parent = host_by_id(p, h->parent);
		if (!parent || parent->parent)
			parse_error(p, h->pos, "it must be the id of a host without a parent",
				    "host parent id %u invalid", h->parent);
	}
}

void validate(struct parse *p)
{
	validate_globals(p);
	validate_targets(p);
	validate_listeners(p);
	validate_unused(p);
	pflow_check(p);
	/* Ids mean something only if nothing was left out. */
	if (parse_errors(p))
		return;
	dsr_resolve(p);
	number_instances(p);
	for (const struct cfg_table *t = p->cfg->tables; t; t = t->next)
		validate_parents(p, t);
}
