/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Instances, ids, and what a reload keeps. */
#include <errno.h>

#include "fixture.h"

/* The shape of the founding configuration: relays come first, so their instances and hosts have the
 * first ids, as in relayd. */
static const char founding[] =
	"table <api> { 192.168.1.3, 192.168.1.4, 192.168.1.5 }\n"
	"table <web> { 192.168.1.3, 192.168.1.4, 192.168.1.5, 192.168.1.6 }\n"
	"relay \"api\" {\n listen on 192.168.0.2 port 6443\n"
	" forward to <api> port 6443 mode loadbalance check https \"/healthz\" code 401\n}\n"
	"relay \"web\" {\n listen on 192.168.0.2 port 80\n"
	" forward to <web> port 80 mode loadbalance check tcp\n}\n"
	"redirect \"tls\" {\n listen on 192.168.0.2 port 443\n sticky-address\n"
	" route to <web> port 443 mode roundrobin check tcp interface em0\n}\n";

Test(build, founding_configuration)
{
	struct model *m = build(founding);

	cr_assert_eq(m->n_tables, 3);
	cr_expect_str_eq(m->tables[0].name, "api:6443");
	cr_expect_str_eq(m->tables[1].name, "web:80");
	cr_expect_str_eq(m->tables[2].name, "web:443");
	cr_expect_eq(m->tables[2].id, 3);
	cr_expect_eq(m->tables[2].port, 443);
	cr_expect_eq(host(m, "web:443", 0)->id, 8);
	cr_expect_eq(host(m, "web:443", 3)->id, 11);

	cr_assert_eq(m->n_services, 3);
	cr_expect_str_eq(m->services[0].name, "tls", "redirects first");
	cr_expect_eq(m->services[0].id, 1);
	cr_expect(m->services[0].served);
	cr_expect_null(m->services[0].why_not);
	cr_expect_eq(m->services[0].tables[0], table(m, "web:443"));
	cr_expect_null(m->services[0].tables[1]);
	cr_expect_str_eq(m->services[1].name, "api");
	cr_expect_eq(m->services[1].id, 1);
	cr_expect(m->services[1].served);
	cr_expect(m->services[1].nat);
	cr_expect_eq(m->services[2].id, 2);
	model_free(m);
}

#define TWO(first, second)                                                                         \
	"table <t> { 10.0.0.3, 10.0.0.4 }\n"                                                       \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n " first "\n}\n"                          \
	"redirect \"s\" {\n listen on 192.0.2.2 port 80\n " second "\n}\n"

struct sharing {
	const char *name;
	const char *config;
	unsigned instances;
};

static const struct sharing sharings[] = {
	{ "same options",
	  TWO("route to <t> port 80 check tcp interface em0",
	      "route to <t> port 80 check tcp interface em0"),
	  1 },
	{ "mode is the service's",
	  TWO("route to <t> port 80 mode random check tcp interface em0",
	      "route to <t> port 80 mode source-hash check tcp interface em0"),
	  1 },
	{ "default port",
	  TWO("route to <t> check tcp interface em0",
	      "route to <t> port 80 check tcp interface em0"),
	  1 },
	{ "other port",
	  TWO("route to <t> port 80 check tcp interface em0",
	      "route to <t> port 81 check tcp interface em0"),
	  2 },
	{ "other check",
	  TWO("route to <t> port 80 check tcp interface em0",
	      "route to <t> port 80 check icmp interface em0"),
	  2 },
	{ "other interval",
	  TWO("route to <t> port 80 check tcp interval 20 interface em0",
	      "route to <t> port 80 check tcp interface em0"),
	  2 },
	{ "other interface",
	  TWO("route to <t> port 80 check tcp interface em0",
	      "route to <t> port 80 check tcp interface em1"),
	  2 },
	{ "other way",
	  TWO("route to <t> port 80 check tcp interface em0", "forward to <t> port 80 check tcp"),
	  2 },
};

