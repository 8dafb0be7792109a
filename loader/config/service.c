/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Redirects and relays, apart from their listen lines (listen.c) and targets (target.c). */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "config/suggest.h"

#define MAX_SUGGESTIONS 64

/* What we know and do not do. It leaves the service incomplete, so no more is said about that. */
void service_refuse(struct parse *p, struct cfg_pos pos, const char *what, const char *why,
		    const char *instead)
{
	p->refused_any = true;
	parse_error(p, pos, instead, "\"%s\" is not supported: %s", what, why);
}

static void check_name(struct parse *p, struct cfg_pos pos, const char *what, const char *name)
{
	if (name[0] == '\0' || strlen(name) > CFG_SERVICE_NAME_MAX)
		parse_error(p, pos, "1 to 31 bytes", "%s name truncated", what);
}

static const struct cfg_redirect *redirect_find(const struct parse *p, const char *name)
{
	const struct cfg_redirect *redirect = p->cfg->redirects;

	while (redirect && strcmp(redirect->name, name) != 0)
		redirect = redirect->next;
	return redirect;
}

void redirect_begin(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct cfg_redirect **tail = &p->cfg->redirects;

	p->block = BLOCK_REDIRECT;
	p->block_errors = parse_errors(p);
	p->no_state_pos.line = 0;
	check_name(p, pos, "redirection", name);
	if (redirect_find(p, name))
		parse_error(p, pos, NULL, "redirection %s defined twice", name);
	p->redirect = arena_alloc(p->arena, sizeof(*p->redirect));
	if (!p->redirect)
		return;
	p->redirect->name = name;
	p->redirect->number = ++p->n_services;
	p->redirect->pos = pos;
	while (*tail)
		tail = &(*tail)->next;
	*tail = p->redirect;
}

static bool listens_with(const struct cfg_redirect *redirect, uint8_t proto)
{
	for (const struct cfg_listen *l = redirect->listen; l; l = l->next) {
		if (l->proto == proto)
			return true;
	}
	return false;
}

static void check_no_state(struct parse *p, const struct cfg_redirect *redirect)
{
	if (!redirect->no_state)
		return;
	if (redirect->listen && !listens_with(redirect, IPPROTO_UDP))
		parse_error(p, p->no_state_pos, "tcp needs its flows tracked",
			    "no state without a udp listen line in redirect %s", redirect->name);
	if (redirect->target && redirect->target->mode != CFG_MODE_SOURCE_HASH &&
	    redirect->target->mode != CFG_MODE_MAGLEV)
		parse_error(p, p->no_state_pos, "use mode source-hash or maglev",
			    "no state with mode %s: it needs to remember its choices",
			    cfg_mode_name(redirect->target->mode));
}

/* Packets reach the host as they came, so only the check goes to another port. */
static void note_route_port(struct parse *p, const struct cfg_redirect *redirect)
{
	struct cfg_target *target = redirect->target;

	if (target && target->route && target->port && redirect->listen &&
	    target->port != redirect->listen->port_lo)
		parse_note(p, NOTE_ROUTE_PORT, target_draft(target)->port_pos, NULL,
			   "with \"route to\" this port is only where checks go: "
			   "packets keep theirs");
}

void redirect_end(struct parse *p)
{
	const struct cfg_redirect *redirect = p->redirect;

	p->block = BLOCK_TOP;
	p->redirect = NULL;
	if (!redirect)
		return;
	check_no_state(p, redirect);
	note_route_port(p, redirect);
	/* What is missing may be in a line that had an error. */
	if (parse_errors(p) > p->block_errors)
		return;
	if (!redirect->target)
		parse_error(p, redirect->pos, "add a line: forward to <TABLE>, or route to <TABLE>",
			    "redirection %s has no table", redirect->name);
	if (!redirect->listen)
		parse_error(p, redirect->pos, "add a line: listen on ADDRESS port PORT",
			    "redirection %s has no virtual ip", redirect->name);
}

void redirect_sticky(struct parse *p)
{
	if (p->redirect)
		p->redirect->sticky_address = true;
}

void redirect_pftag(struct parse *p, struct cfg_pos pos, const char *tag, bool match)
{
	if (match) {
		service_refuse(p, pos, "match pftag",
			       "there is no pf here to decide about the tagged packets",
			       "without the line, all packets for the redirect are served");
		return;
	}
	if (p->redirect)
		p->redirect->pftag = tag;
	parse_note(p, NOTE_PFTAG, pos, NULL,
		   "pftag has no effect here: there is no pf to see the tag");
}

