/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/image.h"
#include "dataplane/vips.h"

struct plan {
	struct plan_op *ops;
	size_t n;
	size_t room;
};

struct differ {
	const struct image *prev;
	const struct image *next;
	uint64_t scans_done;
	plan_ifname *ifname;
	struct plan *plan;
	int err; /* the first failure; add() does nothing after it */
};

size_t plan_size(const struct plan *plan)
{
	return plan->n;
}

const struct plan_op *plan_get(const struct plan *plan, size_t i)
{
	return &plan->ops[i];
}

struct plan_op *plan_op(struct plan *plan, size_t i)
{
	return &plan->ops[i];
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n; i++)
		free(plan->ops[i].text);
	free(plan->ops);
	free(plan);
}

/* ---- writing ------------------------------------------------------------------------------- */
static bool make_room(struct plan *plan)
{
	size_t room = plan->room ? plan->room * 2 : 64;
	struct plan_op *ops;

	if (plan->n < plan->room)
		return true;
	ops = realloc(plan->ops, room * sizeof(*ops));
	if (!ops)
		return false;
	plan->ops = ops;
	plan->room = room;
	return true;
}

static void __attribute__((format(printf, 4, 5)))
add(struct differ *d, enum plan_op_type type, uint32_t index, const char *format, ...)
{
	struct plan_op op = { .type = type, .index = index };
	va_list args;

	if (d->err)
		return;
	va_start(args, format);
	if (vasprintf(&op.text, format, args) < 0)
		op.text = NULL;
	va_end(args);
	if (!op.text || !make_room(d->plan)) {
		free(op.text);
		d->err = -ENOMEM;
		return;
	}
	d->plan->ops[d->plan->n++] = op;
}

static const char *if_text(const struct differ *d, uint32_t ifindex, char buf[IF_NAMESIZE])
{
	buf[0] = 0;
	d->ifname(ifindex, buf);
	if (!buf[0])
		snprintf(buf, IF_NAMESIZE, "if%u", ifindex);
	return buf;
}

static const char *mac_text(const uint8_t mac[6], char buf[18])
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return buf;
}

static const char *flags_text(uint8_t flags)
{
	if (flags & XLB_HOST_NEW)
		return "takes flows";
	return flags ? "keeps its flows" : "out of use";
}

static const char *proto_text(uint8_t proto)
{
	return proto == IPPROTO_UDP ? "udp" : "tcp";
}

/* ---- hosts --------------------------------------------------------------------------------- */
/* host [verb] SLOT SERVICE ADDR …; of the image in which the slot has an owner. */
static void add_host(struct differ *d, enum plan_op_type type, uint32_t slot, const char *verb,
		     const struct image *image)
{
	const struct xlb_host *h = &image->hosts[slot];
	char addr[INET6_ADDRSTRLEN] = "?", interface[IF_NAMESIZE], mac[18];

	inet_ntop(h->family, h->addr, addr, sizeof(addr));
	add(d, type, slot, "host %s %u %s %s via %s %s weight %u, %s", verb, slot,
	    image->services[h->service].name, addr, if_text(d, h->ifindex, interface),
	    mac_text(h->dst_mac, mac), h->weight, flags_text(h->flags));
}

