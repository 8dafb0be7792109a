/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A host's states: what results, next hops and the administrator make of it. */
#include "model/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/identity.h"

/*
 * What becomes of a host's health when a check says something: at once, or while it takes more of
 * the same results in a row (rise, fall) to believe it. A host that was never checked is up by its
 * first success: rise is for those that come back.
 */
struct transition {
	enum host_health next;
	enum host_health next_if_too_few;
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
		[HOST_UP]	= { HOST_UP,	  HOST_DOWN },
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

/* Failures, and successes, that change nothing yet. */
static unsigned retries(const struct host *h)
{
	return cfg_fall(h->conf, h->table->target) - 1;
}

static unsigned rises(const struct host *h)
{
	return cfg_rise(h->conf, h->table->target) - 1;
}

static bool count_down(unsigned *left)
{
	if (*left == 0)
		return false;
	(*left)--;
	return true;
}

void host_reset_counting(struct host *h)
{
	h->retries_left = retries(h);
	h->rises_left = rises(h);
}

bool host_in_transition(const struct host *h)
{
	if (h->health == HOST_DOWN)
		return h->rises_left < rises(h);
	return h->retries_left < retries(h);
}

static void step(struct host *h, enum host_health result, uint64_t now_ms)
{
	const struct transition *t = &transitions[h->health][result];
	bool too_few = false;

	if (result == HOST_DOWN)
		too_few = count_down(&h->retries_left);
	else if (result == HOST_UP)
		too_few = count_down(&h->rises_left);
	if (result != HOST_DOWN || !too_few)
		h->retries_left = retries(h);
	if (result != HOST_UP || !too_few)
		h->rises_left = rises(h);
	set_health(h, too_few ? t->next_if_too_few : t->next, now_ms);
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
	host_reset_counting(h);
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
	       (old.ifindex != next_hop->ifindex || !same_source(&old, next_hop) ||
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
	bool wanted = host_is_up(h) || (h->table->panic && h->admin == HOST_ENABLED);

	return wanted && h->next_hop.state == NEXT_HOP_OK;
}

bool host_keeps_flows(const struct host *h)
{
	return h->last_known != HOST_DOWN || h->table->panic;
}

bool service_has_lost(const struct service *s, const struct cfg_addr *addr)
{
	bool found = false, keeps = false, reached = false;

	for (struct table **t = s->tables; *t; t++) {
		for (unsigned i = 0; i < (*t)->n_hosts; i++) {
			const struct host *h = &(*t)->hosts[i];

			if (!same_addr(&h->conf->addr, addr))
				continue;
			found = true;
			keeps |= host_keeps_flows(h);
			reached |= h->next_hop.state == NEXT_HOP_OK;
		}
	}
	return found && !(keeps && reached);
}

bool host_availability(const struct host *h, double *ret_percent)
{
	if (h->checks == 0)
		return false;
	*ret_percent = 100.0 * (double)h->checks_up / (double)h->checks;
	return true;
}
