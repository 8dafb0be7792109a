/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A host's states: what results, next hops and the administrator make of it. */
#include "model/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/identity.h"

/* What becomes of a host in `state` when a check says `result`; `tolerated`: retries are left. */
struct transition {
	enum host_health next;
	enum host_health next_if_tolerated;
};

static const struct transition transitions[3][3] = {
	/* clang-format off */
	[HOST_UNKNOWN] = {
		[HOST_UNKNOWN]	= { HOST_UNKNOWN, HOST_UNKNOWN },
		[HOST_UP]	= { HOST_UP,	  HOST_UP },
		[HOST_DOWN]	= { HOST_DOWN,	  HOST_UNKNOWN },
	},
	[HOST_UP] = {
		[HOST_UNKNOWN]	= { HOST_UNKNOWN, HOST_UNKNOWN },
		[HOST_UP]	= { HOST_UP,	  HOST_UP },
		[HOST_DOWN]	= { HOST_DOWN,	  HOST_UP },
	},
	[HOST_DOWN] = {
		[HOST_UNKNOWN]	= { HOST_UNKNOWN, HOST_UNKNOWN },
		[HOST_UP]	= { HOST_UP,	  HOST_UP },
		[HOST_DOWN]	= { HOST_DOWN,	  HOST_DOWN },
	},
	/* clang-format on */
};

static void set_health(struct host *h, enum host_health health, uint64_t now_ms)
{
	if (health != h->health)
		h->changed_at = now_ms;
	h->health = health;
	if (health != HOST_UNKNOWN)
		h->last_known = health;
}

static bool takes_results(const struct host *h)
{
	return h->admin != HOST_DISABLED && !h->table->disabled;
}

static void count_result(struct host *h)
{
	if (h->health == HOST_UNKNOWN)
		return;
	h->checks++;
	if (h->health == HOST_UP)
		h->checks_up++;
}

static void step(struct host *h, enum host_health result, uint64_t now_ms)
{
	const struct transition *t = &transitions[h->health][result];
	bool tolerated = result == HOST_DOWN && h->retries_left > 0;

	if (tolerated)
		h->retries_left--;
	else
		h->retries_left = h->conf->retry;
	set_health(h, tolerated ? t->next_if_tolerated : t->next, now_ms);
	count_result(h);
}

void host_probe_result(struct host *h, const struct probe_result *result, uint64_t now_ms,
		       struct host_change *ret)
{
	*ret = (struct host_change){ .host = h, .before = h->health, .after = h->health };
	if (!takes_results(h)) {
		ret->ignored = true;
		return;
	}
	snprintf(h->reason, sizeof(h->reason), "%s", result->reason);
	h->latency_ms = result->latency_ms;
	if (result->not_made)
		return;
	step(h, result->health, now_ms);
	ret->after = h->health;
	ret->changed = ret->before != ret->after;
}

void host_follow_parent(struct host *child, const struct probe_result *result, uint64_t now_ms,
			struct host_change *ret)
{
	struct probe_result copy = *result;

	copy.health = child->parent->health;
	host_probe_result(child, &copy, now_ms, ret);
}

void host_adopt(struct host *h, enum host_health health, uint64_t now_ms)
{
	if (h->health == HOST_UNKNOWN && takes_results(h))
		set_health(h, health, now_ms);
}

/* Without a check there is nothing that could say "down". */
static void forget_health(struct host *h)
{
	bool unchecked = h->table->target->check.type == CFG_CHECK_NONE;

	h->health = unchecked && takes_results(h) ? HOST_UP : HOST_UNKNOWN;
	h->checks = 0;
	h->checks_up = 0;
	h->retries_left = h->conf->retry;
	h->reason[0] = '\0';
	h->latency_ms = 0;
}

static void set_admin(struct host *h, enum host_admin admin)
{
	bool forget = (h->admin == HOST_DISABLED) != (admin == HOST_DISABLED);

	h->admin = admin;
	if (forget)
		forget_health(h);
}

int host_set_admin(struct host *h, enum host_admin admin)
{
	if (h->parent)
		return -EPERM;
	set_admin(h, admin);
	for (struct host *c = h->children; c; c = c->next_sibling)
		set_admin(c, admin);
	return 0;
}

void table_set_disabled(struct table *t, bool disabled)
{
	if (t->disabled == disabled)
		return;
	t->disabled = disabled;
	for (unsigned i = 0; i < t->n_hosts; i++)
		forget_health(&t->hosts[i]);
}

static bool same_source(const struct next_hop *a, const struct next_hop *b)
{
	return a->src_addr.family == AF_UNSPEC ? b->src_addr.family == AF_UNSPEC :
						 same_addr(&a->src_addr, &b->src_addr);
}

/* The gateway is for display; frames are made of the rest. */
bool host_set_next_hop(struct host *h, const struct next_hop *next_hop)
{
	const struct next_hop old = h->next_hop;

	h->next_hop = *next_hop;
	if (old.state != next_hop->state)
		return old.state == NEXT_HOP_OK || next_hop->state == NEXT_HOP_OK;
	return next_hop->state == NEXT_HOP_OK &&
	       (old.ifindex != next_hop->ifindex ||
		!same_source(&old, next_hop) ||
		memcmp(old.dst_mac, next_hop->dst_mac, sizeof(old.dst_mac)) != 0 ||
		memcmp(old.src_mac, next_hop->src_mac, sizeof(old.src_mac)) != 0);
}

bool host_is_checked(const struct host *h)
{
	return takes_results(h) && !h->parent && h->table->target->check.type != CFG_CHECK_NONE;
}

bool host_is_up(const struct host *h)
{
	return h->admin == HOST_ENABLED && !h->table->disabled && h->health == HOST_UP;
}

bool host_usable(const struct host *h)
{
	return host_is_up(h) && h->next_hop.state == NEXT_HOP_OK;
}

/* The listener's: services that listen with both are not served. */
static sa_family_t nat_family(const struct service *s)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next)
		if (l->addr.family != AF_UNSPEC)
			return l->addr.family;
	return AF_UNSPEC;
}

const char *service_leaves_out(const struct service *s, const struct host *h)
{
	sa_family_t listens = s->nat ? nat_family(s) : AF_UNSPEC;

	if (listens == AF_UNSPEC || h->conf->addr.family == AF_UNSPEC ||
	    h->conf->addr.family == listens)
		return NULL;
	return listens == AF_INET ? "it listens on IPv4, and the host has an IPv6 address" :
				    "it listens on IPv6, and the host has an IPv4 address";
}

bool service_can_use(const struct service *s, const struct host *h)
{
	if (!host_usable(h) || service_leaves_out(s, h))
		return false;
	return !s->nat || s->transparent || h->next_hop.src_addr.family == h->conf->addr.family;
}

bool host_keeps_flows(const struct host *h)
{
	return h->last_known != HOST_DOWN;
}

bool host_availability(const struct host *h, double *ret_percent)
{
	if (h->checks == 0)
		return false;
	*ret_percent = 100.0 * (double)h->checks_up / (double)h->checks;
	return true;
}
