/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "nat to" lines of relays: the addresses that their hosts see as the client. */
#include <string.h>

#include "config/parse.h"

static bool same(const struct cfg_addr *a, const struct cfg_addr *b)
{
	return a->family == b->family &&
	       memcmp(&a->v6, &b->v6, a->family == AF_INET6 ? 16 : 4) == 0;
}

/* Hosts answer to it. */
static bool is_own_address(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET6)
		return !IN6_IS_ADDR_MULTICAST(&addr->v6) && !IN6_IS_ADDR_UNSPECIFIED(&addr->v6) &&
		       !IN6_IS_ADDR_V4MAPPED(&addr->v6) && !IN6_IS_ADDR_LOOPBACK(&addr->v6) &&
		       !IN6_IS_ADDR_LINKLOCAL(&addr->v6);
	return !IN_MULTICAST(ntohl(addr->v4.s_addr)) && addr->v4.s_addr != htonl(INADDR_ANY) &&
	       addr->v4.s_addr != htonl(INADDR_BROADCAST) && ntohl(addr->v4.s_addr) >> 24 != 127;
}

/* Where the next one goes; NULL: there can be none like this, and that has been said. */
static struct cfg_nat **place_for(struct parse *p, struct cfg_pos pos, const char *name,
				  const struct cfg_addr *addr)
{
	struct cfg_nat **tail = &p->relay->nat;
	unsigned n = 0;

	for (; *tail; tail = &(*tail)->next) {
		if (same(&(*tail)->addr, addr)) {
			parse_error(p, pos, NULL, "nat to %s is there already", name);
			return NULL;
		}
		n += (*tail)->addr.family == addr->family;
	}
	if (n < CFG_MAX_NAT)
		return tail;
	parse_error(p, pos, NULL, "relay %s has more than %d NAT addresses of one family",
		    p->relay->name, CFG_MAX_NAT);
	return NULL;
}

void relay_nat(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct cfg_nat **place, *nat;
	struct cfg_addr addr;

	memset(&addr, 0, sizeof(addr));
	if (!address_parse(name, &addr) || !is_own_address(&addr)) {
		parse_error(p, pos, "an address of this machine that the hosts can reach",
			    "invalid NAT address: %s", name);
		return;
	}
	if (!p->relay)
		return;
	place = place_for(p, pos, name, &addr);
	nat = place ? arena_alloc(p->arena, sizeof(*nat)) : NULL;
	if (!nat)
		return;
	*nat = (struct cfg_nat){ .addr = addr, .name = name, .pos = pos };
	*place = nat;
	if (!p->options->no_resolve && !address_is_here(&addr))
		parse_warning(p, pos, "it is used as soon as an interface has it",
			      "no interface here has the NAT address %s", name);
}

static bool listens_with(const struct cfg_relay *relay, sa_family_t family)
{
	for (const struct cfg_listen *l = relay->listen; l; l = l->next)
		if (l->addr.family == family || l->addr.family == AF_UNSPEC)
			return true;
	return false;
}

void relay_check_nat(struct parse *p, const struct cfg_relay *relay)
{
	for (const struct cfg_target *t = relay->target; relay->nat && t; t = t->next)
		if (t->transparent) {
			parse_error(p, relay->nat->pos, "leave out one of them",
				    "nat to with \"transparent forward to\": the hosts see the "
				    "client's address");
			return;
		}
	for (const struct cfg_nat *nat = relay->nat; nat; nat = nat->next)
		if (!listens_with(relay, nat->addr.family))
			parse_warning(p, nat->pos, NULL,
				      "nat to %s is not used: relay %s does not listen on %s",
				      nat->name, relay->name,
				      nat->addr.family == AF_INET6 ? "IPv6" : "IPv4");
}
