/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tables and their hosts. */
#include <string.h>

#include "config/parse.h"

#define MAX_PRIORITY 63
#define MAX_TTL 255
#define MAX_HOST_ID 65535

struct cfg_table *table_find(struct parse *p, const char *name)
{
	struct cfg_table *table = p->cfg->tables;

	while (table && strcmp(table->name, name) != 0)
		table = table->next;
	return table;
}

const struct table_draft *table_draft(const struct cfg_table *table)
{
	return (const struct table_draft *)(const void *)table;
}

void table_begin(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct table_draft *draft = arena_alloc(p->arena, sizeof(*draft));
	struct cfg_table *twin = table_find(p, name);

	p->block = BLOCK_TABLE;
	p->block_errors = parse_errors(p);
	p->host = NULL;
	p->table = draft;
	if (!draft)
		return;
	draft->table.name = name;
	draft->table.pos = pos;
	draft->timeout_ms = p->cfg->timeout_ms;
	if (name[0] == '\0' || strlen(name) > CFG_TABLE_NAME_MAX)
		parse_error(p, pos, "1 to 63 bytes", "invalid table name");
	if (twin)
		parse_error(p, pos, NULL, "table %s defined twice, first in line %d", name,
			    twin->pos.line);
}

void table_disable(struct parse *p)
{
	if (p->table)
		p->table->table.disabled = true;
}

void table_end(struct parse *p)
{
	struct cfg_table **tail = &p->cfg->tables, *table;

	p->block = BLOCK_TOP;
	p->host = NULL;
	if (!p->table)
		return;
	table = &p->table->table;
	p->table = NULL;
	if (!table->hosts && parse_errors(p) == p->block_errors)
		parse_error(p, table->pos, NULL, "table %s has no hosts", table->name);
	while (*tail)
		tail = &(*tail)->next;
	*tail = table;
}

static bool same_address(const struct cfg_addr *a, const struct cfg_addr *b)
{
	if (a->family != b->family || a->family == AF_UNSPEC)
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr == b->v4.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->v6, &b->v6);
}

/* A host's address must be one that a packet can be sent to. */
static bool is_host_address(const struct cfg_addr *addr)
{
	in_addr_t v4 = ntohl(addr->v4.s_addr);

	if (addr->family == AF_INET)
		return v4 >> 24 != 0 && !IN_MULTICAST(v4) && v4 != INADDR_BROADCAST;
	return !IN6_IS_ADDR_UNSPECIFIED(&addr->v6) && !IN6_IS_ADDR_MULTICAST(&addr->v6) &&
	       !IN6_IS_ADDR_V4MAPPED(&addr->v6);
}

static void host_address(struct parse *p, struct cfg_host *host)
{
	if (!address_parse(host->name, &host->addr)) {
		if (address_looks_numeric(host->name))
			parse_error(p, host->pos, NULL, "invalid host: %s is not an address",
				    host->name);
		else
			address_resolve(p, host->pos, host->name, &host->addr, 1);
	}
	if (host->addr.family != AF_UNSPEC && !is_host_address(&host->addr))
		parse_error(p, host->pos, NULL, "invalid host: %s is not the address of a host",
			    host->name);
}

static void host_check_twin(struct parse *p, const struct cfg_host *host)
{
	for (const struct cfg_host *h = p->table->table.hosts; h; h = h->next) {
		if (!same_address(&h->addr, &host->addr) && strcmp(h->name, host->name) != 0)
			continue;
		parse_error(p, host->pos, "give it a weight to let it take a larger share",
			    "host %s is in table %s already", host->name, p->table->table.name);
		return;
	}
}

void host_add(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct cfg_host *host = arena_alloc(p->arena, sizeof(*host)), **tail;

	p->host = host;
	if (!host || !p->table)
		return;
	host->name = name;
	host->pos = pos;
	host->weight = 1;
	host_address(p, host);
	host_check_twin(p, host);
	if (p->table->table.n_hosts == CFG_MAX_HOSTS)
		parse_error(p, pos, NULL, "too many hosts in table %s (more than %d)",
			    p->table->table.name, CFG_MAX_HOSTS);
	for (tail = &p->table->table.hosts; *tail; tail = &(*tail)->next)
		;
	*tail = host;
	p->table->table.n_hosts++;
}

/* Sets one number of a host, which must be in its range and may be set once. */
static void host_set(struct parse *p, struct cfg_pos pos, const char *what, unsigned *field,
		     unsigned unset, int64_t n, int64_t min, int64_t max)
{
	if (*field != unset)
		parse_error(p, pos, NULL, "%s value already set", what);
	else if (n < min || n > max)
		parse_error(p, pos, NULL, "invalid %s value: %lld (%lld to %lld)", what,
			    (long long)n, (long long)min, (long long)max);
	else
		*field = (unsigned)n;
}

void host_ttl(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (p->host)
		host_set(p, pos, "ttl", &p->host->ttl, 0, n, 1, MAX_TTL);
}

void host_parent(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (p->host)
		host_set(p, pos, "parent", &p->host->parent, 0, n, 1, MAX_HOST_ID);
}

void host_priority(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (!p->host)
		return;
	host_set(p, pos, "priority", &p->host->priority, 0, n, 0, MAX_PRIORITY);
	parse_note(p, NOTE_PRIORITY, pos, "to prefer a host, use \"weight\" or a backup table",
		   "priority has no effect here: it is for routers");
}

/* Two words for one thing. */
static void host_check_fall(struct parse *p, struct cfg_pos pos)
{
	const struct cfg_host *h = p->host;

	if (h->fall && h->has_retry && h->fall != h->retry + 1)
		parse_error(p, pos, "\"fall N\" is \"retry N-1\": write one of them",
			    "fall %u contradicts retry %u", h->fall, h->retry);
}

void host_retry(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (!p->host)
		return;
	host_set(p, pos, "retry", &p->host->retry, 0, n, 0, CFG_MAX_COUNT);
	p->host->has_retry = true;
	host_check_fall(p, pos);
}

void host_rise(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (p->host)
		host_set(p, pos, "rise", &p->host->rise, 0, n, 1, CFG_MAX_COUNT);
}

void host_fall(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (!p->host)
		return;
	host_set(p, pos, "fall", &p->host->fall, 0, n, 1, CFG_MAX_COUNT);
	host_check_fall(p, pos);
}

void host_weight(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (p->host)
		host_set(p, pos, "weight", &p->host->weight, 1, n, 1, CFG_MAX_WEIGHT);
}