Test(build, instances_are_shared_when_all_options_are_the_same)
{
	for (size_t i = 0; i < sizeof(sharings) / sizeof(sharings[0]); i++) {
		struct model *m = build(sharings[i].config);

		cr_expect_eq(m->n_tables, sharings[i].instances, "%s: %u", sharings[i].name,
			     m->n_tables);
		cr_expect_eq(redirect(m, "r")->tables[0] == redirect(m, "s")->tables[0],
			     sharings[i].instances == 1, "%s", sharings[i].name);
		model_free(m);
	}
}

Test(build, hosts_without_check_are_up)
{
	struct model *m = build("table <t> { 10.0.0.3 }\nrelay \"r\" {\n"
				" listen on 192.0.2.1 port 80\n forward to <t> port 80\n}\n");

	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UP);
	cr_expect_eq(table(m, "t:80")->n_up, 1);
	cr_expect_not(host_is_checked(host(m, "t:80", 0)));
	model_free(m);
}

Test(build, fixed_address_is_a_table_of_one)
{
	struct model *m = build("table <t> { 10.0.0.3 }\n"
				"relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" forward to 10.0.0.1 port 8080\n}\n"
				"relay \"s\" {\n listen on 192.0.2.1 port 81\n"
				" forward to <t> port 80\n}\n");
	struct table *fixed = table(m, "10.0.0.1:8080");

	cr_assert_eq(m->n_tables, 2);
	cr_expect_eq(m->services[0].tables[0], fixed);
	cr_expect_eq(m->services[0].active, fixed);
	cr_expect_eq(fixed->id, 2, "after those that relayd has");
	cr_assert_eq(fixed->n_hosts, 1);
	cr_expect_eq(fixed->hosts[0].id, 2);
	cr_expect_str_eq(fixed->hosts[0].conf->name, "10.0.0.1");
	cr_expect(host_is_up(&fixed->hosts[0]));
	cr_expect_not(host_is_checked(&fixed->hosts[0]));
	cr_expect_eq(m->services[1].tables[0], table(m, "t:80"));
	m = rebuild(m, "relay \"r\" {\n listen on 192.0.2.1 port 80\n"
		       " forward to 10.0.0.1 port 8080\n}\n");
	cr_expect_eq(table(m, "10.0.0.1:8080")->id, 2, "kept");
	model_free(m);
}

Test(build, each_listen_of_a_relay_is_a_relay)
{
	static const char *const names[] = { "r", "r2:81", "s" };
	struct model *m = build("relay \"r\" {\n listen on 192.0.2.1 port 80\n"
				" listen on 2001:db8::1 port 81\n forward to 10.0.0.1 port 80\n}\n"
				"relay \"s\" {\n listen on 192.0.2.1 port 82\n"
				" forward to 10.0.0.1 port 80\n}\n");

	cr_assert_eq(m->n_services, 3);
	for (unsigned i = 0; i < 3; i++) {
		cr_expect_eq(m->services[i].id, i + 1);
		cr_expect_str_eq(m->services[i].name, names[i]);
		cr_expect_eq(m->services[i].n_listen, 1);
		cr_expect_eq(m->services[i].listen->port_lo, 80 + i);
	}
	m = rebuild(m, "relay \"r\" {\n listen on 192.0.2.1 port 79\n"
		       " listen on 192.0.2.1 port 80\n listen on 2001:db8::1 port 81\n"
		       " forward to 10.0.0.1 port 80\n}\n");
	cr_assert_eq(m->n_services, 3);
	cr_expect_eq(m->services[0].id, 1);
	cr_expect_str_eq(m->services[1].name, "r4:80");
	cr_expect_str_eq(m->services[2].name, "r2:81", "kept");
	model_free(m);
}

