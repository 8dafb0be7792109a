/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From the model to what the data plane should do. */
#include "fixture.h"

static bool em9_exists;

static uint32_t ifindex_of(const char *name, void *data)
{
	if (strcmp(name, "em9") == 0)
		return em9_exists ? 9 : 0;
	return 1;
}

static struct desired *desired_of(const struct model *m)
{
	struct desired *d = NULL;

	cr_assert_eq(model_desired(m, ifindex_of, NULL, &d), 0);
	return d;
}

/* ---- modes -------------------------------------------------------------------------------------
 */
struct mode_row {
	const char *proto, *mode, *option;
	enum xlb_choose choose;
	bool hash_ports, track, sticky;
	uint32_t timeout;
};

#define ROW XLB_CHOOSE_ROW
#define RR XLB_CHOOSE_ROUNDROBIN

static const struct mode_row mode_rows[] = {
	/* clang-format off */
	{ "tcp", "roundrobin", "", RR, false, true, false, 600 },
	{ "udp", "roundrobin", "", RR, false, true, false, 60 },
	{ "tcp", "random", "", XLB_CHOOSE_RANDOM, false, true, false, 600 },
	{ "tcp", "least-states", "", XLB_CHOOSE_LEAST_STATES, false, true, false, 600 },
	{ "tcp", "source-hash", "", ROW, false, false, false, 600 },
	{ "udp", "source-hash", "", ROW, false, true, false, 60 },
	{ "tcp", "maglev", "", ROW, true, false, false, 600 },
	{ "udp", "maglev", "", ROW, true, true, false, 60 },
	{ "udp", "maglev", "no state", ROW, true, false, false, 60 },
	{ "udp", "source-hash", "no state", ROW, false, false, false, 60 },
	{ "tcp", "roundrobin", "sticky-address", RR, false, false, true, 600 },
	{ "udp", "roundrobin", "sticky-address", RR, false, false, true, 60 },
	{ "tcp", "random", "sticky-address", XLB_CHOOSE_RANDOM, false, false, true, 600 },
	{ "tcp", "least-states", "sticky-address", XLB_CHOOSE_LEAST_STATES, false, true, true, 600 },
	{ "tcp", "roundrobin", "session timeout 30", RR, false, true, false, 30 },
	{ "udp", "roundrobin", "session timeout 30", RR, false, true, false, 30 },
	/* clang-format on */
};

static void check_mode(const struct mode_row *row)
{
	const struct desired_service *s;
	struct desired *d;
	struct model *m;
	char config[512];

	snprintf(config, sizeof(config),
		 "table <t> { 10.0.0.3 weight 7 }\nredirect \"r\" {\n"
		 " listen on 192.0.2.1 %s port 80\n %s\n"
		 " route to <t> port 80 mode %s check tcp interface em0\n}\n",
		 row->proto, row->option, row->mode);
	m = build(config);
	d = desired_of(m);
	cr_assert_eq(d->n_services, 1);
	s = &d->services[0];
	cr_expect_str_eq(s->name, "r");
	cr_expect_eq(s->id, 1);
	cr_expect_eq(s->proto, *row->proto == 't' ? IPPROTO_TCP : IPPROTO_UDP);
	cr_expect_eq(s->choose, row->choose, "%s %s", row->proto, row->mode);
	cr_expect_eq(s->hash_ports, row->hash_ports, "%s %s", row->proto, row->mode);
	cr_expect_eq(s->track, row->track, "%s %s %s", row->proto, row->mode, row->option);
	cr_expect_eq(s->sticky, row->sticky, "%s %s %s", row->proto, row->mode, row->option);
	cr_expect_eq(s->timeout_s, row->timeout, "%s %s", row->proto, row->option);
	cr_expect_not(s->has_key);
	cr_expect_eq(s->hosts[0].weight, 7);
	model_desired_free(d);
	model_free(m);
}

Test(desired, modes)
{
	for (size_t i = 0; i < sizeof(mode_rows) / sizeof(mode_rows[0]); i++)
		check_mode(&mode_rows[i]);
}

Test(desired, key)
{
	struct model *m =
		build("table <t> { 10.0.0.3 }\nredirect \"r\" {\n"
		      " listen on 192.0.2.1 port 80\n route to <t> port 80 mode source-hash "
		      "0x000102030405060708090a0b0c0d0e0f check tcp interface em0\n}\n");
	struct desired *d = desired_of(m);

	cr_expect(d->services[0].has_key);
	cr_expect_eq(d->services[0].key[15], 15);
	model_desired_free(d);
	model_free(m);
}

/* ---- services and listens ----------------------------------------------------------------------
 */
#define ROUTE " route to <t> port 80 check tcp interface em0\n"

