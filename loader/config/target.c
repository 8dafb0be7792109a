/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "forward to" and "route to": a table (or a fixed address) and how it is checked and chosen from.
 */
#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "config/suggest.h"

#define MAX_SUGGESTIONS 64
#define MAX_SECONDS 86400

struct target_draft *target_draft(struct cfg_target *target)
{
	return (struct target_draft *)(void *)target;
}

static struct target_draft *target_new(struct parse *p, struct cfg_pos pos)
{
	struct target_draft *draft = arena_alloc(p->arena, sizeof(*draft));

	p->target = draft;
	if (!draft)
		return NULL;
	draft->target.pos = pos;
	draft->target.timeout_ms = p->cfg->timeout_ms;
	return draft;
}

static void report_unknown_table(struct parse *p, struct cfg_pos pos, const char *name)
{
	const char *names[MAX_SUGGESTIONS], *nearest;
	char hint[128];
	size_t n = 0;

	for (const struct cfg_table *t = p->cfg->tables; t && n < MAX_SUGGESTIONS; t = t->next)
		names[n++] = t->name;
	nearest = suggest_nearest(name, names, n);
	snprintf(hint, sizeof(hint), "did you mean <%s>?", nearest ? nearest : "");
	parse_error(p, pos, nearest ? hint : "define it above, with table <…> { … }",
		    "unknown table %s", name);
}

void target_begin(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct target_draft *draft = target_new(p, pos);
	struct cfg_table *table = table_find(p, name);

	if (!table && p->block != BLOCK_ROUTER)
		report_unknown_table(p, pos, name);
	if (!draft || !table)
		return;
	table->used = true;
	draft->target.table = table;
	draft->target.timeout_ms = table_draft(table)->timeout_ms;
}

void target_port(struct parse *p, struct cfg_pos pos, struct port_range port)
{
	if (!p->target || port.lo == 0)
		return;
	if (port.lo != port.hi) {
		parse_error(p, pos, "hosts are reached at one port", "invalid port");
		return;
	}
	if (p->target->port_pos.line)
		parse_warning(p, pos, NULL, "port set twice: this one counts");
	p->target->port_pos = pos;
	p->target->target.port = port.lo;
}

void target_timeout(struct parse *p, struct cfg_pos pos, int64_t ms)
{
	if (!p->target)
		return;
	if (ms < 1 || ms > MAX_SECONDS * 1000) {
		parse_error(p, pos, "in milliseconds, at least 1", "invalid timeout: %lld",
			    (long long)ms);
		return;
	}
	if (p->target->timeout_pos.line)
		parse_warning(p, pos, NULL, "timeout set twice: this one counts");
	p->target->timeout_pos = pos;
	p->target->target.timeout_ms = (unsigned)ms;
}

void target_interval(struct parse *p, struct cfg_pos pos, int64_t seconds)
{
	if (!p->target)
		return;
	if (seconds < 1 || seconds > MAX_SECONDS) {
		parse_error(p, pos, "1 to 86400 seconds", "invalid interval: %lld",
			    (long long)seconds);
		return;
	}
	if (p->target->interval_pos.line)
		parse_warning(p, pos, NULL, "interval set twice: this one counts");
	p->target->interval_pos = pos;
	p->target->target.interval_s = (unsigned)seconds;
}

/* Sets one number of the line, which must be in its range; set again, the later one counts. */
static void target_set(struct parse *p, struct cfg_pos pos, const char *what, unsigned *field,
		       int64_t n, int64_t max)
{
	if (n < 1 || n > max) {
		parse_error(p, pos, NULL, "invalid %s value: %lld (1 to %lld)", what, (long long)n,
			    (long long)max);
		return;
	}
	if (*field)
		parse_warning(p, pos, NULL, "%s set twice: this one counts", what);
	*field = (unsigned)n;
}

void target_rise(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (p->target)
		target_set(p, pos, "rise", &p->target->target.rise, n, CFG_MAX_COUNT);
}

void target_fall(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (p->target)
		target_set(p, pos, "fall", &p->target->target.fall, n, CFG_MAX_COUNT);
}

void target_fast_interval(struct parse *p, struct cfg_pos pos, int64_t seconds)
{
	if (!p->target)
		return;
	p->target->fast_pos = pos;
	target_set(p, pos, "fast interval", &p->target->target.fast_interval_s, seconds,
		   MAX_SECONDS);
}

void target_panic(struct parse *p, struct cfg_pos pos, int64_t percent)
{
	if (p->target)
		target_set(p, pos, "panic", &p->target->target.panic, percent, 100);
}

/* "50%" is a word to the lexer. */
void target_panic_word(struct parse *p, struct cfg_pos pos, const char *word)
{
	size_t digits = strspn(word, "0123456789");

	if (digits == 0 || digits > 9 || strcmp(word + digits, "%") != 0)
		parse_error(p, pos, "a part of the hosts, for instance 50%",
			    "invalid panic value: %s", word);
	else
		target_panic(p, pos, atoi(word));
}

