/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Requests out of frames: however the bytes are cut, sent twice, or swapped, the same is read. */
#include "fixture.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define LONG_PATH "/0123456789/0123456789/0123456789/0123456789/0123456789"

static const struct {
	const char *name;
	const char *sent;
	const char *log;
} conversations[] = {
	{ "one", GET("/"), "GET a.example /\n" },
	{ "keep-alive", GET("/1") GET("/2") GET("/3"),
	  "GET a.example /1\nGET a.example /2\nGET a.example /3\n" },
	{ "query", GET("/p?a=b&c=/?d"), "GET a.example /p?a=b&c=/?d\n" },
	{ "long", GET(LONG_PATH), "GET a.example " LONG_PATH "\n" },
	{ "no Host", "GET /x HTTP/1.0\r\n\r\n", "GET  /x\n" },
	{ "other case, port", "GET / HTTP/1.1\r\nhOsT:a.example:8080\r\n\r\n",
	  "GET a.example:8080 /\n" },
	{ "the first Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET a /\n" },
	{ "empty field", "GET / HTTP/1.1\r\nX:\r\nHost: a\r\n\r\n", "GET a /\n" },
	{ "lines end with LF", "GET / HTTP/1.1\nHost: a\n\nGET /2 HTTP/1.1\nHost: b\n\n",
	  "GET a /\nGET b /2\n" },
	{ "empty lines between", "\r\n" GET("/1") "\r\n" GET("/2"),
	  "GET a.example /1\nGET a.example /2\n" },
	{ "absolute", "GET http://u:p@b.example:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
	  "GET b.example:81 /x?y\n" },
	{ "absolute without a path", "GET http://b.example HTTP/1.1\r\nHost: a\r\n\r\n",
	  "GET b.example /\n" },
	{ "no authority", "GET /http://b.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
	  "GET a /http://b.example/\n" },
	{ "asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS a *\n" },
	{ "body", "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET("/2"),
	  "POST a /p\nGET a.example /2\n" },
	{ "a body that looks like a request",
	  "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" GET("/f") GET("/2"),
	  "POST a /p\nGET a.example /2\n" },
	{ "chunks",
	  "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: GET\r\n\r\n" GET("/2"),
	  "POST a /p\nGET a.example /2\n" },
	{ "connection: close, and no more",
	  "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET a /\n" },
	{ "methods", "PROPFIND /d HTTP/1.1\r\nHost: a\r\n\r\nDELETE /d HTTP/1.1\r\nHost: a\r\n\r\n",
	  "PROPFIND a /d\nDELETE a /d\n" },
};

#define N (sizeof(conversations) / sizeof(conversations[0]))

static void expect(struct wire *w, size_t i, const char *how, size_t where)
{
	wire_later(w, 2000);
	cr_expect_str_eq(w->log, conversations[i].log, "%s, %s at %zu", conversations[i].name, how,
			 where);
	cr_expect_eq(wire_count(w, REQUEST_UNSEEN_BYTES), 0, "%s, %s at %zu", conversations[i].name,
		     how, where);
	cr_expect_eq(wire_count(w, REQUEST_MALFORMED), 0, "%s, %s at %zu", conversations[i].name,
		     how, where);
	cr_expect_eq(requests_bytes(w->requests), 0);
	wire_close(w);
}

/* The conversation's bytes from..to, where they belong. */
static void part(struct wire *w, size_t i, size_t from, size_t to)
{
	wire_segment(w, w->seq + (uint32_t)from, ACK, conversations[i].sent + from, to - from,
		     to - from);
}

static size_t length(size_t i)
{
	return strlen(conversations[i].sent);
}

static struct wire w; /* it is large */

Test(requests, in_one_segment)
{
	for (size_t i = 0; i < N; i++) {
		wire_open(&w, REQUESTS_HTTP);
		wire_syn(&w);
		wire_text(&w, conversations[i].sent);
		wire_fin(&w);
		expect(&w, i, "whole", 0);
	}
}