Test(desired, split_by_protocol)
{
	struct model *m =
		build("table <t> { 10.0.0.3 }\nredirect \"r\" {\n"
		      " listen on 192.0.2.1 tcp port 53\n listen on 192.0.2.1 udp port 53\n"
		      " listen on 2001:db8::1 udp port 8000:8010\n" ROUTE "}\n");
	struct desired *d = desired_of(m);
	const struct desired_service *tcp = &d->services[0], *udp = &d->services[1];

	cr_assert_eq(d->n_services, 2);
	cr_expect_eq(tcp->proto, IPPROTO_TCP);
	cr_expect_eq(tcp->n_listens, 1);
	cr_expect_eq(udp->proto, IPPROTO_UDP);
	cr_expect_str_eq(udp->name, tcp->name);
	cr_assert_eq(udp->n_listens, 2);
	cr_expect_eq(udp->listens[0].port_hi, 53);
	cr_expect_eq(udp->listens[1].addr.family, AF_INET6);
	cr_expect_eq(udp->listens[1].port_lo, 8000);
	cr_expect_eq(udp->listens[1].port_hi, 8010);
	cr_expect_eq(udp->listens[1].ifindex, 0);
	cr_expect_eq(udp->n_hosts, 1);
	model_desired_free(d);
	model_free(m);
}

Test(desired, interface_that_is_not_there_is_not_any_interface)
{
	struct model *m = build("table <t> { 10.0.0.3 }\nredirect \"r\" {\n"
				" listen on 192.0.2.1 port 80 interface em9\n" ROUTE "}\n");
	struct desired *d = desired_of(m);

	cr_assert_eq(d->n_services, 1, "its flows may come back to it");
	cr_expect_eq(d->services[0].n_listens, 0);
	model_desired_free(d);
	em9_exists = true;
	d = desired_of(m);
	cr_assert_eq(d->services[0].n_listens, 1);
	cr_expect_eq(d->services[0].listens[0].ifindex, 9);
	model_desired_free(d);
	model_free(m);
}

Test(desired, only_what_is_served_and_enabled)
{
	struct model *m =
		build("table <t> { 10.0.0.3 }\n"
		      "redirect \"b\" {\n listen on 192.0.2.1 port 22:29\n"
		      " forward to <t> check tcp\n}\n"
		      "redirect \"c\" {\n listen on 192.0.2.1 port 3\n disable\n" ROUTE "}\n"
		      "redirect \"d\" {\n listen on 192.0.2.1 port 4\n" ROUTE "}\n");
	struct desired *d = desired_of(m);

	cr_assert_eq(d->n_services, 1);
	cr_expect_str_eq(d->services[0].name, "d");
	model_desired_free(d);
	model_free(m);
}

Test(desired, names_that_did_not_resolve_are_left_out)
{
	struct model *m = build("table <t> { \"a.example\", 10.0.0.3 }\nredirect \"r\" {\n"
				" listen on \"b.example\" port 80\n" ROUTE "}\n");
	struct desired *d = desired_of(m);

	cr_expect_eq(d->services[0].n_listens, 0);
	cr_assert_eq(d->services[0].n_hosts, 1);
	cr_expect_str_eq(d->services[0].hosts[0].name, "10.0.0.3");
	model_desired_free(d);
	model_free(m);
}

/* ---- hosts -------------------------------------------------------------------------------------
 */
#define BACKUP                                                                                     \
	"table <t> { 10.0.0.3, 10.0.0.4 }\ntable <b> { 10.0.0.9, 10.0.0.4 weight 5 }\n"            \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"                                         \
	" route to <t> port 80 check tcp interface em0\n"                                          \
	" route to <b> port 80 check tcp interface em0\n}\n"

static const struct desired_host *find(const struct desired *d, const char *name)
{
	for (size_t i = 0; i < d->services[0].n_hosts; i++)
		if (strcmp(d->services[0].hosts[i].name, name) == 0)
			return &d->services[0].hosts[i];
	cr_assert(false, "no host %s", name);
	return NULL;
}

#define EXPECT_HOST(d, name, new, old)                                                             \
	do {                                                                                       \
		cr_expect_eq(find(d, name)->takes_new, new, "%s takes new flows", name);           \
		cr_expect_eq(find(d, name)->keeps_old, old, "%s keeps old flows", name);           \
	} while (0)