static bool same_host(const struct xlb_host *a, const struct xlb_host *b)
{
	return a->family == b->family && a->service == b->service &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Differs in something else than flags that are lost. */
static bool host_gains(const struct xlb_host *a, const struct xlb_host *b)
{
	struct xlb_host kept = *b;

	if (!b->family)
		return false;
	if (!same_host(a, b))
		return true;
	kept.flags |= a->flags;
	return memcmp(a, &kept, sizeof(kept)) != 0;
}

static void diff_host_gain(struct differ *d, uint32_t slot)
{
	const struct xlb_host *a = &d->prev->hosts[slot], *b = &d->next->hosts[slot];

	if (!host_gains(a, b))
		return;
	if (!a->flags && b->flags && d->prev->host_state[slot].clean_at > d->scans_done)
		add_host(d, PLAN_FORGET, slot, "forget entries of", d->next);
	add_host(d, PLAN_HOST_GAIN, slot, same_host(a, b) ? "change" : "add", d->next);
}

static void diff_host_lose(struct differ *d, uint32_t slot)
{
	const struct xlb_host *a = &d->prev->hosts[slot], *b = &d->next->hosts[slot];

	if (a->family && !b->family)
		add_host(d, PLAN_HOST_LOSE, slot, "remove", d->prev);
	else if (same_host(a, b) && (a->flags & ~b->flags))
		add_host(d, PLAN_HOST_LOSE, slot, "change", d->next);
}

/* ---- interfaces and MACs ------------------------------------------------------------------- */
static void diff_tx_ports(struct differ *d, bool gain)
{
	for (uint32_t i = 0; i < XLB_MAX_TX_PORTS; i++) {
		uint32_t a = d->prev->tx_ports[i], b = d->next->tx_ports[i];
		char name[IF_NAMESIZE];

		if (a == b || gain != (b != 0))
			continue;
		if (gain)
			add(d, PLAN_TX_PORT, i, "egress %u add %s", i, if_text(d, b, name));
		else
			add(d, PLAN_TX_PORT, i, "egress %u remove %s", i, if_text(d, a, name));
	}
}

/* The image's entry with the same key, or NULL. */
static const struct image_mac *find_mac(const struct image *image, const struct image_mac *mac)
{
	size_t low = 0, high = image->n_macs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t raw = image->macs[middle].key.raw;

		if (raw == mac->key.raw)
			return &image->macs[middle];
		if (raw < mac->key.raw)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void diff_macs(struct differ *d, bool gain)
{
	const struct image *image = gain ? d->next : d->prev, *other = gain ? d->prev : d->next;

	for (size_t i = 0; i < image->n_macs; i++) {
		const struct image_mac *m = &image->macs[i], *found = find_mac(other, m);
		char mac[18];

		if (gain && (!found || found->host != m->host))
			add(d, PLAN_MAC_ADD, i, "loop guard %s add %s",
			    d->next->services[m->key.service].name, mac_text(m->key.mac, mac));
		else if (!gain && !found)
			add(d, PLAN_MAC_DELETE, i, "loop guard %s remove %s",
			    d->prev->services[m->key.service].name, mac_text(m->key.mac, mac));
	}
}

/* ---- services ------------------------------------------------------------------------------ */
static uint32_t count_changed_rows(const struct image_rows *a, const struct image_rows *b)
{
	const struct xlb_row none = { XLB_HOST_NONE, XLB_HOST_NONE };
	uint32_t n = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		const struct xlb_row *x = a ? &a->table.row[i] : &none;
		const struct xlb_row *y = b ? &b->table.row[i] : &none;

		n += x->cur != y->cur || x->prev != y->prev;
	}
	return n;
}

static const char *service_name(const struct differ *d, uint32_t slot)
{
	const struct xlb_service *s = &d->next->services[slot];

	return s->name[0] ? s->name : d->prev->services[slot].name;
}

static void diff_rows(struct differ *d, uint32_t slot)
{
	const struct image_rows *a = d->prev->rows[slot], *b = d->next->rows[slot];
	uint32_t n = a == b ? 0 : count_changed_rows(a, b);

	if (n)
		add(d, PLAN_ROWS, slot, "rows %s: %u of %u change", service_name(d, slot), n,
		    XLB_ROWS);
}

static void diff_pool(struct differ *d, uint32_t slot, bool gain)
{
	const struct image_pool *a = d->prev->pools[slot], *b = d->next->pools[slot];

	if (a == b || gain != (b != NULL) ||
	    (a && b && !memcmp(&a->pool, &b->pool, sizeof(a->pool))))
		return;
	add(d, PLAN_POOL, slot, "pool %s: %u hosts", service_name(d, slot),
	    b ? b->pool.n_hosts : 0);
}

/* A service that begins to look for entries does so before its rows say that there is no need. */
static bool service_is_early(const struct xlb_service *a, const struct xlb_service *b)
{
	return a->name[0] && (b->flags & ~a->flags);
}

static void diff_service(struct differ *d, uint32_t slot, bool early)
{
	const struct xlb_service *a = &d->prev->services[slot], *b = &d->next->services[slot];

	if (b->name[0] && memcmp(a, b, sizeof(*a)) && early == service_is_early(a, b))
		add(d, PLAN_SERVICE, slot, "service %s %u %s %s", a->name[0] ? "change" : "add",
		    slot, b->name, proto_text(b->proto));
}

static void diff_service_clear(struct differ *d, uint32_t slot)
{
	const struct xlb_service *a = &d->prev->services[slot], *b = &d->next->services[slot];

	if (a->name[0] && !b->name[0])
		add(d, PLAN_SERVICE_CLEAR, slot, "service remove %u %s %s", slot, a->name,
		    proto_text(a->proto));
}

/* ---- VIPs ---------------------------------------------------------------------------------- */
static void add_vip(struct differ *d, uint32_t slot, const char *verb, const struct image *image)
{
	const struct xlb_vip *v = &image->vips[slot];
	char addr[INET6_ADDRSTRLEN] = "?", interface[IF_NAMESIZE];

	inet_ntop(v->family, v->addr, addr, sizeof(addr));
	if (v->flags & XLB_VIP_RANGES)
		add(d, PLAN_VIP, slot, "vip %s %s %s port ranges, list %u", verb, addr,
		    proto_text(v->proto), v->listen);
	else
		add(d, PLAN_VIP, slot, "vip %s %s %s port %u%s%s for %s", verb, addr,
		    proto_text(v->proto), ntohs(v->port), v->ifindex ? " on " : "",
		    v->ifindex ? if_text(d, v->ifindex, interface) : "",
		    image->services[v->service].name);
}

/* Is the entry that slot loses to be found at another slot, whose turn is yet to come? */
static bool waits_for_copy(const struct differ *d, const bool *pending, uint32_t slot)
{
	const struct xlb_vip *old = &d->prev->vips[slot];

	if (!vip_is_live(old) || vip_same_key(old, &d->next->vips[slot]))
		return false;
	for (uint32_t i = 1; i < XLB_VIP_PROBES; i++) {
		uint32_t other = (slot + i) & (XLB_VIP_SLOTS - 1);

		if (pending[other] && vip_is_live(&d->next->vips[other]) &&
		    vip_same_key(old, &d->next->vips[other]))
			return true;
	}
	return false;
}

/* An entry moves to a slot further on only: going backwards, its copy is there before it goes. A
 * second round is for runs that wrap around the end. */
static void diff_vip_gains(struct differ *d, bool *pending)
{
	for (uint32_t i = 2 * XLB_VIP_SLOTS; i-- > 0;) {
		uint32_t slot = i & (XLB_VIP_SLOTS - 1);

		if (!pending[slot] || !vip_is_live(&d->next->vips[slot]) ||
		    (i >= XLB_VIP_SLOTS && waits_for_copy(d, pending, slot)))
			continue;
		pending[slot] = false;
		add_vip(d, slot, vip_is_live(&d->prev->vips[slot]) ? "change" : "add", d->next);
	}
}

static void diff_vip_losses(struct differ *d, bool *pending)
{
	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++)
		if (pending[i])
			add_vip(d, i, vip_is_live(&d->prev->vips[i]) ? "remove" : "tidy up",
				d->prev);
}