Test(requests, byte_by_byte)
{
	for (size_t i = 0; i < N; i++) {
		wire_open(&w, REQUESTS_HTTP);
		wire_syn(&w);
		for (size_t n = 0; n < length(i); n++)
			wire_bytes(&w, conversations[i].sent + n, 1);
		wire_fin(&w);
		expect(&w, i, "by the byte", 0);
	}
}

Test(requests, split_anywhere)
{
	for (size_t i = 0; i < N; i++)
		for (size_t at = 1; at < length(i); at++) {
			wire_open(&w, REQUESTS_HTTP);
			wire_syn(&w);
			part(&w, i, 0, at);
			part(&w, i, at, length(i));
			expect(&w, i, "split", at);
		}
}

Test(requests, swapped_anywhere)
{
	for (size_t i = 0; i < N; i++)
		for (size_t at = 1; at < length(i); at++) {
			wire_open(&w, REQUESTS_HTTP);
			wire_syn(&w);
			part(&w, i, at, length(i));
			part(&w, i, 0, at);
			expect(&w, i, "swapped", at);
		}
}

Test(requests, overlapping_anywhere)
{
	for (size_t i = 0; i < N; i++)
		for (size_t at = 1; at < length(i); at++) {
			wire_open(&w, REQUESTS_HTTP);
			wire_syn(&w);
			part(&w, i, 0, at);
			part(&w, i, at / 2, length(i));
			part(&w, i, 0, length(i));
			expect(&w, i, "overlapping", at);
		}
}

/* The middle, the end, and then what overlaps both. */
Test(requests, three_parts_backwards)
{
	for (size_t i = 0; i < N; i++)
		for (size_t at = 2; at < length(i) - 2; at++) {
			wire_open(&w, REQUESTS_HTTP);
			wire_syn(&w);
			part(&w, i, at + 1, length(i));
			part(&w, i, at - 1, at + 2);
			part(&w, i, 0, at);
			expect(&w, i, "backwards", at);
		}
}

/* Of bytes that are sent twice the first ones count, as hosts have it. */
Test(requests, the_first_counts)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "GET /good HT");
	wire_segment(&w, w.seq - 12, ACK, "GET /evil HT", 12, 12);
	wire_text(&w, "TP/1.1\r\n\r\n");
	cr_expect_str_eq(w.log, "GET  /good\n");
	cr_expect_eq(wire_count(&w, REQUEST_REPEATED_BYTES), 12);
	wire_close(&w);
}

Test(requests, repeated_after_the_end)
{
	const char *get = GET("/");

	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, get);
	wire_fin(&w);
	wire_segment(&w, w.seq - 1 - (uint32_t)strlen(get), FIN | ACK, get, strlen(get),
		     strlen(get));
	cr_expect_str_eq(w.log, "GET a.example /\n");
	wire_close(&w);
}

Test(requests, the_same_ports_again)
{
	wire_open(&w, REQUESTS_HTTP);
	for (unsigned n = 0; n < 3; n++) {
		wire_syn(&w);
		wire_text(&w, GET("/"));
		if (n == 0)
			wire_fin(&w);
		w.seq += 12345;
	}
	cr_expect_str_eq(w.log, "GET a.example /\nGET a.example /\nGET a.example /\n");
	cr_expect_eq(wire_count(&w, REQUEST_FLOWS), 3);
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 0);
	wire_close(&w);
}

Test(requests, syn_once_more)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "GET /");
	wire_segment(&w, w.seq - 6, SYN, NULL, 0, 0);
	wire_text(&w, " HTTP/1.0\r\n\r\n");
	cr_expect_str_eq(w.log, "GET  /\n");
	cr_expect_eq(wire_count(&w, REQUEST_FLOWS), 1);
	wire_close(&w);
}

Test(requests, data_with_syn)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_segment(&w, w.seq, SYN, GET("/"), strlen(GET("/")), strlen(GET("/")));
	cr_expect_str_eq(w.log, "GET a.example /\n");
	wire_close(&w);
}

