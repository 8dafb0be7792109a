/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Filter rules, as they are written, over requests as they are sent: the text of the log. */
#include "fixture.h"

#include "requests/escape.h"
#include "requests/rules.h"

/* ---- escapes ------------------------------------------------------------------------------- */
static const struct {
	const char *text;
	const char *escaped;
} escapes[] = {
	{ "/plain-~!$%&*()+,;=:@?#<>|^`_.", "/plain-~!$%&*()+,;=:@?#<>|^`_." },
	{ "a b", "a b" },
	{ "line\nline\r\t", "line\\012line\\015\\011" },
	{ "\"'\\", "\\042\\047\\134" },
	{ "x] GET, [evil.example/", "x\\135 GET, \\133evil.example/" },
	{ "{response}", "\\173response\\175" },
	{ "\x01\x1b[31m\x7f", "\\001\\033\\13331m\\177" },
	{ "\xc3\xa4\xff\x80", "\\303\\244\\377\\200" },
	{ "", "" },
};

Test(escape, rows)
{
	char buf[256];

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		cr_expect_eq(escape(escapes[i].text, buf, sizeof(buf)), strlen(escapes[i].escaped));
		cr_expect_str_eq(buf, escapes[i].escaped);
	}
}

/* No escape is cut in two. */
Test(escape, too_long)
{
	char buf[64];

	for (size_t size = 5; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		cr_expect_lt(escape("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", buf, size), size);
		cr_expect_eq((strlen(buf) - 3) % 4, 0, "size %zu: %s", size, buf);
		cr_expect_str_eq(buf + strlen(buf) - 3, "...");
		for (size_t i = size; i < sizeof(buf); i++)
			cr_expect_eq(buf[i], 'x', "size %zu", size);
	}
	escape("12345", buf, 9);
	cr_expect_str_eq(buf, "12345");
	escape("123456", buf, 9);
	cr_expect_str_eq(buf, "12345...");
}

/* ---- rules --------------------------------------------------------------------------------- */
#define REQUEST                                                                                    \
	"GET /p/a?q=1&r=&s HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: test/1\r\n"            \
	"X-Evil: a] GET, [b\r\nCookie: id=7; $x=1; theme=\"dark\"\r\n\r\n"

static const struct {
	const char *rules;
	const char *text; /* empty: nothing is logged */
} rows[] = {
	{ "match url log", "[www.example.com/p/a: q=1&r=&s] GET" },
	{ "pass url log", "[www.example.com/p/a: q=1&r=&s] GET" },
	{ "match url log \"/p/*\"", "[www.example.com/p/a: q=1&r=&s] GET" },
	{ "match url log \"WWW.example.com/*\"", "[www.example.com/p/a: q=1&r=&s] GET" },
	{ "match url log \"/q/*\"", "" },
	{ "match path log", "[/p/a: q=1&r=&s] GET" },
	{ "match path log \"/x\"", "" },
	{ "match header log \"user-agent\"", "[User-Agent: test/1] GET" },
	{ "match header log \"X-*\"", "[X-Evil: a\\135 GET, \\133b] GET" },
	{ "match header log \"User-Agent\" value \"curl*\"", "" },
	{ "match header log \"None\"", "" },
	{ "match header log",
	  "[Host: www.example.com] [User-Agent: test/1] [X-Evil: a\\135 GET, \\133b] "
	  "[Cookie: id=7; $x=1; theme=\\042dark\\042] GET" },
	{ "match query log \"q\"", "[q: 1] GET" },
	{ "match query log", "[q: 1] [r: ] GET" },
	{ "match cookie log \"ID\"", "[id: 7] GET" },
	{ "match cookie log \"theme\"", "[theme: \\042dark\\042] GET" },
	{ "match url log\nmatch header log \"Host\"",
	  "[www.example.com/p/a: q=1&r=&s] [Host: www.example.com] GET" },
	{ "match url log header log \"Host\"",
	  "[www.example.com/p/a: q=1&r=&s] [Host: www.example.com] GET" },
	{ "match url log header log \"None\"", "" },
	/* conditions */
	{ "match method GET path log", "[/p/a: q=1&r=&s] GET" },
	{ "match method POST path log", "" },
	{ "match inet path log", "[/p/a: q=1&r=&s] GET" },
	{ "match inet6 path log", "" },
	{ "match from 203.0.113.0/24 path log", "[/p/a: q=1&r=&s] GET" },
	{ "match from 203.0.113.8/29 path log", "[/p/a: q=1&r=&s] GET" },
	{ "match from 203.0.113.0/29 path log", "" },
	{ "match from 203.0.113.10 path log", "[/p/a: q=1&r=&s] GET" },
	{ "match from 2001:db8::/32 path log", "" },
	{ "match to 192.168.0.2 path log", "[/p/a: q=1&r=&s] GET" },
	{ "match to 192.168.0.3 path log", "" },
	{ "match header \"Host\" value \"*.com\" path log", "[/p/a: q=1&r=&s] GET" },
	{ "match header \"Host\" value \"*.org\" path log", "" },
	{ "match path \"/p/*\" value \"Q=1*\" header log \"Host\"", "[Host: www.example.com] GET" },
	{ "match cookie \"id\" value \"7\" query \"r\" path log", "[/p/a: q=1&r=&s] GET" },
	{ "match query \"s\" path log", "" },
	{ "match response header log \"Host\"", "" },
	/* labels, and which rules count */
	{ "match url log label \"L\"", "[L, www.example.com/p/a: q=1&r=&s] GET" },
	{ "match path log\nmatch label \"late\"", "[late, /p/a: q=1&r=&s] GET" },
	{ "match label \"L\"\nmatch path log\nmatch no label", "[/p/a: q=1&r=&s] GET" },
	{ "match header \"None\" label \"L\"\nmatch path log", "[/p/a: q=1&r=&s] GET" },
	{ "pass header log \"Host\"\npass query log \"q\"", "[q: 1] GET" },
	{ "pass quick header log \"Host\"\npass query log \"q\"", "[Host: www.example.com] GET" },
	{ "match quick path \"/p/*\"\nmatch url log", "" },
	{ "match quick path \"/x/*\"\nmatch path log", "[/p/a: q=1&r=&s] GET" },
};

