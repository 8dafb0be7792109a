/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The numbers of rules, and which one a packet came by. */
#include "fixture.h"

#include <arpa/inet.h>

#include "model/rules.h"

static const char config[] = "table <t> { 10.0.0.3 }\n"
			     "relay \"first\" {\n listen on 192.0.2.1 port 25\n"
			     " listen on 192.0.2.2 port 25\n forward to <t> port 25 check tcp\n}\n"
			     "redirect \"web\" {\n listen on 192.0.2.1 port 80\n"
			     " listen on 192.0.2.1 tcp port 8000:8010 interface em1\n"
			     " listen on 192.0.2.1 tcp port 8000:8010 interface em2\n"
			     " listen on 192.0.2.1 udp port 80\n"
			     " route to <t> port 80 check tcp interface em0\n}\n"
			     "relay \"last\" {\n listen on 2001:db8::1 port 25\n"
			     " forward to 2001:db8::3 port 25\n}\n"
			     "redirect \"off\" {\n disable\n listen on 192.0.2.3 port 81\n"
			     " route to <t> port 81 check tcp interface em0\n}\n";

static struct rules rules;
static struct model *model;

static void start(void)
{
	model = build(config);
	cr_assert_eq(rules_build(model, &rules), 0);
}

static void stop(void)
{
	rules_clear(&rules);
	model_free(model);
}

Test(rules, numbers_follow_the_file, .init = start, .fini = stop)
{
	static const struct {
		const char *service;
		unsigned sub_number;
		uint16_t port;
	} rows[] = {
		{ "first", 0, 25 }, { "first2:25", 0, 25 }, { "web", 0, 80 },  { "web", 1, 8000 },
		{ "web", 2, 8000 }, { "web", 3, 80 },       { "last", 0, 25 }, { "off", 0, 81 },
	};

	cr_assert_eq(rules.n, sizeof(rows) / sizeof(rows[0]));
	for (unsigned i = 0; i < rules.n; i++) {
		const struct rule *r = &rules.list[i];

		cr_expect_eq(r->number, i);
		cr_expect_str_eq(r->service->name, rows[i].service);
		cr_expect_eq(r->sub_number, rows[i].sub_number, "%u", i);
		cr_expect_eq(r->listen->port_lo, rows[i].port, "%u", i);
	}
}

static struct cfg_addr address(const char *text)
{
	struct cfg_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(a.family, text, &a.v6), 1);
	return a;
}

Test(rules, a_packet_finds_its_rule, .init = start, .fini = stop)
{
	static const struct {
		const char *name, *service;
		uint8_t proto;
		const char *address;
		uint16_t port;
		const char *interface;
		int number; /* -1: none */
	} rows[] = {
		{ "the only one", "first", IPPROTO_TCP, "192.0.2.1", 25, "em1", 0 },
		{ "a relay's second address", "first2:25", IPPROTO_TCP, "192.0.2.2", 25, NULL, 1 },
		{ "by protocol", "web", IPPROTO_UDP, "192.0.2.1", 80, "em1", 5 },
		{ "in a range", "web", IPPROTO_TCP, "192.0.2.1", 8010, "em1", 3 },
		{ "by interface", "web", IPPROTO_TCP, "192.0.2.1", 8000, "em2", 4 },
		{ "another name of the interface", "web", IPPROTO_TCP, "192.0.2.1", 8000, "x", 3 },
		{ "interface not known", "web", IPPROTO_TCP, "192.0.2.1", 8000, NULL, 3 },
		{ "none of the service's", "web", IPPROTO_TCP, "192.0.2.1", 8011, "em2", 2 },
		{ "IPv6", "last", IPPROTO_TCP, "2001:db8::1", 25, "em1", 6 },
		{ "disabled", "off", IPPROTO_TCP, "192.0.2.3", 81, "em1", 7 },
		{ "no such service", "we", IPPROTO_TCP, "192.0.2.1", 80, "em1", -1 },
		{ "no such service, the last", "zzz", IPPROTO_TCP, "192.0.2.1", 80, "em1", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfg_addr to = address(rows[i].address);
		const struct rule *r = rules_find(&rules, rows[i].service, rows[i].proto, &to,
						  rows[i].port, rows[i].interface);

		cr_expect_eq(r ? (int)r->number : -1, rows[i].number, "%s: %d", rows[i].name,
			     r ? (int)r->number : -1);
	}
}
