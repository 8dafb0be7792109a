/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl why: from words to a request, and from an answer to lines. */
#include "cli/why.h"

#include "capture.h"

#define MAX_WORDS 10

/* "why WORDS", as JSON with sorted keys, or what is wrong. */
static char *request_of(const char *words)
{
	char copy[256], *argv[MAX_WORDS] = { (char[]){ "why" } }, *rest = copy, *word, *text;
	const char *error;
	int argc = 1;
	json_t *body;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")) && argc < MAX_WORDS)
		argv[argc++] = word;
	body = why_request(argc, argv, &error);
	if (!body)
		return strdup(error);
	text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(body);
	return text;
}

static const struct {
	const char *words;
	const char *request;
} rows[] = {
	{ "10.0.0.1 192.0.2.1:80", "{\"client\":\"10.0.0.1\",\"port\":80,\"vip\":\"192.0.2.1\"}" },
	{ "10.0.0.1:4000 192.0.2.1:80 udp",
	  "{\"client\":\"10.0.0.1\",\"client_port\":4000,\"port\":80,\"proto\":\"udp\",\"vip\":"
	  "\"192.0.2.1\"}" },
	{ "2001:db8::1 [2001:db8::2]:443",
	  "{\"client\":\"2001:db8::1\",\"port\":443,\"vip\":\"2001:db8::2\"}" },
	{ "[2001:db8::1]:5 [2001:db8::2]:443 tcp",
	  "{\"client\":\"2001:db8::1\",\"client_port\":5,\"port\":443,\"proto\":\"tcp\",\"vip\":"
	  "\"2001:db8::2\"}" },
	{ "[2001:db8::1] [2001:db8::2]:443 --mid-stream",
	  "{\"client\":\"2001:db8::1\",\"mid_stream\":true,\"port\":443,\"vip\":\"2001:db8::2\"}" },
	{ "-i em1 --syn 1.1.1.1 2.2.2.2:2",
	  "{\"client\":\"1.1.1.1\",\"interface\":\"em1\",\"mid_stream\":false,\"port\":2,\"vip\":"
	  "\"2.2.2.2\"}" },
	{ "1.1.1.1", "it takes a client and a VIP" },
	{ "1.1.1.1 2.2.2.2", "the VIP needs a port: ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "1.1.1.1 2001:db8::2", "the VIP needs a port: ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "1.1.1.1 2.2.2.2:0", "the VIP is ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "1.1.1.1 2.2.2.2:65536", "the VIP is ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "1.1.1.1 2.2.2.2:80x", "the VIP is ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "[2001:db8::1 2.2.2.2:80",
	  "the client is ADDRESS or ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "[2001:db8::1]5 2.2.2.2:80",
	  "the client is ADDRESS or ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" },
	{ "1.1.1.1 2.2.2.2:80 icmp", "the protocol is tcp or udp" },
	{ "1.1.1.1 2.2.2.2:80 tcp more", "too many words" },
	{ "1.1.1.1 2.2.2.2:80 -i", "-i needs an interface" },
	{ "1.1.1.1 2.2.2.2:80 --fin", "unknown option" },
};

Test(why, requests)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = request_of(rows[i].words);

		cr_expect_str_eq(text, rows[i].request, "%s", rows[i].words);
		free(text);
	}
}

static void expect_lines(const char *json, const char *lines)
{
	json_t *why = json_loads(json, 0, NULL);
	struct capture c;

	cr_assert_not_null(why);
	capture_open(&c);
	print_why(&c.cli, why);
	capture_read(&c);
	cr_expect_str_eq(c.out, lines);
	capture_close(&c);
	json_decref(why);
}

Test(why, moving_row)
{
	expect_lines("{\"client\":\"10.0.0.1\",\"client_port\":49152,\"client_port_assumed\":true,"
		     "\"vip\":\"192.0.2.1\",\"port\":443,\"packet\":\"ack\",\"interface\":\"em1\","
		     "\"interface_assumed\":true,\"program\":\"xdp\",\"service\":{\"kind\":"
		     "\"redirect\",\"name\":\"www\",\"mode\":\"maglev\",\"sticky\":false,"
		     "\"forward\":\"route\"},\"row\":{\"number\":12,\"state\":\"moving\",\"host\":"
		     "{\"name\":\"b\",\"address\":\"10.1.0.2\"},\"former\":{\"name\":\"10.1.0.1\","
		     "\"address\":\"10.1.0.1\"}},\"host\":{\"name\":\"10.1.0.1\",\"address\":"
		     "\"10.1.0.1\"},\"by\":\"former host\",\"egress\":{\"interface\":\"em0\","
		     "\"dst_mac\":\"02:00:00:00:00:02\",\"src_mac\":\"02:00:00:00:00:01\"},"
		     "\"verdict\":\"forward\"}",
		     "packet    TCP ACK, mid-stream from 10.0.0.1:49152 (port assumed) to "
		     "192.0.2.1:443, in by em1 (the way to the client)\n"
		     "service   redirect www, mode maglev, direct server return\n"
		     "row       12, moving: b (10.1.0.2), before 10.1.0.1\n"
		     "host      10.1.0.1, which has what has no entry, until the row has settled\n"
		     "out       by em0, to MAC 02:00:00:00:00:02, from 02:00:00:00:00:01\n"
		     "verdict   forwarded by the XDP program\n");
}

Test(why, refused)
{
	expect_lines("{\"client\":\"2001:db8::1\",\"client_port\":5,\"vip\":\"2001:db8::2\","
		     "\"port\":53,\"packet\":\"udp\",\"interface\":\"em1\",\"program\":\"tc\","
		     "\"verdict\":\"pass\",\"reason\":\"no_host\",\"text\":\"none\",\"hint\":"
		     "\"do\"}",
		     "packet    UDP from [2001:db8::1]:5 to [2001:db8::2]:53, in by em1\n"
		     "verdict   passed to the local stack by the TC program; no_host: none\n"
		     "hint      do\n");
}
