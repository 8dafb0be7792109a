/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/comment.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/reason.h"

const char *capture_verdict_name(enum xlb_trace_verdict verdict)
{
	switch (verdict) {
	case XLB_TRACED_PASS:
		return "pass";
	case XLB_TRACED_DROP:
		return "drop";
	case XLB_TRACED_FORWARD:
		return "forward";
	}
	return "unknown";
}

static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s", text);
}

/* Names are the administrator's: they may be anything but control characters. */
static void append_quoted(char *buf, size_t size, const char *text)
{
	char piece[3] = "\\";

	append(buf, size, "\"");
	for (; *text; text++) {
		bool escape = *text == '"' || *text == '\\';

		piece[1] = *text;
		append(buf, size, escape ? piece : piece + 1);
	}
	append(buf, size, "\"");
}

/* value NULL or empty: not known */
static void add(char *buf, size_t size, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	if (*buf)
		append(buf, size, " ");
	append(buf, size, key);
	append(buf, size, "=");
	if (strpbrk(value, " =\"\\"))
		append_quoted(buf, size, value);
	else
		append(buf, size, value);
}

static const char *address_text(const struct cfg_addr *addr, char text[INET6_ADDRSTRLEN])
{
	if (addr->family == AF_UNSPEC ||
	    !inet_ntop(addr->family, &addr->v6, text, INET6_ADDRSTRLEN))
		text[0] = '\0';
	return text;
}

static void add_host(char *buf, size_t size, const struct trace_event *e)
{
	char address[INET6_ADDRSTRLEN];

	address_text(&e->host, address);
	add(buf, size, "host", address[0] ? address : e->host_name);
	if (e->host_name && strcmp(e->host_name, address) != 0)
		add(buf, size, "name", e->host_name);
}

static void add_rule(char *buf, size_t size, const struct capture_packet *p)
{
	char number[16];

	if (p->rule == CAPTURE_NO_RULE)
		return;
	snprintf(number, sizeof(number), "%u", p->rule);
	add(buf, size, "rule", number);
}

const char *capture_comment(const struct capture_packet *p, bool after, char *buf, size_t size)
{
	const struct trace_event *e = p->event;
	const struct packet_reason *reason = packet_reason(e->reason);

	buf[0] = '\0';
	add(buf, size, "stage", after ? "after" : "before");
	add(buf, size, "hook", e->hook == XLB_HOOK_TC ? "tc" : "xdp");
	add(buf, size, "service", e->service);
	add_rule(buf, size, p);
	add_host(buf, size, e);
	add(buf, size, "verdict", capture_verdict_name(e->verdict));
	add(buf, size, "reason", reason ? reason->name : NULL);
	add(buf, size, "out", p->out);
	if (e->service)
		add(buf, size, "from", e->from_host ? "host" : "client");
	if (e->is_new)
		add(buf, size, "new", "yes");
	return buf;
}