#define BOTH_KINDS                                                                                 \
	"table <t> { 10.0.0.1 }\n"                                                                 \
	"redirect \"routed\" {\n listen on 192.0.2.1 port 80\n"                                    \
	" route to <t> port 80 check tcp interface em0\n}\n"                                      \
	"relay \"proxied\" {\n listen on 192.0.2.1 port 81\n forward to 10.0.0.1 port 80\n}\n"

/* Whose packets are to be told, by what the file wants to know of connections. */
Test(build, watched_connections)
{
	static const struct {
		const char *line;
		unsigned trace;
	} rows[] = {
		{ "", 0 },
		{ "log state changes\n", 0 },
		{ "log connection\n", XLB_TRACE_CONN },
		{ "log connection errors\n", XLB_TRACE_CONN },
		{ "log connection opens\n", XLB_TRACE_CONN },
		{ "pflow to 192.0.2.9 port 2055\n", XLB_TRACE_CONN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct model *m;

		snprintf(text, sizeof(text), "%s" BOTH_KINDS, rows[i].line);
		m = build(text);
		cr_expect_eq(m->services[0].trace, rows[i].trace, "%s", rows[i].line);
		cr_expect_eq(m->services[1].trace, 0, "NAT: %s", rows[i].line);
		model_free(m);
	}
}

Test(build, long_names_of_further_relays_are_cut)
{
	struct model *m = build("relay \"a234567890123456789012345678901\" {\n"
				" listen on 192.0.2.1 port 80\n listen on 192.0.2.1 port 8443\n"
				" forward to 10.0.0.1 port 80\n}\n");

	cr_expect_str_eq(m->services[0].name, "a234567890123456789012345678901");
	cr_expect_str_eq(m->services[1].name, "a2345678901234567890123452:8443");
	model_free(m);
}

/* The parser refuses these; the model does not rely on it. */
Test(build, bad_parents_are_refused)
{
	static const unsigned bad_ids[] = { 99, 1, 2 }; /* nobody, itself, a child */

	for (size_t i = 0; i < sizeof(bad_ids) / sizeof(bad_ids[0]); i++) {
		struct cfg *cfg = parse(founding);
		struct cfg_host *hosts = cfg->tables->hosts;
		const struct cfg_host *bad = NULL;
		struct model *m = NULL;

		cr_expect_eq(model_bad_parent(cfg, &bad), 0);
		hosts->next->parent = 3;
		hosts->parent = bad_ids[i];
		cr_expect_eq(model_bad_parent(cfg, &bad), -EINVAL);
		cr_expect_eq(bad, hosts);
		cr_expect_eq(model_build(cfg, NULL, &m), -EINVAL);
		cfg_free(cfg);
	}
}

/* ---- disabled from the start ------------------------------------------------------------------
 */
Test(build, disabled_by_the_file)
{
	struct model *m = build("table <t> disable { 10.0.0.3 }\ntable <u> { 10.0.0.4 }\n"
				"table <v> { 10.0.0.5 }\n"
				"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"
				" route to <t> port 80 check tcp interface em0\n"
				" route to <v> port 80 check tcp interface em0\n}\n"
				"redirect \"s\" {\n disable\n listen on 192.0.2.2 port 80\n"
				" route to <u> port 80 check tcp interface em0\n"
				" route to <v> port 80 check tcp interface em0\n}\n");

	cr_expect(table(m, "t:80")->disabled);
	cr_expect(table(m, "u:80")->disabled, "only a disabled redirect uses it");
	cr_expect_not(table(m, "v:80")->disabled, "r uses it");
	cr_expect_not(redirect(m, "r")->disabled);
	cr_expect(redirect(m, "s")->disabled);
	model_free(m);
}

/* ---- services' states --------------------------------------------------------------------------
 */
#define BACKUP                                                                                     \
	"table <t> { 10.0.0.3, 10.0.0.4 }\ntable <b> { 10.0.0.9 }\n"                               \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"                                         \
	" route to <t> port 80 check tcp interface em0\n"                                          \
	" route to <b> port 80 check tcp interface em0\n}\n"

