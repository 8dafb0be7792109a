/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The "pflow" line: what ifconfig(8) says of a pflow(4) interface on OpenBSD. */
#include <string.h>

#include "config/parse.h"

#define DEFAULT_PROTOCOL 5 /* as of a pflow(4) interface */

/* That one socket can send to or from without an interface's name. */
static bool is_unicast(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET6)
		return !IN6_IS_ADDR_MULTICAST(&addr->v6) && !IN6_IS_ADDR_UNSPECIFIED(&addr->v6) &&
		       !IN6_IS_ADDR_V4MAPPED(&addr->v6) && !IN6_IS_ADDR_LINKLOCAL(&addr->v6);
	return !IN_MULTICAST(ntohl(addr->v4.s_addr)) && addr->v4.s_addr != htonl(INADDR_ANY) &&
	       addr->v4.s_addr != htonl(INADDR_BROADCAST);
}

/* false: it cannot be one, and that has been said. AF_UNSPEC: the box does not know the name. */
static bool read_collector(struct parse *p, struct cfg_pos pos, const char *name,
			   struct cfg_addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!address_parse(name, ret)) {
		if (!address_looks_numeric(name)) {
			address_resolve(p, pos, name, ret, 1);
			return true;
		}
	} else if (is_unicast(ret)) {
		return true;
	}
	parse_error(p, pos, "the address or name of one machine", "invalid collector: %s", name);
	return false;
}

static bool read_source(struct parse *p, struct cfg_pflow *line)
{
	memset(&line->source, 0, sizeof(line->source));
	if (!line->source_name)
		return true;
	if (!address_parse(line->source_name, &line->source) || !is_unicast(&line->source)) {
		parse_error(p, line->pos, "an address of this machine",
			    "invalid source of pflow: %s", line->source_name);
		return false;
	}
	if (line->addr.family != AF_UNSPEC && line->addr.family != line->source.family) {
		parse_error(p, line->pos, "both of IPv4, or both of IPv6",
			    "pflow from %s cannot reach %s", line->source_name, line->name);
		return false;
	}
	if (!p->options->no_resolve && !address_is_here(&line->source))
		parse_warning(p, line->pos, "nothing is exported until an interface has it",
			      "no interface here has the address %s", line->source_name);
	return true;
}

static bool read_port(struct parse *p, struct cfg_pos pos, struct port_range port,
		      struct cfg_pflow *line)
{
	line->port = port.lo;
	if (port.lo == port.hi)
		return port.lo != 0; /* else it has been said */
	parse_error(p, pos, NULL, "a collector has one port");
	return false;
}

static bool read_protocol(struct parse *p, struct cfg_pos pos, int64_t protocol,
			  struct cfg_pflow *line)
{
	line->protocol = protocol < 0 ? DEFAULT_PROTOCOL : (unsigned)protocol;
	if (protocol < 0 || protocol == 5 || protocol == 10)
		return true;
	parse_error(p, pos, "5 (NetFlow 5) or 10 (IPFIX)", "invalid pflow protocol: %lld",
		    (long long)protocol);
	return false;
}

void global_pflow(struct parse *p, struct cfg_pos pos, const struct cfg_pflow *line,
		  struct port_range port, int64_t protocol, struct cfg_pos protocol_pos)
{
	struct cfg_pflow *pflow = arena_alloc(p->arena, sizeof(*pflow));

	if (!pflow)
		return;
	if (p->cfg->pflow) {
		parse_error(p, line->pos, NULL, "pflow is there already, to %s",
			    p->cfg->pflow->name);
		return;
	}
	*pflow = *line;
	if (read_collector(p, pos, line->name, &pflow->addr) && read_source(p, pflow) &&
	    read_port(p, pos, port, pflow) && read_protocol(p, protocol_pos, protocol, pflow))
		p->cfg->pflow = pflow;
}

static bool listens_on_ipv6(const struct cfg_listen *list)
{
	for (const struct cfg_listen *l = list; l; l = l->next)
		if (l->addr.family == AF_INET6)
			return true;
	return false;
}

void pflow_check(struct parse *p)
{
	const struct cfg_pflow *pflow = p->cfg->pflow;
	bool v6 = false;

	if (!pflow || pflow->protocol != 5)
		return;
	for (const struct cfg_redirect *r = p->cfg->redirects; r; r = r->next)
		v6 = v6 || listens_on_ipv6(r->listen);
	for (const struct cfg_relay *r = p->cfg->relays; r; r = r->next)
		v6 = v6 || listens_on_ipv6(r->listen);
	if (v6)
		parse_warning(p, pflow->pos, "use \"protocol 10\"",
			      "protocol 5 knows IPv4 only: connections of IPv6 are not exported");
}
