/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Hosts whose next hops are followed. */
#include <errno.h>
#include <linux/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "net/state.h"

/* ---- where to ------------------------------------------------------------------------------ */
static enum next_hop_state lookup(struct net *net, const struct net_watch *w,
				  const struct link **ret_link, struct route *ret_route)
{
	const struct link *link = NULL;

	if (w->interface) {
		link = link_by_name(net, w->interface);
		if (!link)
			return NEXT_HOP_NO_INTERFACE;
		*ret_link = link;
		if (!link->info.up)
			return NEXT_HOP_LINK_DOWN;
	}
	if (route_lookup(&net->requests, &w->host, link ? link->info.ifindex : 0, ret_route) < 0)
		return NEXT_HOP_NO_ROUTE;
	link = link_by_index(net, ret_route->ifindex);
	/* The link's event may be on its way still. */
	if (!link)
		return NEXT_HOP_UNKNOWN;
	*ret_link = link;
	if (!link->info.up)
		return NEXT_HOP_LINK_DOWN;
	/* No Ethernet header to write: tunnels, loopback. */
	return link->type == ARPHRD_ETHER ? NEXT_HOP_OK : NEXT_HOP_NO_ROUTE;
}

/* Takes the new one before it lets the old one go: it may be the same. */
static void depend_on(struct net_watch *w, const struct route *route)
{
	struct neighbour *before = w->neighbour;
	struct address_key key;

	w->neighbour = NULL;
	if (route) {
		memset(&key, 0, sizeof(key));
		addr_set(&key.addr, route->next.family, &route->next.v6);
		key.ifindex = route->ifindex;
		neighbour_get(w->net, &key, &w->neighbour);
	}
	if (before)
		neighbour_put(w->net, before);
}

static enum next_hop_state neighbour_state(const struct neighbour *n)
{
	static const enum next_hop_state states[] = {
		[NEIGHBOUR_UNKNOWN] = NEXT_HOP_UNKNOWN,
		[NEIGHBOUR_OK] = NEXT_HOP_OK,
		[NEIGHBOUR_UNREACHABLE] = NEXT_HOP_UNREACHABLE,
	};

	return states[n->answer];
}

static void describe(const struct net_watch *w, enum next_hop_state state, const struct link *link,
		     struct next_hop *ret)
{
	const struct neighbour *n = w->neighbour;

	memset(ret, 0, sizeof(*ret));
	ret->state = n && state == NEXT_HOP_OK ? neighbour_state(n) : state;
	if (link) {
		ret->ifindex = link->info.ifindex;
		memcpy(ret->interface, link->info.name, sizeof(ret->interface));
		memcpy(ret->src_mac, link->info.mac, sizeof(ret->src_mac));
	}
	if (n) {
		addr_set(&ret->src_addr, w->source.family, &w->source.v6);
		addr_set(&ret->gateway, n->key.addr.family, &n->key.addr.v6);
		if (n->answer == NEIGHBOUR_OK)
			memcpy(ret->dst_mac, n->mac, sizeof(ret->dst_mac));
	}
}

static void publish(struct net_watch *w, const struct next_hop *now)
{
	if (w->removed || memcmp(now, &w->next_hop, sizeof(*now)) == 0)
		return;
	memcpy(&w->next_hop, now, sizeof(*now));
	if (w->net->callbacks.next_hop)
		w->net->callbacks.next_hop(w, &w->next_hop, w->data, w->net->data);
}

static void resolve(struct net_watch *w)
{
	const struct link *link = NULL;
	struct next_hop now;
	struct route route;
	enum next_hop_state state = lookup(w->net, w, &link, &route);

	memset(&w->source, 0, sizeof(w->source));
	if (state == NEXT_HOP_OK)
		w->source = route.source;
	depend_on(w, state == NEXT_HOP_OK ? &route : NULL);
	/* Out of memory for a neighbour: unknown, and the next reconciliation tries again. */
	if (state == NEXT_HOP_OK && !w->neighbour)
		state = NEXT_HOP_UNKNOWN;
	describe(w, state, link, &now);
	publish(w, &now);
}

void watches_resolve(struct net *net)
{
	struct net_watch *w;

	net_begin_walk(net);
	DL_FOREACH(net->watches, w) {
		if (!w->removed)
			resolve(w);
	}
	net_end_walk(net);
}

void watches_neighbour_changed(struct net *net, const struct neighbour *n)
{
	const struct link *link = link_by_index(net, n->key.ifindex);
	enum next_hop_state state = link && link->info.up ? NEXT_HOP_OK : NEXT_HOP_LINK_DOWN;
	struct net_watch *w;

	net_begin_walk(net);
	DL_FOREACH(net->watches, w) {
		struct next_hop now;

		if (w->removed || w->neighbour != n)
			continue;
		describe(w, state, link, &now);
		publish(w, &now);
	}
	net_end_walk(net);
}

/* ---- interface ----------------------------------------------------------------------------- */
int net_watch_add(struct net *net, const struct cfg_addr *host, const char *interface,
		  void *watch_data, struct net_watch **ret)
{
	struct net_watch *w;

	if (host->family != AF_INET && host->family != AF_INET6)
		return -EINVAL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	if (interface) {
		w->interface = strdup(interface);
		if (!w->interface) {
			free(w);
			return -ENOMEM;
		}
	}
	w->net = net;
	w->data = watch_data;
	addr_set(&w->host, host->family, &host->v6);
	DL_APPEND(net->watches, w);
	*ret = w;
	net_begin_walk(net);
	resolve(w);
	net_end_walk(net);
	return 0;
}

static void remove_watch(struct net_watch *w)
{
	depend_on(w, NULL);
	w->removed = true;
	w->net->sweep = true;
}

void net_watch_remove(struct net_watch *w)
{
	struct net *net;

	if (!w || w->removed)
		return;
	net = w->net;
	net_begin_walk(net);
	remove_watch(w);
	net_end_walk(net);
}

void net_begin_changes(struct net *net)
{
	net_begin_walk(net);
}

void net_end_changes(struct net *net)
{
	net_end_walk(net);
}

void watches_sweep(struct net *net)
{
	struct net_watch *w, *next;

	DL_FOREACH_SAFE(net->watches, w, next)
	{
		if (!w->removed)
			continue;
		DL_DELETE(net->watches, w);
		free(w->interface);
		free(w);
	}
}

const struct next_hop *net_watch_next_hop(const struct net_watch *watch)
{
	return &watch->next_hop;
}

void watches_free(struct net *net)
{
	struct net_watch *w;

	net_begin_walk(net);
	DL_FOREACH(net->watches, w) {
		remove_watch(w);
	}
	net_end_walk(net);
}