static const struct cfg_rule *rules;
static char text[RULES_TEXT];
static struct wire w;

static void on_event(const struct request_event *event, void *data)
{
	if (!rules_text(rules, event, text))
		cr_expect_str_eq(text, "");
}

static void send_request(const char *request)
{
	struct requests_options options = { .max_flows = 1, .max_bytes = 1 << 20, .fn = on_event };

	memset(&w, 0, sizeof(w));
	w.wants = REQUESTS_HTTP;
	cr_assert_eq(requests_open(&options, &w.requests), 0);
	text[0] = '\0';
	wire_syn(&w);
	wire_text(&w, request);
	cr_expect_eq(wire_count(&w, REQUEST_REQUESTS), 1);
	requests_close(w.requests);
}

static struct cfg *parse(const char *lines)
{
	static const struct cfg_options options = { .no_resolve = true };
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	char conf[1024];

	snprintf(conf, sizeof(conf),
		 "table <t> { 10.0.0.1 }\nhttp protocol p {\n%s\n}\nrelay r {\n"
		 "listen on 10.9.9.9 port 80\nprotocol p\nforward to <t> port 80\n}\n",
		 lines);
	cr_assert_eq(cfg_parse_text("rules", conf, strlen(conf), &options, &diag, &cfg), 0, "%s",
		     lines);
	diag_clear(&diag);
	rules = cfg->protocols->rules;
	return cfg;
}

Test(rules, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfg *cfg = parse(rows[i].rules);

		send_request(REQUEST);
		cr_expect_str_eq(text, rows[i].text, "%s: %s", rows[i].rules, text);
		cfg_free(cfg);
	}
}

Test(rules, no_query_no_value)
{
	struct cfg *cfg = parse("match url log");

	send_request("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_expect_str_eq(text, "[a/] HEAD");
	send_request("GET /? HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_expect_str_eq(text, "[a/: ] GET");
	cfg_free(cfg);
}

/* Whatever is sent, the text ends in time, and in the method. */
Test(rules, very_long)
{
	struct cfg *cfg = parse("match url log\nmatch header log");
	static char request[9000];
	size_t n = (size_t)snprintf(request, sizeof(request), "GET /%0500d HTTP/1.1\r\n", 0);

	for (unsigned i = 0; i < 30; i++)
		n += (size_t)snprintf(request + n, sizeof(request) - n, "X%02u: %0200d\x80\r\n", i,
				      0);
	snprintf(request + n, sizeof(request) - n, "\r\n");
	send_request(request);
	cr_expect_lt(strlen(text), RULES_TEXT);
	cr_expect_gt(strlen(text), RULES_TEXT - 400);
	cr_expect_str_eq(text + strlen(text) - 8, " ... GET");
	cfg_free(cfg);
}

Test(rules, long_words_are_cut)
{
	struct cfg *cfg = parse("match url log");
	static char request[9000];

	snprintf(request, sizeof(request), "GET /%05000d?%02000d HTTP/1.1\r\n\r\n", 0, 0);
	send_request(request);
	cr_expect_eq(strlen(text), 2 * (RULES_WORD - 1) + strlen("[: ] GET"));
	cr_expect(strstr(text, "0...: 0"));
	cr_expect_str_eq(text + strlen(text) - 9, "0...] GET");
	cfg_free(cfg);
}