Test(desired, flows_of_main_and_backup_both_stay)
{
	struct model *m = build(BACKUP);
	struct desired *d;

	bring_up(m, "b:80");
	result(host(m, "t:80", 0), HOST_DOWN);
	model_update(m);
	d = desired_of(m);
	cr_assert_eq(d->services[0].n_hosts, 3, "a host in both is one");
	EXPECT_HOST(d, "10.0.0.3", false, false);
	EXPECT_HOST(d, "10.0.0.4", true, true);
	EXPECT_HOST(d, "10.0.0.9", true, true);
	cr_expect_eq(find(d, "10.0.0.4")->weight, 1, "as written first");
	cr_expect(find(d, "10.0.0.4")->has_next_hop, "the backup's, since the main one has none");
	model_desired_free(d);

	result(host(m, "t:80", 0), HOST_UP);
	resolve(host(m, "t:80", 0));
	model_update(m);
	d = desired_of(m);
	EXPECT_HOST(d, "10.0.0.3", true, true);
	EXPECT_HOST(d, "10.0.0.4", false, true);
	EXPECT_HOST(d, "10.0.0.9", false, true);
	model_desired_free(d);
	model_free(m);
}

Test(desired, nobody_usable_is_still_a_service)
{
	struct model *m = build(BACKUP);
	struct desired *d = desired_of(m);

	cr_assert_eq(d->n_services, 1);
	cr_expect_eq(d->services[0].n_hosts, 3);
	EXPECT_HOST(d, "10.0.0.3", false, true);
	cr_expect_not(find(d, "10.0.0.3")->has_next_hop);
	model_desired_free(d);
	model_free(m);
}

Test(desired, administrator)
{
	struct model *m = build(BACKUP);
	struct desired *d;

	bring_up(m, "t:80");
	host_set_admin(host(m, "t:80", 0), HOST_DISABLED);
	model_update(m);
	d = desired_of(m);
	EXPECT_HOST(d, "10.0.0.3", false, true);
	EXPECT_HOST(d, "10.0.0.4", true, true);
	model_desired_free(d);

	table_set_disabled(table(m, "t:80"), true);
	model_update(m);
	d = desired_of(m);
	EXPECT_HOST(d, "10.0.0.3", false, true);
	EXPECT_HOST(d, "10.0.0.4", false, true);
	model_desired_free(d);
	model_free(m);
}

Test(desired, next_hops)
{
	struct model *m = build(BACKUP);
	const struct next_hop down = { .state = NEXT_HOP_LINK_DOWN, .ifindex = 3 };
	struct desired *d;

	bring_up(m, "t:80");
	d = desired_of(m);
	cr_expect(find(d, "10.0.0.3")->has_next_hop);
	cr_expect_eq(find(d, "10.0.0.3")->ifindex, 3);
	cr_expect_eq(find(d, "10.0.0.3")->dst_mac[5], 1);
	cr_expect_eq(find(d, "10.0.0.3")->src_mac[4], 1);
	model_desired_free(d);
	host_set_next_hop(host(m, "t:80", 0), &down);
	model_update(m);
	d = desired_of(m);
	EXPECT_HOST(d, "10.0.0.3", false, true);
	cr_expect_not(find(d, "10.0.0.3")->has_next_hop);
	cr_expect_eq(find(d, "10.0.0.3")->ifindex, 0);
	model_desired_free(d);
	model_free(m);
}

/* Who wants to see packets: services whose rules log something of requests. */
Test(desired, watched_packets)
{
	static const struct {
		const char *protocol;
		const char *in_redirect;
		unsigned relay, redirect;
	} rows[] = {
		{ "protocol p", "", 0, 0 },
		{ "protocol p { match url log\n}", "", 0, 0 },
		{ "http protocol p", "", 0, 0 },
		{ "http protocol p { match label l\n}", "", 0, 0 },
		{ "http protocol p { match response header log\n}", "", 0, 0 },
		{ "http protocol p { match url log\n}", "", XLB_TRACE_REQUEST, 0 },
		{ "http protocol p { pass header log x\n}", "", XLB_TRACE_REQUEST, 0 },
		{ "protocol p { match sni log\n}", "", XLB_TRACE_REQUEST, 0 },
		{ "protocol p", "match sni log\n", 0, XLB_TRACE_REQUEST },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model *m;
		struct desired *d;
		char text[1024];

		snprintf(text, sizeof(text),
			 "table <t> { 10.0.0.3 }\n%s\n"
			 "redirect r {\nlisten on 10.9.9.9 port 80\n%sforward to <t> check tcp\n}\n"
			 "relay s {\nlisten on 10.9.9.8 port 80\nprotocol p\nforward to <t> port 80\n}\n",
			 rows[i].protocol, rows[i].in_redirect);
		m = build(text);
		d = desired_of(m);
		cr_assert_eq(d->n_services, 2);
		cr_expect_eq(d->services[0].trace, rows[i].redirect, "%s", rows[i].protocol);
		cr_expect_eq(d->services[1].trace, rows[i].relay, "%s", rows[i].protocol);
		model_desired_free(d);
		model_free(m);
	}
}
