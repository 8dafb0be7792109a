/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Connections as lines of the log: relayd's words (relay_close() in relay.c), then ours. */
#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "daemon/conn_log.h"

static struct cfg_addr addr(const char *text)
{
	struct cfg_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(a.family, text, &a.v6), 1);
	return a;
}

static struct conn_event event(enum conn_end end, uint8_t proto)
{
	return (struct conn_event){
		.end = end,
		.active = 3,
		.duration_s = 61,
		.session = { .service = "kube_forwarder",
			     .proto = proto,
			     .client = addr("203.0.113.9"),
			     .client_port = 50000,
			     .host = addr("192.168.1.4"),
			     .host_port = 6443,
			     .nat = true,
			     .id = 17,
			     .nat_addr = addr("192.168.1.2"),
			     .nat_port = 1024,
			     .packets_in = 12,
			     .bytes_in = 3400,
			     .packets_out = 10,
			     .bytes_out = 9000 },
	};
}

#define HEAD "relay kube_forwarder, session 17 (3 active), 0, 203.0.113.9 -> 192.168.1.4:6443, "
#define WHO ", client port 50000, nat 192.168.1.2:1024"
#define HOW_MUCH ", in 12 packets 3400 bytes, out 10 packets 9000 bytes, 61 s"

static const struct {
	enum conn_end end;
	uint8_t proto;
	const char *text;
	bool error;
} rows[] = {
	{ CONN_OPEN, IPPROTO_TCP, HEAD "open" WHO, false },
	{ CONN_CLOSED, IPPROTO_TCP, HEAD "done" WHO HOW_MUCH, false },
	{ CONN_RESET, IPPROTO_TCP, HEAD "buffer event error: Connection reset by peer" WHO HOW_MUCH,
	  true },
	{ CONN_TIMEOUT, IPPROTO_TCP, HEAD "hard timeout: Connection timed out" WHO HOW_MUCH, true },
	{ CONN_NO_ANSWER, IPPROTO_TCP, HEAD "connect timeout: Connection timed out" WHO HOW_MUCH,
	  true },
	{ CONN_HOST_DOWN, IPPROTO_TCP, HEAD "session aborted: Host is down" WHO HOW_MUCH, true },
	{ CONN_OPEN, IPPROTO_UDP, HEAD "open" WHO, false },
	{ CONN_TIMEOUT, IPPROTO_UDP, HEAD "session closed" WHO HOW_MUCH, false },
	{ CONN_NO_ANSWER, IPPROTO_UDP, HEAD "udp timeout: Connection timed out" WHO HOW_MUCH,
	  true },
};

Test(conn_log, lines)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conn_event e = event(rows[i].end, rows[i].proto);
		char text[512];
		bool error;

		cr_expect_str_eq(conn_log_text(SERVICE_RELAY, &e, text, sizeof(text), &error),
				 rows[i].text);
		cr_expect_eq(error, rows[i].error, "%s", rows[i].text);
	}
}

/* relayd's place for it: behind the reason. */
Test(conn_log, requests)
{
	struct conn_event e = event(CONN_CLOSED, IPPROTO_TCP);
	char text[512];
	bool error;

	e.requests = "[example.com/path] GET;";
	cr_expect_str_eq(conn_log_text(SERVICE_RELAY, &e, text, sizeof(text), &error),
			 HEAD "done, [example.com/path] GET;" WHO HOW_MUCH);
}

Test(conn_log, refused)
{
	struct conn_event e = event(CONN_RESET, IPPROTO_TCP);
	char text[512];
	bool error;

	e.session.packets_in = e.session.packets_out = 1;
	conn_log_text(SERVICE_RELAY, &e, text, sizeof(text), &error);
	cr_expect(strstr(text, ":6443, connect failed: Connection refused, client port"), "%s",
		  text);
	cr_expect(error);
}

Test(conn_log, ipv6)
{
	struct conn_event e = event(CONN_OPEN, IPPROTO_TCP);
	char text[512];
	bool error;

	e.session.client = addr("2001:db8::9");
	e.session.host = addr("2001:db8::4");
	e.session.nat_addr = addr("2001:db8::2");
	cr_expect_str_eq(conn_log_text(SERVICE_RELAY, &e, text, sizeof(text), &error),
			 "relay kube_forwarder, session 17 (3 active), 0, 2001:db8::9 -> "
			 "2001:db8::4:6443, open, client port 50000, nat [2001:db8::2]:1024");
}

/* The host sees the client's own address. */
Test(conn_log, transparent)
{
	struct conn_event e = event(CONN_OPEN, IPPROTO_TCP);
	char text[512];
	bool error;

	e.session.nat_addr.family = AF_UNSPEC;
	cr_expect_str_eq(conn_log_text(SERVICE_REDIRECT, &e, text, sizeof(text), &error),
			 "redirect kube_forwarder, session 17 (3 active), 0, 203.0.113.9 -> "
			 "192.168.1.4:6443, open, client port 50000");
}

/* Direct server return: half of it is seen. */
static const struct {
	enum conn_end end;
	bool begin_unseen, has_octets;
	const char *text;
	bool error;
} dsr_rows[] = {
	{ CONN_OPEN, false, false, "open, client port 50000", false },
	{ CONN_CLOSED, false, true, "done, client port 50000, in 3400 bytes of data, 61 s", false },
	{ CONN_RESET, false, true,
	  "buffer event error: Connection reset by peer, client port 50000, in 3400 bytes of data, "
	  "61 s",
	  true },
	{ CONN_TIMEOUT, false, false, "hard timeout: Connection timed out, client port 50000, 61 s",
	  true },
	{ CONN_UNSEEN, false, false, "end not seen, client port 50000, 61 s", false },
	{ CONN_CLOSED, true, false, "done, client port 50000, begin not seen", false },
};

Test(conn_log, direct_server_return)
{
	for (size_t i = 0; i < sizeof(dsr_rows) / sizeof(dsr_rows[0]); i++) {
		struct conn_event e = event(dsr_rows[i].end, IPPROTO_TCP);
		char text[512], expected[512];
		bool error;

		e.session.nat = false;
		e.session.nat_addr.family = AF_UNSPEC;
		e.begin_unseen = dsr_rows[i].begin_unseen;
		e.has_octets = dsr_rows[i].has_octets;
		snprintf(expected, sizeof(expected),
			 "redirect kube_forwarder, session 17 (3 active), 0, 203.0.113.9 -> "
			 "192.168.1.4:6443, %s",
			 dsr_rows[i].text);
		cr_expect_str_eq(conn_log_text(SERVICE_REDIRECT, &e, text, sizeof(text), &error),
				 expected);
		cr_expect_eq(error, dsr_rows[i].error, "%s", expected);
	}
}

/* However long the names are, the line ends within the buffer. */
Test(conn_log, short_buffer)
{
	struct conn_event e = event(CONN_RESET, IPPROTO_TCP);
	char text[512];
	bool error;

	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		conn_log_text(SERVICE_RELAY, &e, text, size, &error);
		cr_assert_lt(strnlen(text, size), size);
		cr_assert_eq(text[size], 'x');
	}
}
