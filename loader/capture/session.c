/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/session.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#include "capture/comment.h"
#include "capture/pcapng.h"
#include "capture/pflog.h"

/* A filter may look at what the reader has no wish to keep. */
#define FILTER_SNAPLEN 256u

#define MAX_INTERFACES 256 /* of one capture; packets of further ones count as lost */
#define MAX_INTERFACE_BLOCK 128

/* Two frames with all that goes with them. */
#define BUFFER_SIZE (2 * (CAPTURE_SNAPLEN_MAX + CAPTURE_COMMENT_SIZE + MAX_INTERFACE_BLOCK + 256))

struct capture_session {
	struct capture_request request;
	uint64_t sent;
	uint64_t lost;
	uint64_t lost_before;                /* since the last that was sent */
	uint32_t interfaces[MAX_INTERFACES]; /* ifindexes, by their numbers in the file */
	unsigned n_interfaces;               /* that the reader knows */
	unsigned n_new;                      /* in the buffer, besides */
	struct buffer buffer;
	uint8_t bytes[BUFFER_SIZE];
};

/* ---- pflog --------------------------------------------------------------------------------- */
/* The filter is for what the reader gets, but for the cut. */
static void put_pflog(struct capture_session *s, const struct capture_packet *p)
{
	const struct capture_request *r = &s->request;
	const uint8_t *record = s->bytes + PCAP_RECORD_HEADER;
	uint32_t captured, length;

	if (!pflog_put_record(&s->buffer, p, PFLOG_HEADER + CAPTURE_SNAPLEN_MAX))
		return;
	memcpy(&captured, s->bytes + 8, sizeof(captured));
	memcpy(&length, s->bytes + 12, sizeof(length));
	if (!filter_matches(r->filter, record, captured, length)) {
		s->buffer.len = 0;
	} else if (captured > PFLOG_HEADER + r->snaplen) {
		captured = PFLOG_HEADER + r->snaplen;
		memcpy(s->bytes + 8, &captured, sizeof(captured));
		s->buffer.len = PCAP_RECORD_HEADER + captured;
	}
}

/* ---- pcapng -------------------------------------------------------------------------------- */
static bool matches(const struct capture_session *s, const struct trace_event *e,
		    const uint8_t *frame, size_t captured)
{
	return captured &&
	       filter_matches(s->request.filter, frame, (uint32_t)captured, e->frame_len);
}

/* Its number in the file; -1: there are too many. Its block comes ahead of its first packet. */
static int interface_number(struct capture_session *s, uint32_t ifindex, const char *name)
{
	unsigned n = s->n_interfaces + s->n_new;

	for (unsigned i = 0; i < n; i++)
		if (s->interfaces[i] == ifindex)
			return (int)i;
	if (n == MAX_INTERFACES)
		return -1;
	s->interfaces[n] = ifindex;
	s->n_new++;
	pcapng_put_interface(&s->buffer, name, s->request.snaplen);
	return (int)n;
}

static int64_t verdict_code(const struct trace_event *e)
{
	const bool tc = e->hook == XLB_HOOK_TC;

	switch (e->verdict) {
	case XLB_TRACED_FORWARD:
		if (tc)
			return TC_ACT_REDIRECT;
		return e->egress == e->ifindex ? XDP_TX : XDP_REDIRECT;
	case XLB_TRACED_DROP:
		return tc ? TC_ACT_SHOT : XDP_DROP;
	case XLB_TRACED_PASS:
		break;
	}
	return tc ? TC_ACT_UNSPEC : XDP_PASS;
}

static void put_frame(struct capture_session *s, const struct capture_packet *p, bool after)
{
	const struct trace_event *e = p->event;
	const size_t captured = after ? e->after_len : e->before_len;
	int interface = interface_number(s, after ? e->egress : e->ifindex, after ? p->out : p->in);
	char comment[CAPTURE_COMMENT_SIZE];
	struct pcapng_packet packet = {
		.interface = (uint32_t)interface,
		.time_ns = p->time_ns,
		.data = after ? e->after : e->before,
		.captured = captured < s->request.snaplen ? (uint32_t)captured : s->request.snaplen,
		.length = e->frame_len,
		.comment = capture_comment(p, after, comment, sizeof(comment)),
		.outbound = after,
		.id = p->id,
		.lost = after ? 0 : s->lost_before,
		.verdict_by = after                  ? PCAPNG_VERDICT_NONE :
			      e->hook == XLB_HOOK_TC ? PCAPNG_VERDICT_TC :
						       PCAPNG_VERDICT_XDP,
		.verdict = verdict_code(e),
	};

	if (interface < 0)
		s->buffer.overflow = true;
	else
		pcapng_put_packet(&s->buffer, &packet);
}