void target_demote(struct parse *p, struct cfg_pos pos, const char *group)
{
	if (p->target)
		p->target->target.demote = group;
	parse_note(p, NOTE_DEMOTE, pos,
		   "let keepalived or a script follow the table's state (xlbctl monitor)",
		   "demote has no effect here: there is no carp(4) on Linux");
}

void target_mode(struct parse *p, struct cfg_pos pos, enum cfg_mode mode)
{
	if (!p->target)
		return;
	if (p->target->has_mode)
		parse_warning(p, pos, NULL, "mode set twice: this one counts");
	p->target->has_mode = true;
	p->target->mode_pos = pos;
	p->target->target.mode = mode;
}

static int hex_value(char digit)
{
	if (isdigit((unsigned char)digit))
		return digit - '0';
	return isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : -1;
}

static void key_from_hex(struct parse *p, struct cfg_pos pos, const char *digits, uint8_t key[16])
{
	if (strlen(digits) != 32) {
		parse_error(p, pos, NULL, "hex key must be 128 bits (32 hex digits) long");
		return;
	}
	for (int i = 0; i < 16; i++) {
		int high = hex_value(digits[2 * i]), low = hex_value(digits[2 * i + 1]);

		if (high < 0 || low < 0) {
			parse_error(p, pos, NULL, "invalid hex key");
			return;
		}
		key[i] = (uint8_t)(high << 4 | low);
	}
}

void target_key(struct parse *p, struct cfg_pos pos, const char *key)
{
	struct cfg_target *target;

	if (!p->target)
		return;
	target = &p->target->target;
	if (target->mode == CFG_MODE_ROUNDROBIN || target->mode == CFG_MODE_RANDOM ||
	    target->mode == CFG_MODE_LEAST_STATES) {
		parse_error(p, pos, "source-hash, loadbalance, hash and maglev take a key",
			    "key not supported by mode");
		return;
	}
	if (target->has_key)
		parse_error(p, pos, NULL, "key already specified");
	target->has_key = true;
	if (strncmp(key, "0x", 2) == 0)
		key_from_hex(p, pos, key + 2, target->key);
	else if (EVP_Digest(key, strlen(key), target->key, NULL, EVP_md5(), NULL) != 1)
		parse_error(p, pos, "write it as 0x and 32 hex digits",
			    "this system's OpenSSL has no MD5 to make a key of a text");
}

void target_check(struct parse *p, struct cfg_pos pos, const struct cfg_check *check)
{
	if (!p->target)
		return;
	if (p->target->check_pos.line)
		parse_warning(p, pos, NULL, "check set twice: this one counts");
	p->target->check_pos = pos;
	p->target->target.check = *check;
}

/* Where addresses are translated a host has no VIP that it could lack. */
static void refuse_dsr(struct parse *p)
{
	if (p->target->target.check.dsr)
		parse_error(p, p->target->check_pos, "leave dsr out: check its own address",
			    "dsr is for checks of \"route to\"");
}

/* Takes the finished target off the parser and to the end of a service's list. */
static void append(struct parse *p, struct cfg_target **list, const struct cfg_listen *listen)
{
	struct target_draft *draft = p->target;

	draft->effective_port =
		draft->target.port || !listen ? draft->target.port : listen->port_lo;
	while (*list)
		list = &(*list)->next;
	*list = &draft->target;
	*p->targets_tail = draft;
	p->targets_tail = &draft->next;
	p->target = NULL;
}

static struct cfg_pos mode_place(const struct target_draft *draft)
{
	return draft->has_mode ? draft->mode_pos : draft->target.pos;
}

static void redirect_backup(struct parse *p)
{
	const struct cfg_redirect *redirect = p->redirect;
	const struct cfg_target *main = redirect->target, *backup = &p->target->target;
	uint16_t listened = redirect->listen ? redirect->listen->port_lo : 0;

	if (!main)
		return;
	if (main->next)
		parse_error(p, backup->pos, NULL, "only one backup table is allowed");
	if (main->mode != backup->mode)
		parse_error(p, mode_place(p->target), NULL,
			    "backup table for %s with different mode", redirect->name);
	if ((main->port ? main->port : listened) != (backup->port ? backup->port : listened))
		parse_error(
			p, backup->pos, NULL,
			"redirection %s uses two different ports for its table and backup table",
			redirect->name);
	if (main->route != backup->route)
		parse_error(p, backup->pos, "use one of them for both tables",
			    "redirection %s mixes \"forward to\" and \"route to\"", redirect->name);
}

