/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* NAT: relays, and redirects with "forward to", as the data plane is to do them. */
#include <arpa/inet.h>

#include "fixture.h"

static uint32_t ifindex_of(const char *name, void *data)
{
	return 1;
}

static struct desired *desired_of(const struct model *m)
{
	struct desired *d = NULL;

	cr_assert_eq(model_desired(m, ifindex_of, NULL, &d), 0);
	return d;
}

static struct cfg_addr v4(const char *text)
{
	struct cfg_addr addr = { .family = AF_INET };

	cr_assert_eq(inet_pton(AF_INET, text, &addr.v4), 1);
	return addr;
}

static struct cfg_addr v6(const char *text)
{
	struct cfg_addr addr = { .family = AF_INET6 };

	cr_assert_eq(inet_pton(AF_INET6, text, &addr.v6), 1);
	return addr;
}

/* Next hop of a host that is spoken to from `source`. */
static void reach(struct host *h, const struct cfg_addr *source)
{
	struct next_hop hop = { .state = NEXT_HOP_OK, .ifindex = 3 };

	if (source)
		hop.src_addr = *source;
	host_set_next_hop(h, &hop);
}

/* ---- modes --------------------------------------------------------------------------------- */
struct mode_row {
	const char *kind, *mode;
	enum xlb_choose choose;
	enum desired_rows rows;
	bool hash_ports, hash_listen, hash_nothing_else;
};

#define ROW XLB_CHOOSE_ROW
#define RELAYD DESIRED_ROWS_RELAYD
#define MAGLEV DESIRED_ROWS_MAGLEV

static const struct mode_row mode_rows[] = {
	/* clang-format off */
	{ "relay", "roundrobin", XLB_CHOOSE_ROUNDROBIN, RELAYD, false, false, false },
	{ "relay", "random", XLB_CHOOSE_RANDOM, RELAYD, false, false, false },
	{ "relay", "source-hash", ROW, RELAYD, false, false, false },
	{ "relay", "loadbalance", ROW, RELAYD, false, true, false },
	{ "relay", "hash", ROW, RELAYD, false, true, true },
	{ "relay", "maglev", ROW, MAGLEV, true, false, false },
	{ "redirect", "roundrobin", XLB_CHOOSE_ROUNDROBIN, MAGLEV, false, false, false },
	{ "redirect", "random", XLB_CHOOSE_RANDOM, MAGLEV, false, false, false },
	{ "redirect", "source-hash", ROW, MAGLEV, false, false, false },
	{ "redirect", "least-states", XLB_CHOOSE_LEAST_STATES, MAGLEV, false, false, false },
	{ "redirect", "maglev", ROW, MAGLEV, true, false, false },
	/* clang-format on */
};

Test(relay, modes)
{
	for (size_t i = 0; i < sizeof(mode_rows) / sizeof(mode_rows[0]); i++) {
		const struct mode_row *row = &mode_rows[i];
		const struct desired_service *s;
		struct desired *d;
		struct model *m;
		char config[400];

		snprintf(config, sizeof(config),
			 "table <t> { 10.0.0.3 }\n%s \"r\" {\n listen on 192.0.2.1 port 80\n"
			 " forward to <t> port 8080 mode %s check tcp\n}\n",
			 row->kind, row->mode);
		m = build(config);
		d = desired_of(m);
		cr_assert_eq(d->n_services, 1, "%s %s", row->kind, row->mode);
		s = &d->services[0];
		cr_expect(s->nat, "%s %s", row->kind, row->mode);
		cr_expect_eq(s->transparent, strcmp(row->kind, "redirect") == 0, "%s",
			     row->kind);
		cr_expect_not(s->track, "connections are what is tracked");
		cr_expect_eq(s->choose, row->choose, "%s %s", row->kind, row->mode);
		cr_expect_eq(s->rows, row->rows, "%s %s", row->kind, row->mode);
		cr_expect_eq(s->hash_ports, row->hash_ports, "%s %s", row->kind, row->mode);
		cr_expect_eq(s->hash_listen, row->hash_listen, "%s %s", row->kind, row->mode);
		cr_expect_eq(s->hash_nothing_else, row->hash_nothing_else, "%s %s", row->kind,
			     row->mode);
		model_desired_free(d);
		model_free(m);
	}
}

