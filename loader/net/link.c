/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Interfaces by index, name and altname. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "net/state.h"

/* ---- one link ------------------------------------------------------------------------------ */
static void free_altnames(struct link *l)
{
	struct altname *a, *next;

	LL_FOREACH_SAFE(l->altnames, a, next)
	{
		free(a->name);
		free(a);
	}
	l->altnames = NULL;
}

static void free_link(struct net *net, struct link *l)
{
	HASH_DEL(net->links, l);
	free_altnames(l);
	free(l);
}

static bool add_altname(struct link *l, const struct nlattr *attr)
{
	struct altname *a = calloc(1, sizeof(*a));

	if (!a)
		return false;
	a->name = strndup(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	if (!a->name) {
		free(a);
		return false;
	}
	LL_APPEND(l->altnames, a);
	return true;
}

static bool same_altnames(const struct link *a, const struct link *b)
{
	const struct altname *x = a->altnames, *y = b->altnames;

	for (; x && y; x = x->next, y = y->next)
		if (strcmp(x->name, y->name) != 0)
			return false;
	return !x && !y;
}

static bool same_link(const struct link *a, const struct link *b)
{
	return strcmp(a->info.name, b->info.name) == 0 &&
	       memcmp(a->info.mac, b->info.mac, sizeof(a->info.mac)) == 0 &&
	       a->info.mtu == b->info.mtu && a->info.up == b->info.up && a->type == b->type &&
	       same_altnames(a, b);
}

/* ---- messages ------------------------------------------------------------------------------ */
/* false: no memory for all of its names. */
static bool parse_link(const struct ifinfomsg *ifi, const struct nlattr **tb, struct link *ret)
{
	const struct nlattr *attr, *name = tb[IFLA_IFNAME];
	size_t len = mnl_attr_get_payload_len(name);
	bool whole = true;

	ret->info.ifindex = (uint32_t)ifi->ifi_index;
	ret->info.up = (ifi->ifi_flags & IFF_UP) && (ifi->ifi_flags & IFF_RUNNING);
	ret->type = ifi->ifi_type;
	if (len >= sizeof(ret->info.name))
		len = sizeof(ret->info.name) - 1;
	memcpy(ret->info.name, mnl_attr_get_payload(name),
	       strnlen(mnl_attr_get_payload(name), len));
	netlink_get_u32(tb[IFLA_MTU], &ret->info.mtu);
	if (tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == 6)
		memcpy(ret->info.mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), 6);
	if (!tb[IFLA_PROP_LIST])
		return true;
	mnl_attr_for_each_nested(attr, tb[IFLA_PROP_LIST]) {
		if (mnl_attr_get_type(attr) == IFLA_ALT_IFNAME)
			whole &= add_altname(ret, attr);
	}
	return whole;
}

static struct link *add_link(struct net *net, uint32_t ifindex)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->info.ifindex = ifindex;
	HASH_ADD(hh, net->links, info.ifindex, sizeof(l->info.ifindex), l);
	if (l->hh.tbl)
		return l;
	free(l);
	return NULL;
}

/* true: there is something new about it. Takes over the altnames. Without memory it is read again
 * soon. */
static bool store_link(struct net *net, struct link *parsed)
{
	struct link *l = link_by_index(net, parsed->info.ifindex);

	if (l && same_link(l, parsed)) {
		free_altnames(parsed);
		l->seen = true;
		return false;
	}
	if (!l)
		l = add_link(net, parsed->info.ifindex);
	if (!l) {
		free_altnames(parsed);
		net_reread_soon(net);
		return false;
	}
	free_altnames(l);
	l->info = parsed->info;
	l->type = parsed->type;
	l->altnames = parsed->altnames;
	l->seen = true;
	return true;
}

static void announce_link(struct net *net, uint32_t ifindex)
{
	net_schedule_reconcile(net);
	if (net->callbacks.link)
		net->callbacks.link(ifindex, net->data);
}

static bool forget_link(struct net *net, uint32_t ifindex)
{
	struct link *l = link_by_index(net, ifindex);

	if (l)
		free_link(net, l);
	return l != NULL;
}

/*
 * Bridges report their ports, and wireless drivers their events, as links too: with a family, or
 * with nothing but the event, and "deleted" meaning something else.
 */
int link_message(struct net *net, const struct nlmsghdr *nlh, bool announce)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MAX + 1];
	struct link parsed = { 0 };
	bool changed;

	if (netlink_attributes(nlh, sizeof(*ifi), tb, IFLA_MAX) < 0 ||
	    ifi->ifi_family != AF_UNSPEC || tb[IFLA_WIRELESS] || !tb[IFLA_IFNAME])
		return MNL_CB_OK;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		changed = forget_link(net, (uint32_t)ifi->ifi_index);
	} else {
		if (!parse_link(ifi, tb, &parsed))
			net_reread_soon(net);
		changed = store_link(net, &parsed);
	}
	if (changed && announce)
		announce_link(net, (uint32_t)ifi->ifi_index);
	return MNL_CB_OK;
}

/* ---- all of them --------------------------------------------------------------------------- */
struct load {
	struct net *net;
	bool announce;
};

static int load_one(const struct nlmsghdr *nlh, void *data)
{
	const struct load *load = data;

	return link_message(load->net, nlh, load->announce);
}

int links_load(struct net *net, bool announce)
{
	struct load load = { net, announce };
	struct link *l, *next;
	int r;

	for (l = net->links; l; l = l->hh.next)
		l->seen = false;
	r = netlink_dump(&net->requests, RTM_GETLINK, load_one, &load);
	if (r < 0)
		return r;
	HASH_ITER(hh, net->links, l, next) {
		uint32_t ifindex = l->info.ifindex;

		if (l->seen)
			continue;
		free_link(net, l);
		if (announce)
			announce_link(net, ifindex);
	}
	return 0;
}

void links_free(struct net *net)
{
	struct link *l, *next;

	HASH_ITER(hh, net->links, l, next) {
		free_link(net, l);
	}
}

/* ---- looking up ---------------------------------------------------------------------------- */
struct link *link_by_index(const struct net *net, uint32_t ifindex)
{
	struct link *l;

	HASH_FIND(hh, net->links, &ifindex, sizeof(ifindex), l);
	return l;
}

static bool has_altname(const struct link *l, const char *name)
{
	for (const struct altname *a = l->altnames; a; a = a->next)
		if (strcmp(a->name, name) == 0)
			return true;
	return false;
}

struct link *link_by_name(const struct net *net, const char *name)
{
	for (struct link *l = net->links; l; l = l->hh.next)
		if (strcmp(l->info.name, name) == 0)
			return l;
	for (struct link *l = net->links; l; l = l->hh.next)
		if (has_altname(l, name))
			return l;
	return NULL;
}

int net_link_by_index(const struct net *net, uint32_t ifindex, const struct net_link **ret)
{
	const struct link *l = link_by_index(net, ifindex);

	if (!l)
		return -ENODEV;
	*ret = &l->info;
	return 0;
}

int net_link_by_name(const struct net *net, const char *name, const struct net_link **ret)
{
	const struct link *l = link_by_name(net, name);

	if (!l)
		return -ENODEV;
	*ret = &l->info;
	return 0;
}
