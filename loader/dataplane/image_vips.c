/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where services listen, in the next image: ids of addresses, VIPs, port ranges.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/image_next.h"
#include "dataplane/vips.h"

/* Seen among the desired ones. In the image only while it is made. */
#define VIP_SEEN (1u << 31)

/* Port ranges of one address and protocol. */
struct range_group {
	struct cfg_addr addr;
	uint8_t proto;
	struct xlb_ranges ranges;
};

struct vip_work {
	struct image_work *w;
	size_t n_vips;
	struct range_group *groups;
	size_t n_groups;
	uint16_t index[XLB_MAX_RANGES]; /* of groups, in the map "ranges" */
	bool enter;                     /* second time around: enter what is not there yet */
};

static bool same_addr(const struct cfg_addr *a, const struct cfg_addr *b)
{
	return a->family == b->family && !memcmp(&a->v6, &b->v6, a->family == AF_INET6 ? 16 : 4);
}

static const char *addr_text(const struct cfg_addr *addr, char buf[INET6_ADDRSTRLEN])
{
	return inet_ntop(addr->family, &addr->v6, buf, INET6_ADDRSTRLEN);
}

/* ---- listen ids ---------------------------------------------------------------------------- */
/* What NAT's connections need to know of it. */
static void fill_nat_listen(struct image *next, uint16_t service, const struct cfg_addr *addr,
			    uint16_t id)
{
	struct xlb_listen *l = &next->nat_listens[id];

	*l = (struct xlb_listen){ .proto = next->services[service].proto,
				  .family = addr->family,
				  .service = service };
	memcpy(l->addr, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
}

static int listen_id(struct image_work *w, uint16_t service, const struct cfg_addr *addr)
{
	const bool nat = w->next->services[service].flags & XLB_SERVICE_NAT;
	const int max = nat ? XLB_MAX_LISTENS : IMAGE_MAX_LISTENS;
	struct image_listen *listens = w->next->listens;
	struct slot_chains *c = &w->chains;
	int id;

	for (uint16_t i = c->first_listen[service]; i != CHAIN_END; i = c->next_listen[i])
		if (i < max && same_addr(&listens[i].addr, addr)) {
			listens[i].state.phase = SLOT_WANTED;
			if (nat)
				fill_nat_listen(w->next, service, addr, i);
			return i;
		}
	id = slot_allot(&listens[0].state, sizeof(*listens), 0, max, w->in->scan->done);
	if (id < 0)
		return image_fail(w, id, "more than %d listen addresses%s", max,
				  nat ? " of relays" : "");
	if (nat)
		fill_nat_listen(w->next, service, addr, id);
	listens[id] = (struct image_listen){ .state.phase = SLOT_WANTED,
					     .service = service,
					     .addr = *addr };
	c->next_listen[id] = c->first_listen[service];
	c->first_listen[service] = id;
	return id;
}

/* ---- VIPs ---------------------------------------------------------------------------------- */
static struct xlb_vip vip_of(const struct cfg_addr *addr, uint8_t proto, uint16_t port)
{
	struct xlb_vip vip = { .port = htons(port), .proto = proto, .family = addr->family };

	memcpy(vip.addr, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
	return vip;
}

static int vip_conflict(struct image_work *w, const struct xlb_vip *vip, uint16_t other)
{
	char buf[INET6_ADDRSTRLEN] = "?";

	inet_ntop(vip->family, vip->addr, buf, sizeof(buf));
	return image_fail(w, -EEXIST, "%s and %s both listen on %s port %u",
			  w->next->services[other].name, w->next->services[vip->service].name, buf,
			  ntohs(vip->port));
}

/* Keeps the entry's place if it has one; else it is entered the second time around, when those that
 * are not wanted any more have gone. */
static int place_vip(struct vip_work *v, const struct xlb_vip *vip)
{
	struct image *next = v->w->next;
	struct xlb_vip seen = *vip;
	int slot;

	seen.flags |= VIP_SEEN;
	slot = vips_find(next->vips, next->settings.hash_key, vip);
	if (slot < 0 && v->enter)
		slot = vips_insert(next->vips, next->settings.hash_key, &seen);
	else if (slot >= 0 && !(next->vips[slot].flags & VIP_SEEN))
		next->vips[slot] = seen;
	else if (slot >= 0 && next->vips[slot].service != vip->service)
		return vip_conflict(v->w, vip, next->vips[slot].service);
	if (slot == -ENOSPC)
		return image_fail(v->w, slot, "no room for another VIP");
	return 0;
}

static int place_port(struct vip_work *v, uint16_t service, const struct desired_listen *l,
		      uint16_t listen)
{
	struct xlb_vip vip = vip_of(&l->addr, v->w->next->services[service].proto, l->port_lo);

	vip.ifindex = l->ifindex;
	vip.service = service;
	vip.listen = listen;
	if (!v->enter && ++v->n_vips > IMAGE_MAX_VIPS)
		return image_fail(v->w, -ENOSPC, "more than %d listen ports", IMAGE_MAX_VIPS);
	return place_vip(v, &vip);
}

/* ---- port ranges --------------------------------------------------------------------------- */
static struct range_group *group_of(struct vip_work *v, const struct cfg_addr *addr, uint8_t proto)
{
	struct range_group *g;

	for (size_t i = 0; i < v->n_groups; i++)
		if (v->groups[i].proto == proto && same_addr(&v->groups[i].addr, addr))
			return &v->groups[i];
	if (v->n_groups == XLB_MAX_RANGES)
		return NULL;
	g = &v->groups[v->n_groups++];
	g->addr = *addr;
	g->proto = proto;
	return g;
}

static int collect_range(struct vip_work *v, uint16_t service, const struct desired_listen *l,
			 uint16_t listen)
{
	struct range_group *g = group_of(v, &l->addr, v->w->next->services[service].proto);
	char buf[INET6_ADDRSTRLEN];

	if (!g)
		return image_fail(v->w, -ENOSPC, "port ranges on more than %d addresses",
				  XLB_MAX_RANGES);
	if (g->ranges.n == XLB_RANGE_SIZE)
		return image_fail(v->w, -E2BIG, "more than %d port ranges on %s", XLB_RANGE_SIZE,
				  addr_text(&l->addr, buf));
	g->ranges.range[g->ranges.n++] = (struct xlb_range){ .port_lo = l->port_lo,
							     .port_hi = l->port_hi,
							     .service = service,
							     .listen = listen,
							     .ifindex = l->ifindex };
	return 0;
}

static bool is_taken(const struct vip_work *v, size_t n, int index)
{
	for (size_t i = 0; i < n; i++)
		if (v->index[i] == index)
			return true;
	return false;
}

/*
 * A changed list of ranges gets a place that is not in use, so the program never sees one half
 * written; its VIP then points there.
 */
static int range_index(const struct vip_work *v, size_t group)
{
	const struct xlb_ranges *wanted = &v->groups[group].ranges, *old = v->w->prev->ranges;
	int unused = -ENOSPC;

	for (int i = 0; i < XLB_MAX_RANGES; i++) {
		if (is_taken(v, group, i))
			continue;
		if (!memcmp(&old[i], wanted, sizeof(*wanted)))
			return i;
		if (!old[i].n && unused < 0)
			unused = i;
	}
	return unused;
}

static int place_ranges(struct vip_work *v)
{
	struct image *next = v->w->next;

	memset(next->ranges, 0, sizeof(next->ranges));
	for (size_t i = 0; i < v->n_groups; i++) {
		int index = range_index(v, i);

		if (index < 0)
			return image_fail(v->w, index, "no room for changed port ranges");
		v->index[i] = index;
		next->ranges[index] = v->groups[i].ranges;
	}
	next->settings.has_ranges = v->n_groups > 0;
	return 0;
}

static int place_range_vips(struct vip_work *v)
{
	for (size_t i = 0; i < v->n_groups; i++) {
		struct xlb_vip vip = vip_of(&v->groups[i].addr, v->groups[i].proto, 0);
		int err;

		vip.listen = v->index[i];
		vip.flags = XLB_VIP_RANGES;
		err = place_vip(v, &vip);
		if (err)
			return err;
	}
	return 0;
}

/* ---- all of them --------------------------------------------------------------------------- */
static int place_listen(struct vip_work *v, uint16_t service, const struct desired_listen *l)
{
	int listen;

	if (l->addr.family != AF_INET && l->addr.family != AF_INET6)
		return image_fail(v->w, -EINVAL, "%s: listen address of no family",
				  v->w->next->services[service].name);
	if (!l->port_lo || l->port_hi < l->port_lo)
		return image_fail(v->w, -EINVAL, "%s: ports %u to %u are no range",
				  v->w->next->services[service].name, l->port_lo, l->port_hi);
	listen = listen_id(v->w, service, &l->addr);
	if (listen < 0)
		return listen;
	if (l->port_lo == l->port_hi)
		return place_port(v, service, l, listen);
	return v->enter ? 0 : collect_range(v, service, l, listen);
}

static int place_listens(struct vip_work *v)
{
	const struct desired *desired = v->w->in->desired;

	for (size_t i = 0; i < desired->n_services; i++) {
		const struct desired_service *s = &desired->services[i];

		for (size_t j = 0; j < s->n_listens; j++) {
			int err = place_listen(v, v->w->slots[i], &s->listens[j]);

			if (err)
				return err;
		}
	}
	return 0;
}

static void remove_unseen(struct xlb_vip *table)
{
	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++)
		if (vip_is_live(&table[i]) && !(table[i].flags & VIP_SEEN))
			vips_remove(table, i);
	vips_tidy(table);
}

static void forget_seen(struct image *next)
{
	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++)
		next->vips[i].flags &= ~VIP_SEEN;
}

static int place_all(struct vip_work *v)
{
	int err = place_listens(v);

	if (!err)
		err = place_ranges(v);
	if (!err)
		err = place_range_vips(v);
	if (err)
		return err;
	remove_unseen(v->w->next->vips);
	v->enter = true;
	err = place_listens(v);
	if (!err)
		err = place_range_vips(v);
	forget_seen(v->w->next);
	return err;
}

/* What no service claims below is on its way out. */
static void let_listens_go(struct image_work *w)
{
	for (int i = 0; i < IMAGE_MAX_LISTENS; i++) {
		struct slot_state *state = &w->next->listens[i].state;

		if (state->phase != SLOT_WANTED)
			continue;
		state->phase = SLOT_LEAVING;
		state->clean_at = w->in->scan->done + 2;
	}
}

int image_next_vips(struct image_work *w)
{
	struct vip_work *v = calloc(1, sizeof(*v));
	int err = -ENOMEM;

	let_listens_go(w);
	if (v) {
		v->w = w;
		v->groups = calloc(XLB_MAX_RANGES, sizeof(*v->groups));
	}
	if (v && v->groups)
		err = place_all(v);
	if (v)
		free(v->groups);
	free(v);
	return err;
}