/* ---- options ------------------------------------------------------------------------------- */
Test(relay, options)
{
	struct model *m = build("table <t> { 10.0.0.3 }\n"
				"dns protocol \"p\" {\n tcp { ip ttl 9 }\n}\n"
				"tcp protocol \"q\" {\n tcp { ip ttl 7, ip minttl 5 }\n}\n"
				"relay \"dns\" {\n listen on 192.0.2.1 port 53\n protocol \"p\"\n"
				" forward to <t> port 53 mode source-hash \"secret\"\n}\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n protocol \"q\"\n"
				" session timeout 30\n transparent forward to <t> port 80\n}\n");
	struct desired *d = desired_of(m);

	cr_assert_eq(d->n_services, 2);
	cr_expect_eq(d->services[0].proto, IPPROTO_UDP);
	cr_expect_eq(d->services[0].timeout_s, 60);
	cr_expect_eq(d->services[0].ttl, 9);
	cr_expect(d->services[0].has_key);
	cr_expect_not(d->services[0].transparent);
	cr_expect_eq(d->services[1].proto, IPPROTO_TCP);
	cr_expect_eq(d->services[1].timeout_s, 30);
	cr_expect_eq(d->services[1].ttl, 7);
	cr_expect_eq(d->services[1].min_ttl, 5);
	cr_expect(d->services[1].transparent);
	cr_expect_not(d->services[1].has_key);
	model_desired_free(d);
	model_free(m);
}

Test(relay, each_listen_has_its_service)
{
	struct model *m = build("table <t> { 10.0.0.3 }\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" listen on 192.0.2.1 port 81\n forward to <t> port 8080\n}\n");
	struct desired *d = desired_of(m);

	cr_assert_eq(d->n_services, 2);
	cr_expect_str_eq(d->services[0].name, "r");
	cr_expect_str_eq(d->services[1].name, "r2:81");
	cr_assert_eq(d->services[1].n_listens, 1);
	cr_expect_eq(d->services[1].listens[0].port_lo, 81);
	cr_expect_eq(d->services[1].hosts[0].port, 8080);
	model_desired_free(d);
	model_free(m);
}

/* ---- hosts --------------------------------------------------------------------------------- */
Test(relay, hosts_need_a_next_hop_and_a_nat_address)
{
	struct model *m = build("table <t> { 10.0.0.3 }\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" forward to <t> port 8080\n}\n"
				"relay \"s\" {\n listen on 192.0.2.1 port 81\n"
				" transparent forward to <t> port 8080\n}\n");
	const struct cfg_addr own = v4("10.0.0.1");
	struct desired *d = desired_of(m);

	cr_expect_not(d->services[0].hosts[0].takes_new, "no next hop");
	cr_expect_str_eq(service_status_name(&m->services[0]), "down");
	model_desired_free(d);
	reach(host(m, "t:8080", 0), NULL);
	model_update(m);
	d = desired_of(m);
	cr_expect_not(d->services[0].hosts[0].takes_new, "no NAT address");
	cr_expect(d->services[1].hosts[0].takes_new, "needs none");
	cr_expect_str_eq(service_status_name(&m->services[0]), "down");
	cr_expect_str_eq(service_status_name(&m->services[1]), "active");
	model_desired_free(d);
	reach(host(m, "t:8080", 0), &own);
	model_update(m);
	d = desired_of(m);
	cr_expect(d->services[0].hosts[0].takes_new);
	cr_expect_eq(d->services[0].hosts[0].port, 8080);
	cr_assert_eq(d->services[0].hosts[0].n_nat_addrs, 1);
	cr_expect_eq(d->services[0].hosts[0].nat_addrs[0].v4.s_addr, own.v4.s_addr);
	cr_expect_eq(d->services[1].hosts[0].n_nat_addrs, 0);
	model_desired_free(d);
	model_free(m);
}

/* ---- NAT addresses of one's own choice ------------------------------------------------------ */
static const char *absent;
static unsigned n_told;

static bool is_here(const struct cfg_addr *addr, void *data)
{
	char text[INET6_ADDRSTRLEN];

	return !absent ||
	       strcmp(inet_ntop(addr->family, &addr->v6, text, sizeof(text)), absent) != 0;
}

static void tell(const struct service *s, const struct cfg_nat *nat, bool here, void *data)
{
	cr_expect_str_eq(nat->name, "10.0.0.9");
	cr_expect_eq(here, !absent);
	n_told++;
}

