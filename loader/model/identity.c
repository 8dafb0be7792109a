/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/identity.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool same_addr(const struct cfg_addr *a, const struct cfg_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr == b->v4.s_addr;
	return a->family == AF_INET6 && memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0;
}

bool same_host(const struct cfg_host *a, const struct cfg_host *b)
{
	if (a->addr.family == AF_UNSPEC && b->addr.family == AF_UNSPEC)
		return strcmp(a->name, b->name) == 0;
	return same_addr(&a->addr, &b->addr);
}

bool same_way(const struct cfg_target *a, const struct cfg_target *b)
{
	return a->route == b->route && same_text(a->interface, b->interface);
}

bool same_instance(const struct table *a, const struct table *b)
{
	return strcmp(a->name, b->name) == 0 && same_way(a->target, b->target) &&
	       cfg_same_check(&a->target->check, &b->target->check) &&
	       a->target->timeout_ms == b->target->timeout_ms &&
	       a->target->interval_s == b->target->interval_s &&
	       same_text(a->target->demote, b->target->demote) &&
	       a->target->rise == b->target->rise && a->target->fall == b->target->fall &&
	       a->target->fast_interval_s == b->target->fast_interval_s &&
	       a->target->panic == b->target->panic;
}
