/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/plan_flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/vips.h"

#define NONE UINT32_MAX

/* Ports of a listen that an operation takes away. */
struct loss {
	uint16_t port_lo; /* host byte order, inclusive */
	uint16_t port_hi;
	uint32_t op;
	uint32_t next; /* of the same listen, or NONE */
};

struct counting {
	struct plan *plan;
	const struct image *prev;
	const struct image *next;
	uint32_t host_op[XLB_MAX_HOSTS]; /* NONE: the host keeps its flows */
	uint32_t first[IMAGE_MAX_LISTENS];
	struct loss *losses;
	uint32_t n_losses;
	uint32_t room;
};

static bool has_entries(const struct xlb_service *s)
{
	return s->flags & (XLB_SERVICE_TRACK | XLB_SERVICE_STICKY | XLB_SERVICE_NAT);
}

static int add_loss(struct counting *c, uint16_t listen, uint16_t lo, uint16_t hi, uint32_t op)
{
	if (listen >= IMAGE_MAX_LISTENS)
		return 0;
	if (c->n_losses == c->room) {
		uint32_t room = c->room ? 2 * c->room : 64;
		struct loss *grown = reallocarray(c->losses, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		c->losses = grown;
		c->room = room;
	}
	c->losses[c->n_losses] =
		(struct loss){ .port_lo = lo, .port_hi = hi, .op = op, .next = c->first[listen] };
	c->first[listen] = c->n_losses++;
	return 0;
}

/* ---- what operations take away ------------------------------------------------------------- */
static void note_host(struct counting *c, uint32_t op)
{
	uint32_t slot = plan_get(c->plan, op)->index;
	const struct xlb_host *a = &c->prev->hosts[slot], *b = &c->next->hosts[slot];

	if (!a->flags || b->flags)
		return;
	c->host_op[slot] = op;
	plan_op(c->plan, op)->uncounted = !has_entries(&c->prev->services[a->service]);
}

/* The entry may only have moved to another slot of the table. */
static bool vip_is_kept(const struct counting *c, const struct xlb_vip *old)
{
	int slot = vips_find(c->next->vips, c->next->settings.hash_key, old);

	return slot >= 0 && c->next->vips[slot].service == old->service &&
	       c->next->vips[slot].listen == old->listen;
}

static int note_vip(struct counting *c, uint32_t op)
{
	const struct xlb_vip *old = &c->prev->vips[plan_get(c->plan, op)->index];

	if (!vip_is_live(old) || (old->flags & XLB_VIP_RANGES) || vip_is_kept(c, old))
		return 0;
	plan_op(c->plan, op)->uncounted = !has_entries(&c->prev->services[old->service]);
	return add_loss(c, old->listen, ntohs(old->port), ntohs(old->port), op);
}

static bool range_is_kept(const struct xlb_ranges *next, const struct xlb_range *old)
{
	for (uint32_t i = 0; i < next->n; i++)
		if (memcmp(&next->range[i], old, sizeof(*old)) == 0)
			return true;
	return false;
}

static int note_ranges(struct counting *c, uint32_t op)
{
	uint32_t list = plan_get(c->plan, op)->index;
	const struct xlb_ranges *old = &c->prev->ranges[list];
	int err = 0;

	for (uint32_t i = 0; i < old->n && !err; i++) {
		const struct xlb_range *r = &old->range[i];

		if (range_is_kept(&c->next->ranges[list], r))
			continue;
		if (!has_entries(&c->prev->services[r->service]))
			plan_op(c->plan, op)->uncounted = true;
		err = add_loss(c, r->listen, r->port_lo, r->port_hi, op);
	}
	return err;
}

static int note_operations(struct counting *c)
{
	int err = 0;

	for (uint32_t op = 0; op < plan_size(c->plan) && !err; op++)
		switch (plan_get(c->plan, op)->type) {
		case PLAN_HOST_LOSE:
			note_host(c, op);
			break;
		case PLAN_VIP:
			err = note_vip(c, op);
			break;
		case PLAN_RANGES:
		case PLAN_RANGES_CLEAR:
			err = note_ranges(c, op);
			break;
		default:
			break;
		}
	return err;
}

/* ---- flows and connections ----------------------------------------------------------------- */
static void count(const struct counting *c, uint32_t host, uint32_t listen, uint16_t port)
{
	uint32_t i;

	if (host >= XLB_MAX_HOSTS || listen >= IMAGE_MAX_LISTENS || !c->prev->hosts[host].flags)
		return;
	if (c->host_op[host] != NONE) {
		plan_op(c->plan, c->host_op[host])->flows++;
		return;
	}
	/* A client's entry names no port: it is of each. */
	for (i = c->first[listen]; i != NONE; i = c->losses[i].next)
		if (!port || (port >= c->losses[i].port_lo && port <= c->losses[i].port_hi))
			break;
	if (i != NONE)
		plan_op(c->plan, c->losses[i].op)->flows++;
}

static int count_flow(const struct flow_copy *flow, void *data)
{
	count(data, flow->meta.host, flow->meta.listen, ntohs(flow->port));
	return 0;
}

static int count_conn(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port, void *data)
{
	count(data, conn->host, conn->listen, ntohs(conn->port));
	return 0;
}

int plan_count_flows(struct plan *plan, const struct image *prev, const struct image *next,
		     const struct flow_tables *tables, uint32_t now)
{
	struct counting *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->plan = plan;
	c->prev = prev;
	c->next = next;
	memset(c->host_op, 0xff, sizeof(c->host_op));
	memset(c->first, 0xff, sizeof(c->first));
	err = note_operations(c);
	if (!err)
		err = flows_each(tables, now, count_flow, c);
	if (!err && tables->conns)
		err = conns_each(tables->conns, now, count_conn, c);
	free(c->losses);
	free(c);
	return err;
}
