/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How hosts are reached: what the daemon's own netlink room finds out for it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/survey.h"
#include "doctor/wire.h"

/* The kernel gives up on a neighbour after three seconds. */
#define PATIENCE_MS 4000

/* Of RFC 5737: an address that is nobody's, so it has the default route. */
#define SOMEBODY "203.0.113.1"

/* ---- finding ------------------------------------------------------------------------------- */
static const char *wanted_interface(const struct site_host *h)
{
	return h->interface[0] ? h->interface : NULL;
}

static bool has_way(const struct survey *s, const struct site_host *h)
{
	for (size_t i = 0; i < s->n_ways; i++)
		if (site_same_addr(&s->ways[i].host->addr, &h->addr) &&
		    strcmp(s->ways[i].host->interface, h->interface) == 0)
			return true;
	return false;
}

static int add_way(struct survey *s, const struct site_service *service, const struct site_host *h)
{
	struct way *list;

	if (h->addr.family == AF_UNSPEC || h->no_interface || has_way(s, h))
		return 0;
	list = realloc(s->ways, (s->n_ways + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	s->ways = list;
	list += s->n_ways;
	*list = (struct way){ .service = service, .host = h };
	s->n_ways++;
	return net_watch_add(s->net, &h->addr, wanted_interface(h), NULL, &list->watch);
}

static int add_ways(struct survey *s)
{
	const struct site *site = s->in->site;
	int r = 0;

	for (size_t i = 0; i < site->n_services; i++)
		for (size_t j = 0; j < site->services[i].n_hosts && r == 0; j++)
			r = add_way(s, &site->services[i], &site->services[i].hosts[j]);
	return r;
}

static bool all_known(const struct survey *s)
{
	for (size_t i = 0; i < s->n_ways; i++)
		if (net_watch_next_hop(s->ways[i].watch)->state == NEXT_HOP_UNKNOWN)
			return false;
	return true;
}

static int wait_for_answers(struct survey *s)
{
	uint64_t deadline = wire_now() + PATIENCE_MS, now;
	int r = 0;

	while (r >= 0 && !all_known(s) && (now = wire_now()) < deadline)
		r = sd_event_run(s->event, (deadline - now) * 1000);
	return r < 0 ? r : 0;
}

static int find_clients_way(struct survey *s)
{
	struct cfg_addr somebody = { .family = AF_INET };
	struct net_watch *watch;
	int r;

	inet_pton(AF_INET, SOMEBODY, &somebody.v4);
	r = net_watch_add(s->net, &somebody, NULL, NULL, &watch);
	if (r < 0)
		return r;
	s->clients_way = *net_watch_next_hop(watch);
	net_watch_remove(watch);
	return 0;
}

int ways_find(struct survey *s)
{
	int r = add_ways(s);

	if (r == 0)
		r = find_clients_way(s);
	if (r == 0)
		r = wait_for_answers(s);
	for (size_t i = 0; i < s->n_ways && r == 0; i++)
		s->ways[i].hop = *net_watch_next_hop(s->ways[i].watch);
	return r;
}

void ways_free(struct survey *s)
{
	for (size_t i = 0; i < s->n_ways; i++)
		net_watch_remove(s->ways[i].watch);
	free(s->ways);
	s->ways = NULL;
	s->n_ways = 0;
}

/* ---- judging ------------------------------------------------------------------------------- */
static void unreachable(struct survey *s, const struct way *w)
{
	char gateway[SITE_ADDR_SIZE];
	bool v4 = w->host->addr.family == AF_INET;

	report_add(s->report, SEVERITY_ERROR, "neighbour",
		   "host %s: %s has no answer on %s from %s", w->host->name,
		   v4 ? "ARP" : "neighbour discovery", w->hop.interface,
		   site_addr_text(&w->hop.gateway, gateway));
	report_advise(s->report,
		      "is it up, and on the segment of %s? \"ip neigh show dev %s\", \"tcpdump "
		      "-eni %s %s\"",
		      w->hop.interface, w->hop.interface, w->hop.interface, v4 ? "arp" : "icmp6");
}

static void no_way(struct survey *s, const struct way *w)
{
	const char *interface = wanted_interface(w->host);

	switch (w->hop.state) {
	case NEXT_HOP_NO_INTERFACE:
		report_add(s->report, SEVERITY_ERROR, "neighbour",
			   "host %s: there is no interface %s here", w->host->name, interface);
		report_advise(s->report,
			      "name one of \"ip link\" behind \"interface\", or give one that "
			      "name: ip link property add dev DEVICE altname %s",
			      interface);
		return;
	case NEXT_HOP_LINK_DOWN:
		report_add(s->report, SEVERITY_ERROR, "neighbour", "host %s: interface %s is down",
			   w->host->name, interface ? interface : w->hop.interface);
		report_advise(s->report, "ip link set %s up, or look for the cable",
			      interface ? interface : w->hop.interface);
		return;
	default:
		report_add(s->report, SEVERITY_ERROR, "neighbour",
			   "host %s: no route leads there%s%s", w->host->name,
			   interface ? " through " : "", interface ? interface : "");
		report_advise(s->report,
			      "the box needs an address of the host's network on that "
			      "interface, or a route: ip route get %s",
			      w->host->name);
	}
}

/* Frames for a host behind a router get the router's MAC, and it sends them back: the VIP is ours.
 */
static void examine_router(struct survey *s, const struct way *w)
{
	char gateway[SITE_ADDR_SIZE];

	report_tested(s->report);
	if (w->service->way != SITE_ROUTE || site_same_addr(&w->hop.gateway, &w->host->addr))
		return;
	report_add(
		s->report, SEVERITY_ERROR, "router",
		"host %s is behind the router %s, but \"route to\" needs it on a segment of ours",
		w->host->name, site_addr_text(&w->hop.gateway, gateway));
	report_advise(s->report,
		      "give the box an interface on the host's segment and name it behind "
		      "\"interface\"; or use \"forward to\"");
}

static void examine_way(struct survey *s, const struct way *w)
{
	report_tested(s->report);
	switch (w->hop.state) {
	case NEXT_HOP_OK:
		examine_router(s, w);
		break;
	case NEXT_HOP_UNKNOWN:
	case NEXT_HOP_UNREACHABLE:
		unreachable(s, w);
		break;
	default:
		no_way(s, w);
	}
}

/* The daemon knows; its answer names no interface then. */
static void examine_missing(struct survey *s, const struct site_service *service)
{
	for (size_t i = 0; i < service->n_hosts; i++) {
		if (!service->hosts[i].no_interface)
			continue;
		report_tested(s->report);
		report_add(s->report, SEVERITY_ERROR, "neighbour",
			   "host %s: the interface of its \"route to\" is not here",
			   service->hosts[i].name);
		report_advise(s->report,
			      "name one of \"ip link\" behind \"interface\", or give one that "
			      "name: ip link property add dev DEVICE altname NAME");
	}
}

static void examine_unresolved(struct survey *s, const struct site_service *service)
{
	for (size_t i = 0; i < service->n_hosts; i++) {
		if (service->hosts[i].addr.family != AF_UNSPEC)
			continue;
		report_tested(s->report);
		report_add(s->report, SEVERITY_ERROR, "name",
			   "host %s: the name does not resolve here", service->hosts[i].name);
		report_advise(s->report, "getent hosts %s; or write the address into the table",
			      service->hosts[i].name);
	}
}

void ways_examine(struct survey *s)
{
	for (size_t i = 0; i < s->in->site->n_services; i++) {
		examine_missing(s, &s->in->site->services[i]);
		examine_unresolved(s, &s->in->site->services[i]);
	}
	for (size_t i = 0; i < s->n_ways; i++)
		examine_way(s, &s->ways[i]);
}
