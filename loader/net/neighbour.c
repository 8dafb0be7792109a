/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Neighbours that watches depend on. XDP forwards without the kernel's neighbour code, so nothing
 * but us keeps their entries alive and true.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

#include "net/state.h"

#define NUD_HAS_ADDRESS                                                                            \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)
#define NUD_FIXED (NUD_PERMANENT | NUD_NOARP)

/* ---- requests ------------------------------------------------------------------------------ */
static struct nlmsghdr *prepare(char *buf, uint16_t type, uint16_t flags,
				const struct address_key *key, struct ndmsg **ret_ndm)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	ndm->ndm_family = (uint8_t)key->addr.family;
	ndm->ndm_ifindex = (int)key->ifindex;
	netlink_put_addr(nlh, NDA_DST, &key->addr);
	*ret_ndm = ndm;
	return nlh;
}

/* Without an address the kernel asks for one; with one it is content. Kernels before 5.16 don't
 * know the extended flags, and don't mind them. */
static int use(struct net *net, const struct address_key *key, uint16_t flags, bool managed)
{
	NETLINK_ALIGNED char buf[NETLINK_REQUEST_SIZE] = { 0 };
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = prepare(buf, RTM_NEWNEIGH, flags, key, &ndm);

	ndm->ndm_flags = NTF_USE;
	if (managed)
		mnl_attr_put_u32(nlh, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	return netlink_talk(&net->requests, nlh, NULL, NULL);
}

static int ask(struct net *net, const struct neighbour *n)
{
	return use(net, &n->key, NLM_F_CREATE, true);
}

/* Asks the MAC that is known, by unicast; if nobody answers the entry fails. */
static int verify(struct net *net, const struct neighbour *n)
{
	NETLINK_ALIGNED char buf[NETLINK_REQUEST_SIZE] = { 0 };
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = prepare(buf, RTM_NEWNEIGH, 0, &n->key, &ndm);

	ndm->ndm_state = NUD_PROBE;
	return netlink_talk(&net->requests, nlh, NULL, NULL);
}

/* ---- what the kernel says ------------------------------------------------------------------ */
struct entry {
	struct address_key key;
	uint16_t state;
	bool has_mac;
	uint8_t mac[6];
	bool managed;
};

static bool parse_entry(const struct nlmsghdr *nlh, struct entry *ret)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NDA_MAX + 1];
	uint32_t flags = 0;

	memset(ret, 0, sizeof(*ret));
	if (netlink_attributes(nlh, sizeof(*ndm), tb, NDA_MAX) < 0 || !tb[NDA_DST] ||
	    (ndm->ndm_flags & NTF_PROXY) ||
	    !netlink_get_addr(tb[NDA_DST], ndm->ndm_family, &ret->key.addr))
		return false;
	ret->key.ifindex = (uint32_t)ndm->ndm_ifindex;
	ret->state = nlh->nlmsg_type == RTM_DELNEIGH ? NUD_NONE : ndm->ndm_state;
	ret->has_mac = tb[NDA_LLADDR] && mnl_attr_get_payload_len(tb[NDA_LLADDR]) == 6;
	if (ret->has_mac)
		memcpy(ret->mac, mnl_attr_get_payload(tb[NDA_LLADDR]), 6);
	netlink_get_u32(tb[NDA_FLAGS_EXT], &flags);
	ret->managed = flags & NTF_EXT_MANAGED;
	return true;
}

static int parse_into(const struct nlmsghdr *nlh, void *data)
{
	struct entry entry;

	if (parse_entry(nlh, &entry))
		*(struct entry *)data = entry;
	return MNL_CB_OK;
}

static void read_entry(struct net *net, const struct address_key *key, struct entry *ret)
{
	NETLINK_ALIGNED char buf[NETLINK_REQUEST_SIZE] = { 0 };
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = prepare(buf, RTM_GETNEIGH, 0, key, &ndm);

	memset(ret, 0, sizeof(*ret));
	if (netlink_talk(&net->requests, nlh, parse_into, ret) < 0)
		ret->state = NUD_NONE;
}

