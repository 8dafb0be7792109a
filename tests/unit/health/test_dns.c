/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check dns": messages byte by byte, then against a server on a socket. */
#include <poll.h>
#include <stdlib.h>

#include "health/dns_message.h"
#include "prober.h"

/* ---- messages ------------------------------------------------------------------------------ */
#define QUESTION "\1a\7example\0\0\1\0\1"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

Test(dns_query, names)
{
	static const struct {
		const char *name;
		const char *wire;
		int size;
	} rows[] = {
		{ "a.example", "\1a\7example", 11 },
		{ "a.example.", "\1a\7example", 11 },
		{ ".", "", 1 },
		{ "a..example", NULL, -EINVAL },
		{ ".a", NULL, -EINVAL },
		{ "0123456789012345678901234567890123456789012345678901234567890123.example", NULL,
		  -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t query[DNS_MAX_QUERY];
		int n = dns_query(0x1234, rows[i].name, 28, query);

		if (rows[i].size < 0) {
			cr_expect_eq(n, rows[i].size, "%s", rows[i].name);
			continue;
		}
		cr_assert_eq(n, 12 + rows[i].size + 4, "%s", rows[i].name);
		cr_expect_arr_eq(query, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
		cr_expect_arr_eq(query + 12, rows[i].wire, (size_t)rows[i].size, "%s",
				 rows[i].name);
		cr_expect_arr_eq(query + 12 + rows[i].size, "\0\34\0\1", 4);
	}
}

Test(dns_query, longest_name)
{
	uint8_t query[DNS_MAX_QUERY];
	char name[300] = "";

	for (int i = 0; i < 126; i++)
		strcat(name, "a.");
	cr_expect_eq(dns_query(1, name, 1, query), 12 + 253 + 4);
	strcat(name, "a.a");
	cr_expect_eq(dns_query(1, name, 1, query), -EINVAL);
}

static const struct {
	const char *name;
	const uint8_t *answer;
	size_t size;
	enum dns_verdict verdict;
	unsigned rcode;
} answers[] = {
#define HEAD(id, flags, counts) id flags counts "\0\0\0\0"
#define GOOD HEAD("\x12\x34", "\x81\x80", "\0\1\0\1")
#define RECORD "\300\14\0\1\0\1\0\0\0\74\0\4\12\0\0\1"
	{ "one record", BYTES(GOOD QUESTION RECORD), DNS_OK, 0 },
	{ "in another case", BYTES(GOOD "\1A\7eXamplE\0\0\1\0\1" RECORD), DNS_OK, 0 },
	{ "name written out", BYTES(GOOD QUESTION "\1a\0\0\1\0\1\0\0\0\74\0\0"), DNS_OK, 0 },
	{ "no record", BYTES(HEAD("\x12\x34", "\x81\x80", "\0\1\0\0") QUESTION), DNS_EMPTY, 0 },
	{ "NXDOMAIN", BYTES(HEAD("\x12\x34", "\x81\x83", "\0\1\0\0") QUESTION), DNS_ERROR, 3 },
	{ "an error without the question", BYTES(HEAD("\x12\x34", "\x81\x85", "\0\0\0\0")),
	  DNS_ERROR, 5 },
	{ "another id", BYTES(HEAD("\x12\x35", "\x81\x80", "\0\1\0\1") QUESTION RECORD), DNS_FOREIGN,
	  0 },
	{ "a query", BYTES(HEAD("\x12\x34", "\1\0", "\0\1\0\0") QUESTION), DNS_FOREIGN, 0 },
	{ "another question", BYTES(GOOD "\1b\7example\0\0\1\0\1" RECORD), DNS_FOREIGN, 0 },
	{ "nothing", BYTES(""), DNS_FOREIGN, 0 },
	{ "half a header", BYTES("\x12\x34\x81\x80\0\1"), DNS_FOREIGN, 0 },
	{ "no question", BYTES(HEAD("\x12\x34", "\x81\x80", "\0\0\0\1") RECORD), DNS_MALFORMED, 0 },
	{ "record that breaks off", BYTES(GOOD QUESTION "\300\14\0\1\0\1\0\0\0\74\0\5\12\0\0\1"),
	  DNS_MALFORMED, 0 },
	{ "fewer records than counted",
	  BYTES(HEAD("\x12\x34", "\x81\x80", "\0\1\0\2") QUESTION RECORD), DNS_MALFORMED, 0 },
	{ "pointer to itself", BYTES(GOOD QUESTION "\300\35\0\1\0\1\0\0\0\74\0\0"), DNS_MALFORMED,
	  0 },
	{ "pointer cut in half", BYTES(GOOD QUESTION "\300"), DNS_MALFORMED, 0 },
	{ "label of a kind that is not", BYTES(GOOD QUESTION "\100\0\0\1\0\1\0\0\0\74\0\0"),
	  DNS_MALFORMED, 0 },
};

/* In memory of its exact size, so that the sanitizer sees a read beyond it. */
static enum dns_verdict judge(const uint8_t *answer, size_t size, unsigned *ret_rcode)
{
	uint8_t query[DNS_MAX_QUERY], *copy = malloc(size ? size : 1);
	int n = dns_query(0x1234, "a.example", 1, query);
	enum dns_verdict verdict;

	cr_assert_not_null(copy);
	memcpy(copy, answer, size);
	verdict = dns_judge(query, (size_t)n, copy, size, ret_rcode);
	free(copy);
	return verdict;
}

Test(dns_judge, answers)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		unsigned rcode = 0;

		cr_expect_eq(judge(answers[i].answer, answers[i].size, &rcode), answers[i].verdict,
			     "%s", answers[i].name);
		cr_expect_eq(rcode, answers[i].rcode, "%s", answers[i].name);
	}
}