Test(service, backup_steps_in_and_out)
{
	struct model *m = build(BACKUP);
	struct service *s = redirect(m, "r");
	char text[32];

	cr_expect_str_eq(service_status_name(s), "down");
	cr_expect_eq(s->active, table(m, "t:80"), "nobody: the main one");
	cr_expect_str_eq(table_status_text(s->active, text, sizeof(text)), "empty");
	bring_up(m, "b:80");
	cr_expect_eq(s->active, table(m, "b:80"));
	cr_expect_str_eq(service_status_name(s), "active (using backup table)");
	bring_up(m, "t:80");
	cr_expect_eq(s->active, table(m, "t:80"));
	cr_expect_str_eq(service_status_name(s), "active");
	cr_expect_str_eq(table_status_text(s->active, text, sizeof(text)), "active (2 hosts)");
	result(host(m, "t:80", 0), HOST_DOWN);
	host_set_admin(host(m, "t:80", 1), HOST_DRAINING);
	model_update(m);
	cr_expect_eq(s->active, table(m, "b:80"));
	cr_expect_str_eq(table_status_text(table(m, "t:80"), text, sizeof(text)), "empty");
	model_free(m);
}

#define PANIC                                                                                      \
	"table <a> { 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4 }\n"                                   \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"                                         \
	" route to <a> port 80 check tcp panic 50% interface em0\n}\n"