/* ---- what we make of it -------------------------------------------------------------------- */
static void lost(struct net *net, struct neighbour *n)
{
	if (n->answer == NEIGHBOUR_OK && !n->asking_again && ask(net, n) == 0) {
		n->asking_again = true;
		return;
	}
	n->asking_again = false;
	n->answer = NEIGHBOUR_UNREACHABLE;
}

/* true: the answer or the MAC changed. */
static bool learn(struct net *net, struct neighbour *n, const struct entry *entry)
{
	const struct neighbour before = *n;

	n->state = entry->state;
	if ((entry->state & NUD_HAS_ADDRESS) && entry->has_mac) {
		n->answer = NEIGHBOUR_OK;
		n->asking_again = false;
		memcpy(n->mac, entry->mac, sizeof(n->mac));
	} else if (entry->state == NUD_FAILED || before.state != NUD_NONE) {
		/* An entry that is being asked for says nothing new, whatever it said before. */
		if (entry->state != NUD_INCOMPLETE)
			lost(net, n);
	}
	return n->answer != before.answer ||
	       (n->answer == NEIGHBOUR_OK && memcmp(n->mac, before.mac, sizeof(n->mac)) != 0);
}

bool neighbour_refresh(struct net *net, struct neighbour *n)
{
	struct entry entry;

	read_entry(net, &n->key, &entry);
	return learn(net, n, &entry);
}

void neighbour_message(struct net *net, const struct nlmsghdr *nlh)
{
	struct neighbour *n;
	struct entry entry;

	if (!net->neighbours || !parse_entry(nlh, &entry))
		return;
	HASH_FIND(hh, net->neighbours, &entry.key, sizeof(entry.key), n);
	if (!n)
		return;
	/* It may be being asked for again since: bad news is checked for being the latest. */
	if (!(entry.state & NUD_HAS_ADDRESS))
		read_entry(net, &n->key, &entry);
	if (learn(net, n, &entry))
		watches_neighbour_changed(net, n);
}

/* ---- upkeep -------------------------------------------------------------------------------- */
/* Setting a state takes an entry out of the kernel's management: it is put back at once. */
void neighbour_probe(struct net *net, struct neighbour *n)
{
	if (n->state & (NUD_FIXED | NUD_PROBE))
		return;
	if (n->state & NUD_HAS_ADDRESS)
		verify(net, n);
	ask(net, n);
}

int neighbour_get(struct net *net, const struct address_key *key, struct neighbour **ret)
{
	struct neighbour *n;
	struct entry entry;

	HASH_FIND(hh, net->neighbours, key, sizeof(*key), n);
	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			return -ENOMEM;
		memcpy(&n->key, key, sizeof(n->key));
		HASH_ADD(hh, net->neighbours, key, sizeof(n->key), n);
		if (!n->hh.tbl) {
			free(n);
			return -ENOMEM;
		}
		read_entry(net, key, &entry);
		n->managed_already = entry.managed;
		/* What failed once may be there now: unknown, until asked for. */
		if (entry.state == NUD_FAILED)
			entry.state = NUD_NONE;
		learn(net, n, &entry);
		neighbour_probe(net, n);
	}
	n->users++;
	*ret = n;
	return 0;
}

void neighbour_put(struct net *net, struct neighbour *n)
{
	if (--n->users == 0)
		net->sweep = true;
}

static void let_go(struct net *net, struct neighbour *n)
{
	/* Any change without the flag ends the management. */
	if (!n->managed_already && !(n->state & NUD_FIXED))
		use(net, &n->key, 0, false);
	HASH_DEL(net->neighbours, n);
	free(n);
}

void neighbours_sweep(struct net *net)
{
	struct neighbour *n, *next;

	HASH_ITER(hh, net->neighbours, n, next) {
		if (n->users == 0)
			let_go(net, n);
	}
}
