/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "status listen on" lines: where the status page and the metrics are to be read. */
#include <string.h>

#include "config/parse.h"

#define MAX_HOST_NAME 253 /* of the DNS */

static bool is_bindable(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET6)
		return !IN6_IS_ADDR_MULTICAST(&addr->v6) && !IN6_IS_ADDR_V4MAPPED(&addr->v6) &&
		       !IN6_IS_ADDR_LINKLOCAL(&addr->v6); /* it would need a scope */
	return !IN_MULTICAST(ntohl(addr->v4.s_addr)) && addr->v4.s_addr != htonl(INADDR_BROADCAST);
}

static bool is_loopback(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&addr->v6);
	return ntohl(addr->v4.s_addr) >> 24 == 127;
}

static bool same(const struct cfg_status *a, const struct cfg_status *b)
{
	return a->port == b->port && a->addr.family == b->addr.family &&
	       memcmp(&a->addr.v6, &b->addr.v6, a->addr.family == AF_INET6 ? 16 : 4) == 0;
}

static bool is_host_name(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-._";
	size_t len = strlen(name);

	return len && len <= MAX_HOST_NAME && strspn(name, good) == len;
}

/* Where the next one goes; NULL: there can be none like this, and that has been said. */
static struct cfg_status **place_for(struct parse *p, const struct cfg_status *line)
{
	struct cfg_status **tail = &p->cfg->status;
	unsigned n = 0;

	for (; *tail; tail = &(*tail)->next, n++)
		if (same(*tail, line)) {
			parse_error(p, line->pos, NULL,
				    "status listen on %s port %u is there already", line->name,
				    line->port);
			return NULL;
		}
	if (n < CFG_MAX_STATUS)
		return tail;
	parse_error(p, line->pos, NULL, "more than %d status lines", CFG_MAX_STATUS);
	return NULL;
}

static bool is_right(struct parse *p, const struct cfg_status *line, struct port_range port)
{
	if (line->addr.family == AF_UNSPEC || !is_bindable(&line->addr)) {
		parse_error(p, line->pos, "an address of this machine, such as 127.0.0.1 or ::1",
			    "invalid status address: %s", line->name);
		return false;
	}
	if (port.lo != port.hi) {
		parse_error(p, line->pos, NULL, "invalid port: the status page is at one");
		return false;
	}
	if (line->host && !is_host_name(line->host)) {
		parse_error(p, line->pos, "as it stands in the DNS", "invalid host name: %s",
			    line->host);
		return false;
	}
	return port.lo != 0; /* else it has been said */
}

void global_status(struct parse *p, struct cfg_pos pos, const char *name, struct port_range port,
		   const char *host)
{
	struct cfg_status line = { .name = name, .port = port.lo, .host = host, .pos = pos };
	struct cfg_status **place, *status;

	if (!address_parse(name, &line.addr))
		line.addr.family = AF_UNSPEC;
	place = is_right(p, &line, port) ? place_for(p, &line) : NULL;
	status = place ? arena_alloc(p->arena, sizeof(*status)) : NULL;
	if (!status)
		return;
	*status = line;
	*place = status;
	if (!is_loopback(&line.addr))
		parse_warning(p, pos, "127.0.0.1 and ::1 are reached from this machine only",
			      "whoever reaches %s port %u can read the status page and the metrics",
			      name, port.lo);
}
