/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/node_vips.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool node_is_named(const struct site_host *host, const char *name)
{
	char text[SITE_ADDR_SIZE];

	return strcmp(host->name, name) == 0 ||
	       strcmp(site_addr_text(&host->addr, text), name) == 0;
}

static bool wanted(const struct site_host *host, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (node_is_named(host, names[i]))
			return true;
	return n == 0;
}

/* Some host that is wanted gets the packets for the VIP: hosts of the other family don't. */
static bool serves(const struct site_service *s, const struct site_vip *vip, char *const *names,
		   size_t n)
{
	for (size_t i = 0; i < s->n_hosts; i++)
		if (s->hosts[i].addr.family == vip->addr.family && wanted(&s->hosts[i], names, n))
			return true;
	return false;
}

static int add(struct node_vips *vips, const struct site *site, const struct cfg_addr *addr)
{
	struct node_vip *list;

	for (size_t i = 0; i < vips->n; i++)
		if (site_same_addr(&vips->list[i].addr, addr))
			return 0;
	list = realloc(vips->list, (vips->n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	vips->list = list;
	list += vips->n++;
	*list = (struct node_vip){ .addr = *addr, .site = site };
	site_addr_text(addr, list->text);
	return 0;
}

static int add_family(struct node_vips *vips, const struct site *site, sa_family_t family,
		      char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < site->n_services; i++) {
		const struct site_service *s = &site->services[i];

		for (size_t j = 0; s->way == SITE_ROUTE && j < s->n_vips && r == 0; j++)
			if (s->vips[j].addr.family == family && serves(s, &s->vips[j], names, n))
				r = add(vips, site, &s->vips[j].addr);
	}
	return r;
}

bool node_vip_used(const struct node_vip *vip, const struct site_service *service)
{
	for (size_t i = 0; service->way == SITE_ROUTE && i < service->n_vips; i++)
		if (site_same_addr(&service->vips[i].addr, &vip->addr))
			return true;
	return false;
}

static bool host_serves(const struct site_host *host, const struct node_vip *vip)
{
	for (size_t i = 0; i < vip->site->n_services; i++) {
		const struct site_service *s = &vip->site->services[i];

		for (size_t j = 0; node_vip_used(vip, s) && j < s->n_hosts; j++)
			if (site_same_addr(&s->hosts[j].addr, &host->addr))
				return true;
	}
	return false;
}

static bool has_all(const struct site_host *host, const struct node_vips *vips)
{
	for (size_t i = 0; i < vips->n; i++)
		if (vips->list[i].addr.family == host->addr.family &&
		    !host_serves(host, &vips->list[i]))
			return false;
	return true;
}

static bool all_alike(const struct site *site, const struct node_vips *vips)
{
	for (size_t i = 0; i < site->n_services; i++) {
		const struct site_service *s = &site->services[i];

		for (size_t j = 0; s->way == SITE_ROUTE && j < s->n_hosts; j++)
			if (!has_all(&s->hosts[j], vips))
				return false;
	}
	return true;
}

int node_vips_find(const struct site *site, char *const *hosts, size_t n_hosts,
		   struct node_vips *ret)
{
	struct node_vips vips = { 0 };
	int r = add_family(&vips, site, AF_INET, hosts, n_hosts);

	if (r == 0)
		r = add_family(&vips, site, AF_INET6, hosts, n_hosts);
	if (r < 0) {
		node_vips_free(&vips);
		return r;
	}
	vips.all_alike = n_hosts > 0 || all_alike(site, &vips);
	*ret = vips;
	return 0;
}

void node_vips_free(struct node_vips *vips)
{
	free(vips->list);
	*vips = (struct node_vips){ 0 };
}

bool node_vips_have(const struct node_vips *vips, sa_family_t family)
{
	for (size_t i = 0; i < vips->n; i++)
		if (vips->list[i].addr.family == family)
			return true;
	return false;
}