static void diff_vips(struct differ *d)
{
	bool *pending = calloc(XLB_VIP_SLOTS, sizeof(*pending));

	if (!pending) {
		d->err = -ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++)
		pending[i] =
			memcmp(&d->prev->vips[i], &d->next->vips[i], sizeof(d->prev->vips[i])) != 0;
	diff_vip_gains(d, pending);
	diff_vip_losses(d, pending);
	free(pending);
}

static void diff_ranges(struct differ *d, bool gain)
{
	for (uint32_t i = 0; i < XLB_MAX_RANGES; i++) {
		const struct xlb_ranges *a = &d->prev->ranges[i], *b = &d->next->ranges[i];

		if (!memcmp(a, b, sizeof(*a)) || gain != (b->n != 0))
			continue;
		if (gain)
			add(d, PLAN_RANGES, i, "port ranges list %u: %u", i, b->n);
		else
			add(d, PLAN_RANGES_CLEAR, i, "port ranges list %u: none", i);
	}
}

static void diff_settings(struct differ *d, bool gain)
{
	uint32_t a = d->prev->settings.has_ranges, b = d->next->settings.has_ranges;

	if (a != b && gain == (b != 0))
		add(d, PLAN_SETTINGS, 0, "look up port ranges: %s", b ? "yes" : "no");
}

/* ---- NAT ----------------------------------------------------------------------------------- */
static bool target_is_live(const struct xlb_target *t)
{
	return t->family && !(t->flags & XLB_TARGET_DELETED);
}