/* One row: hosts 1 to 4, a letter each: u(p), d(own), ?(never checked), x (disabled). */
Test(panic, threshold)
{
	static const struct {
		const char *hosts;
		bool panic;
		unsigned usable;
	} rows[] = {
		{ "????", false, 0 }, { "uudd", false, 2 }, { "uddd", true, 4 }, { "dddd", true, 4 },
		{ "u??d", false, 1 }, { "d?dd", true, 4 },  { "uxdd", true, 3 }, { "udxx", false, 1 },
		{ "xxxx", false, 0 }, { "xxxd", true, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model *m = build(PANIC);
		struct table *t = table(m, "a:80");

		for (unsigned n = 0; n < 4; n++) {
			resolve(&t->hosts[n]);
			if (rows[i].hosts[n] == 'x')
				host_set_admin(&t->hosts[n], HOST_DISABLED);
			else if (rows[i].hosts[n] != '?')
				result(&t->hosts[n],
				       rows[i].hosts[n] == 'u' ? HOST_UP : HOST_DOWN);
		}
		model_update(m);
		cr_expect_eq(t->panic, rows[i].panic, "%s", rows[i].hosts);
		cr_expect_eq(t->n_usable, rows[i].usable, "%s: %u", rows[i].hosts, t->n_usable);
		model_free(m);
	}
}

Test(panic, is_told_and_ends)
{
	struct model *m = build(PANIC);
	struct table *t = table(m, "a:80");
	struct service *s = redirect(m, "r");
	char status[64];

	bring_up(m, "a:80");
	for (unsigned n = 0; n < 4; n++)
		result(&t->hosts[n], HOST_DOWN);
	model_update(m);
	cr_expect_str_eq(service_status_name(s), "active (panic)");
	cr_expect_str_eq(table_status_text(t, status, sizeof(status)), "active (panic)");
	cr_expect(host_keeps_flows(&t->hosts[0]), "health is ignored");
	cr_expect_str_eq(host_status_name(&t->hosts[0]), "down", "and shown as it is");
	result(&t->hosts[0], HOST_UP);
	result(&t->hosts[1], HOST_UP);
	model_update(m);
	cr_expect_str_eq(service_status_name(s), "active");
	cr_expect_not(host_keeps_flows(&t->hosts[2]));
	host_set_admin(&t->hosts[0], HOST_DRAINING);
	host_set_admin(&t->hosts[1], HOST_DRAINING);
	model_update(m);
	cr_expect_eq(t->n_usable, 2, "draining ones get nothing new");
	model_free(m);
}

/* Panic is for when nothing better is left. */
Test(panic, gives_way_to_a_backup_that_is_up)
{
	struct model *m = build("table <a> { 10.0.0.1, 10.0.0.2, 10.0.0.3 }\ntable <b> { 10.0.1.1 }\n"
				"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"
				" route to <a> port 80 check tcp panic 50 interface em0\n"
				" route to <b> port 80 check tcp interface em0\n}\n");
	struct service *s = redirect(m, "r");

	bring_up(m, "a:80");
	bring_up(m, "b:80");
	result(host(m, "a:80", 0), HOST_DOWN);
	result(host(m, "a:80", 1), HOST_DOWN);
	model_update(m);
	cr_expect_str_eq(service_status_name(s), "active (panic)", "one is up");
	result(host(m, "a:80", 2), HOST_DOWN);
	model_update(m);
	cr_expect_str_eq(service_status_name(s), "active (using backup table)");
	result(host(m, "b:80", 0), HOST_DOWN);
	model_update(m);
	cr_expect_str_eq(service_status_name(s), "active (panic)");
	model_free(m);
}

Test(service, hosts_that_cannot_be_reached_are_no_use)
{
	struct model *m = build(BACKUP);
	const struct next_hop none = { .state = NEXT_HOP_UNREACHABLE };

	bring_up(m, "t:80");
	bring_up(m, "b:80");
	for (unsigned i = 0; i < 2; i++)
		host_set_next_hop(host(m, "t:80", i), &none);
	model_update(m);
	cr_expect_eq(table(m, "t:80")->n_up, 2);
	cr_expect_eq(redirect(m, "r")->active, table(m, "b:80"));
	host_set_next_hop(host(m, "b:80", 0), &none);
	model_update(m);
	cr_expect_eq(redirect(m, "r")->active, table(m, "t:80"));
	cr_expect_str_eq(service_status_name(redirect(m, "r")), "down");
	model_free(m);
}

Test(service, disabling_and_enabling_as_relayctl)
{
	struct model *m = build(BACKUP);
	struct service *s = redirect(m, "r");

	bring_up(m, "t:80");
	service_set_disabled(s, true);
	model_update(m);
	cr_expect_str_eq(service_status_name(s), "disabled");
	cr_expect(table(m, "t:80")->disabled);
	cr_expect_not(table(m, "b:80")->disabled);
	table_set_disabled(table(m, "b:80"), true);
	service_set_disabled(s, false);
	cr_expect_not(table(m, "t:80")->disabled);
	cr_expect_not(table(m, "b:80")->disabled);
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UNKNOWN);
	model_free(m);
}

Test(service, disabling_one_leaves_the_table_to_the_other)
{
	struct model *m = build(sharings[0].config);

	service_set_disabled(redirect(m, "r"), true);
	cr_expect_not(table(m, "t:80")->disabled);
	service_set_disabled(redirect(m, "s"), true);
	cr_expect(table(m, "t:80")->disabled);
	model_free(m);
}

Test(service, not_served)
{
	struct model *m = build("table <t> { 10.0.0.3 }\n"
				"redirect \"r\" {\n listen on 192.0.2.1 port 2:9\n"
				" forward to <t> check tcp\n}\n");
	const struct service *s = redirect(m, "r");

	cr_expect_str_eq(service_status_name(s), "not served");
	model_free(m);
}

/* ---- looking up --------------------------------------------------------------------------------
 */
Test(lookup, by_name_and_id)
{
	struct model *m = build(founding);

	cr_expect_eq(model_table_by_name(m, "3"), table(m, "web:443"));
	cr_expect_null(model_table_by_name(m, "4"));
	cr_expect_null(model_table_by_name(m, "0"));
	cr_expect_null(model_table_by_name(m, "web"));
	cr_expect_eq(model_host_by_id(m, 9), host(m, "web:443", 1));
	cr_expect_null(model_host_by_id(m, 12));
	cr_expect_eq(model_host_by_name(m, "192.168.1.4"), host(m, "api:6443", 1), "the first");
	cr_expect_null(model_host_by_name(m, "192.168.1.44"));
	cr_expect_eq(model_service_by_name(m, SERVICE_RELAY, "2")->id, 2);
	cr_expect_str_eq(model_service_by_name(m, SERVICE_REDIRECT, "1")->name, "tls");
	cr_expect_null(model_service_by_name(m, SERVICE_REDIRECT, "api"));
	model_free(m);
}

