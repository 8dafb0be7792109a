/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/pflog.h"

#include <arpa/inet.h>
#include <string.h>

#include "capture/headers.h"

/* OpenBSD's net/pfvar.h */
enum { ACTION_PASS = 0, ACTION_BLOCK = 1 };
enum { REASON_MATCH = 0 };
enum { DIRECTION_IN = 1 };

#define NO_UID UINT32_MAX
#define NO_PID 100000 /* sys/proc.h: one more than there can be */

#define IFNAME_SIZE 16
#define RULESET_SIZE 16

/* ---- the header ---------------------------------------------------------------------------- */
static void put_be16(struct buffer *b, uint16_t value)
{
	buffer_put_u16(b, htons(value));
}

static void put_be32(struct buffer *b, uint32_t value)
{
	buffer_put_u32(b, htonl(value));
}

static void put_u8(struct buffer *b, unsigned value)
{
	const uint8_t byte = (uint8_t)value;

	buffer_put(b, &byte, 1);
}

/* Cut so that a NUL follows. */
static void put_name(struct buffer *b, const char *name, size_t size)
{
	size_t len = strnlen(name, size - 1);

	buffer_put(b, name, len);
	buffer_put_zeros(b, size - len);
}

static void put_address(struct buffer *b, const struct cfg_addr *addr)
{
	size_t len = addr->family == AF_INET6 ? 16 : 4;

	buffer_put(b, &addr->v6, len);
	buffer_put_zeros(b, 16 - len);
}

static unsigned family_of(const struct headers *h)
{
	return h->dst.family == AF_INET6 ? PFLOG_AF_INET6 : PFLOG_AF_INET;
}

/* A service's packet that stays in the local stack is refused there. */
static unsigned action_of(const struct trace_event *e)
{
	if (e->verdict == XLB_TRACED_FORWARD)
		return ACTION_PASS;
	return e->verdict == XLB_TRACED_DROP || e->service ? ACTION_BLOCK : ACTION_PASS;
}

/* Translated: what the packet has become, if that was captured. */
static bool translated(const struct trace_event *e, const struct headers *before,
		       struct headers *ret)
{
	*ret = *before;
	return e->nat && headers_parse(e->after, e->after_len, e->frame_len, ret);
}

static void put_header(struct buffer *b, const struct capture_packet *p, const struct headers *h)
{
	struct headers after;
	bool rewritten = translated(p->event, h, &after);

	put_u8(b, PFLOG_HEADER);
	put_u8(b, family_of(h));
	put_u8(b, action_of(p->event));
	put_u8(b, REASON_MATCH);
	put_name(b, p->in, IFNAME_SIZE);
	put_name(b, p->event->service ? p->event->service : "", RULESET_SIZE);
	put_be32(b, p->rule);
	put_be32(b, p->sub_rule);
	put_be32(b, NO_UID);
	put_be32(b, NO_PID);
	put_be32(b, NO_UID); /* of who loaded the rule */
	put_be32(b, NO_PID);
	put_u8(b, DIRECTION_IN);
	put_u8(b, rewritten);
	put_u8(b, family_of(&after));
	put_u8(b, 0);
	put_address(b, &after.src);
	put_address(b, &after.dst);
	put_be16(b, after.src_port);
	put_be16(b, after.dst_port);
}

/* ---- the record ---------------------------------------------------------------------------- */
void pflog_put_file_header(struct buffer *b, uint32_t snaplen)
{
	pcap_put_file_header(b, LINKTYPE_PFLOG, snaplen);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

bool pflog_put_record(struct buffer *b, const struct capture_packet *p, uint32_t snaplen)
{
	const struct trace_event *e = p->event;
	struct headers h;
	size_t captured;

	if (!headers_parse(e->before, e->before_len, e->frame_len, &h))
		return false;
	captured = smaller(e->before_len - h.ip, smaller(h.ip_length, snaplen - PFLOG_HEADER));
	pcap_put_record_header(b, p->time_ns, (uint32_t)(PFLOG_HEADER + captured),
			       (uint32_t)(PFLOG_HEADER + h.ip_length));
	put_header(b, p, &h);
	buffer_put(b, e->before + h.ip, captured);
	return true;
}
