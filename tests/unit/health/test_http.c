/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check http" and "check https". */
#include <fcntl.h>
#include <stdlib.h>

#include "server.h"

TestSuite(http, .init = prober_set_up, .fini = prober_tear_down, .timeout = 60);

#define CODE(n)                                                                                    \
	{                                                                                          \
		.type = CFG_CHECK_HTTP_CODE, .path = "/healthz", .code = n                         \
	}
#define CODE_TLS(n)                                                                                \
	{                                                                                          \
		.type = CFG_CHECK_HTTP_CODE, .path = "/healthz", .code = n, .tls = true            \
	}
#define DIGEST(hex)                                                                                \
	{                                                                                          \
		.type = CFG_CHECK_HTTP_DIGEST, .path = "/", .digest = hex                          \
	}

#define MD5_HELLO "5d41402abc4b2a76b9719d911017c592" /* of "hello" */
#define SHA1_HELLO "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"

static const struct check_row codes[] = {
	{ "the code",
	  CODE(200),
	  { .reply = "HTTP/1.0 200 OK\r\n\r\n", .request = "HEAD /healthz HTTP/1.0\r\n\r\n" },
	  HOST_UP,
	  "http code ok" },
	{ "a code that is an error to others",
	  CODE(401),
	  { .reply = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\n" },
	  HOST_UP,
	  "http code ok" },
	{ "host",
	  { .type = CFG_CHECK_HTTP_CODE, .path = "/a?b=c", .host = "www.example", .code = 204 },
	  { .reply = "HTTP/1.1 204 No Content\r\n\r\n",
	    .request = "HEAD /a?b=c HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n" },
	  HOST_UP,
	  "http code ok" },
	{ "dots in the path stay",
	  { .type = CFG_CHECK_HTTP_CODE, .path = "/a/../b", .code = 200 },
	  { .reply = "HTTP/1.0 200 OK\r\n\r\n", .request = "HEAD /a/../b HTTP/1.0\r\n\r\n" },
	  HOST_UP,
	  "http code ok" },
	{ "another code",
	  CODE(200),
	  { .reply = "HTTP/1.1 500 Oops\r\n\r\n" },
	  HOST_DOWN,
	  "http code mismatch,500" },
	{ "redirection is not followed",
	  CODE(200),
	  { .reply = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n" },
	  HOST_DOWN,
	  "http code mismatch,302" },
	{ "server keeps the connection",
	  CODE(200),
	  { .reply = "HTTP/1.1 200 OK\r\n\r\n", .afterwards = HOLD },
	  HOST_UP,
	  "http code ok" },
	{ "garbage",
	  CODE(200),
	  { .reply = "SSH-2.0-OpenSSH_9.2\r\n" },
	  HOST_DOWN,
	  "http code malformed" },
	{ "nothing", CODE(200), { .reply = "" }, HOST_DOWN, "http code malformed" },
	{ "reset", CODE(200), { .reply = "", .afterwards = RESET }, HOST_DOWN, "tcp read failed" },
	{ "silence",
	  CODE(200),
	  { .reply = "", .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tcp read timeout" },
	{ "headers without an end: judged at the deadline",
	  CODE(200),
	  { .reply = "HTTP/1.1 200 OK\r\nA: b\r\n", .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_UP,
	  "http code ok" },
	{ "the same with another code",
	  CODE(200),
	  { .reply = "HTTP/1.1 503 Busy\r\nA: b\r\n", .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "http code mismatch,503" },
	{ "body after HEAD",
	  CODE(200),
	  { .reply = "HTTP/1.0 200 OK\r\n\r\nx", .afterwards = REPEAT },
	  HOST_UP,
	  "http code ok" },
};

static const struct check_row tls_codes[] = {
	{ "the founding check",
	  CODE_TLS(401),
	  { .reply = "HTTP/1.0 401 Unauthorized\r\n\r\n",
	    .tls = true,
	    .request = "HEAD /healthz HTTP/1.0\r\n\r\n" },
	  HOST_UP,
	  "http code ok" },
	{ "another code",
	  CODE_TLS(401),
	  { .reply = "HTTP/1.0 200 OK\r\n\r\n", .tls = true },
	  HOST_DOWN,
	  "http code mismatch,200" },
	{ "not TLS",
	  CODE_TLS(401),
	  { .reply = "HTTP/1.0 401 Unauthorized\r\n\r\n" },
	  HOST_DOWN,
	  "tls connect error" },
	{ "no handshake",
	  CODE_TLS(401),
	  { .reply = "", .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tls connect timeout" },
	{ "silence",
	  CODE_TLS(401),
	  { .reply = "", .tls = true, .afterwards = HOLD, .timeout_ms = 300 },
	  HOST_DOWN,
	  "tls read timeout" },
	{ "headers without an end: down, as in relayd",
	  CODE_TLS(200),
	  { .reply = "HTTP/1.1 200 OK\r\nA: b\r\n",
	    .tls = true,
	    .afterwards = HOLD,
	    .timeout_ms = 300 },
	  HOST_DOWN,
	  "tls read timeout" },
};

static const char nul_reply[] = "HTTP/1.0 200 OK\r\n\r\nhello\0world";

static const struct check_row digests[] = {
	{ "MD5",
	  DIGEST(MD5_HELLO),
	  { .reply = "HTTP/1.0 200 OK\r\n\r\nhello", .request = "GET / HTTP/1.0\r\n\r\n" },
	  HOST_UP,
	  "http digest ok" },
	{ "SHA1",
	  DIGEST(SHA1_HELLO),
	  { .reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", .afterwards = HOLD },
	  HOST_UP,
	  "http digest ok" },
	{ "of an error page",
	  DIGEST(MD5_HELLO),
	  { .reply = "HTTP/1.0 500 Oops\r\n\r\nhello" },
	  HOST_UP,
	  "http digest ok" },
	{ "the body ends at a NUL",
	  DIGEST(MD5_HELLO),
	  { .reply = nul_reply, .size = sizeof(nul_reply) - 1 },
	  HOST_UP,
	  "http digest ok" },
	{ "another body",
	  DIGEST(MD5_HELLO),
	  { .reply = "HTTP/1.0 200 OK\r\n\r\nhell" },
	  HOST_DOWN,
	  "http digest mismatch" },
	{ "garbage", DIGEST(MD5_HELLO), { .reply = "hello" }, HOST_DOWN, "http digest malformed" },
	{ "less than announced",
	  DIGEST(MD5_HELLO),
	  { .reply = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello" },
	  HOST_DOWN,
	  "http digest malformed" },
	{ "a body without end",
	  DIGEST(MD5_HELLO),
	  { .reply = "HTTP/1.0 200 OK\r\n\r\nhello", .afterwards = REPEAT, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tcp read timeout" },
};

Test(http, codes)
{
	CHECK_ROWS(codes);
}

Test(http, codes_by_tls)
{
	CHECK_ROWS(tls_codes);
}

Test(http, digests)
{
	CHECK_ROWS(digests);
}

Test(http, refused)
{
	static const struct cfg_check check = CODE(200);
	struct probe_target target;
	struct record r = { 0 };
	uint16_t port;

	close(listener("127.0.0.1", 1, &port));
	target = target_of("127.0.0.1", port, &check);
	add(&target, &r);
	cr_assert(LOOP_UNTIL(r.results == 1));
	cr_assert_eq(r.health, HOST_DOWN);
	cr_assert_str_eq(r.reason, "tcp connect failed");
}

Test(http, v6)
{
	static const struct cfg_check check = CODE(200);
	struct probe_target target;
	struct record r = { 0 };
	uint16_t port;
	int fd = listener("::1", 1, &port), client;

	target = target_of("::1", port, &check);
	target.ttl = 9;
	add(&target, &r);
	cr_assert_geq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	cr_assert(LOOP_UNTIL((client = accept(fd, NULL, NULL)) >= 0));
	cr_assert_eq(write(client, "HTTP/1.0 200 OK\r\n\r\n", 19), 19);
	cr_assert(LOOP_UNTIL(r.results == 1));
	cr_assert_str_eq(r.reason, "http code ok");
	close(client);
	close(fd);
}

/* The environment must not send checks elsewhere. */
Test(http, proxies_are_not_asked)
{
	struct check_row row = codes[0];

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	check_row(&row);
}

Test(http, many_at_once_and_removed_in_flight)
{
	static const struct cfg_check check = CODE(200);
	const struct script script = { .reply = "HTTP/1.0 200 OK\r\n\r\n" };
	struct server s = serve(&script);
	struct probe_target target = target_of("127.0.0.1", s.port, &check);
	struct record r[40] = { 0 };
	struct probe *p[40];

	for (int i = 0; i < 40; i++)
		p[i] = add(&target, &r[i]);
	cr_assert(LOOP_UNTIL(r[0].results == 1));
	for (int i = 0; i < 40; i += 2)
		prober_remove(p[i]);
	for (int i = 1; i < 40; i += 2)
		cr_assert(LOOP_UNTIL(r[i].results == 1) && r[i].health == HOST_UP);
	remove_in_callback = p[1];
	probe_now(p[1]);
	cr_assert(LOOP_UNTIL(r[1].results == 2));
	server_stop(&s);
}
