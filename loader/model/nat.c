/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which hosts a service can use, and under which addresses NAT speaks to them. */
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"
#include "model/model.h"

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

/* Are there "nat to" lines for the family? */
static bool names_nat(const struct service *s, sa_family_t family)
{
	for (const struct cfg_nat *nat = s->nat_to; nat; nat = nat->next)
		if (nat->addr.family == family)
			return true;
	return false;
}

static int compare_addrs(const void *a, const void *b)
{
	const struct cfg_addr *x = a, *y = b;

	return memcmp(&x->v6, &y->v6, x->family == AF_INET6 ? 16 : 4);
}

unsigned service_nat_addrs(const struct service *s, const struct host *h,
			   struct cfg_addr ret[CFG_MAX_NAT])
{
	const sa_family_t family = h->conf->addr.family;
	unsigned n = 0, place = 0;

	if (!s->nat || s->transparent)
		return 0;
	if (!names_nat(s, family)) {
		ret[0] = h->next_hop.src_addr;
		return ret[0].family == family;
	}
	for (const struct cfg_nat *nat = s->nat_to; nat; nat = nat->next, place++)
		if (nat->addr.family == family && !(s->nat_absent >> place & 1))
			ret[n++] = nat->addr;
	qsort(ret, n, sizeof(*ret), compare_addrs);
	return n;
}

bool service_can_use(const struct service *s, const struct host *h)
{
	struct cfg_addr addrs[CFG_MAX_NAT];

	if (!host_usable(h) || service_leaves_out(s, h))
		return false;
	return !s->nat || s->transparent || service_nat_addrs(s, h, addrs) > 0;
}

bool model_check_nat(struct model *m, bool (*is_here)(const struct cfg_addr *addr, void *data),
		     void (*tell)(const struct service *s, const struct cfg_nat *nat, bool here,
				  void *data),
		     void *data)
{
	bool changed = false;

	for (unsigned i = 0; i < m->n_services; i++) {
		struct service *s = &m->services[i];
		uint32_t bit = 1;

		for (const struct cfg_nat *nat = s->nat_to; nat; nat = nat->next, bit <<= 1) {
			bool here = is_here(&nat->addr, data);

			if (here == !(s->nat_absent & bit))
				continue;
			s->nat_absent ^= bit;
			changed = true;
			if (tell)
				tell(s, nat, here, data);
		}
	}
	return changed;
}
