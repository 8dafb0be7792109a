/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Segments in, begins and ends of connections out; the clock is the test's. */
#include "flows/table.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS 1000000000ull
#define ISN 1000u

/* What was told, a word for each: "open 1", "closed 1". */
static struct {
	char text[1024];
	struct conn_event last;
	unsigned n;
} told;

static const char *const names[] = {
	[CONN_OPEN] = "open",       [CONN_CLOSED] = "closed",       [CONN_RESET] = "reset",
	[CONN_TIMEOUT] = "timeout", [CONN_NO_ANSWER] = "no answer", [CONN_HOST_DOWN] = "host down",
	[CONN_UNSEEN] = "unseen",
};

static void tell(const struct conn_event *e, void *data)
{
	size_t n = strlen(told.text);

	snprintf(told.text + n, sizeof(told.text) - n, "%s%s %u", n ? ", " : "", names[e->end],
		 e->session.id);
	told.last = *e;
	told.n++;
}

static struct {
	int result; /* -ENOENT: the service keeps none */
	struct flow_entry entry;
	unsigned n;
} asked;

static int ask(const struct session *flow, struct flow_entry *ret, void *data)
{
	cr_assert_str_eq(flow->service, "https_forwarder");
	asked.n++;
	*ret = asked.entry;
	return asked.result;
}

static struct flows *start(size_t max)
{
	struct flows *f = flows_new(max, tell, ask, NULL);

	memset(&told, 0, sizeof(told));
	memset(&asked, 0, sizeof(asked));
	asked.result = -ENOENT;
	cr_assert(f);
	return f;
}

static struct cfg_addr addr(const char *text)
{
	struct cfg_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(a.family, text, &a.v6), 1);
	return a;
}

enum what { SYN, FIN, RST, UDP };

static struct flow_segment segment(enum what what, double seconds, uint16_t client_port)
{
	return (struct flow_segment){
		.time_ns = (uint64_t)(seconds * NS),
		.service = "https_forwarder",
		.proto = what == UDP ? IPPROTO_UDP : IPPROTO_TCP,
		.client = addr("203.0.113.10"),
		.vip = addr("192.168.0.2"),
		.client_port = client_port,
		.port = 443,
		.syn = what == SYN,
		.fin = what == FIN,
		.rst = what == RST,
		.seq = ISN,
		.host = addr("192.168.1.3"),
		.in_ifindex = 7,
		.out_ifindex = 8,
	};
}

static void see(struct flows *f, enum what what, double seconds, uint16_t client_port, uint32_t seq,
		size_t len)
{
	struct flow_segment s = segment(what, seconds, client_port);

	s.seq = seq;
	s.len = len;
	flows_see(f, &s);
}

/* Once a second, as the daemon does. */
static void run(struct flows *f, unsigned from, unsigned to)
{
	for (unsigned s = from; s <= to; s++)
		flows_tick(f, s * NS);
}

