/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* `listen on VIP interface IF` takes what comes in by IF: that should be where the VIP is. */
#include "doctor/survey.h"

static const char *name_of(const struct survey *s, uint32_t ifindex)
{
	const struct net_link *link;

	return net_link_by_index(s->net, ifindex, &link) < 0 ? "?" : link->name;
}

/* Nobody asks for it by ARP, so somebody has to send it here. */
static void not_ours(struct survey *s, const struct site_service *service, const char *vip)
{
	report_add(s->report, SEVERITY_NOTE, "interface", "%s \"%s\": %s is no address of this box",
		   site_kind(service), service->name, vip);
	report_advise(s->report,
		      "right if the clients' router has a route for it to this box; else: ip "
		      "address add %s dev DEVICE",
		      vip);
}

static void missing(struct survey *s, const struct site_service *service,
		    const struct site_vip *vip, uint32_t owner)
{
	report_add(s->report, SEVERITY_ERROR, "interface",
		   "%s \"%s\": there is no interface %s here, so nothing is served",
		   site_kind(service), service->name, vip->interface);
	if (owner)
		report_advise(
			s->report,
			"the address is on %s: ip link property add dev %s altname %s, or name %s "
			"in the listen line",
			name_of(s, owner), name_of(s, owner), vip->interface, name_of(s, owner));
	else
		report_advise(s->report, "name one of \"ip link\" in the listen line");
}

static void elsewhere(struct survey *s, const struct site_service *service,
		      const struct site_vip *vip, const char *addr, uint32_t owner)
{
	report_add(s->report, SEVERITY_ERROR, "interface",
		   "%s \"%s\": it serves what comes in by %s, but %s is on %s", site_kind(service),
		   service->name, vip->interface, addr, name_of(s, owner));
	report_advise(s->report,
		      "listen on %s … interface %s; or leave \"interface\" out to serve all of "
		      "them",
		      addr, name_of(s, owner));
}

static void examine(struct survey *s, const struct site_service *service,
		    const struct site_vip *vip)
{
	uint32_t owner = net_address_owner(s->net, &vip->addr);
	const struct net_link *link = NULL;
	char addr[SITE_ADDR_SIZE];

	site_addr_text(&vip->addr, addr);
	report_tested(s->report);
	if (vip->interface[0] && net_link_by_name(s->net, vip->interface, &link) < 0)
		missing(s, service, vip, owner);
	else if (link && owner && owner != link->ifindex)
		elsewhere(s, service, vip, addr, owner);
	else if (!owner)
		not_ours(s, service, addr);
}

/* A VIP has as many listeners as it has ports. */
static bool seen_before(const struct site_service *service, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (site_same_addr(&service->vips[i].addr, &service->vips[n].addr))
			return true;
	return false;
}

void vips_examine(struct survey *s)
{
	for (size_t i = 0; i < s->in->site->n_services; i++) {
		const struct site_service *service = &s->in->site->services[i];

		for (size_t j = 0; j < service->n_vips; j++)
			if (service->vips[j].addr.family != AF_UNSPEC && !seen_before(service, j))
				examine(s, service, &service->vips[j]);
	}
}
