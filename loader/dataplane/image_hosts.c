/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Hosts of the next image, the interfaces they are reached by, and their MACs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/image_next.h"

/* ---- egress interfaces --------------------------------------------------------------------- */
static bool is_nat_host(const struct image *next, uint16_t slot)
{
	return next->services[next->hosts[slot].service].flags & XLB_SERVICE_NAT;
}

/* The TC program redirects without a devmap, to whatever interface. */
static bool has_egress(const struct image_input *in, const struct xlb_service *s, uint32_t ifindex)
{
	if (s->flags & XLB_SERVICE_NAT)
		return ifindex != 0;
	for (size_t i = 0; i < in->n_no_egress; i++)
		if (in->no_egress[i] == ifindex)
			return false;
	return ifindex != 0;
}

static int tx_port_of(struct image_work *w, uint32_t ifindex)
{
	uint32_t *ports = w->next->tx_ports;
	int free_port = -1;

	for (int i = 0; i < XLB_MAX_TX_PORTS; i++) {
		if (ports[i] == ifindex)
			return i;
		if (!ports[i] && free_port < 0)
			free_port = i;
	}
	if (free_port < 0)
		return image_fail(w, -ENOSPC, "more than %d egress interfaces", XLB_MAX_TX_PORTS);
	ports[free_port] = ifindex;
	return free_port;
}

static void drop_unused_tx_ports(struct image *next)
{
	bool used[XLB_MAX_TX_PORTS] = { false };

	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (next->hosts[i].family && next->hosts[i].ifindex && !is_nat_host(next, i))
			used[next->hosts[i].tx_port] = true;
	for (int i = 0; i < XLB_MAX_TX_PORTS; i++)
		if (!used[i])
			next->tx_ports[i] = 0;
}

/* ---- hosts --------------------------------------------------------------------------------- */
int slot_chains_host(const struct slot_chains *chains, const struct image *image, uint16_t service,
		     const struct cfg_addr *addr)
{
	for (uint16_t i = chains->first_host[service]; i != CHAIN_END; i = chains->next_host[i]) {
		struct cfg_addr a = image_host_addr(&image->hosts[i]);

		if (a.family == addr->family &&
		    !memcmp(&a.v6, &addr->v6, a.family == AF_INET6 ? 16 : 4))
			return i;
	}
	return -ENOENT;
}

int image_work_host(const struct image_work *w, uint16_t service, const struct cfg_addr *addr)
{
	return slot_chains_host(&w->chains, w->next, service, addr);
}

static int allot_host(struct image_work *w, uint16_t service, const struct desired_host *h)
{
	struct image *next = w->next;
	int slot = slot_allot(next->host_state, sizeof(*next->host_state), w->first_free_host,
			      XLB_MAX_HOSTS, w->in->scan->done);
	struct xlb_host *host;

	if (slot < 0)
		return image_fail(w, slot, "more than %d hosts", XLB_MAX_HOSTS);
	w->first_free_host = slot + 1;
	host = &next->hosts[slot];
	memset(host, 0, sizeof(*host));
	host->family = h->addr.family;
	host->service = service;
	memcpy(host->addr, &h->addr.v6, h->addr.family == AF_INET6 ? 16 : 4);
	w->chains.next_host[slot] = w->chains.first_host[service];
	w->chains.first_host[service] = slot;
	return slot;
}

/* A next hop that is not known now leaves the last one in place, unused. */
static int set_next_hop(struct image_work *w, struct xlb_host *host, const struct desired_host *h)
{
	const struct xlb_service *s = &w->next->services[host->service];
	int port;

	if (!h->has_next_hop || !has_egress(w->in, s, h->ifindex))
		return 0;
	port = s->flags & XLB_SERVICE_NAT ? 0 : tx_port_of(w, h->ifindex);
	if (port < 0)
		return port;
	host->tx_port = port;
	host->ifindex = h->ifindex;
	memcpy(host->dst_mac, h->dst_mac, sizeof(host->dst_mac));
	memcpy(host->src_mac, h->src_mac, sizeof(host->src_mac));
	return 0;
}

static uint8_t host_flags(const struct image_work *w, const struct xlb_service *s,
			  const struct desired_host *h)
{
	if (!h->has_next_hop || !has_egress(w->in, s, h->ifindex))
		return 0;
	if (h->takes_new)
		return XLB_HOST_NEW | XLB_HOST_OLD;
	return h->keeps_old ? XLB_HOST_OLD : 0;
}

/* What a host that is down has left in the flow table must not come back with it. */
static void set_flags(struct image_work *w, int slot, uint8_t flags)
{
	struct xlb_host *host = &w->next->hosts[slot];

	if (host->flags && !flags)
		w->next->host_state[slot].clean_at = w->in->scan->done + 2;
	host->flags = flags;
}

