/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a reader gets: files, and pcapng block by block. */
#include "packets.h"

#include <linux/bpf.h>
#include <stdlib.h>

#include "capture/comment.h"
#include "capture/compile.h"
#include "capture/pflog.h"
#include "capture/session.h"

static struct capture_session *start(enum capture_format format, uint64_t count, bool all,
				     const char *expression)
{
	struct capture_request request = {
		.format = format, .snaplen = CAPTURE_SNAPLEN_MAX, .count = count, .all = all
	};
	struct capture_session *s;
	char error[256], *text;

	if (expression) {
		cr_assert_eq(filter_compile(expression, capture_format_linktype(format), &text,
					    error, sizeof(error)),
			     0);
		cr_assert_eq(filter_parse(text, &request.filter, error, sizeof(error)), 0);
		free(text);
	}
	cr_assert_eq(capture_session_new(&request, &s), 0);
	return s;
}

static uint32_t u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint16_t u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* ---- pcapng -------------------------------------------------------------------------------- */
struct block {
	uint32_t type, len;
	const uint8_t *body;
};

static struct block blocks[16];
static unsigned n_blocks;

/* Lengths at both ends, and nothing is left over. */
static void split(struct capture_bytes bytes)
{
	n_blocks = 0;
	for (size_t at = 0; at < bytes.len;) {
		const uint8_t *b = bytes.data + at;
		uint32_t len = u32(b + 4);

		cr_assert_eq(len % 4, 0);
		cr_assert(len >= 12 && at + len <= bytes.len);
		cr_assert_eq(u32(b + len - 4), len);
		blocks[n_blocks++] = (struct block){ u32(b), len, b + 8 };
		at += len;
	}
}

/* Of a block whose options begin there. NULL: it has none such. */
static const uint8_t *option(const struct block *b, size_t at, uint16_t code, uint16_t *ret_len)
{
	for (;;) {
		uint16_t this = u16(b->body + at), len = u16(b->body + at + 2);

		if (this == 0)
			break;
		if (this == code) {
			*ret_len = len;
			return b->body + at + 4;
		}
		at += 4 + (len + 3u) / 4 * 4;
	}
	cr_assert_eq(at + 4 + 12, b->len, "the end of options is the block's end");
	return NULL;
}

static size_t packet_options(const struct block *b)
{
	return 20 + (u32(b->body + 12) + 3) / 4 * 4;
}

static void check_option(const struct block *b, size_t at, uint16_t code, const void *expected,
			 size_t len)
{
	uint16_t got_len = 0;
	const uint8_t *got = option(b, at, code, &got_len);

	cr_assert_not_null(got, "option %u", code);
	cr_assert_eq(got_len, len, "option %u: %u bytes", code, got_len);
	cr_expect_arr_eq(got, expected, len, "option %u: %.*s", code, got_len, got);
}

static void check_comment(const struct block *b, const char *expected)
{
	check_option(b, packet_options(b), 1, expected, strlen(expected));
}

static struct capture_bytes give(struct capture_session *s, const struct trace_event *e)
{
	struct capture_packet p = make_packet(e);

	return capture_session_packet(s, &p);
}

