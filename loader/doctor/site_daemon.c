/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A site as the daemon's answers describe it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor/site.h"
#include "doctor/site_lists.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* null: not resolved. */
static struct cfg_addr address(const json_t *object, const char *key)
{
	const char *value = text(object, key);
	struct cfg_addr addr = { 0 };

	if (inet_pton(AF_INET, value, &addr.v4) == 1)
		addr.family = AF_INET;
	else if (inet_pton(AF_INET6, value, &addr.v6) == 1)
		addr.family = AF_INET6;
	return addr;
}

static int add_vip(struct site_service *service, const json_t *listen)
{
	struct site_vip *vip = site_add_vip(service);

	if (!vip)
		return -ENOMEM;
	vip->addr = address(listen, "address");
	vip->proto = strcmp(text(listen, "proto"), "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	vip->port = (uint16_t)json_integer_value(json_object_get(listen, "port"));
	snprintf(vip->interface, sizeof(vip->interface), "%s", text(listen, "interface"));
	return 0;
}

static int add_host(struct site_service *service, const json_t *item)
{
	struct site_host *host = site_add_host(service, text(item, "name"));
	const json_t *next_hop = json_object_get(item, "next_hop");

	if (!host)
		return -ENOMEM;
	host->addr = address(item, "address");
	host->weight = (unsigned)json_integer_value(json_object_get(item, "weight"));
	host->sessions = (uint64_t)json_integer_value(json_object_get(item, "sessions"));
	host->down = strcmp(text(item, "status"), "up") != 0;
	host->no_interface = strcmp(text(next_hop, "state"), "no interface") == 0;
	snprintf(host->interface, sizeof(host->interface), "%s", text(next_hop, "interface"));
	return 0;
}

static bool names(const json_t *tables, const char *table)
{
	const json_t *item;
	size_t i;

	json_array_foreach(tables, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), table) == 0)
			return true;
	return false;
}

static int add_hosts(struct site_service *service, const json_t *item, const json_t *hosts)
{
	const json_t *host;
	size_t i;
	int r = 0;

	json_array_foreach(hosts, i, host)
		if (r == 0 && names(json_object_get(item, "tables"), text(host, "table")))
			r = add_host(service, host);
	return r;
}

static enum site_way way(const char *name)
{
	if (strcmp(name, "route") == 0)
		return SITE_ROUTE;
	return strcmp(name, "nat") == 0 ? SITE_NAT : SITE_TRANSPARENT;
}

static int add_service(struct site *site, const json_t *item, bool relay, const json_t *hosts)
{
	struct site_service *service = site_add_service(site, text(item, "name"), relay);
	const json_t *listen;
	size_t i;
	int r = 0;

	if (!service)
		return -ENOMEM;
	service->sticky = json_is_true(json_object_get(item, "sticky"));
	service->way = way(text(item, "forward"));
	snprintf(service->mode, sizeof(service->mode), "%s", text(item, "mode"));
	json_array_foreach(json_object_get(item, "listens"), i, listen)
		if (r == 0)
			r = add_vip(service, listen);
	return r == 0 ? add_hosts(service, item, hosts) : r;
}

static int add_services(struct site *site, const json_t *list, bool relay, const json_t *hosts)
{
	const json_t *item;
	size_t i;
	int r = json_is_array(list) && json_is_array(hosts) ? 0 : -EPROTO;

	json_array_foreach(list, i, item)
		if (r == 0)
			r = add_service(site, item, relay, hosts);
	return r;
}

int site_from_daemon(const json_t *redirects, const json_t *relays, const json_t *hosts,
		     struct site *ret)
{
	const json_t *host_list = json_object_get(hosts, "hosts");
	struct site site = { 0 };
	int r = add_services(&site, json_object_get(redirects, "redirects"), false, host_list);

	if (r == 0)
		r = add_services(&site, json_object_get(relays, "relays"), true, host_list);
	if (r < 0)
		site_free(&site);
	else
		*ret = site;
	return r;
}
