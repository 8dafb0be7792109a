/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the files of this folder share: the state behind struct net. */
#ifndef XLB_NET_STATE_H
#define XLB_NET_STATE_H

#include <uthash.h>

#include "net/net.h"
#include "net/netlink.h"

struct altname {
	char *name;
	struct altname *next;
};

struct link {
	struct net_link info;
	uint16_t type; /* ARPHRD_* */
	struct altname *altnames;
	bool seen; /* in the dump that is being compared with */
	UT_hash_handle hh;
};

struct address_key {
	struct cfg_addr addr; /* zeroed before it is filled: compared as memory */
	uint32_t ifindex;
};

struct address {
	struct address_key key;
	bool seen;
	UT_hash_handle hh;
};

enum neighbour_answer { NEIGHBOUR_UNKNOWN, NEIGHBOUR_OK, NEIGHBOUR_UNREACHABLE };

/* A neighbour that watches depend on. */
struct neighbour {
	struct address_key key;
	unsigned users;
	uint16_t state; /* NUD_* as the kernel said last; 0: no entry */
	enum neighbour_answer answer;
	uint8_t mac[6];       /* valid with NEIGHBOUR_OK */
	bool asking_again;    /* it was there, failed, and is being asked for a second time */
	bool managed_already; /* by somebody else: not ours to release */
	UT_hash_handle hh;
};

struct net_watch {
	struct net *net;
	struct cfg_addr host;
	char *interface; /* NULL: by the routing table */
	void *data;
	struct next_hop next_hop;
	struct cfg_addr source;      /* of the route; AF_UNSPEC: none */
	struct neighbour *neighbour; /* NULL: no route, no link */
	bool removed;                /* to be freed when nobody walks the list */
	struct net_watch *prev, *next;
};

struct net {
	struct netlink requests;
	struct mnl_socket *events;
	sd_event_source *io;
	sd_event_source *reconcile; /* one-shot: resolves all watches anew */
	sd_event_source *probe;
	bool reconcile_pending;
	uint64_t reconciled_at; /* end of the last one, monotonic us */
	uint64_t reconcile_took;
	struct net_callbacks callbacks;
	void *data;
	struct link *links;
	struct address *addresses;
	struct neighbour *neighbours;
	struct net_watch *watches;
	unsigned walking; /* depth of walks that call back: nothing is freed during them */
	bool sweep;       /* something is to be freed after them */
	unsigned overruns;
	bool incomplete; /* a dump failed, or there was no memory for what it said */
	NETLINK_ALIGNED char buffer[NETLINK_BUFFER_SIZE];
};

/* Asks for all watches to be resolved anew: soon, and not more often than makes sense. */
void net_schedule_reconcile(struct net *net);

/* Something of what the kernel said is missing: all of it is read again before the next resolving.
 */
void net_reread_soon(struct net *net);

/* Messages of a dump or an event; `data` is the net. They call back only outside of the dump at
 * start, and return MNL_CB_OK always: one odd message must not hide the rest. */
int link_message(struct net *net, const struct nlmsghdr *nlh, bool announce);
int address_message(struct net *net, const struct nlmsghdr *nlh, bool announce);
void neighbour_message(struct net *net, const struct nlmsghdr *nlh);

/* Dumps, and removes what is not in the dump. */
int links_load(struct net *net, bool announce);
int addresses_load(struct net *net, bool announce);
void links_free(struct net *net);
void addresses_free(struct net *net);

struct link *link_by_index(const struct net *net, uint32_t ifindex);
struct link *link_by_name(const struct net *net, const char *name);

struct route {
	uint32_t ifindex;
	struct cfg_addr next;   /* gateway, or the destination itself */
	struct cfg_addr source; /* ours; AF_UNSPEC: none that fits */
};

/* oif 0: any interface. -errno if there is no unicast route. */
int route_lookup(struct netlink *nl, const struct cfg_addr *to, uint32_t oif, struct route *ret);

/* Around whatever may call back. The end of the outermost frees what nobody wants any more. */
void net_begin_walk(struct net *net);
void net_end_walk(struct net *net);
void watches_sweep(struct net *net);
void neighbours_sweep(struct net *net);

/* Finds or adds the neighbour, asks for it, and counts the user. -ENOMEM. */
int neighbour_get(struct net *net, const struct address_key *key, struct neighbour **ret);
void neighbour_put(struct net *net, struct neighbour *n); /* within a walk */
/* Reads the kernel's entry anew; true: the answer or the MAC changed. */
bool neighbour_refresh(struct net *net, struct neighbour *n);
/* Makes the kernel ask: it is known to be alive, or known to be gone, within seconds. */
void neighbour_probe(struct net *net, struct neighbour *n);

/* Resolves all watches anew and reports what changed. */
void watches_resolve(struct net *net);
/* Reports what changed for those that depend on it. */
void watches_neighbour_changed(struct net *net, const struct neighbour *n);
void watches_free(struct net *net);

#endif
