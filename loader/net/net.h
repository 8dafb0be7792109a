/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What rtnetlink knows, kept up to date: links with altnames, addresses, routes as far as hosts are
 * concerned, and the neighbours that are next hops. Everything comes in by events; after an overrun
 * (ENOBUFS) by a full dump and a comparison.
 */
#ifndef XLB_NET_NET_H
#define XLB_NET_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "model/model.h"

struct net;
struct net_watch; /* a host whose next hop somebody wants to know */

struct net_link {
	uint32_t ifindex;
	char name[16];
	uint8_t mac[6];
	uint32_t mtu;
	bool up; /* administratively up and running */
};

/* As the kernel counts them, from the interface's creation; bytes are those of whole frames. What
 * XDP takes is in it where the driver says so; most do. */
struct net_link_stats {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_errors;
	uint64_t rx_dropped;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t tx_errors;
	uint64_t tx_dropped;
};

struct net_callbacks {
	/* The next hop of a watch changed (also from unknown). */
	void (*next_hop)(struct net_watch *watch, const struct next_hop *next_hop, void *watch_data,
			 void *data);
	/* A link appeared, vanished, was renamed, changed its MAC or went up or down. */
	void (*link)(uint32_t ifindex, void *data);
	/* An address appeared or went. */
	void (*address)(void *data);
	/* Events were lost, for the n-th time; everything has been read anew, and the other
	 * callbacks have said what is different. */
	void (*overrun)(unsigned n, void *data);
};

/*
 * Opens the sockets in the caller's network namespace, dumps everything once (synchronously,
 * without callbacks), then follows events on `event`. Callbacks are copied. They may remove
 * watches, and add some; they must not close the net.
 */
int net_open(sd_event *event, const struct net_callbacks *callbacks, void *data, struct net **ret);

/* Removes what watches are left, too. NULL is fine. */
void net_close(struct net *net);

/* Looks NAME up among names, then altnames; -ENODEV. *ret is borrowed until the next event. */
int net_link_by_name(const struct net *net, const char *name, const struct net_link **ret);
int net_link_by_index(const struct net *net, uint32_t ifindex, const struct net_link **ret);

/* Asks the kernel. -ENODEV, or what else it says. */
int net_link_stats(struct net *net, uint32_t ifindex, struct net_link_stats *ret);

/* Asks the kernel for the interface that its routes towards the address lead out by. -ENETUNREACH:
 * there is none, or it is an address of this box. */
int net_way(struct net *net, const struct cfg_addr *to, uint32_t *ret_ifindex);

/* ifindex of the link that owns the address, 0 if none does. */
uint32_t net_address_owner(const struct net *net, const struct cfg_addr *addr);

/*
 * Follows the next hop of `host`: on `interface` (name or altname) if not NULL, else where the
 * routing table says. On an interface the host itself is asked for if a route there covers it,
 * else the gateway of a route through it.
 *
 * Entries are kept fresh for as long as the watch lives: managed by the kernel (NTF_EXT_MANAGED)
 * where it knows that, and in any case asked every NET_PROBE_INTERVAL_MS, so that a replaced NIC is
 * noticed even if it keeps silent. When a neighbour that was there stops answering, its MAC holds
 * until a second request, by broadcast, has failed, too: then it is NEXT_HOP_UNREACHABLE. Permanent
 * entries are left as they are.
 *
 * The callback comes at once, from within, if the answer is known; *ret is set before. -EINVAL:
 * host has no address (AF_UNSPEC); -ENOMEM.
 */
int net_watch_add(struct net *net, const struct cfg_addr *host, const char *interface,
		  void *watch_data, struct net_watch **ret);
void net_watch_remove(struct net_watch *watch); /* NULL is fine */

/* Between these two removing watches costs what it is worth; one at a time, each looks through all.
 * Nothing may happen to the net but that and net_watch_add(). */
void net_begin_changes(struct net *net);
void net_end_changes(struct net *net);

const struct next_hop *net_watch_next_hop(const struct net_watch *watch);

#define NET_PROBE_INTERVAL_MS 2000

/* How often the kernel had more events than the socket could hold, each followed by a full dump. */
unsigned net_overruns(const struct net *net);

/* Size of the event socket's buffer in bytes, before the kernel doubles it. Tests make it tiny, to
 * have overruns. */
int net_set_event_buffer(struct net *net, int bytes);

#endif