/* ---- reload ------------------------------------------------------------------------------------
 */
#define WITH(hosts, options)                                                                       \
	"table <t> { " hosts " }\n"                                                                \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"                                         \
	" route to <t> port 80 check tcp " options " interface em0\n}\n"

Test(reload, nothing_changed_nothing_changes)
{
	struct model *m = build(WITH("10.0.0.3, 10.0.0.4 retry 2", ""));
	struct host *h;

	bring_up(m, "t:80");
	result(host(m, "t:80", 1), HOST_DOWN);
	host_set_admin(host(m, "t:80", 0), HOST_DRAINING);
	m = rebuild(m, WITH("10.0.0.3, 10.0.0.4 retry 2", ""));
	cr_expect_eq(table(m, "t:80")->id, 1);
	cr_expect_eq(redirect(m, "r")->id, 1);
	cr_expect_eq(host(m, "t:80", 0)->admin, HOST_DRAINING);
	h = host(m, "t:80", 1);
	cr_expect_eq(h->id, 2);
	cr_expect_eq(h->health, HOST_UP);
	cr_expect_eq(h->retries_left, 1);
	cr_expect_eq(h->checks, 2);
	cr_expect_eq(h->checks_up, 2);
	cr_expect_str_eq(h->reason, "tcp connect failed");
	cr_expect_eq(h->latency_ms, 7);
	cr_expect_eq(h->next_hop.state, NEXT_HOP_OK);
	cr_expect_eq(h->table, table(m, "t:80"));
	cr_expect_eq(table(m, "t:80")->n_usable, 1, "updated");
	model_free(m);
}

Test(reload, hosts_are_known_by_address_whatever_their_place)
{
	struct model *m = build(WITH("10.0.0.3, 10.0.0.4, 10.0.0.5", ""));

	bring_up(m, "t:80");
	result(host(m, "t:80", 1), HOST_DOWN);
	m = rebuild(m, WITH("10.0.0.9, 10.0.0.5, 10.0.0.4", ""));
	cr_expect_eq(host(m, "t:80", 0)->id, 4, "new: an id never used before");
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UNKNOWN);
	cr_expect_eq(host(m, "t:80", 1)->id, 3);
	cr_expect_eq(host(m, "t:80", 1)->health, HOST_UP);
	cr_expect_eq(host(m, "t:80", 2)->id, 2);
	cr_expect_eq(host(m, "t:80", 2)->health, HOST_DOWN);
	m = rebuild(m, WITH("10.0.0.3", ""));
	cr_expect_eq(host(m, "t:80", 0)->id, 5, "ids of what went are not used again");
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UNKNOWN);
	model_free(m);
}

Test(reload, other_options_are_no_other_table)
{
	struct model *m = build(WITH("10.0.0.3", ""));

	bring_up(m, "t:80");
	m = rebuild(m, WITH("10.0.0.3", "interval 20"));
	cr_expect_eq(table(m, "t:80")->id, 1);
	cr_expect_eq(table(m, "t:80")->target->interval_s, 20);
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UP);
	model_free(m);
}

Test(reload, other_interface_is_another_next_hop)
{
	struct model *m = build(WITH("10.0.0.3", ""));

	bring_up(m, "t:80");
	m = rebuild(m, "table <t> { 10.0.0.3 }\nredirect \"r\" {\n listen on 192.0.2.1 port 80\n"
		       " route to <t> port 80 check tcp interface em7\n}\n");
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UP);
	cr_expect_eq(host(m, "t:80", 0)->next_hop.state, NEXT_HOP_UNKNOWN);
	model_free(m);
}