/* ---- octets -------------------------------------------------------------------------------- */
Test(flows, octets)
{
	static const struct {
		const char *name;
		uint32_t isn, seq;
		size_t len;
		uint32_t octets;
	} rows[] = {
		{ "nothing", ISN, ISN + 1, 0, 0 },
		{ "all before it", ISN, ISN + 518, 0, 517 },
		{ "some in the last one", ISN, ISN + 501, 17, 517 },
		{ "over the end of the numbers", UINT32_MAX - 10, 506, 0, 516 },
		{ "SYN is the last number", UINT32_MAX, 0, 517, 517 },
		{ "4 GiB are 0", ISN, ISN + 1, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct flow_segment end = { .seq = rows[i].seq, .len = rows[i].len };

		cr_expect_eq(flow_octets(rows[i].isn, &end), rows[i].octets, "%s", rows[i].name);
	}
}

/* ---- TCP ----------------------------------------------------------------------------------- */
Test(flows, begin_and_end)
{
	struct flows *f = start(10);
	char host[INET_ADDRSTRLEN];

	see(f, SYN, 1.5, 50000, ISN, 0);
	cr_expect_str_eq(told.text, "open 1");
	cr_expect_eq(told.last.active, 1);
	see(f, FIN, 63.25, 50000, ISN + 501, 17);
	cr_expect_str_eq(told.text, "open 1, closed 1");
	cr_expect_eq(told.last.active, 1, "with the one that ends");
	cr_expect_eq(told.last.duration_s, 61);
	cr_expect_eq(told.last.began_ns, 1500000000);
	cr_expect_eq(told.last.ended_ns, 63250000000);
	cr_expect(told.last.has_octets);
	cr_expect_not(told.last.begin_unseen);
	cr_expect_eq(told.last.session.bytes_in, 517);
	cr_expect_eq(told.last.session.packets_in, 2);
	cr_expect_eq(told.last.session.client_port, 50000);
	cr_expect_eq(told.last.session.port, 443);
	cr_expect_eq(told.last.session.host_port, 443);
	cr_expect_eq(told.last.in_ifindex, 7);
	cr_expect_eq(told.last.out_ifindex, 8);
	cr_expect_not(told.last.session.nat);
	cr_expect_str_eq(inet_ntop(AF_INET, &told.last.session.host.v4, host, sizeof(host)),
			 "192.168.1.3");
	cr_expect_str_eq(inet_ntop(AF_INET, &told.last.session.listen.v4, host, sizeof(host)),
			 "192.168.0.2");
	flows_free(f);
}

/* Rows: what is seen of one connection, a second apart, and what is told. */
Test(flows, sequences)
{
	static const struct {
		const char *name;
		const char *seen; /* S, N (SYN with another number), F, R */
		const char *told;
	} rows[] = {
		{ "reset", "SR", "open 1, reset 1" },
		{ "the SYN again", "SSF", "open 1, closed 1" },
		{ "the FIN again", "SFF", "open 1, closed 1" },
		{ "a reset after the FIN", "SFR", "open 1, closed 1" },
		{ "a FIN after the reset", "SRF", "open 1, reset 1" },
		{ "the SYN again after the FIN", "SFS", "open 1, closed 1" },
		{ "another connection of the same ports", "SFNF",
		  "open 1, closed 1, open 2, closed 2" },
		{ "another one, and no end of the first was seen", "SNF",
		  "open 1, unseen 1, open 2, closed 2" },
		{ "no begin was seen", "F", "closed 1" },
		{ "… and that is told once", "FFR", "closed 1" },
		{ "… and then there is another one", "FSF", "closed 1, open 2, closed 2" },
		{ "a reset of nothing", "R", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flows *f = start(10);
		unsigned second = 1;

		for (const char *c = rows[i].seen; *c; c++, second++)
			see(f,
			    *c == 'F' ? FIN :
			    *c == 'R' ? RST :
					SYN,
			    second, 50000, *c == 'N' ? ISN + 77 : ISN, 0);
		cr_expect_str_eq(told.text, rows[i].told, "%s: %s", rows[i].name, told.text);
		flows_free(f);
	}
}

Test(flows, begin_not_seen)
{
	struct flows *f = start(10);

	see(f, FIN, 5, 50000, ISN, 0);
	cr_expect(told.last.begin_unseen);
	cr_expect_not(told.last.has_octets);
	cr_expect_eq(told.last.session.bytes_in, 0);
	cr_expect_eq(flows_counters(f)->begin_unseen, 1);
	cr_expect_eq(flows_counters(f)->unseen, 0);
	flows_free(f);
}

/* All that tells connections apart. */
Test(flows, identity)
{
	struct flows *f = start(10);
	struct flow_segment s = segment(SYN, 1, 50000);

	flows_see(f, &s);
	s.client_port++;
	flows_see(f, &s);
	s.port++;
	flows_see(f, &s);
	s.client = addr("203.0.113.11");
	flows_see(f, &s);
	s.vip = addr("192.168.0.3");
	flows_see(f, &s);
	s.proto = IPPROTO_UDP;
	flows_see(f, &s);
	/* as bytes the same as an IPv4 one */
	s = segment(SYN, 1, 50000);
	s.client = addr("cb00:710a::");
	s.vip = addr("c0a8:2::");
	flows_see(f, &s);
	cr_expect_str_eq(told.text, "open 1, open 2, open 3, open 4, open 5, open 6, open 7");
	cr_expect_eq(told.last.active, 7);
	flows_free(f);
}

/* An end is remembered for 90 s; then the same FIN is one that nobody knows. */
Test(flows, ends_are_remembered)
{
	struct flows *f = start(10);

	flows_tick(f, 1000 * NS);
	see(f, SYN, 1000, 50000, ISN, 0);
	see(f, FIN, 1001, 50000, ISN + 1, 0);
	run(f, 1001, 1090);
	see(f, FIN, 1090.5, 50000, ISN + 1, 0);
	cr_expect_eq(told.n, 2);
	run(f, 1091, 1095);
	see(f, FIN, 1095, 50000, ISN + 1, 0);
	cr_expect_eq(told.n, 3);
	cr_expect(told.last.begin_unseen);
	flows_free(f);
}

/* ---- ends that nothing shows --------------------------------------------------------------- */
/* Where the data plane keeps no entries a connection may be silent for a day. */
Test(flows, hashed_ones_are_open_for_a_day)
{
	struct flows *f = start(10);

	flows_tick(f, 1000 * NS);
	see(f, SYN, 1000, 50000, ISN, 0);
	run(f, 1001, 1000 + 86400);
	cr_expect_str_eq(told.text, "open 1");
	cr_expect_eq(asked.n, 1, "once, and then it is known: %u", asked.n);
	run(f, 1000 + 86401, 1000 + 86403);
	cr_expect_str_eq(told.text, "open 1, unseen 1");
	cr_expect_not(told.last.has_octets);
	cr_expect_eq(flows_counters(f)->unseen, 1);
	cr_expect_eq(flows_counters(f)->expired, 0);
	flows_free(f);
}

static const struct flow_entry entry_open = { XLB_FLOW_OPEN, 1 * NS, 599 * NS };

/* The data plane's entry: open, a second ago at the time of asking, then gone. */
Test(flows, tracked_ones_expire_with_their_entry)
{
	struct flows *f = start(10);

	flows_tick(f, 1000 * NS);
	see(f, SYN, 1000, 50000, ISN, 0);
	asked.result = 1;
	asked.entry = entry_open;
	run(f, 1001, 1003);
	cr_expect_eq(asked.n, 1);
	asked.result = 0;
	run(f, 1004, 1003 + 598);
	cr_expect_eq(asked.n, 1);
	cr_expect_str_eq(told.text, "open 1");
	run(f, 1003 + 599, 1003 + 601);
	cr_expect_str_eq(told.text, "open 1, timeout 1");
	cr_expect_eq(told.last.duration_s, 2, "to the last packet: %u", told.last.duration_s);
	cr_expect_eq(flows_counters(f)->unseen, 1);
	cr_expect_eq(flows_counters(f)->expired, 1);
	flows_free(f);
}

Test(flows, a_syn_and_nothing_else)
{
	struct flows *f = start(10);

	flows_tick(f, 1000 * NS);
	see(f, SYN, 1000, 50000, ISN, 0);
	asked.result = 1;
	asked.entry = (struct flow_entry){ XLB_FLOW_SYN, 3 * NS, 27 * NS };
	run(f, 1001, 1003);
	asked.result = 0;
	run(f, 1004, 1029);
	cr_expect_str_eq(told.text, "open 1");
	run(f, 1030, 1032);
	cr_expect_str_eq(told.text, "open 1, no answer 1");
	flows_free(f);
}

/* There was no room for an entry: it goes by its hash, and nobody knows. */
Test(flows, tracked_ones_without_an_entry)
{
	struct flows *f = start(10);

	flows_tick(f, 1000 * NS);
	see(f, SYN, 1000, 50000, ISN, 0);
	asked.result = 0;
	run(f, 1001, 2000);
	cr_expect_str_eq(told.text, "open 1");
	see(f, FIN, 2001, 50000, ISN + 1, 0);
	cr_expect_str_eq(told.text, "open 1, closed 1");
	flows_free(f);
}

Test(flows, udp)
{
	struct flows *f = start(10);

	flows_tick(f, 1000 * NS);
	see(f, UDP, 1000, 50000, 0, 0);
	cr_expect_str_eq(told.text, "open 1");
	asked.result = 1;
	asked.entry = (struct flow_entry){ XLB_FLOW_SYN, 3 * NS, 57 * NS };
	run(f, 1001, 1003);
	asked.result = 0;
	run(f, 1004, 1059);
	cr_expect_eq(told.n, 1);
	run(f, 1060, 1062);
	cr_expect_str_eq(told.text, "open 1, timeout 1");
	cr_expect_not(told.last.has_octets);
	see(f, UDP, 1100, 50000, 0, 0);
	see(f, UDP, 1200, 50000, 0, 0);
	cr_expect_str_eq(told.text, "open 1, timeout 1, open 2, timeout 2, open 3");
	flows_free(f);
}

/* Nobody has looked for an hour; and there are more than are done at a time. */
Test(flows, late_ticks)
{
	struct flows *f = start(FLOWS_MAX);

	flows_tick(f, 1000 * NS);
	for (unsigned i = 0; i < 50000; i++)
		see(f, SYN, 1000, (uint16_t)i, ISN, 0);
	flows_tick(f, 4600 * NS);
	cr_expect_eq(asked.n, 20000, "%u", asked.n);
	flows_tick(f, 4601 * NS);
	flows_tick(f, 4602 * NS);
	cr_expect_eq(asked.n, 50000, "%u", asked.n);
	flows_free(f);
}

/* ---- no room ------------------------------------------------------------------------------- */
Test(flows, what_has_ended_makes_room_first)
{
	struct flows *f = start(2);

	see(f, SYN, 1, 1, ISN, 0);
	see(f, SYN, 2, 2, ISN, 0);
	see(f, FIN, 3, 2, ISN + 1, 0);
	see(f, SYN, 4, 3, ISN, 0);
	cr_expect_str_eq(told.text, "open 1, open 2, closed 2, open 3");
	cr_expect_eq(flows_counters(f)->displaced, 0);
	see(f, SYN, 5, 4, ISN, 0);
	cr_expect_str_eq(told.text, "open 1, open 2, closed 2, open 3, unseen 1, open 4");
	cr_expect_eq(flows_counters(f)->displaced, 1);
	cr_expect_eq(flows_counters(f)->unseen, 1);
	cr_expect_eq(told.last.active, 2);
	flows_free(f);
}

Test(flows, forget)
{
	struct flows *f = start(10);

	see(f, SYN, 1, 1, ISN, 0);
	see(f, FIN, 1, 1, ISN, 0);
	see(f, SYN, 2, 2, ISN, 0);
	flows_forget(f);
	run(f, 3, 200);
	cr_expect_str_eq(told.text, "open 1, closed 1, open 2");
	see(f, SYN, 201, 2, ISN, 0);
	cr_expect_eq(told.last.active, 1);
	flows_free(f);
}