static void expect_nat(struct model *m, unsigned service, const char *const *addrs, size_t n)
{
	struct desired *d;

	model_update(m);
	d = desired_of(m);
	cr_assert_eq(d->services[service].hosts[0].n_nat_addrs, n);
	for (size_t i = 0; i < n; i++) {
		const struct cfg_addr *a = &d->services[service].hosts[0].nat_addrs[i];
		char text[INET6_ADDRSTRLEN];

		cr_expect_str_eq(inet_ntop(a->family, &a->v6, text, sizeof(text)), addrs[i]);
	}
	cr_expect_eq(d->services[service].hosts[0].takes_new, n > 0);
	model_desired_free(d);
}

#define EXPECT_NAT(m, service, ...)                                                                \
	expect_nat(m, service, (const char *const[]){ __VA_ARGS__ },                               \
		   sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

Test(relay, nat_addresses_by_family_in_one_order)
{
	struct model *m =
		build("table <t> { 10.0.0.3, 2001:db8::3 }\n"
		      "relay \"r\" {\n listen on 192.0.2.1 port 80\n"
		      " listen on 2001:db8::1 port 80\n"
		      " nat to { 10.0.0.9, 2001:db8::9, 10.0.0.5 }\n forward to <t> port 80\n}\n"
		      "relay \"s\" {\n listen on 192.0.2.1 port 81\n"
		      " nat to 2001:db8::9\n forward to <t> port 80\n}\n");
	const struct cfg_addr own4 = v4("10.0.0.1"), own6 = v6("2001:db8::2");

	reach(host(m, "t:80", 0), &own4);
	reach(host(m, "t:80", 1), &own6);
	EXPECT_NAT(m, 0, "10.0.0.5", "10.0.0.9");
	EXPECT_NAT(m, 1, "2001:db8::9");
	EXPECT_NAT(m, 2, "10.0.0.1"); /* none of the family: the box's own */
	model_free(m);
}

Test(relay, nat_addresses_come_and_go)
{
	struct model *m = build("table <t> { 10.0.0.3 }\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" nat to { 10.0.0.9, 10.0.0.5 }\n forward to <t> port 80\n}\n"
				"relay \"s\" {\n listen on 192.0.2.1 port 81\n"
				" nat to 10.0.0.9\n forward to <t> port 80\n}\n");
	const struct cfg_addr own = v4("10.0.0.1");

	reach(host(m, "t:80", 0), &own);
	absent = NULL;
	n_told = 0;
	cr_expect_not(model_check_nat(m, is_here, tell, NULL));
	absent = "10.0.0.9";
	cr_expect(model_check_nat(m, is_here, tell, NULL));
	cr_expect_eq(n_told, 2, "of each relay");
	cr_expect_not(model_check_nat(m, is_here, tell, NULL), "nothing has changed");
	EXPECT_NAT(m, 0, "10.0.0.5");
	expect_nat(m, 1, NULL, 0); /* not the box's own: it was not meant */
	cr_expect_str_eq(service_status_name(&m->services[1]), "down");
	absent = NULL;
	cr_expect(model_check_nat(m, is_here, tell, NULL));
	cr_expect_eq(n_told, 4);
	EXPECT_NAT(m, 0, "10.0.0.5", "10.0.0.9");
	EXPECT_NAT(m, 1, "10.0.0.9");
	model_free(m);
}

Test(relay, hosts_of_the_other_family_are_left_out)
{
	struct model *m = build("table <t> { 10.0.0.3, 2001:db8::3 }\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" listen on 2001:db8::1 port 80\n forward to <t> port 80\n}\n");
	const struct service *four = &m->services[0], *six = &m->services[1];
	const struct cfg_addr own4 = v4("10.0.0.1"), own6 = v6("2001:db8::2");
	struct desired *d;

	reach(host(m, "t:80", 0), &own4);
	reach(host(m, "t:80", 1), &own6);
	model_update(m);
	cr_expect_null(service_leaves_out(four, host(m, "t:80", 0)));
	cr_expect_str_eq(service_leaves_out(four, host(m, "t:80", 1)),
			 "it listens on IPv4, and the host has an IPv6 address");
	cr_expect_str_eq(service_leaves_out(six, host(m, "t:80", 0)),
			 "it listens on IPv6, and the host has an IPv4 address");
	cr_expect_eq(four->n_usable, 1);
	d = desired_of(m);
	cr_assert_eq(d->services[0].n_hosts, 1);
	cr_expect_eq(d->services[0].hosts[0].addr.family, AF_INET);
	cr_assert_eq(d->services[1].n_hosts, 1);
	cr_expect_eq(d->services[1].hosts[0].addr.family, AF_INET6);
	cr_expect_eq(d->services[1].hosts[0].nat_addrs[0].family, AF_INET6);
	model_desired_free(d);
	model_free(m);
}