static void redirect_way(struct parse *p, struct cfg_pos pos, enum forward_mode mode,
			 const char *interface, struct cfg_pos interface_pos)
{
	switch (mode) {
	case FORWARD_NAT:
		if (interface)
			parse_error(p, interface_pos, "only \"route to\" names one",
				    "superfluous interface");
		refuse_dsr(p);
		break;
	case FORWARD_ROUTE:
		if (interface)
			interface_check(p, interface_pos, interface);
		else
			parse_error(p, p->target->target.pos, "end the line with: interface NAME",
				    "missing interface to route to");
		break;
	case FORWARD_TRANSPARENT:
		parse_error(p, pos, "a redirect keeps the client's address anyway",
			    "no transparent forward here");
		break;
	}
}

static bool is_loopback(const struct cfg_addr *addr)
{
	if (addr->family == AF_INET)
		return ntohl(addr->v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return addr->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&addr->v6);
}

/* A frame is sent to the host's MAC address, so it must have one. */
static void route_check_hosts(struct parse *p)
{
	const struct cfg_target *target = &p->target->target;
	const struct cfg_host *host = target->route && target->table ? target->table->hosts : NULL;

	for (; host; host = host->next) {
		if (is_loopback(&host->addr))
			parse_error(p, target->pos, "use \"forward to\" for servers of this box",
				    "cannot route to %s: it is not on a network", host->name);
	}
}

void redirect_target(struct parse *p, struct cfg_pos pos, enum forward_mode mode,
		     const char *interface, struct cfg_pos interface_pos)
{
	struct cfg_target *target;

	if (!p->target || !p->redirect)
		return;
	target = &p->target->target;
	target->route = mode == FORWARD_ROUTE;
	target->interface = interface;
	redirect_way(p, pos, mode, interface, interface_pos);
	if (target->mode == CFG_MODE_HASH || target->mode == CFG_MODE_LOADBALANCE)
		parse_error(p, mode_place(p->target),
			    "use source-hash or maglev: clients stay with their host",
			    "mode not supported for redirections");
	if (target->table && target->check.type == CFG_CHECK_NONE)
		parse_error(p, target->pos, "add one, for instance: check tcp",
			    "table %s has no check", target->table->name);
	if (target->port == 0 && !p->redirect->listen)
		parse_error(p, target->pos, "name one, or put the listen line first",
			    "invalid port");
	route_check_hosts(p);
	redirect_backup(p);
	append(p, &p->redirect->target, p->redirect->listen);
}

static void relay_check_target(struct parse *p, struct cfg_pos pos, enum forward_mode mode)
{
	const struct cfg_target *target = &p->target->target, *first = p->relay->target;

	if (mode == FORWARD_ROUTE)
		parse_error(p, pos, "use a redirect for direct server return",
			    "no route for relays");
	if (target->mode == CFG_MODE_LEAST_STATES)
		parse_error(p, mode_place(p->target), "it is for redirects",
			    "mode not supported for relays");
	if (target->table && target->port == 0 && !p->relay->listen)
		parse_error(p, target->pos, "name one, or put the listen line first",
			    "invalid port");
	if (first && (!first->table || !target->table) && (first->addr_name || target->addr_name))
		parse_error(p, target->pos, "put all addresses into a table",
			    "relay %s target or redirection already specified", p->relay->name);
}

void relay_target(struct parse *p, struct cfg_pos pos, enum forward_mode mode)
{
	/* forward to destination or nat lookup leave no target behind */
	if (!p->target || !p->relay)
		return;
	relay_check_target(p, pos, mode);
	refuse_dsr(p);
	p->target->target.transparent = mode == FORWARD_TRANSPARENT;
	append(p, &p->relay->target, p->relay->listen);
}

void target_fixed(struct parse *p, struct cfg_pos pos, const char *name, struct port_range port,
		  int64_t retry)
{
	struct target_draft *draft = target_new(p, pos);
	struct cfg_target *target;

	if (!draft)
		return;
	target = &draft->target;
	target->addr_name = name;
	target_port(p, pos, port);
	if (retry < 0 || retry > CFG_MAX_COUNT)
		parse_error(p, pos, NULL, "invalid retry value: %lld", (long long)retry);
	else
		target->retry = (unsigned)retry;
	if (address_parse(name, &target->addr))
		return;
	if (address_looks_numeric(name))
		parse_error(p, pos, NULL, "invalid host: %s is not an address", name);
	else
		address_resolve(p, pos, name, &target->addr, 1);
}

void relay_divert(struct parse *p, struct cfg_pos pos, const char *what)
{
	char name[64];

	p->target = NULL;
	if (p->relay && (p->relay_diverts || (p->relay->target && p->relay->target->addr_name)))
		parse_error(p, pos, NULL, "relay %s with conflicting nat lookup and peer options",
			    p->relay->name);
	p->relay_diverts = true;
	snprintf(name, sizeof(name), "forward to %s", what);
	service_refuse(p, pos, name, "xlb does not learn targets from diverted connections",
		       "name the hosts in a table, and forward to it");
}