Test(reload, of_two_instances_with_one_name_each_finds_its_own)
{
	struct model *m = build(sharings[3 + 1].config);

	result(&m->tables[0].hosts[0], HOST_UP);
	result(&m->tables[1].hosts[0], HOST_DOWN);
	m = rebuild(m, TWO("route to <t> port 80 check icmp interface em0",
			   "route to <t> port 80 check tcp interface em0"));
	cr_expect_eq(redirect(m, "s")->tables[0]->id, 1);
	cr_expect_eq(redirect(m, "s")->tables[0]->hosts[0].health, HOST_UP);
	cr_expect_eq(redirect(m, "r")->tables[0]->id, 2);
	cr_expect_eq(redirect(m, "r")->tables[0]->hosts[0].health, HOST_DOWN);
	model_free(m);
}

Test(reload, retries_are_those_of_the_new_file)
{
	struct model *m = build(WITH("10.0.0.3", ""));

	bring_up(m, "t:80");
	m = rebuild(m, WITH("10.0.0.3 retry 1", ""));
	result(host(m, "t:80", 0), HOST_DOWN);
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UP);
	model_free(m);
}

static const char table_disabled[] =
	"table <t> disable { 10.0.0.3 }\nredirect \"r\" {\n listen on 192.0.2.1 port 80\n"
	" route to <t> port 80 check tcp interface em0\n}\n";

Test(reload, administrator_wins_until_the_file_changes)
{
	struct model *m = build(WITH("10.0.0.3", ""));

	table_set_disabled(table(m, "t:80"), true);
	m = rebuild(m, WITH("10.0.0.3", ""));
	cr_expect(table(m, "t:80")->disabled);
	m = rebuild(m, table_disabled);
	cr_expect(table(m, "t:80")->disabled);
	table_set_disabled(table(m, "t:80"), false);
	bring_up(m, "t:80");
	m = rebuild(m, table_disabled);
	cr_expect_not(table(m, "t:80")->disabled);
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UP);
	m = rebuild(m, WITH("10.0.0.3", ""));
	cr_expect_not(table(m, "t:80")->disabled);
	m = rebuild(m, table_disabled);
	cr_expect(table(m, "t:80")->disabled);
	cr_expect_eq(host(m, "t:80", 0)->health, HOST_UNKNOWN);
	cr_expect(host_keeps_flows(host(m, "t:80", 0)));
	model_free(m);
}

Test(reload, services_keep_ids_and_states)
{
	struct model *m = build(sharings[0].config);

	service_set_disabled(redirect(m, "s"), true);
	m = rebuild(m, "table <t> { 10.0.0.3, 10.0.0.4 }\n"
		       "redirect \"q\" {\n listen on 192.0.2.3 port 80\n"
		       " route to <t> port 80 check tcp interface em0\n}\n"
		       "redirect \"s\" {\n listen on 192.0.2.2 port 80\n"
		       " route to <t> port 80 check tcp interface em0\n}\n");
	cr_expect_eq(redirect(m, "s")->id, 2);
	cr_expect(redirect(m, "s")->disabled);
	cr_expect_eq(redirect(m, "q")->id, 3);
	cr_expect_not(redirect(m, "q")->disabled);
	model_free(m);
}

/* "parent N" counts as a fresh load would, whatever ids hosts have got meanwhile. */
Test(reload, parents_are_those_the_file_means)
{
	struct model *m = build(WITH("10.0.0.3, 10.0.0.4", ""));

	m = rebuild(m, WITH("10.0.0.9, 10.0.0.4 parent 1", ""));
	cr_expect_eq(host(m, "t:80", 0)->id, 3);
	cr_expect_eq(host(m, "t:80", 1)->parent, host(m, "t:80", 0));
	model_free(m);
}
