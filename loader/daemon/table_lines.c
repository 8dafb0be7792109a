/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * relayd's line of what a change did to a redirect's pf table, which bears the redirect's name and
 * holds the hosts that take new connections:
 *
 *	table https_forwarder: 1 added, 0 deleted, 0 changed, 0 killed
 *
 * As with relayd there is none when the last host goes. "killed" are clients of sticky-address that
 * have lost their host.
 */
#include "daemon/table_lines.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "model/identity.h"

struct pf_table {
	char *name;
	bool sticky;
	unsigned n;
	struct cfg_addr hosts[];
};

struct pf_tables {
	unsigned n;
	struct pf_table *table[];
};

/* ---- what there is ------------------------------------------------------------------------- */
static bool has_host(const struct pf_table *t, const struct cfg_addr *addr)
{
	for (unsigned i = 0; t && i < t->n; i++)
		if (same_addr(&t->hosts[i], addr))
			return true;
	return false;
}

static struct pf_table *make_table(const struct service *s)
{
	unsigned n = s->active ? s->active->n_hosts : 0;
	struct pf_table *t = calloc(1, sizeof(*t) + n * sizeof(t->hosts[0]));

	if (t)
		t->name = strdup(s->name);
	if (!t || !t->name) {
		free(t);
		return NULL;
	}
	t->sticky = s->redirect->sticky_address;
	for (unsigned i = 0; i < n && !s->disabled; i++) {
		const struct host *h = &s->active->hosts[i];

		if (service_can_use(s, h))
			t->hosts[t->n++] = h->conf->addr;
	}
	return t;
}

void table_lines_free(struct pf_tables *tables)
{
	for (unsigned i = 0; tables && i < tables->n; i++) {
		free(tables->table[i]->name);
		free(tables->table[i]);
	}
	free(tables);
}

static struct pf_tables *make_tables(const struct model *m)
{
	struct pf_tables *all = calloc(1, sizeof(*all) + m->n_services * sizeof(struct pf_table *));

	for (unsigned i = 0; all && i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		if (s->kind != SERVICE_REDIRECT || !s->served)
			continue;
		all->table[all->n] = make_table(s);
		if (!all->table[all->n++]) {
			all->n--;
			table_lines_free(all);
			return NULL;
		}
	}
	return all;
}

/* ---- what has changed ---------------------------------------------------------------------- */
/* Services keep their order, so the search mostly ends where it begins. */
static const struct pf_table *find(const struct pf_tables *all, const char *name, unsigned hint)
{
	for (unsigned i = 0; all && i < all->n; i++) {
		const struct pf_table *t = all->table[(hint + i) % all->n];

		if (!strcmp(t->name, name))
			return t;
	}
	return NULL;
}

static uint64_t clients_of(struct daemon *d, const char *redirect, const struct cfg_addr *host)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	uint64_t sum = 0, n;

	for (unsigned i = 0; i < 2; i++)
		if (!dataplane_host_states(d->dataplane, redirect, protocols[i], host, &n))
			sum += n;
	return sum;
}

/* Hosts of a that b has not; what they had is added to *ret_clients, if that is wanted. */
static unsigned missing(struct daemon *d, const struct pf_table *a, const struct pf_table *b,
			uint64_t *ret_clients)
{
	unsigned n = 0;

	for (unsigned i = 0; a && i < a->n; i++) {
		if (has_host(b, &a->hosts[i]))
			continue;
		n++;
		if (ret_clients)
			*ret_clients += clients_of(d, a->name, &a->hosts[i]);
	}
	return n;
}

static bool same_hosts(const struct pf_table *a, const struct pf_table *b)
{
	return a && a->n == b->n && !memcmp(a->hosts, b->hosts, a->n * sizeof(a->hosts[0]));
}

static void log_line(struct daemon *d, const struct pf_table *before, const struct pf_table *now)
{
	uint64_t killed = 0;
	unsigned added = missing(d, now, before, NULL);
	unsigned deleted = missing(d, before, now, now->sticky ? &killed : NULL);
	char text[256], numbers[3][24];

	if (now->n == 0 || added + deleted == 0)
		return;
	snprintf(numbers[0], sizeof(numbers[0]), "%u", added);
	snprintf(numbers[1], sizeof(numbers[1]), "%u", deleted);
	snprintf(numbers[2], sizeof(numbers[2]), "%llu", (unsigned long long)killed);
	snprintf(text, sizeof(text), "table %s: %s added, %s deleted, 0 changed, %s killed",
		 now->name, numbers[0], numbers[1], numbers[2]);
	log_fields(LOG_INFO, text, "XLB_REDIRECT", now->name, "XLB_ADDED", numbers[0],
		   "XLB_DELETED", numbers[1], "XLB_KILLED", numbers[2], NULL);
}

void table_lines_log(struct daemon *d)
{
	struct pf_tables *now = make_tables(d->model);

	for (unsigned i = 0; now && i < now->n && d->model->conf->log_state_changes; i++) {
		const struct pf_table *before = find(d->pf_tables, now->table[i]->name, i);

		if (!same_hosts(before, now->table[i]))
			log_line(d, before, now->table[i]);
	}
	table_lines_free(d->pf_tables);
	d->pf_tables = now;
}

void table_lines_relays(const struct model *m)
{
	for (unsigned i = 0; i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		for (struct table **t = s->tables; s->kind == SERVICE_RELAY && *t; t++)
			if ((*t)->target->table)
				log_info("adding %u hosts from table %s%s", (*t)->n_hosts,
					 (*t)->name,
					 (*t)->target->check.type == CFG_CHECK_NONE ?
						 " (no check)" :
						 "");
	}
}
