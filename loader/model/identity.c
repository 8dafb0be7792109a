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

static bool same_check(const struct cfg_check *a, const struct cfg_check *b)
{
	return a->type == b->type && a->tls == b->tls && a->code == b->code &&
	       same_text(a->path, b->path) && same_text(a->host, b->host) &&
	       same_text(a->digest, b->digest) && same_text(a->send, b->send) &&
	       same_text(a->expect, b->expect);
}

bool same_way(const struct cfg_target *a, const struct cfg_target *b)
{
	return a->route == b->route && same_text(a->interface, b->interface);
}

bool same_instance(const struct table *a, const struct table *b)
{
	return strcmp(a->name, b->name) == 0 && same_way(a->target, b->target) &&
	       same_check(&a->target->check, &b->target->check) &&
	       a->target->timeout_ms == b->target->timeout_ms &&
	       a->target->interval_s == b->target->interval_s &&
	       same_text(a->target->demote, b->target->demote);
}
