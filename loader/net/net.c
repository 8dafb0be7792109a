/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Events in, at the right rate, and what to do when some were lost. */
#include "net/net.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "net/state.h"

/* A burst of changes (an interface that comes up, a routing daemon at work) is answered once in a
 * while; the first change of a burst at once. */
#define RECONCILE_GAP_US 10000
#define RECONCILE_SHARE 4 /* of the time at most one part in five */
#define REREAD_GAP_US 500000

#define EVENT_BUFFER_SIZE (4 << 20)
#define EVENTS_AT_ONCE 64 /* messages read before the event loop gets its turn */

/* ---- walks --------------------------------------------------------------------------------- */
void net_begin_walk(struct net *net)
{
	net->walking++;
}

void net_end_walk(struct net *net)
{
	if (--net->walking > 0 || !net->sweep)
		return;
	net->sweep = false;
	watches_sweep(net);
	neighbours_sweep(net);
}

/* ---- reconciliation ------------------------------------------------------------------------ */
static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void net_schedule_reconcile(struct net *net)
{
	uint64_t gap = RECONCILE_SHARE * net->reconcile_took;

	if (net->reconcile_pending)
		return;
	if (gap < RECONCILE_GAP_US)
		gap = RECONCILE_GAP_US;
	if (net->incomplete && gap < REREAD_GAP_US)
		gap = REREAD_GAP_US;
	if (sd_event_source_set_time(net->reconcile, net->reconciled_at + gap) < 0 ||
	    sd_event_source_set_enabled(net->reconcile, SD_EVENT_ONESHOT) < 0)
		return;
	net->reconcile_pending = true;
}

void net_reread_soon(struct net *net)
{
	net->incomplete = true;
	net_schedule_reconcile(net);
}

static void refresh_neighbours(struct net *net)
{
	struct neighbour *n, *next;

	net_begin_walk(net);
	HASH_ITER(hh, net->neighbours, n, next) {
		if (neighbour_refresh(net, n))
			watches_neighbour_changed(net, n);
	}
	net_end_walk(net);
}

/* Everything, and compared with what we believe. A dump may fail as changes go on during it. */
static void reread(struct net *net)
{
	net->incomplete = false;
	if (links_load(net, true) < 0 || addresses_load(net, true) < 0)
		net->incomplete = true;
	refresh_neighbours(net);
}

static int on_reconcile(sd_event_source *source, uint64_t usec, void *data)
{
	struct net *net = data;
	uint64_t start = monotonic_us();

	net->reconcile_pending = false;
	if (net->incomplete)
		reread(net);
	watches_resolve(net);
	net->reconciled_at = monotonic_us();
	net->reconcile_took = net->reconciled_at - start;
	if (net->incomplete)
		net_schedule_reconcile(net);
	return 0;
}

static int on_probe(sd_event_source *source, uint64_t usec, void *data)
{
	struct net *net = data;

	for (struct neighbour *n = net->neighbours; n; n = n->hh.next)
		neighbour_probe(net, n);
	sd_event_source_set_time(source, monotonic_us() + NET_PROBE_INTERVAL_MS * 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Some events were lost. What waits in the socket is older than what is read now, and would be
 * believed without the lost rest. */
static void resynchronize(struct net *net, int fd)
{
	net->overruns++;
	while (recv(fd, net->buffer, sizeof(net->buffer), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
	reread(net);
	net_schedule_reconcile(net);
	if (net->callbacks.overrun)
		net->callbacks.overrun(net->overruns, net->data);
}

/* ---- events -------------------------------------------------------------------------------- */
static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct net *net = data;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return link_message(net, nlh, true);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return address_message(net, nlh, true);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		neighbour_message(net, nlh);
		return MNL_CB_OK;
	default: /* routes, rules, nexthop objects: who knows whom they concern; the kernel does */
		net_schedule_reconcile(net);
		return MNL_CB_OK;
	}
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct net *net = data;

	for (int i = 0; i < EVENTS_AT_ONCE; i++) {
		ssize_t n = recv(fd, net->buffer, sizeof(net->buffer), MSG_DONTWAIT);

		if (n > 0 && netlink_is_whole(net->buffer, (size_t)n))
			mnl_cb_run(net->buffer, (size_t)n, 0, 0, on_message, net);
		else if (n > 0)
			continue;
		else if (n < 0 && errno == ENOBUFS)
			resynchronize(net, fd);
		else if (n < 0 && errno == EINTR)
			continue;
		else
			break;
	}
	return 0;
}

static int join(struct mnl_socket *socket, int group)
{
	if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

static int open_events(struct net *net)
{
	static const int groups[] = {
		RTNLGRP_LINK,      RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_NEIGH,     RTNLGRP_IPV4_ROUTE,  RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,
	};

	net->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!net->events || mnl_socket_bind(net->events, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int r = join(net->events, groups[i]);

		if (r < 0)
			return r;
	}
	return net_set_event_buffer(net, EVENT_BUFFER_SIZE);
}

int net_set_event_buffer(struct net *net, int bytes)
{
	int fd = mnl_socket_get_fd(net->events);

	/* Beyond the sysctl's limit for those who may. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0)
		return 0;
	return -errno;
}

unsigned net_overruns(const struct net *net)
{
	return net->overruns;
}

/* ---- life ---------------------------------------------------------------------------------- */
static int add_sources(struct net *net, sd_event *event)
{
	int r = sd_event_add_io(event, &net->io, mnl_socket_get_fd(net->events), EPOLLIN, on_events,
				net);

	if (r >= 0)
		r = sd_event_add_time(event, &net->reconcile, CLOCK_MONOTONIC, 0, 1, on_reconcile,
				      net);
	if (r >= 0)
		r = sd_event_source_set_enabled(net->reconcile, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &net->probe, CLOCK_MONOTONIC,
				      monotonic_us() + NET_PROBE_INTERVAL_MS * 1000, 0, on_probe,
				      net);
	return r < 0 ? r : 0;
}

/* Events are subscribed to before the dump, so that nothing falls between them. */
static int start(struct net *net, sd_event *event)
{
	int r = netlink_open(&net->requests);

	if (r == 0)
		r = open_events(net);
	if (r == 0)
		r = add_sources(net, event);
	if (r == 0)
		r = links_load(net, false);
	if (r == 0)
		r = addresses_load(net, false);
	return r;
}

int net_open(sd_event *event, const struct net_callbacks *callbacks, void *data, struct net **ret)
{
	struct net *net = calloc(1, sizeof(*net));
	int r;

	if (!net)
		return -ENOMEM;
	net->callbacks = *callbacks;
	net->data = data;
	r = start(net, event);
	if (r < 0) {
		net_close(net);
		return r;
	}
	*ret = net;
	return 0;
}

void net_close(struct net *net)
{
	if (!net)
		return;
	watches_free(net);
	links_free(net);
	addresses_free(net);
	sd_event_source_disable_unref(net->io);
	sd_event_source_disable_unref(net->reconcile);
	sd_event_source_disable_unref(net->probe);
	if (net->events)
		mnl_socket_close(net->events);
	netlink_close(&net->requests);
	free(net);
}