Test(dns_judge, cut_anywhere_it_is_not_ok)
{
	unsigned rcode;

	for (size_t size = 0; size < answers[0].size; size++)
		cr_expect_neq(judge(answers[0].answer, size, &rcode), DNS_OK, "%zu", size);
}

/* Whatever comes, there is a verdict; what reads too far, the sanitizer tells. */
Test(dns_judge, noise)
{
	srandom(1);
	for (int round = 0; round < 200000; round++) {
		uint8_t noise[64];
		size_t size = answers[0].size < sizeof(noise) ? answers[0].size : sizeof(noise);
		unsigned rcode = 0;

		memcpy(noise, answers[0].answer, size);
		for (long flips = random() % 6; flips > 0; flips--)
			noise[random() % (long)size] = (uint8_t)random();
		cr_assert_leq(judge(noise, (size_t)random() % (size + 1), &rcode), DNS_MALFORMED);
		cr_assert_leq(rcode, 15);
	}
}

/* ---- the check ----------------------------------------------------------------------------- */
TestSuite(dns_check, .init = prober_set_up, .fini = prober_tear_down, .timeout = 60);

static const struct cfg_check dns = { .type = CFG_CHECK_DNS, .query = "a.example", .qtype = 1 };

static int udp_server(uint16_t *ret_port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = address("127.0.0.1").v4 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(in);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	*ret_port = ntohs(in.sin_port);
	return fd;
}

struct dns_row {
	const char *name;
	const char *answer; /* NULL: none; it gets the query's id */
	size_t size;
	bool foreign_first; /* another id comes before */
	enum host_health health;
	const char *reason;
};

static void answer_query(int fd, const struct dns_row *row)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	uint8_t query[512], answer[512];
	ssize_t n = recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &size);

	cr_assert_eq(n, 12 + (ssize_t)sizeof(QUESTION) - 1);
	cr_expect_arr_eq(query + 12, QUESTION, sizeof(QUESTION) - 1);
	if (!row->answer)
		return;
	memcpy(answer, row->answer, row->size);
	memcpy(answer, query, 2);
	if (row->foreign_first) {
		answer[0] ^= 1;
		sendto(fd, answer, row->size, 0, (struct sockaddr *)&from, size);
		answer[0] ^= 1;
	}
	sendto(fd, answer, row->size, 0, (struct sockaddr *)&from, size);
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

Test(dns_check, rows)
{
#define ANSWER(text) (text), sizeof(text) - 1
	static const struct dns_row rows[] = {
		{ "answers", ANSWER(GOOD QUESTION RECORD), false, HOST_UP, "dns ok" },
		{ "another's answer first", ANSWER(GOOD QUESTION RECORD), true, HOST_UP, "dns ok" },
		{ "NXDOMAIN", ANSWER(HEAD("\0\0", "\x81\x83", "\0\1\0\0") QUESTION), false, HOST_DOWN,
		  "dns error,NXDOMAIN" },
		{ "empty", ANSWER(HEAD("\0\0", "\x81\x80", "\0\1\0\0") QUESTION), false, HOST_DOWN,
		  "dns no answer records" },
		{ "broken off", ANSWER(GOOD QUESTION), false, HOST_DOWN, "dns malformed" },
		{ "silent", NULL, 0, false, HOST_DOWN, "dns read timeout" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = { 0 };
		struct probe_target target;
		struct probe *p;
		uint16_t port;
		int fd = udp_server(&port);

		target = target_of("127.0.0.1", port, &dns);
		target.timeout_ms = rows[i].answer ? 5000 : 100;
		p = add(&target, &r);
		cr_assert(LOOP_UNTIL(readable(fd)));
		answer_query(fd, &rows[i]);
		cr_assert(LOOP_UNTIL(r.results == 1), "%s", rows[i].name);
		cr_expect_eq(r.health, rows[i].health, "%s: %s", rows[i].name, r.reason);
		cr_expect_str_eq(r.reason, rows[i].reason, "%s: %s", rows[i].name, r.reason);
		prober_remove(p);
		close(fd);
	}
}

Test(dns_check, nobody_listens)
{
	struct record r = { 0 };
	struct probe_target target;
	uint16_t port;

	close(udp_server(&port));
	target = target_of("127.0.0.1", port, &dns);
	add(&target, &r);
	cr_assert(LOOP_UNTIL(r.results == 1));
	cr_expect_eq(r.health, HOST_DOWN);
	cr_expect_str_eq(r.reason, "dns read failed");
	cr_expect_not(r.not_made);
}