/* ---- what was not seen --------------------------------------------------------------------- */
static char body[60000];

/* A large body, of which the beginning of each aggregate was captured. */
Test(requests, body_beyond_what_is_captured)
{
	char head[128];
	size_t n = (size_t)snprintf(head, sizeof(head),
				    "PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
				    3 * sizeof(body));

	memset(body, 'G', sizeof(body));
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_bytes(&w, head, n);
	for (unsigned i = 0; i < 3; i++) {
		wire_segment(&w, w.seq, ACK, body, sizeof(body), 2048);
		w.seq += sizeof(body);
	}
	wire_text(&w, GET("/2"));
	cr_expect_str_eq(w.log, "PUT a /b\nGET a.example /2\n");
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 0);
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), 0);
	wire_close(&w);
}

Test(requests, chunk_beyond_what_is_captured)
{
	static char chunk[sizeof(body) + 8];

	snprintf(chunk, 8, "%04zx\r\n", sizeof(body));
	memset(chunk + 6, 'x', sizeof(body));
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	wire_segment(&w, w.seq, ACK, chunk, sizeof(body) + 6, 1000);
	w.seq += sizeof(body) + 6;
	wire_text(&w, "\r\n0\r\n\r\n" GET("/2"));
	cr_expect_str_eq(w.log, "PUT a /c\nGET a.example /2\n");
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 0);
	wire_close(&w);
}

/* Requests behind what was captured are counted by their bytes, the next segment is read again. */
Test(requests, pipeline_beyond_what_is_captured)
{
	static const char three[] = GET("/1") GET("/2") GET("/3");
	const size_t one = strlen(GET("/1"));

	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_segment(&w, w.seq, ACK, three, 3 * one, one + 7);
	w.seq += (uint32_t)(3 * one);
	wire_text(&w, GET("/4"));
	cr_expect_str_eq(w.log, "GET a.example /1\nGET a.example /4\n");
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 1);
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), 2 * one - 7);
	wire_close(&w);
}

/* One segment never comes to us: what is behind it is read after a while. */
Test(requests, lost_segment)
{
	const size_t one = strlen(GET("/1"));

	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, GET("/1"));
	w.seq += (uint32_t)one;
	wire_text(&w, GET("/3"));
	cr_expect_str_eq(w.log, "GET a.example /1\n");
	wire_later(&w, 999);
	cr_expect_str_eq(w.log, "GET a.example /1\n");
	wire_later(&w, 1);
	cr_expect_str_eq(w.log, "GET a.example /1\nGET a.example /3\n");
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 1);
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), one);
	cr_expect_eq(requests_bytes(w.requests), 0);
	wire_close(&w);
}

/* … or sooner, when much is waiting. */
Test(requests, lost_segment_and_many_behind_it)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	w.seq += 10;
	for (unsigned i = 0; i < 16; i++)
		wire_text(&w, GET("/"));
	cr_expect_eq(wire_count(&w, REQUEST_REQUESTS), 16);
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), 10);
	wire_close(&w);
}

/* The end tells that something is missing before it. */
Test(requests, lost_before_the_end)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, GET("/1"));
	w.seq += 77;
	wire_fin(&w);
	wire_later(&w, 1000);
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), 77);
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 1);
	wire_close(&w);
}

Test(requests, reset_while_something_waits)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	w.seq += 5;
	wire_text(&w, GET("/"));
	wire_segment(&w, w.seq, RST, NULL, 0, 0);
	cr_expect_str_eq(w.log, "GET a.example /\n");
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), 5);
	cr_expect_eq(requests_bytes(w.requests), 0);
	wire_close(&w);
}

Test(requests, begins_in_the_middle)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_text(&w, "rest of a body");
	wire_text(&w, GET("/2"));
	cr_expect_str_eq(w.log, "GET a.example /2\n");
	cr_expect_eq(wire_count(&w, REQUEST_LATE_FLOWS), 1);
	cr_expect_eq(wire_count(&w, REQUEST_UNREAD_BYTES), 14);
	wire_close(&w);
}