static void add_target(struct differ *d, enum plan_op_type type, uint32_t slot, const char *verb,
		       const struct xlb_target *t)
{
	const __be32 nobody[4] = { 0 };
	char host[INET6_ADDRSTRLEN] = "?", nat[INET6_ADDRSTRLEN] = "?";
	bool transparent = !memcmp(t->nat_addr, nobody, sizeof(nobody));

	inet_ntop(t->family, t->host_addr, host, sizeof(host));
	inet_ntop(t->family, t->nat_addr, nat, sizeof(nat));
	add(d, type, slot, "nat %s %u %s %s port %u from %s ports %u to %u", verb, slot,
	    proto_text(t->proto), host, ntohs(t->host_port), transparent ? "the client" : nat,
	    t->port_lo, t->port_hi);
}

static void diff_targets(struct differ *d, enum plan_op_type type)
{
	for (uint32_t i = 0; i < XLB_TARGET_SLOTS; i++) {
		const struct xlb_target *a = &d->prev->targets[i], *b = &d->next->targets[i];
		bool was = target_is_live(a), is = target_is_live(b);

		if (!memcmp(a, b, sizeof(*a)))
			continue;
		if (type == PLAN_TARGET_ADD && !was && is)
			add_target(d, type, i, "add", b);
		else if (type == PLAN_TARGET && was && is)
			add_target(d, type, i, "change", b);
		else if (type == PLAN_TARGET_CLEAR && !is && was)
			add_target(d, type, i, "remove", a);
		else if (type == PLAN_TARGET_CLEAR && !is)
			add(d, type, i, "nat tidy up %u", i);
	}
}

static void diff_nat_listens(struct differ *d, bool gain)
{
	for (uint32_t i = 0; i < XLB_MAX_LISTENS; i++) {
		const struct xlb_listen *a = &d->prev->nat_listens[i];
		const struct xlb_listen *b = &d->next->nat_listens[i], *shown = gain ? b : a;
		char addr[INET6_ADDRSTRLEN] = "?";

		if (!memcmp(a, b, sizeof(*a)) || gain != (b->family != 0))
			continue;
		inet_ntop(shown->family, shown->addr, addr, sizeof(addr));
		add(d, gain ? PLAN_LISTEN : PLAN_LISTEN_CLEAR, i, "listen %u %s %s %s", i,
		    gain ? "is" : "was", proto_text(shown->proto), addr);
	}
}

/* ---- the order ----------------------------------------------------------------------------- */
static void diff_all(struct differ *d)
{
	diff_settings(d, true);
	diff_tx_ports(d, true);
	diff_nat_listens(d, true);
	diff_targets(d, PLAN_TARGET_ADD);
	diff_targets(d, PLAN_TARGET);
	diff_macs(d, true);
	for (uint32_t i = 0; i < XLB_MAX_HOSTS; i++)
		diff_host_gain(d, i);
	for (uint32_t i = 0; i < XLB_MAX_SERVICES; i++) {
		diff_pool(d, i, true);
		diff_service(d, i, true);
		diff_rows(d, i);
	}
	for (uint32_t i = 0; i < XLB_MAX_SERVICES; i++) {
		diff_service(d, i, false);
		diff_pool(d, i, false);
	}
	diff_ranges(d, true);
	diff_vips(d);
	diff_ranges(d, false);
	diff_settings(d, false);
	for (uint32_t i = 0; i < XLB_MAX_SERVICES; i++)
		diff_service_clear(d, i);
	for (uint32_t i = 0; i < XLB_MAX_HOSTS; i++)
		diff_host_lose(d, i);
	diff_macs(d, false);
	diff_tx_ports(d, false);
	diff_targets(d, PLAN_TARGET_CLEAR);
	diff_nat_listens(d, false);
}

int plan_diff(const struct image *prev, const struct image *next, uint64_t scans_done,
	      plan_ifname *ifname, struct plan **ret)
{
	struct differ d = { .prev = prev,
			    .next = next,
			    .scans_done = scans_done,
			    .ifname = ifname,
			    .plan = calloc(1, sizeof(*d.plan)) };

	if (!d.plan)
		return -ENOMEM;
	diff_all(&d);
	if (d.err) {
		plan_free(d.plan);
		return d.err;
	}
	*ret = d.plan;
	return 0;
}
