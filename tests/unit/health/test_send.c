/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check tls", "check send expect" and "check binary". */
#include <fcntl.h>

#include "server.h"

TestSuite(stream, .init = prober_set_up, .fini = prober_tear_down, .timeout = 60);

#define TLS                                                                                        \
	{                                                                                          \
		.type = CFG_CHECK_TLS, .tls = true                                                 \
	}
#define EXPECT(s, p)                                                                               \
	{                                                                                          \
		.type = CFG_CHECK_SEND_EXPECT, .send = s, .expect = p                              \
	}
#define EXPECT_TLS(s, p)                                                                           \
	{                                                                                          \
		.type = CFG_CHECK_SEND_EXPECT, .send = s, .expect = p, .tls = true                 \
	}
#define BINARY(s, e)                                                                               \
	{                                                                                          \
		.type = CFG_CHECK_BINARY, .send = s, .expect = e                                   \
	}

static const struct check_row tls[] = {
	{ "handshake", TLS, { .reply = "", .tls = true }, HOST_UP, "tls connect ok" },
	{ "not TLS",
	  TLS,
	  { .reply = "220 hello\r\n", .greets = true },
	  HOST_DOWN,
	  "tls connect error" },
	{ "closed during the handshake", TLS, { .reply = "" }, HOST_DOWN, "tls connect error" },
	{ "no handshake",
	  TLS,
	  { .reply = "", .greets = true, .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tls connect timeout" },
};

static const struct check_row patterns[] = {
	{ "greeting",
	  EXPECT(NULL, "220 *"),
	  { .reply = "220 hello\r\n", .greets = true, .afterwards = HOLD },
	  HOST_UP,
	  "send/expect ok" },
	{ "answer",
	  EXPECT("PING\r\n", "+PONG*"),
	  { .reply = "+PONG\r\n", .afterwards = HOLD, .request = "PING\r\n" },
	  HOST_UP,
	  "send/expect ok" },
	{ "the pattern is for all of it",
	  EXPECT(NULL, "hello"),
	  { .reply = "hello world", .greets = true, .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tcp read timeout" },
	{ "closed without it: unknown, as in relayd",
	  EXPECT(NULL, "220 *"),
	  { .reply = "500 no\r\n", .greets = true },
	  HOST_UNKNOWN,
	  "send/expect failed" },
	{ "reset",
	  EXPECT("x", "y"),
	  { .reply = "", .afterwards = RESET },
	  HOST_DOWN,
	  "tcp read failed" },
	{ "silence",
	  EXPECT("x", "y"),
	  { .reply = "", .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tcp read timeout" },
	{ "words without end",
	  EXPECT("x", "y"),
	  { .reply = "la", .afterwards = REPEAT },
	  HOST_DOWN,
	  "send/expect failed" },
	{ "greeting by TLS",
	  EXPECT_TLS(NULL, "220 *"),
	  { .reply = "220 hello\r\n", .tls = true, .greets = true, .afterwards = HOLD },
	  HOST_UP,
	  "send/expect ok" },
	{ "answer by TLS",
	  EXPECT_TLS("PING\r\n", "+PONG*"),
	  { .reply = "+PONG\r\n", .tls = true, .afterwards = HOLD, .request = "PING\r\n" },
	  HOST_UP,
	  "send/expect ok" },
	{ "closed by TLS",
	  EXPECT_TLS("PING\r\n", "+PONG*"),
	  { .reply = "-NO\r\n", .tls = true },
	  HOST_UNKNOWN,
	  "send/expect failed" },
	{ "silence by TLS",
	  EXPECT_TLS("x", "y"),
	  { .reply = "", .tls = true, .afterwards = HOLD, .timeout_ms = 300 },
	  HOST_DOWN,
	  "tls read timeout" },
};

static const char reply_with_nul[] = "\x00\xff\x01more";

static const struct check_row binaries[] = {
	{ "begins with",
	  BINARY("50494e47", "00ff01"),
	  { .reply = reply_with_nul, .size = 7, .afterwards = HOLD, .request = "PING" },
	  HOST_UP,
	  "send/expect ok" },
	{ "other bytes",
	  BINARY("50", "00ff02"),
	  { .reply = reply_with_nul, .size = 7, .afterwards = HOLD },
	  HOST_DOWN,
	  "send/expect failed" },
	{ "too few",
	  BINARY("50", "00ff01"),
	  { .reply = reply_with_nul, .size = 2, .afterwards = HOLD, .timeout_ms = 100 },
	  HOST_DOWN,
	  "tcp read timeout" },
	{ "too few, and closed",
	  BINARY("50", "00ff01"),
	  { .reply = reply_with_nul, .size = 2 },
	  HOST_UNKNOWN,
	  "send/expect failed" },
};

Test(stream, tls)
{
	CHECK_ROWS(tls);
}

Test(stream, patterns)
{
	CHECK_ROWS(patterns);
}

Test(stream, binaries)
{
	CHECK_ROWS(binaries);
}

/* More than the socket takes at once, to a peer that is slow to read: sent in pieces. */
Test(stream, much_to_send)
{
	enum { SIZE = 8 << 20 };
	static char text[SIZE + 1];
	struct cfg_check check = EXPECT(text, "y*");
	struct probe_target target;
	struct record r = { 0 };
	char buf[65536];
	size_t received = 0;
	uint16_t port;
	int fd = listener("127.0.0.1", 1, &port), client = -1;

	memset(text, 'x', SIZE);
	target = target_of("127.0.0.1", port, &check);
	target.timeout_ms = 20000;
	add(&target, &r);
	cr_assert_geq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	cr_assert(LOOP_UNTIL((client = accept(fd, NULL, NULL)) >= 0));
	cr_assert_geq(fcntl(client, F_SETFL, O_NONBLOCK), 0);
	while (received < SIZE) {
		ssize_t n = read(client, buf, sizeof(buf));

		received += n > 0 ? (size_t)n : 0;
		cr_assert_geq(sd_event_run(event, n > 0 ? 0 : 10000), 0);
		cr_assert_eq(r.results, 0, "%s", r.reason);
	}
	cr_assert_eq(write(client, "yes", 3), 3);
	cr_assert(LOOP_UNTIL(r.results == 1));
	cr_assert_str_eq(r.reason, "send/expect ok");
	close(client);
	close(fd);
}