void redirect_no_state(struct parse *p, struct cfg_pos pos)
{
	p->no_state_pos = pos;
	if (p->redirect)
		p->redirect->no_state = true;
}

void redirect_sni_log(struct parse *p)
{
	if (p->redirect)
		p->redirect->sni_log = true;
}

static const struct cfg_relay *relay_find(const struct parse *p, const char *name)
{
	const struct cfg_relay *relay = p->cfg->relays;

	while (relay && strcmp(relay->name, name) != 0)
		relay = relay->next;
	return relay;
}

void relay_begin(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct cfg_relay **tail = &p->cfg->relays;

	p->block = BLOCK_RELAY;
	p->block_errors = parse_errors(p);
	p->relay_diverts = false;
	check_name(p, pos, "relay", name);
	if (relay_find(p, name))
		parse_error(p, pos, NULL, "relay %s defined twice", name);
	p->relay = arena_alloc(p->arena, sizeof(*p->relay));
	if (!p->relay)
		return;
	p->relay->name = name;
	p->relay->number = ++p->n_services;
	p->relay->pos = pos;
	while (*tail)
		tail = &(*tail)->next;
	*tail = p->relay;
}

void relay_end(struct parse *p)
{
	struct cfg_relay *relay = p->relay;

	p->block = BLOCK_TOP;
	p->relay = NULL;
	if (!relay)
		return;
	for (struct cfg_listen *l = relay->listen; l; l = l->next) {
		if (relay->protocol && relay->protocol->type == CFG_PROTO_DNS)
			l->proto = IPPROTO_UDP;
	}
	if (parse_errors(p) > p->block_errors)
		return;
	relay_check_nat(p, relay);
	if (!relay->listen)
		parse_error(p, relay->pos, "add a line: listen on ADDRESS port PORT",
			    "relay %s has no listener", relay->name);
	if (!relay->target)
		parse_error(p, relay->pos, "add a line: forward to <TABLE> port PORT",
			    "relay %s has no target, rdr, or table", relay->name);
}

void service_disable(struct parse *p)
{
	if (p->redirect)
		p->redirect->disabled = true;
	else if (p->relay)
		p->relay->disabled = true;
}

static struct cfg_protocol *protocol_find(const struct parse *p, const char *name)
{
	struct cfg_protocol *protocol = p->cfg->protocols;

	while (protocol && strcmp(protocol->name, name) != 0)
		protocol = protocol->next;
	return protocol;
}

static void report_unknown_protocol(struct parse *p, struct cfg_pos pos, const char *name)
{
	const char *names[MAX_SUGGESTIONS], *nearest;
	char hint[128];
	size_t n = 0;

	for (const struct cfg_protocol *q = p->cfg->protocols; q && n < MAX_SUGGESTIONS;
	     q = q->next)
		names[n++] = q->name;
	nearest = suggest_nearest(name, names, n);
	snprintf(hint, sizeof(hint), "did you mean \"%s\"?", nearest ? nearest : "");
	parse_error(p, pos, nearest ? hint : "define it above the relay", "no such protocol: %s",
		    name);
}

void relay_protocol(struct parse *p, struct cfg_pos pos, const char *name)
{
	struct cfg_protocol *protocol = protocol_find(p, name);

	if (!p->relay)
		return;
	if (p->relay->protocol)
		parse_warning(p, pos, NULL, "protocol set twice: this one counts");
	if (!protocol) {
		/* "default" is the tcp protocol without options. */
		if (strcmp(name, "default") != 0)
			report_unknown_protocol(p, pos, name);
		return;
	}
	protocol->used = true;
	p->relay->protocol = protocol;
}

void session_timeout(struct parse *p, struct cfg_pos pos, int64_t seconds)
{
	unsigned *field;

	if (seconds < 1) {
		parse_error(p, pos, "in seconds, at least 1", "invalid timeout: %lld",
			    (long long)seconds);
		return;
	}
	if (seconds > INT_MAX) {
		parse_error(p, pos, NULL, "timeout too large: %lld", (long long)seconds);
		return;
	}
	if (!p->redirect && !p->relay)
		return;
	field = p->redirect ? &p->redirect->session_timeout : &p->relay->session_timeout;
	if (*field)
		parse_warning(p, pos, NULL, "session timeout set twice: this one counts");
	*field = (unsigned)seconds;
}
