/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Protocols. Most of what they say is about sockets, which we do not have: noted, once each. */
#include <string.h>

#include "config/parse.h"

#define MAX_BACKLOG 512
#define MAX_HEADERLEN 131072
#define MAX_TTL 255

static const struct {
	const char *name;
	enum cfg_proto_type type;
} types[] = {
	{ "tcp", CFG_PROTO_TCP },
	{ "http", CFG_PROTO_HTTP },
	{ "dns", CFG_PROTO_DNS },
};

static bool protocol_type(const char *name, enum cfg_proto_type *ret_type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		*ret_type = types[i].type;
		return true;
	}
	return false;
}

static void protocol_check_name(struct parse *p, struct cfg_pos pos, const char *name)
{
	if (name[0] == '\0' || strlen(name) > CFG_SERVICE_NAME_MAX)
		parse_error(p, pos, "1 to 31 bytes", "protocol name truncated");
	if (strcmp(name, "default") == 0)
		parse_error(p, pos, NULL, "protocol name \"default\" is reserved");
	for (const struct cfg_protocol *q = p->cfg->protocols; q; q = q->next) {
		if (strcmp(q->name, name) == 0)
			parse_error(p, pos, NULL, "protocol %s defined twice", name);
	}
}

void protocol_begin(struct parse *p, struct cfg_pos pos, const char *name, const char *type,
		    struct cfg_pos type_pos)
{
	struct cfg_protocol **tail = &p->cfg->protocols, *protocol;

	p->block = BLOCK_PROTOCOL;
	protocol_check_name(p, pos, name);
	protocol = arena_alloc(p->arena, sizeof(*protocol));
	p->protocol = protocol;
	if (!protocol)
		return;
	protocol->name = name;
	protocol->pos = pos;
	if (!protocol_type(type, &protocol->type))
		parse_error(p, type_pos, "tcp, http or dns", "invalid protocol type: %s", type);
	while (*tail)
		tail = &(*tail)->next;
	*tail = protocol;
}

void protocol_end(struct parse *p)
{
	p->block = BLOCK_TOP;
	p->protocol = NULL;
}

/* Why an option means nothing to a balancer that forwards packets. */
static const char *const reasons[] = {
	[NOTE_NODELAY] = "xlb keeps the segments as they come",
	[NOTE_SACK] = "TCP's options are between client and host",
	[NOTE_SPLICE] = "nothing is copied through user space",
	[NOTE_BACKLOG] = "there is no listening socket",
	[NOTE_SOCKET_BUFFER] = "there are no socket buffers",
	[NOTE_HEADERLEN] = "the hosts have their own limits",
	[NOTE_WEBSOCKETS] = "websockets always pass",
	[NOTE_TLS] = "TLS is between client and host",
	[NOTE_RETURN_ERROR] = "xlb answers no request itself",
};

void protocol_no_effect(struct parse *p, enum parse_note note, struct cfg_pos pos, const char *what)
{
	parse_note(p, note, pos, NULL, "%s has no effect here: %s", what, reasons[note]);
}

void protocol_backlog(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (n < 0 || n > MAX_BACKLOG)
		parse_error(p, pos, "0 to 512", "invalid backlog: %lld", (long long)n);
	else
		protocol_no_effect(p, NOTE_BACKLOG, pos, "backlog");
}

void protocol_socket_buffer(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (n < 0 || n > INT32_MAX)
		parse_error(p, pos, NULL, "invalid socket buffer size: %lld", (long long)n);
	else
		protocol_no_effect(p, NOTE_SOCKET_BUFFER, pos, "socket buffer");
}

void protocol_ttl(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (n < 1 || n > MAX_TTL)
		parse_error(p, pos, "1 to 255", "invalid ttl: %lld", (long long)n);
	else if (p->protocol)
		p->protocol->ip_ttl = (unsigned)n;
}

void protocol_minttl(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (!p->protocol)
		return;
	if (p->protocol->type == CFG_PROTO_DNS)
		parse_error(p, pos, NULL, "minttl is not for dns protocols");
	else if (n < 1 || n > MAX_TTL)
		parse_error(p, pos, "1 to 255", "invalid minttl: %lld", (long long)n);
	else
		p->protocol->ip_minttl = (unsigned)n;
}

static bool is_http(struct parse *p, struct cfg_pos pos)
{
	if (p->protocol && p->protocol->type == CFG_PROTO_HTTP)
		return true;
	parse_error(p, pos, "begin it with: http protocol",
		    "can set http options only for http protocol");
	return false;
}

void protocol_headerlen(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (!is_http(p, pos))
		return;
	if (n < 0 || n > MAX_HEADERLEN)
		parse_error(p, pos, "0 to 131072", "invalid headerlen: %lld", (long long)n);
	else
		protocol_no_effect(p, NOTE_HEADERLEN, pos, "headerlen");
}

void protocol_websockets(struct parse *p, struct cfg_pos pos, bool on)
{
	if (!is_http(p, pos))
		return;
	if (on)
		protocol_no_effect(p, NOTE_WEBSOCKETS, pos, "websockets");
	else
		service_refuse(p, pos, "no websockets", "xlb cannot refuse requests",
			       "refuse the upgrade at the hosts");
}

void protocol_sni_log(struct parse *p)
{
	if (p->protocol)
		p->protocol->sni_log = true;
}

void protocol_tls(struct parse *p, struct cfg_pos pos)
{
	protocol_no_effect(p, NOTE_TLS, pos, "tls");
}

void protocol_tls_flag(struct parse *p, struct cfg_pos pos, const char *flag)
{
	static const char *const flags[] = {
		"sslv3",
		"tlsv1",
		"tlsv1.0",
		"tlsv1.1",
		"tlsv1.2",
		"tlsv1.3",
		"cipher-server-preference",
		"client-renegotiation",
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flags[i], flag) == 0)
			return;
	}
	parse_error(p, pos, strcmp(flag, "sslv2") ? NULL : "SSLv2 is gone: remove it",
		    "invalid TLS flag: %s", flag);
}
