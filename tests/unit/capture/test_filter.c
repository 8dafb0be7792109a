/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Filters: what libpcap makes of pcap-filter(7), and what anybody might send. */
#include "packets.h"

#include <errno.h>
#include <stdlib.h>

#include "capture/compile.h"
#include "capture/filter.h"
#include "capture/pflog.h"

static char error[256];

static struct filter *filter_of(const char *expression, uint32_t linktype)
{
	struct filter *f = NULL;
	char *text = NULL;

	cr_assert_eq(filter_compile(expression, linktype, &text, error, sizeof(error)), 0, "%s: %s",
		     expression, error);
	cr_assert_eq(filter_parse(text, &f, error, sizeof(error)), 0, "%s: %s: %s", expression,
		     text, error);
	free(text);
	return f;
}

static bool finds_pflog(const char *expression, const uint8_t *frame, size_t len)
{
	struct filter *f = filter_of(expression, LINKTYPE_PFLOG);
	const struct trace_event e = make_event(frame, len);
	const struct capture_packet p = make_packet(&e);
	uint8_t bytes[1024];
	struct buffer b = { .data = bytes, .size = sizeof(bytes) };
	bool found;

	cr_assert(pflog_put_record(&b, &p, PFLOG_FILE_SNAPLEN));
	found = filter_matches(f, bytes + PCAP_RECORD_HEADER, (uint32_t)b.len - PCAP_RECORD_HEADER,
			       (uint32_t)b.len - PCAP_RECORD_HEADER);
	filter_free(f);
	return found;
}

Test(filter, pflog)
{
	static const struct {
		const char *expression;
		bool v4, v6;
	} rows[] = {
		{ "ip", true, false },
		{ "ip6", false, true },
		{ "not ip6", true, false },
		{ "tcp port 443", true, false },
		{ "udp port 53", false, true },
		{ "port 50000", true, true },
		{ "dst port 50000", false, false },
		{ "host 203.0.113.9", true, false },
		{ "host 2001:db8:cafe::10", false, true },
		{ "net 2001:db8::/32", false, true },
		{ "rulenum 3", true, true },
		{ "rulenum 10", false, false },
		{ "srnr 1", true, true },
		{ "ruleset https_forwarder", true, true },
		{ "on em1 and action pass", true, true },
		{ "ifname em0", false, false },
		{ "action block", false, false },
		{ "reason match", true, true },
		{ "inbound", true, true },
		{ "outbound", false, false },
		{ "tcp[tcpflags] & tcp-syn != 0", true, false },
		{ "(ip6 and udp port 53) or rulenum 10", false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(finds_pflog(rows[i].expression, syn4, sizeof(syn4)), rows[i].v4,
			     "IPv4: %s", rows[i].expression);
		cr_expect_eq(finds_pflog(rows[i].expression, udp6, sizeof(udp6)), rows[i].v6,
			     "IPv6: %s", rows[i].expression);
	}
}

Test(filter, ethernet)
{
	static const struct {
		const char *expression;
		bool found;
	} rows[] = {
		{ "", true },
		{ "ether src 02:00:00:00:00:01", true },
		{ "tcp dst port 443", true },
		{ "ip6", false },
		{ "greater 61", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *f = filter_of(rows[i].expression, LINKTYPE_ETHERNET);

		cr_expect_eq(filter_matches(f, syn4, sizeof(syn4), sizeof(syn4)), rows[i].found,
			     "%s", rows[i].expression);
		filter_free(f);
	}
	cr_expect(filter_matches(NULL, syn4, sizeof(syn4), sizeof(syn4)));
}

Test(filter, libpcap_says_what_is_wrong)
{
	char *text;

	cr_expect_eq(filter_compile("tcp prot 80", LINKTYPE_PFLOG, &text, error, sizeof(error)),
		     -EINVAL);
	cr_expect_str_eq(error, "can't parse filter expression: syntax error");
	cr_expect_eq(filter_compile("on em1", LINKTYPE_ETHERNET, &text, error, sizeof(error)),
		     -EINVAL);
	cr_expect_not_null(strstr(error, "PF"), "%s", error);
}

Test(filter, too_long)
{
	char expression[2048] = "port 1", *text;
	size_t len = strlen(expression);

	for (int i = 2; i < 80; i++)
		len += (size_t)snprintf(expression + len, sizeof(expression) - len, " or port %d",
					i);
	cr_expect_eq(filter_compile(expression, LINKTYPE_ETHERNET, &text, error, sizeof(error)),
		     -E2BIG);
}

/* What a program that is no friend of ours might be. */
Test(filter, refused)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{ "nothing", "" },
		{ "no instructions", "0," },
		{ "more than there are", "2,6 0 0 1" },
		{ "less than there are", "1,6 0 0 1,6 0 0 1" },
		{ "too many", "1025,6 0 0 1" },
		{ "a word", "1,x 0 0 1" },
		{ "a sign", "1,6 0 0 -1" },
		{ "a number too large", "1,6 0 0 4294967296" },
		{ "a jump too far for its field", "1,6 256 0 0" },
		{ "a field is missing", "1,6 0 0" },
		{ "a blank too many", "1,6  0 0 1" },
		{ "does not end", "1,0 0 0 1" },
		{ "jumps to itself", "2,5 0 0 4294967295,6 0 0 1" },
		{ "jumps back", "3,0 0 0 1,5 0 0 4294967294,6 0 0 1" },
		{ "jumps out", "2,5 0 0 7,6 0 0 1" },
		{ "jumps out conditionally", "2,21 1 0 7,6 0 0 1" },
		{ "unknown", "2,255 0 0 0,6 0 0 1" },
		{ "memory that isn't there", "2,2 0 0 16,6 0 0 1" },
		{ "divides by zero", "2,52 0 0 0,6 0 0 1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *f = NULL;

		error[0] = '\0';
		cr_expect_eq(filter_parse(rows[i].text, &f, error, sizeof(error)), -EINVAL, "%s",
			     rows[i].name);
		cr_expect(error[0], "%s", rows[i].name);
		cr_expect_null(f);
	}
}

Test(filter, reads_past_the_end_do_not_match)
{
	struct filter *f;

	cr_assert_eq(filter_parse("2,32 0 0 4294967290,6 0 0 1", &f, error, sizeof(error)), 0);
	cr_expect_not(filter_matches(f, syn4, sizeof(syn4), sizeof(syn4)));
	filter_free(f);
}