static int check_host(struct image_work *w, const struct desired_service *s,
		      const struct desired_host *h)
{
	if (h->addr.family != AF_INET && h->addr.family != AF_INET6)
		return image_fail(w, -EINVAL, "%s: host %s has no address", s->name, h->name);
	if (!h->weight || h->weight > CFG_MAX_WEIGHT)
		return image_fail(w, -EINVAL, "%s: host %s has weight %u, not 1 to %d", s->name,
				  h->name, h->weight, CFG_MAX_WEIGHT);
	return 0;
}

static int next_host(struct image_work *w, const struct desired_service *s, uint16_t service,
		     const struct desired_host *h)
{
	int err = check_host(w, s, h), slot;
	struct xlb_host *host;

	if (err)
		return err;
	slot = image_work_host(w, service, &h->addr);
	if (slot >= 0 && w->next->host_state[slot].phase == SLOT_WANTED)
		return image_fail(w, -EEXIST, "%s: host %s is there twice", s->name, h->name);
	if (slot < 0)
		slot = allot_host(w, service, h);
	if (slot < 0)
		return slot;
	w->next->host_state[slot].phase = SLOT_WANTED;
	host = &w->next->hosts[slot];
	host->weight = h->weight;
	memset(host->name, 0, sizeof(host->name));
	memcpy(host->name, h->name, strnlen(h->name, sizeof(host->name) - 1));
	err = set_next_hop(w, host, h);
	set_flags(w, slot, host_flags(w, &w->next->services[service], h));
	return err;
}

/* Hosts that are not wanted any more keep the flows they have. Their slots are freed when nothing
 * names them: see image_age(). */
static void leave(struct image_work *w, int slot)
{
	w->next->hosts[slot].flags &= XLB_HOST_OLD;
	if (w->prev->host_state[slot].phase == SLOT_WANTED)
		w->next->host_state[slot].clean_at = w->in->scan->done + 2;
}

int image_next_hosts(struct image_work *w)
{
	const struct desired *desired = w->in->desired;

	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (w->next->host_state[i].phase == SLOT_WANTED)
			w->next->host_state[i].phase = SLOT_LEAVING;
	for (size_t i = 0; i < desired->n_services; i++) {
		const struct desired_service *s = &desired->services[i];

		for (size_t j = 0; j < s->n_hosts; j++) {
			int err = next_host(w, s, w->slots[i], &s->hosts[j]);

			if (err)
				return err;
		}
	}
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (w->next->host_state[i].phase == SLOT_LEAVING)
			leave(w, i);
	drop_unused_tx_ports(w->next);
	return 0;
}

/* ---- MACs ---------------------------------------------------------------------------------- */
static int compare_macs(const void *a, const void *b)
{
	const struct image_mac *x = a, *y = b;

	if (x->key.raw != y->key.raw)
		return x->key.raw < y->key.raw ? -1 : 1;
	return (int)x->host - (int)y->host;
}

static int add_mac(struct image_work *w, uint16_t service, const struct desired_host *h)
{
	struct image *next = w->next;
	int slot = image_work_host(w, service, &h->addr);
	struct image_mac *mac;

	if (slot < 0 || !h->has_next_hop || h->via_gateway)
		return 0;
	if (!(next->n_macs & (next->n_macs - 1))) { /* full: room is doubled at powers of two */
		size_t room = next->n_macs ? next->n_macs * 2 : 1;

		mac = realloc(next->macs, room * sizeof(*mac));
		if (!mac)
			return -ENOMEM;
		next->macs = mac;
	}
	mac = &next->macs[next->n_macs++];
	*mac = (struct image_mac){ .host = slot };
	memcpy(mac->key.mac, h->dst_mac, sizeof(mac->key.mac));
	mac->key.service = service;
	return 0;
}

/* One MAC may serve several hosts of a service: the lowest slot stands for them. */
static void unique_macs(struct image *next)
{
	size_t n = 0;

	if (next->n_macs)
		qsort(next->macs, next->n_macs, sizeof(*next->macs), compare_macs);
	for (size_t i = 0; i < next->n_macs; i++)
		if (!n || next->macs[i].key.raw != next->macs[n - 1].key.raw)
			next->macs[n++] = next->macs[i];
	next->n_macs = n;
}

int image_next_macs(struct image_work *w)
{
	const struct desired *desired = w->in->desired;

	free(w->next->macs);
	w->next->macs = NULL;
	w->next->n_macs = 0;
	for (size_t i = 0; i < desired->n_services; i++) {
		const struct desired_service *s = &desired->services[i];

		/* a host that asks the VIP is a loop for DSR only */
		for (size_t j = 0; j < s->n_hosts && !s->nat; j++) {
			int err = add_mac(w, w->slots[i], &s->hosts[j]);

			if (err)
				return err;
		}
	}
	unique_macs(w->next);
	return 0;
}
