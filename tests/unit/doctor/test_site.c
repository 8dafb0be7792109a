/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The same site, whether read from a configuration or from the daemon's answers. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "doctor/site.h"

static const char text[] = "table <web> { 192.168.1.3 weight 2, 192.168.1.4 }\n"
			   "table <spare> { 2001:db8::3 }\n"
			   "redirect \"dsr\" {\n"
			   "	listen on 192.0.2.1 port 443 interface em1\n"
			   "	listen on 192.0.2.1 udp port 8000:8010\n"
			   "	sticky-address\n"
			   "	route to <web> mode source-hash check tcp interface em0\n"
			   "	route to <spare> mode source-hash check tcp interface em0\n"
			   "}\n"
			   "redirect \"rdr\" {\n"
			   "	listen on 192.0.2.2 port 80\n"
			   "	forward to <web> check tcp\n"
			   "}\n"
			   "relay \"nat\" {\n"
			   "	listen on 192.0.2.3 port 25\n"
			   "	forward to 192.168.1.9 port 25\n"
			   "}\n";

static void load(struct site *ret)
{
	const struct cfg_options options = { .no_resolve = true };
	struct diag diag = { 0 };
	struct cfg *cfg;

	cr_assert_eq(cfg_parse_text("t", text, strlen(text), &options, &diag, &cfg), 0);
	cr_assert_eq(site_from_config(cfg, ret), 0);
	cfg_free(cfg);
	diag_clear(&diag);
}

static void is_addr(const struct cfg_addr *addr, const char *want)
{
	char buf[SITE_ADDR_SIZE];

	cr_expect_str_eq(site_addr_text(addr, buf), want);
}

Test(site, config)
{
	struct site site;
	const struct site_service *s;

	load(&site);
	cr_assert_eq(site.n_services, 3);
	s = &site.services[0];
	cr_expect_str_eq(s->name, "dsr");
	cr_expect_eq(s->way, SITE_ROUTE);
	cr_expect(s->sticky);
	cr_expect_str_eq(s->mode, "source-hash");
	cr_assert_eq(s->n_vips, 2);
	is_addr(&s->vips[0].addr, "192.0.2.1");
	cr_expect_str_eq(s->vips[0].interface, "em1");
	cr_expect_eq(s->vips[1].proto, IPPROTO_UDP);
	cr_expect_eq(s->vips[1].port, 8000);
	cr_assert_eq(s->n_hosts, 3, "of the backup table, too");
	cr_expect_eq(s->hosts[0].weight, 2);
	cr_expect_str_eq(s->hosts[0].interface, "em0");
	is_addr(&s->hosts[2].addr, "2001:db8::3");
	cr_expect_eq(site.services[1].way, SITE_TRANSPARENT, "keeps the client's address");
	cr_expect_eq(site.services[2].way, SITE_NAT);
	cr_expect(site.services[2].relay);
	is_addr(&site.services[2].hosts[0].addr, "192.168.1.9");
	cr_expect(site_has_way(&site, SITE_NAT));
	site_free(&site);
	cr_expect_not(site_has_way(&site, SITE_NAT));
}

static json_t *sample(const char *name)
{
	char path[512];
	json_t *answer;

	snprintf(path, sizeof(path), XLB_SOURCE_DIR "/tests/unit/control/%s.json", name);
	answer = json_load_file(path, 0, NULL);
	cr_assert_not_null(answer, "%s", path);
	return answer;
}

/* The answers that the daemon's own tests hold. */
Test(site, daemon)
{
	json_t *redirects = sample("redirects"), *relays = sample("relays"),
	       *hosts = sample("hosts");
	const struct site_service *s;
	struct site site;

	cr_assert_eq(site_from_daemon(redirects, relays, hosts, &site), 0);
	s = &site.services[0];
	cr_expect_str_eq(s->name, "https_forwarder");
	cr_expect_eq(s->way, SITE_ROUTE);
	cr_expect(s->sticky);
	cr_expect_str_eq(s->mode, "source-hash");
	cr_assert_eq(s->n_vips, 2);
	is_addr(&s->vips[0].addr, "192.168.0.2");
	cr_expect_str_eq(s->vips[0].interface, "vether0");
	cr_expect_eq(s->vips[1].proto, IPPROTO_UDP);
	cr_assert_gt(s->n_hosts, 0);
	cr_expect_eq(s->hosts[0].addr.family, AF_INET);
	cr_expect_gt(s->hosts[0].weight, 0);
	site_free(&site);
	json_decref(redirects);
	json_decref(relays);
	json_decref(hosts);
}

Test(site, daemon_odd)
{
	json_t *empty = json_object(), *list = json_pack("{s:[{s:[n]}], s:[], s:[]}", "redirects",
							 "tables", "relays", "hosts");
	struct site site;

	cr_expect_eq(site_from_daemon(empty, empty, empty, &site), -EPROTO);
	cr_assert_eq(site_from_daemon(list, list, list, &site), 0);
	cr_expect_eq(site.n_services, 1);
	cr_expect_eq(site.services[0].n_hosts, 0);
	site_free(&site);
	json_decref(empty);
	json_decref(list);
}