Test(relay, backups_in_order)
{
	static const char *const tables[] = { "a:80", "b:80", "c:80" };
	struct model *m = build("table <a> { 10.0.0.3 }\ntable <b> { 10.0.0.4 }\n"
				"table <c> { 10.0.0.5 }\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" forward to <a> port 80 check tcp\n"
				" forward to <b> port 80 check tcp\n"
				" forward to <c> port 80 check tcp\n}\n");
	const struct cfg_addr own = v4("10.0.0.1");
	struct desired *d;

	for (unsigned i = 0; i < 3; i++) {
		reach(host(m, tables[i], 0), &own);
		result(host(m, tables[i], 0), HOST_UP);
	}
	for (unsigned i = 0; i < 3; i++) {
		model_update(m);
		cr_expect_str_eq(m->services[0].active->name, tables[i]);
		d = desired_of(m);
		for (unsigned j = 0; j < 3; j++) {
			cr_expect_eq(d->services[0].hosts[j].takes_new, i == j);
			cr_expect_eq(d->services[0].hosts[j].spare, i != j);
		}
		model_desired_free(d);
		result(host(m, tables[i], 0), HOST_DOWN);
	}
	model_update(m);
	cr_expect_str_eq(service_status_name(&m->services[0]), "down");
	model_free(m);
}

/* ---- what is not served -------------------------------------------------------------------- */
struct unserved_row {
	const char *name, *config, *why;
};

#define REDIRECT(lines) "table <t> { 10.0.0.3 }\nredirect \"r\" {\n" lines "}\n"
#define RELAY(lines) "table <t> { 10.0.0.3 }\nrelay \"r\" {\n listen on 192.0.2.1 port 80\n" lines "}\n"

static const struct unserved_row unserved_rows[] = {
	{ "range that keeps its port",
	  REDIRECT(" listen on 192.0.2.1 port 80:90\n forward to <t> check tcp\n"),
	  "a range of ports needs \"port\" in \"forward to\": hosts are reached at one" },
	{ "range to one port",
	  REDIRECT(" listen on 192.0.2.1 port 80:90\n forward to <t> port 80 check tcp\n"), NULL },
	{ "both families",
	  REDIRECT(" listen on 192.0.2.1 port 80\n listen on 2001:db8::1 port 80\n"
		   " forward to <t> check tcp\n"),
	  "it listens on IPv4 and on IPv6, and NAT has one table for both: make it two redirects" },
	{ "all addresses",
	  "table <t> { 10.0.0.3 }\nrelay \"r\" {\n listen on 0.0.0.0 port 80\n"
	  " forward to <t> port 80\n}\n",
	  "it listens on all addresses: name the address, or an interface that has it" },
	{ "half of it transparent",
	  RELAY(" forward to <t> port 80 check tcp\n"
		" transparent forward to <t> port 81 check tcp\n"),
	  "some of its \"forward to\" are transparent, some are not: make it two relays" },
	{ "relay with a redirect's name",
	  REDIRECT(" listen on 192.0.2.1 port 81\n route to <t> port 80 check tcp interface em0\n")
	  "relay \"r\" {\n listen on 192.0.2.1 port 80\n forward to <t> port 80\n}\n",
	  "a redirect has the same name" },
};

Test(relay, what_is_not_served_says_why)
{
	for (size_t i = 0; i < sizeof(unserved_rows) / sizeof(unserved_rows[0]); i++) {
		const struct unserved_row *row = &unserved_rows[i];
		struct model *m = build(row->config);
		const struct service *s = &m->services[m->n_services - 1];

		cr_expect_eq(s->served, row->why == NULL, "%s", row->name);
		if (row->why && s->why_not)
			cr_expect_str_eq(s->why_not, row->why);
		model_free(m);
	}
}
