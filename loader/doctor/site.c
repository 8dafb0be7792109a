/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/site_lists.h"

/* ---- lists --------------------------------------------------------------------------------- */
static void *grow(void *list, size_t *n, size_t size)
{
	char *grown = realloc(list, (*n + 1) * size);

	if (!grown)
		return NULL;
	memset(grown + *n * size, 0, size);
	(*n)++;
	return grown;
}

struct site_service *site_add_service(struct site *site, const char *name, bool relay)
{
	struct site_service *list = grow(site->services, &site->n_services, sizeof(*list));

	if (!list)
		return NULL;
	site->services = list;
	list += site->n_services - 1;
	snprintf(list->name, sizeof(list->name), "%s", name);
	list->relay = relay;
	return list;
}

struct site_vip *site_add_vip(struct site_service *service)
{
	struct site_vip *list = grow(service->vips, &service->n_vips, sizeof(*list));

	if (!list)
		return NULL;
	service->vips = list;
	return &list[service->n_vips - 1];
}

struct site_host *site_add_host(struct site_service *service, const char *name)
{
	struct site_host *list = grow(service->hosts, &service->n_hosts, sizeof(*list));

	if (!list)
		return NULL;
	service->hosts = list;
	list += service->n_hosts - 1;
	snprintf(list->name, sizeof(list->name), "%s", name);
	return list;
}

void site_free(struct site *site)
{
	for (size_t i = 0; i < site->n_services; i++) {
		free(site->services[i].vips);
		free(site->services[i].hosts);
	}
	free(site->services);
	*site = (struct site){ 0 };
}

/* ---- from a configuration ------------------------------------------------------------------ */
static int add_vips(struct site_service *service, const struct cfg_listen *listen)
{
	for (; listen; listen = listen->next) {
		struct site_vip *vip = site_add_vip(service);

		if (!vip)
			return -ENOMEM;
		vip->addr = listen->addr;
		vip->proto = listen->proto;
		vip->port = listen->port_lo;
		if (listen->interface)
			snprintf(vip->interface, sizeof(vip->interface), "%s", listen->interface);
	}
	return 0;
}

static int add_host(struct site_service *service, const char *name, const struct cfg_addr *addr,
		    const char *interface, unsigned weight)
{
	struct site_host *host = site_add_host(service, name);

	if (!host)
		return -ENOMEM;
	host->addr = *addr;
	host->weight = weight;
	if (interface)
		snprintf(host->interface, sizeof(host->interface), "%s", interface);
	return 0;
}

static int add_target(struct site_service *service, const struct cfg_target *target)
{
	int r = 0;

	if (!target->table)
		return add_host(service, target->addr_name ? target->addr_name : "", &target->addr,
				target->interface, 1);
	for (const struct cfg_host *h = target->table->hosts; h && r == 0; h = h->next)
		r = add_host(service, h->name, &h->addr, target->interface, h->weight);
	return r;
}

static int fill(struct site_service *service, const struct cfg_listen *listen,
		const struct cfg_target *target)
{
	int r = add_vips(service, listen);

	snprintf(service->mode, sizeof(service->mode), "%s", cfg_mode_name(target->mode));
	for (; target && r == 0; target = target->next)
		r = add_target(service, target);
	return r;
}

static enum site_way redirect_way(const struct cfg_target *target)
{
	return target->route ? SITE_ROUTE : SITE_TRANSPARENT;
}

static enum site_way relay_way(const struct cfg_target *target)
{
	return target->transparent ? SITE_TRANSPARENT : SITE_NAT;
}

static int add_redirect(struct site *site, const struct cfg_redirect *redirect)
{
	struct site_service *service = site_add_service(site, redirect->name, false);

	if (!service)
		return -ENOMEM;
	service->sticky = redirect->sticky_address;
	service->way = redirect_way(redirect->target);
	return fill(service, redirect->listen, redirect->target);
}

static int add_relay(struct site *site, const struct cfg_relay *relay)
{
	struct site_service *service = site_add_service(site, relay->name, true);

	if (!service)
		return -ENOMEM;
	service->way = relay_way(relay->target);
	return fill(service, relay->listen, relay->target);
}

int site_from_config(const struct cfg *cfg, struct site *ret)
{
	struct site site = { 0 };
	int r = 0;

	for (const struct cfg_redirect *d = cfg->redirects; d && r == 0; d = d->next)
		r = add_redirect(&site, d);
	for (const struct cfg_relay *l = cfg->relays; l && r == 0; l = l->next)
		r = add_relay(&site, l);
	if (r < 0)
		site_free(&site);
	else
		*ret = site;
	return r;
}

/* ---- questions ----------------------------------------------------------------------------- */
bool site_has_way(const struct site *site, enum site_way way)
{
	for (size_t i = 0; i < site->n_services; i++)
		if (site->services[i].way == way)
			return true;
	return false;
}

bool site_same_addr(const struct cfg_addr *a, const struct cfg_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr == b->v4.s_addr;
	return a->family != AF_INET6 || memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0;
}

const char *site_addr_text(const struct cfg_addr *addr, char buf[SITE_ADDR_SIZE])
{
	if (addr->family == AF_UNSPEC || !inet_ntop(addr->family, &addr->v6, buf, SITE_ADDR_SIZE))
		snprintf(buf, SITE_ADDR_SIZE, "?");
	return buf;
}

const char *site_kind(const struct site_service *service)
{
	return service->relay ? "relay" : "redirect";
}
