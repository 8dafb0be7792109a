/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Ports, and the listen lines of redirects and relays. */
#include <netdb.h>
#include <string.h>

#include "config/parse.h"

#define MAX_PORT 65535

static const struct port_range no_port;

struct port_range port_number(struct parse *p, struct cfg_pos pos, int64_t port)
{
	if (port < 1 || port > MAX_PORT) {
		parse_error(p, pos, "1 to 65535", "invalid port: %lld", (long long)port);
		return no_port;
	}
	return (struct port_range){ (uint16_t)port, (uint16_t)port };
}

/* A number, or a service of tcp or udp; 0 if it is neither. */
static uint16_t one_port(const char *name, size_t len)
{
	static const char *const protocols[] = { "tcp", "udp" };
	char text[64], buffer[1024];
	struct servent entry, *found;
	unsigned long port = 0;

	if (len == 0 || len >= sizeof(text))
		return 0;
	memcpy(text, name, len);
	text[len] = '\0';
	if (text[strspn(text, "0123456789")] == '\0') {
		for (const char *c = text; *c && port <= MAX_PORT; c++)
			port = port * 10 + (unsigned long)(*c - '0');
		return port <= MAX_PORT ? (uint16_t)port : 0;
	}
	for (size_t i = 0; i < 2; i++) {
		if (getservbyname_r(text, protocols[i], &entry, buffer, sizeof(buffer), &found) ==
			    0 &&
		    found)
			return ntohs((uint16_t)found->s_port);
	}
	return 0;
}

struct port_range port_name(struct parse *p, struct cfg_pos pos, const char *name)
{
	const char *colon = strchr(name, ':');
	struct port_range range;

	range.lo = one_port(name, colon ? (size_t)(colon - name) : strlen(name));
	range.hi = colon ? one_port(colon + 1, strlen(colon + 1)) : range.lo;
	if (range.lo == 0 || range.hi == 0) {
		parse_error(p, pos, "a number, a range as in 8000:8010, or a name of /etc/services",
			    "invalid port: %s", name);
		return no_port;
	}
	if (range.lo > range.hi) {
		parse_error(p, pos, NULL, "invalid port range: %s", name);
		return no_port;
	}
	return range;
}

uint8_t listen_protocol(struct parse *p, struct cfg_pos pos, const char *name)
{
	if (strcmp(name, "tcp") == 0)
		return IPPROTO_TCP;
	if (strcmp(name, "udp") == 0)
		return IPPROTO_UDP;
	parse_error(p, pos, "tcp or udp", "invalid protocol: %s", name);
	return IPPROTO_TCP;
}

/* Nobody connects to these. */
static bool is_listen_address(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET)
		return !IN_MULTICAST(ntohl(addr->v4.s_addr)) &&
		       addr->v4.s_addr != htonl(INADDR_BROADCAST);
	return !IN6_IS_ADDR_MULTICAST(&addr->v6) && !IN6_IS_ADDR_V4MAPPED(&addr->v6);
}

static bool is_any(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET)
		return addr->v4.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&addr->v6);
}

/* The addresses of a listen line: at least 1 (AF_UNSPEC if the box knows none), 0 on error. */
static unsigned listen_addresses(struct parse *p, const struct cfg_listen *line,
				 struct cfg_addr *ret_addrs, unsigned max)
{
	unsigned n;

	memset(ret_addrs, 0, sizeof(*ret_addrs));
	if (address_parse(line->name, ret_addrs)) {
		if (is_listen_address(ret_addrs))
			return 1;
		parse_error(p, line->pos, NULL, "invalid virtual ip: %s", line->name);
		return 0;
	}
	if (address_looks_numeric(line->name)) {
		parse_error(p, line->pos, NULL, "invalid virtual ip: %s is not an address",
			    line->name);
		return 0;
	}
	n = address_resolve(p, line->pos, line->name, ret_addrs, max);
	return n ? n : 1;
}

static bool append(struct parse *p, struct cfg_listen **list, const struct cfg_listen *line,
		   const struct cfg_addr *addr, bool further)
{
	struct cfg_listen *listen = arena_alloc(p->arena, sizeof(*listen));

	if (!listen)
		return false;
	*listen = *line;
	listen->addr = *addr;
	listen->further = further;
	while (*list)
		list = &(*list)->next;
	*list = listen;
	return true;
}

void redirect_listen(struct parse *p, struct cfg_pos pos, const struct cfg_listen *line)
{
	struct cfg_addr addrs[CFG_MAX_LISTEN + 1];
	unsigned n;

	if (line->interface)
		interface_check(p, pos, line->interface);
	n = listen_addresses(p, line, addrs, CFG_MAX_LISTEN + 1);
	if (!p->redirect || n == 0)
		return;
	if (is_any(&addrs[0]) && addrs[0].family != AF_UNSPEC)
		parse_error(p, line->pos, "name the address, or an interface that has it",
			    "a redirect cannot listen on all addresses");
	for (unsigned i = 0; i < n; i++) {
		if (p->redirect->n_listen == CFG_MAX_LISTEN) {
			parse_error(p, line->pos, NULL,
				    "redirection %s has more than %d listen addresses",
				    p->redirect->name, CFG_MAX_LISTEN);
			return;
		}
		if (append(p, &p->redirect->listen, line, &addrs[i], i > 0))
			p->redirect->n_listen++;
	}
}

void relay_listen(struct parse *p, struct cfg_pos pos, const struct cfg_listen *line)
{
	struct cfg_addr addr;

	if (line->tls)
		service_refuse(p, pos, "listen … tls", "xlb does not terminate TLS",
			       "without \"tls\" the hosts terminate it, with their certificates");
	if (line->port_lo != line->port_hi)
		parse_error(p, line->pos, NULL, "invalid port: a relay listens on one");
	if (listen_addresses(p, line, &addr, 1) == 0 || !p->relay)
		return;
	if (append(p, &p->relay->listen, line, &addr, false))
		p->relay->n_listen++;
}