Test(session, pcapng)
{
	struct capture_session *s = start(CAPTURE_PCAPNG, 0, false, NULL);
	struct trace_event e = make_event(syn4, sizeof(syn4));
	const uint32_t in = 1, out = 2;
	const uint8_t verdict[9] = { 2, XDP_REDIRECT };
	const uint8_t resolution = 9;
	const uint64_t id = 7;

	split(capture_session_begin(s));
	cr_assert_eq(n_blocks, 1);
	cr_expect_eq(blocks[0].type, 0x0a0d0d0a);
	cr_expect_eq(u32(blocks[0].body), 0x1a2b3c4d);
	check_option(&blocks[0], 16, 4, "xlb " XLB_VERSION, strlen("xlb " XLB_VERSION));

	e.after = nat4;
	e.after_len = sizeof(nat4);
	split(give(s, &e));
	capture_session_done(s, true);
	cr_assert_eq(n_blocks, 4);
	cr_expect_eq(blocks[0].type, 1);
	cr_expect_eq(u16(blocks[0].body), 1);
	check_option(&blocks[0], 8, 2, "em1", 3);
	check_option(&blocks[0], 8, 9, &resolution, 1);

	cr_expect_eq(blocks[1].type, 6);
	cr_expect_eq(u32(blocks[1].body), 0);
	cr_expect_eq((uint64_t)u32(blocks[1].body + 4) << 32 | u32(blocks[1].body + 8),
		     1700000000123456789);
	cr_expect_eq(u32(blocks[1].body + 12), sizeof(syn4));
	cr_expect_eq(u32(blocks[1].body + 16), sizeof(syn4));
	cr_expect_arr_eq(blocks[1].body + 20, syn4, sizeof(syn4));
	check_comment(&blocks[1], "stage=before hook=xdp service=https_forwarder rule=3 "
				  "host=192.168.1.3 name=kube3 verdict=forward out=em0 from=client "
				  "new=yes");
	check_option(&blocks[1], packet_options(&blocks[1]), 2, &in, 4);
	check_option(&blocks[1], packet_options(&blocks[1]), 5, &id, 8);
	check_option(&blocks[1], packet_options(&blocks[1]), 7, verdict, 9);

	cr_expect_eq(blocks[2].type, 1);
	check_option(&blocks[2], 8, 2, "em0", 3);
	cr_expect_eq(blocks[3].type, 6);
	cr_expect_eq(u32(blocks[3].body), 1);
	cr_expect_arr_eq(blocks[3].body + 20, nat4, sizeof(nat4));
	check_option(&blocks[3], packet_options(&blocks[3]), 2, &out, 4);
	check_option(&blocks[3], packet_options(&blocks[3]), 5, &id, 8);

	split(give(s, &e));
	cr_expect_eq(n_blocks, 2, "interfaces are told once");
	capture_session_free(s);
}

Test(session, what_is_lost_is_told)
{
	struct capture_session *s = start(CAPTURE_PCAPNG, 0, false, NULL);
	const struct trace_event e = make_event(syn4, sizeof(syn4));
	const uint64_t one = 1, two = 2, four = 4, three = 3;
	uint16_t len;

	split(give(s, &e));
	cr_assert_eq(n_blocks, 2);
	capture_session_done(s, false);
	split(give(s, &e));
	cr_assert_eq(n_blocks, 2, "the interface has not been told");
	check_option(&blocks[1], packet_options(&blocks[1]), 4, &one, 8);
	capture_session_done(s, false);
	split(give(s, &e));
	check_option(&blocks[1], packet_options(&blocks[1]), 4, &two, 8);
	capture_session_done(s, true);
	split(give(s, &e));
	cr_assert_eq(n_blocks, 1);
	cr_expect_null(option(&blocks[0], packet_options(&blocks[0]), 4, &len));
	capture_session_done(s, true);
	cr_expect_eq(capture_session_sent(s), 2);
	cr_expect_eq(capture_session_lost(s), 2);

	split(capture_session_end(s, 1700000000000000000, 3));
	cr_assert_eq(n_blocks, 1);
	cr_expect_eq(blocks[0].type, 5);
	check_option(&blocks[0], 12, 4, &four, 8);
	check_option(&blocks[0], 12, 5, &two, 8);
	check_option(&blocks[0], 12, 7, &three, 8);
	capture_session_free(s);
}