/* ---- what is no HTTP/1 --------------------------------------------------------------------- */
Test(requests, http2)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	for (size_t step = 1; step <= strlen(preface); step++) {
		wire_open(&w, REQUESTS_HTTP);
		wire_syn(&w);
		for (size_t at = 0; at < strlen(preface); at += step)
			wire_bytes(&w, preface + at,
				   step < strlen(preface) - at ? step : strlen(preface) - at);
		wire_text(&w, GET("/"));
		cr_expect_str_eq(w.log, "");
		cr_expect_eq(wire_count(&w, REQUEST_HTTP2), 1, "step %zu", step);
		cr_expect_eq(wire_count(&w, REQUEST_MALFORMED), 0, "step %zu", step);
		wire_close(&w);
	}
}

Test(requests, nonsense)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "\x16\x03\x01 nonsense");
	wire_text(&w, "more of it");
	wire_text(&w, GET("/"));
	cr_expect_str_eq(w.log, "GET a.example /\n", "the reader finds its way again");
	cr_expect_eq(wire_count(&w, REQUEST_MALFORMED), 1);
	cr_expect_eq(wire_count(&w, REQUEST_UNREAD_BYTES), 22);
	wire_close(&w);
}

#define UPGRADE "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

Test(requests, upgrade)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, UPGRADE "\x81\x05hello");
	wire_text(&w, "\x81\x05hello");
	cr_expect_str_eq(w.log, "GET a /ws\n");
	cr_expect_eq(wire_count(&w, REQUEST_UPGRADES), 1);
	cr_expect_eq(wire_count(&w, REQUEST_UNREAD_BYTES), 14);
	wire_text(&w, GET("/refused"));
	cr_expect_str_eq(w.log, "GET a /ws\nGET a.example /refused\n");
	wire_close(&w);
}

Test(requests, tunnel)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");
	wire_text(&w, GET("/in-the-tunnel"));
	cr_expect_str_eq(w.log, "CONNECT b.example:443 b.example:443\n");
	cr_expect_eq(wire_count(&w, REQUEST_TUNNELS), 1);
	wire_close(&w);
}

/* Two lengths, or none that counts: where the next request begins is anybody's guess. */
Test(requests, smuggling)
{
	static const char *const heads[] = {
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		wire_open(&w, REQUESTS_HTTP);
		wire_syn(&w);
		wire_text(&w, heads[i]);
		cr_expect_eq(wire_count(&w, REQUEST_MALFORMED), 1, "%s", heads[i]);
		wire_close(&w);
	}
}

/* ---- limits -------------------------------------------------------------------------------- */
Test(requests, very_long_head)
{
	static char target[20000];

	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "GET ");
	wire_text(&w, target);
	wire_text(&w, " HTTP/1.1\r\nHost: a\r\n\r\n" GET("/2"));
	cr_expect_eq(wire_count(&w, REQUEST_REQUESTS), 2);
	cr_expect_eq(wire_count(&w, REQUEST_CUT), 1);
	cr_expect(strstr(w.log, "\nGET a.example /2\n"));
	cr_expect_eq(requests_bytes(w.requests), 0);
	wire_close(&w);
}

Test(requests, many_fields)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	wire_text(&w, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (unsigned i = 0; i < 300; i++)
		wire_text(&w, "X: y\r\n");
	wire_text(&w, "\r\n");
	cr_expect_str_eq(w.log, "GET a /\n");
	cr_expect_eq(wire_count(&w, REQUEST_CUT), 1);
	wire_close(&w);
}

Test(requests, no_room_for_what_waits)
{
	wire_open_with(&w, REQUESTS_HTTP, 100, 300);
	wire_syn(&w);
	wire_text(&w, "GET /");
	for (unsigned i = 0; i < 60; i++)
		wire_text(&w, "0123456789");
	wire_text(&w, " HTTP/1.1\r\n\r\n");
	cr_expect_str_eq(w.log, "");
	cr_expect_eq(wire_count(&w, REQUEST_NO_ROOM), 1);
	cr_expect_leq(requests_bytes(w.requests), 300);
	wire_close(&w);
}

