/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"

/* ---- building ------------------------------------------------------------------------------ */
static unsigned place_in_file(const struct service *s)
{
	return s->kind == SERVICE_REDIRECT ? s->redirect->number : s->relay->number;
}

static unsigned count_redirects(const struct model *m)
{
	unsigned n = 0;

	while (n < m->n_services && m->services[n].kind == SERVICE_REDIRECT)
		n++;
	return n;
}

static void add_rules(const struct service *s, struct rules *rules)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next) {
		rules->list[rules->n] = (struct rule){
			.number = rules->n,
			.sub_number = i,
			.service = s,
			.listen = l,
		};
		rules->n++;
	}
}

/* The model has redirects, then relays, each in the file's order. */
static void add_services(const struct model *m, struct rules *rules)
{
	const struct service *redirect = m->services;
	const struct service *relay = redirect + count_redirects(m);
	const struct service *const relays = relay, *const end = redirect + m->n_services;

	while (redirect < relays || relay < end) {
		bool take_redirect =
			relay == end ||
			(redirect < relays && place_in_file(redirect) < place_in_file(relay));

		add_rules(take_redirect ? redirect++ : relay++, rules);
	}
}

static int compare_names(const void *a, const void *b)
{
	const struct rule *one = *(const struct rule *const *)a;
	const struct rule *other = *(const struct rule *const *)b;
	int r = strcmp(one->service->name, other->service->name);

	return r ? r : (one->number > other->number) - (one->number < other->number);
}

static void sort_by_name(struct rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++)
		rules->by_name[i] = &rules->list[i];
	qsort(rules->by_name, rules->n, sizeof(*rules->by_name), compare_names);
}

static unsigned count(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_services; i++)
		n += m->services[i].n_listen;
	return n;
}

int rules_build(const struct model *m, struct rules *ret)
{
	struct rules rules = { 0 };
	unsigned n = count(m);

	rules.list = calloc(n + 1, sizeof(*rules.list));
	rules.by_name = calloc(n + 1, sizeof(*rules.by_name));
	if (!rules.list || !rules.by_name) {
		rules_clear(&rules);
		return -ENOMEM;
	}
	add_services(m, &rules);
	sort_by_name(&rules);
	*ret = rules;
	return 0;
}

void rules_clear(struct rules *rules)
{
	free(rules->list);
	free(rules->by_name);
	*rules = (struct rules){ 0 };
}

/* ---- finding ------------------------------------------------------------------------------- */
static unsigned first_of(const struct rules *rules, const char *name)
{
	unsigned low = 0, high = rules->n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (strcmp(rules->by_name[middle]->service->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_for(const struct cfg_listen *l, uint8_t proto, const struct cfg_addr *addr,
		   uint16_t port)
{
	return l->proto == proto && port >= l->port_lo && port <= l->port_hi &&
	       same_addr(&l->addr, addr);
}

const struct rule *rules_find(const struct rules *rules, const char *service, uint8_t proto,
			      const struct cfg_addr *addr, uint16_t port, const char *interface)
{
	const unsigned first = first_of(rules, service);
	const struct rule *found = NULL;

	for (unsigned i = first; i < rules->n; i++) {
		const struct rule *rule = rules->by_name[i];
		const char *named = rule->listen->interface;

		if (strcmp(rule->service->name, service) != 0)
			break;
		if (!is_for(rule->listen, proto, addr, port))
			continue;
		if (!named || (interface && strcmp(named, interface) == 0))
			return rule;
		if (!found)
			found = rule;
	}
	if (found)
		return found;
	return first < rules->n && strcmp(rules->by_name[first]->service->name, service) == 0 ?
		       rules->by_name[first] :
		       NULL;
}