Test(session, either_stage_may_match)
{
	static const struct {
		const char *expression;
		unsigned packets;
	} rows[] = {
		{ "host 203.0.113.9", 2 },
		{ "host 192.168.1.3", 2 },
		{ "port 443 or port 8443", 2 },
		{ "udp", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct capture_session *s = start(CAPTURE_PCAPNG, 0, false, rows[i].expression);
		struct trace_event e = make_event(syn4, sizeof(syn4));
		unsigned packets = 0;

		e.after = nat4;
		e.after_len = sizeof(nat4);
		split(give(s, &e));
		for (unsigned j = 0; j < n_blocks; j++)
			packets += blocks[j].type == 6;
		cr_expect_eq(packets, rows[i].packets, "%s", rows[i].expression);
		capture_session_free(s);
	}
}

Test(session, too_many_interfaces)
{
	struct capture_session *s = start(CAPTURE_PCAPNG, 0, false, NULL);
	struct trace_event e = make_event(syn4, sizeof(syn4));

	for (e.ifindex = 1; e.ifindex <= 256; e.ifindex++) {
		cr_assert_gt(give(s, &e).len, 0);
		capture_session_done(s, true);
	}
	cr_expect_eq(give(s, &e).len, 0);
	cr_expect_eq(capture_session_lost(s), 1);
	e.ifindex = 256;
	cr_expect_gt(give(s, &e).len, 0);
	capture_session_free(s);
}

/* ---- pflog --------------------------------------------------------------------------------- */
Test(session, pflog)
{
	struct capture_session *s = start(CAPTURE_PFLOG, 2, false, "tcp port 443 and rulenum 3");
	struct trace_event e = make_event(syn4, sizeof(syn4));
	struct capture_bytes bytes = capture_session_begin(s);

	cr_expect_eq(bytes.len, PCAP_FILE_HEADER);
	cr_expect_eq(u32(bytes.data + 16), PFLOG_HEADER + CAPTURE_SNAPLEN_MAX);
	cr_expect_eq(give(s, &e).len, PCAP_RECORD_HEADER + PFLOG_HEADER + 40);
	capture_session_done(s, true);
	cr_expect_not(capture_session_is_over(s));
	capture_session_done(s, true);
	cr_expect(capture_session_is_over(s));
	e.before = udp6;
	e.before_len = e.frame_len = sizeof(udp6);
	cr_expect_eq(give(s, &e).len, 0, "not wanted");
	cr_expect_eq(capture_session_end(s, 0, 0).len, 0);
	capture_session_free(s);
}

Test(session, a_filter_sees_more_than_the_reader)
{
	struct capture_request request = { .format = CAPTURE_PFLOG, .snaplen = 20 };
	struct capture_session *s;
	const struct trace_event e = make_event(syn4, sizeof(syn4));
	char error[256], *text;

	cr_assert_eq(filter_compile("port 443", LINKTYPE_PFLOG, &text, error, sizeof(error)), 0);
	cr_assert_eq(filter_parse(text, &request.filter, error, sizeof(error)), 0);
	free(text);
	cr_assert_eq(capture_session_new(&request, &s), 0);
	cr_expect_eq(capture_session_snaplen(s), 256);
	cr_expect_eq(give(s, &e).len, PCAP_RECORD_HEADER + PFLOG_HEADER + 20);
	capture_session_free(s);
}

Test(session, what_is_for_no_service)
{
	static const enum capture_format formats[] = { CAPTURE_PFLOG, CAPTURE_PCAPNG };

	for (size_t i = 0; i < 2; i++) {
		struct capture_session *some = start(formats[i], 0, false, NULL);
		struct capture_session *all = start(formats[i], 0, true, NULL);
		struct trace_event e = make_event(syn4, sizeof(syn4));

		e.service = NULL;
		e.verdict = XLB_TRACED_PASS;
		cr_expect_eq(give(some, &e).len, 0);
		cr_expect_gt(give(all, &e).len, 0);
		e.before = arp;
		/* pflog has no place for it */
		cr_expect_eq(give(all, &e).len > 0, formats[i] == CAPTURE_PCAPNG);
		capture_session_free(some);
		capture_session_free(all);
	}
}

/* ---- comments ------------------------------------------------------------------------------ */
Test(session, comments)
{
	struct trace_event e = make_event(syn4, sizeof(syn4));
	struct capture_packet p;
	char text[CAPTURE_COMMENT_SIZE], small[32];

	e.service = "my \"web\"";
	e.host = (struct cfg_addr){ 0 };
	e.host_name = NULL;
	e.verdict = XLB_TRACED_PASS;
	e.reason = XLB_REASON_NO_HOST;
	e.is_new = false;
	e.hook = XLB_HOOK_TC;
	p = make_packet(&e);
	cr_expect_str_eq(capture_comment(&p, false, text, sizeof(text)),
			 "stage=before hook=tc service=\"my \\\"web\\\"\" rule=3 verdict=pass "
			 "reason=no_host from=client");
	cr_expect_str_eq(capture_comment(&p, true, small, sizeof(small)),
			 "stage=after hook=tc service=\"my");
	e.service = NULL;
	p.rule = CAPTURE_NO_RULE;
	e.reason = XLB_REASON_NOT_IP;
	cr_expect_str_eq(capture_comment(&p, false, text, sizeof(text)),
			 "stage=before hook=tc verdict=pass reason=not_ip");
}

Test(session, formats)
{
	enum capture_format f;

	cr_expect_eq(capture_format_parse("pcapng", &f), 0);
	cr_expect_eq(f, CAPTURE_PCAPNG);
	cr_expect_eq(capture_format_parse("pflog", &f), 0);
	cr_expect_eq(f, CAPTURE_PFLOG);
	cr_expect_lt(capture_format_parse("erf", &f), 0);
	cr_expect_str_eq(capture_format_name(CAPTURE_PFLOG), "pflog");
}