Test(requests, the_quiet_go_first)
{
	wire_open_with(&w, REQUESTS_HTTP, 10, 1 << 20);
	wire_syn(&w);
	wire_text(&w, "GET / HT");
	for (uint16_t i = 0; i < 1000; i++) {
		w.port = 50000 + i;
		wire_segment(&w, 1, SYN, NULL, 0, 0);
	}
	w.port = 40001;
	wire_text(&w, "TP/1.0\r\n\r\n");
	cr_expect_str_eq(w.log, "GET  /\n");
	cr_expect_eq(requests_flows(w.requests), 10);
	cr_expect_eq(wire_count(&w, REQUEST_EVICTED), 0);
	wire_close(&w);
}

Test(requests, the_longest_idle_goes)
{
	wire_open_with(&w, REQUESTS_HTTP, 10, 1 << 20);
	for (uint16_t i = 0; i < 11; i++) {
		w.port = 50000 + i;
		wire_segment(&w, 1, ACK, "GET / HT", 8, 8);
	}
	cr_expect_eq(wire_count(&w, REQUEST_EVICTED), 1);
	w.port = 50001;
	wire_segment(&w, 9, ACK, "TP/1.0\r\n\r\n", 10, 10);
	cr_expect_str_eq(w.log, "GET  /\n");
	wire_close(&w);
}

Test(requests, the_idle_are_forgotten)
{
	wire_open(&w, REQUESTS_HTTP);
	wire_syn(&w);
	w.port++;
	wire_text(&w, "GET / HT");
	wire_later(&w, 61000);
	cr_expect_eq(requests_flows(w.requests), 1);
	wire_later(&w, 3600000);
	cr_expect_eq(requests_flows(w.requests), 0);
	cr_expect_eq(requests_bytes(w.requests), 0);
	wire_close(&w);
}

/* ---- what is kept for the end -------------------------------------------------------------- */
static const char *kept(void)
{
	struct request_ends ends = { .proto = IPPROTO_TCP,
				     .client_port = w.port,
				     .listen_port = 80,
				     .client = { .family = AF_INET },
				     .listen = { .family = AF_INET } };

	ends.client.v4.s_addr = inet_addr("203.0.113.10");
	ends.listen.v4.s_addr = inet_addr("192.168.0.2");
	return requests_kept(w.requests, &ends);
}

Test(requests, kept_until_after_the_end)
{
	wire_open(&w, REQUESTS_HTTP);
	w.keeps = true;
	wire_syn(&w);
	cr_expect_null(kept());
	wire_text(&w, GET("/1"));
	wire_text(&w, GET("/2"));
	wire_fin(&w);
	wire_later(&w, 30000);
	cr_expect_str_eq(kept(), "/1; /2;");
	wire_later(&w, 31000);
	cr_expect_null(kept());
	cr_expect_eq(requests_bytes(w.requests), 0);
	wire_close(&w);
}

Test(requests, not_more_is_kept_than_fits)
{
	wire_open(&w, REQUESTS_HTTP);
	w.keeps = true;
	wire_syn(&w);
	for (unsigned i = 0; i < 200; i++)
		wire_text(&w, GET("/1234567"));
	cr_expect_lt(strlen(kept()), REQUESTS_KEPT);
	cr_expect_gt(strlen(kept()), REQUESTS_KEPT - 20);
	cr_expect_str_eq(kept() + strlen(kept()) - 13, "/1234567; ...");
	wire_close(&w);
}

Test(requests, kept_of_one_connection_only)
{
	wire_open(&w, REQUESTS_HTTP);
	w.keeps = true;
	wire_syn(&w);
	wire_text(&w, GET("/1"));
	w.seq += 1000;
	wire_syn(&w);
	wire_text(&w, GET("/2"));
	cr_expect_str_eq(kept(), "/2;");
	wire_close(&w);
}