/* What a packet has become tells of it as much as what it was: one that matches brings the other.
 */
static void put_pcapng(struct capture_session *s, const struct capture_packet *p)
{
	const struct trace_event *e = p->event;

	if (!matches(s, e, e->before, e->before_len) && !matches(s, e, e->after, e->after_len))
		return;
	put_frame(s, p, false);
	if (e->after_len)
		put_frame(s, p, true);
}

/* Of which interface the lost ones were nobody knows: the first one stands for all. */
static void put_pcapng_end(struct capture_session *s, uint64_t time_ns, uint64_t kernel_lost)
{
	const struct pcapng_statistics statistics = {
		.interface = 0,
		.time_ns = time_ns,
		.received = s->sent + s->lost,
		.dropped = s->lost,
		.os_dropped = kernel_lost,
	};

	if (s->n_interfaces)
		pcapng_put_statistics(&s->buffer, &statistics);
}

/* ---- sessions ------------------------------------------------------------------------------ */
int capture_session_new(const struct capture_request *request, struct capture_session **ret)
{
	struct capture_session *s = calloc(1, sizeof(*s));

	if (!s) {
		filter_free(request->filter);
		return -ENOMEM;
	}
	s->request = *request;
	s->buffer = (struct buffer){ .data = s->bytes, .size = sizeof(s->bytes) };
	*ret = s;
	return 0;
}

void capture_session_free(struct capture_session *s)
{
	if (!s)
		return;
	filter_free(s->request.filter);
	free(s);
}

uint32_t capture_session_snaplen(const struct capture_session *s)
{
	uint32_t snaplen = s->request.snaplen;

	return s->request.filter && snaplen < FILTER_SNAPLEN ? FILTER_SNAPLEN : snaplen;
}

bool capture_session_wants_all(const struct capture_session *s)
{
	return s->request.all;
}

static void start(struct capture_session *s)
{
	s->buffer.len = 0;
	s->buffer.overflow = false;
	s->n_new = 0;
}

static struct capture_bytes result(const struct capture_session *s)
{
	return (struct capture_bytes){ s->bytes, s->buffer.overflow ? 0 : s->buffer.len };
}

struct capture_bytes capture_session_begin(struct capture_session *s)
{
	start(s);
	if (s->request.format == CAPTURE_PCAPNG)
		pcapng_put_section(&s->buffer, "xlb " XLB_VERSION);
	else
		pflog_put_file_header(&s->buffer, PFLOG_HEADER + s->request.snaplen);
	return result(s);
}

struct capture_bytes capture_session_packet(struct capture_session *s,
					    const struct capture_packet *p)
{
	start(s);
	if (!s->request.all && !p->event->service)
		return result(s);
	if (s->request.format == CAPTURE_PCAPNG)
		put_pcapng(s, p);
	else
		put_pflog(s, p);
	if (s->buffer.overflow)
		capture_session_done(s, false);
	return result(s);
}

struct capture_bytes capture_session_end(struct capture_session *s, uint64_t time_ns,
					 uint64_t kernel_lost)
{
	start(s);
	if (s->request.format == CAPTURE_PCAPNG)
		put_pcapng_end(s, time_ns, kernel_lost);
	return result(s);
}

void capture_session_done(struct capture_session *s, bool sent)
{
	if (!sent) {
		s->lost++;
		s->lost_before++;
		return;
	}
	s->sent++;
	s->lost_before = 0;
	s->n_interfaces += s->n_new;
	s->n_new = 0;
}

bool capture_session_is_over(const struct capture_session *s)
{
	return s->request.count && s->sent >= s->request.count;
}

uint64_t capture_session_sent(const struct capture_session *s)
{
	return s->sent;
}

uint64_t capture_session_lost(const struct capture_session *s)
{
	return s->lost;
}

/* ---- formats ------------------------------------------------------------------------------- */
static const struct {
	const char *name;
	uint32_t linktype;
} formats[] = {
	[CAPTURE_PFLOG] = { "pflog", LINKTYPE_PFLOG },
	[CAPTURE_PCAPNG] = { "pcapng", LINKTYPE_ETHERNET },
};

int capture_format_parse(const char *name, enum capture_format *ret)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(name, formats[i].name) == 0) {
			*ret = (enum capture_format)i;
			return 0;
		}
	return -EINVAL;
}

const char *capture_format_name(enum capture_format format)
{
	return formats[format].name;
}

uint32_t capture_format_linktype(enum capture_format format)
{
	return formats[format].linktype;
}
