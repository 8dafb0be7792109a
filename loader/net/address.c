/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which interface owns which address. */
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "net/state.h"

static struct address *find_address(const struct net *net, const struct address_key *key)
{
	struct address *a;

	HASH_FIND(hh, net->addresses, key, sizeof(*key), a);
	return a;
}

static void free_address(struct net *net, struct address *a)
{
	HASH_DEL(net->addresses, a);
	free(a);
}

/* true: it is new. The same comes again with new lifetimes. Without memory it is read again soon.
 */
static bool store_address(struct net *net, const struct address_key *key)
{
	struct address *a = find_address(net, key);

	if (a) {
		a->seen = true;
		return false;
	}
	a = calloc(1, sizeof(*a));
	if (a) {
		memcpy(&a->key, key, sizeof(a->key));
		a->seen = true;
		HASH_ADD(hh, net->addresses, key, sizeof(a->key), a);
	}
	if (a && a->hh.tbl)
		return true;
	free(a);
	net_reread_soon(net);
	return false;
}

static bool forget_address(struct net *net, const struct address_key *key)
{
	struct address *a = find_address(net, key);

	if (a)
		free_address(net, a);
	return a != NULL;
}

static void announce_address(struct net *net)
{
	net_schedule_reconcile(net);
	if (net->callbacks.address)
		net->callbacks.address(net->data);
}

int address_message(struct net *net, const struct nlmsghdr *nlh, bool announce)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFA_MAX + 1];
	const struct nlattr *attr;
	struct address_key key;
	bool changed;

	if (netlink_attributes(nlh, sizeof(*ifa), tb, IFA_MAX) < 0)
		return MNL_CB_OK;
	/* On point-to-point links IFA_ADDRESS is the peer's. */
	attr = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	memset(&key, 0, sizeof(key));
	if (!attr || !netlink_get_addr(attr, ifa->ifa_family, &key.addr))
		return MNL_CB_OK;
	key.ifindex = ifa->ifa_index;
	changed = nlh->nlmsg_type == RTM_DELADDR ? forget_address(net, &key) :
						   store_address(net, &key);
	if (changed && announce)
		announce_address(net);
	return MNL_CB_OK;
}

struct load {
	struct net *net;
	bool announce;
};

static int load_one(const struct nlmsghdr *nlh, void *data)
{
	const struct load *load = data;

	return address_message(load->net, nlh, load->announce);
}

int addresses_load(struct net *net, bool announce)
{
	struct load load = { net, announce };
	struct address *a, *next;
	int r;

	for (a = net->addresses; a; a = a->hh.next)
		a->seen = false;
	r = netlink_dump(&net->requests, RTM_GETADDR, load_one, &load);
	if (r < 0)
		return r;
	HASH_ITER(hh, net->addresses, a, next) {
		if (a->seen)
			continue;
		free_address(net, a);
		if (announce)
			announce_address(net);
	}
	return 0;
}

void addresses_free(struct net *net)
{
	struct address *a, *next;

	HASH_ITER(hh, net->addresses, a, next) {
		free_address(net, a);
	}
}

uint32_t net_address_owner(const struct net *net, const struct cfg_addr *addr)
{
	for (const struct address *a = net->addresses; a; a = a->hh.next)
		if (a->key.addr.family == addr->family &&
		    memcmp(&a->key.addr.v6, &addr->v6, addr_size(addr->family)) == 0)
			return a->key.ifindex;
	return 0;
}
