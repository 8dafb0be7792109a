/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Text in, struct cfg out. */
#include <arpa/inet.h>
#include <errno.h>

#include "texts.h"

static bool is_address(const struct cfg_addr *addr, const char *text)
{
	char buffer[INET6_ADDRSTRLEN];

	return addr->family != AF_UNSPEC &&
	       strcmp(inet_ntop(addr->family, &addr->v4, buffer, sizeof(buffer)), text) == 0;
}

static struct cfg *target_cfg(const char *options)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "table <t> { 10.0.0.1 }\nredirect r { listen on 10.9.9.9 port 80\n"
		 "forward to <t> %s\n}\n", options);
	return parse_good(options, text);
}

Test(model, defaults)
{
	struct cfg *cfg = parse_good("defaults", TABLE_T REDIRECT_R);

	cr_expect_str_eq(cfg->file, "x.conf");
	cr_expect_eq(cfg->interval_s, 10);
	cr_expect_eq(cfg->timeout_ms, 200);
	cr_expect_not(cfg->log_state_changes);
	cr_expect_not(cfg->log_host_checks);
	cr_expect_not(cfg->log_connection);
	cr_expect_not(cfg->log_connection_errors);
	cr_expect_null(cfg->socket);
	cr_expect_null(cfg->relays);
	cr_expect_null(cfg->protocols);
	cfg_free(cfg);
}

Test(model, globals)
{
	struct cfg *cfg = parse_good("globals", "interval 20\ntimeout 1000\nlog state changes\n"
						"log host checks\nlog connection errors\n"
						"socket \"/run/x.sock\"\n" TABLE_T REDIRECT_R);

	cr_expect_eq(cfg->interval_s, 20);
	cr_expect_eq(cfg->timeout_ms, 1000);
	cr_expect(cfg->log_state_changes);
	cr_expect(cfg->log_host_checks);
	cr_expect_not(cfg->log_connection);
	cr_expect(cfg->log_connection_errors);
	cr_expect_str_eq(cfg->socket, "/run/x.sock");
	cfg_free(cfg);
	cfg = parse_good("log connection", "log connection\n" TABLE_T REDIRECT_R);
	cr_expect(cfg->log_connection);
	cr_expect(cfg->log_connection_errors);
	cfg_free(cfg);
}

Test(model, pflow)
{
	struct cfg *cfg = parse_good(
		"pflow",
		"pflow from 10.0.0.2 to 10.0.0.9 port 2055 protocol 10\n" TABLE_T REDIRECT_R);

	cr_expect_str_eq(cfg->pflow->name, "10.0.0.9");
	cr_expect_eq(ntohl(cfg->pflow->addr.v4.s_addr), 0x0a000009);
	cr_expect_eq(ntohl(cfg->pflow->source.v4.s_addr), 0x0a000002);
	cr_expect_eq(cfg->pflow->port, 2055);
	cr_expect_eq(cfg->pflow->protocol, 10);
	cfg_free(cfg);
	cfg = parse_good("pflow", "pflow to 10.0.0.9 port 2055\n" TABLE_T REDIRECT_R);
	cr_expect_eq(cfg->pflow->source.family, AF_UNSPEC);
	cr_expect_eq(cfg->pflow->protocol, 5, "as of a pflow(4) interface");
	cfg_free(cfg);
	cfg = parse_good("none", TABLE_T REDIRECT_R);
	cr_expect_null(cfg->pflow);
	cfg_free(cfg);
}

Test(model, tables_and_hosts)
{
	static const char text[] =
		"table <t> disable {\n 10.0.0.1 ip ttl 3 retry 2 weight 256,\n"
		" 2001:db8::1 parent 1 priority 7 } { www.example.com }\n"
		"table <\"u\"> { 10.0.0.9 }\n" REDIRECT_R;
	struct cfg *cfg = parse_good("tables", text);
	const struct cfg_table *t = cfg->tables;
	const struct cfg_host *host = t->hosts;

	cr_expect_str_eq(t->name, "t");
	cr_expect(t->disabled);
	cr_expect(t->used);
	cr_expect_eq(t->n_hosts, 3);
	cr_expect_eq(t->pos.line, 1);
	cr_expect_eq(t->pos.col, 8);
	cr_expect_str_eq(host->name, "10.0.0.1");
	cr_expect(is_address(&host->addr, "10.0.0.1"));
	cr_expect_eq(host->ttl, 3);
	cr_expect_eq(host->retry, 2);
	cr_expect_eq(host->weight, 256);
	cr_expect_eq(host->parent, 0);
	cr_expect_eq(host->pos.line, 2);
	cr_expect_eq(host->pos.col, 2);
	host = host->next;
	cr_expect(is_address(&host->addr, "2001:db8::1"));
	cr_expect_eq(host->parent, 1);
	cr_expect_eq(host->priority, 7);
	cr_expect_eq(host->weight, 1);
	host = host->next;
	cr_expect_str_eq(host->name, "www.example.com");
	cr_expect_eq(host->addr.family, AF_UNSPEC);
	cr_expect_null(host->next);
	cr_expect_str_eq(t->next->name, "u");
	cr_expect_not(t->next->used);
	cr_expect_not(t->next->disabled);
	cr_expect_null(t->next->next);
	cfg_free(cfg);
}

Test(model, redirects)
{
	static const char text[] =
		TABLE_T "table <\"backup\"> { 10.0.0.2 }\n"
			"redirect \"a b\" {\n"
			"listen on 10.9.9.9 port 8000:8010 interface em1 pflog\n"
			"listen on 2001:db8::9 tcp port http\n"
			"listen on 10.9.9.9 udp port \"53\"\n"
			"sticky-address\nsession timeout 30\npftag RELAYD\ndisable\n"
			"forward to <t> port 80 mode least-states check tcp\n"
			"forward to <\"backup\"> port 80 mode least-states check icmp\n}\n"
			"redirect s { listen on 10.9.9.8 udp port 53\n"
			"route to <t> mode maglev check icmp interface em0\nno state\n}\n";
	struct cfg *cfg = parse_good("redirects", text);
	const struct cfg_redirect *r = cfg->redirects;
	const struct cfg_listen *l = r->listen;
	const struct cfg_target *t = r->target;

	cr_expect_str_eq(r->name, "a b");
	cr_expect_eq(r->n_listen, 3);
	cr_expect(r->sticky_address);
	cr_expect_not(r->no_state);
	cr_expect_eq(r->session_timeout, 30);
	cr_expect_str_eq(r->pftag, "RELAYD");
	cr_expect_not(r->match);
	cr_expect(r->disabled);
	cr_expect(is_address(&l->addr, "10.9.9.9"));
	cr_expect_eq(l->proto, IPPROTO_TCP);
	cr_expect_eq(l->port_lo, 8000);
	cr_expect_eq(l->port_hi, 8010);
	cr_expect_str_eq(l->interface, "em1");
	cr_expect(l->pflog);
	cr_expect_not(l->further);
	l = l->next;
	cr_expect(is_address(&l->addr, "2001:db8::9"));
	cr_expect_eq(l->proto, IPPROTO_TCP);
	cr_expect_eq(l->port_lo, 80);
	cr_expect_eq(l->port_hi, 80);
	cr_expect_null(l->interface);
	cr_expect_not(l->pflog);
	l = l->next;
	cr_expect_eq(l->proto, IPPROTO_UDP);
	cr_expect_eq(l->port_lo, 53);
	cr_expect_null(l->next);
	cr_expect_eq(t->table, cfg->tables);
	cr_expect_eq(t->port, 80);
	cr_expect_eq(t->mode, CFG_MODE_LEAST_STATES);
	cr_expect_eq(t->check.type, CFG_CHECK_TCP);
	cr_expect_not(t->route);
	cr_expect_null(t->interface);
	cr_expect_eq(t->next->table, cfg->tables->next);
	cr_expect_eq(t->next->check.type, CFG_CHECK_ICMP);
	cr_expect_null(t->next->next);
	r = r->next;
	cr_expect(r->no_state);
	cr_expect_eq(r->session_timeout, 0);
	cr_expect(r->target->route);
	cr_expect_eq(r->target->port, 0);
	cr_expect_eq(r->target->mode, CFG_MODE_MAGLEV);
	cr_expect_str_eq(r->target->interface, "em0");
	cfg_free(cfg);
}

Test(model, relays)
{
	static const char text[] =
		TABLE_T "dns protocol d\nrelay a {\nlisten on 10.9.9.9 port 53\nprotocol d\n"
			"transparent forward to <t> mode source-hash\nsession timeout 7\ndisable\n}\n"
			"relay b {\nlisten on 10.9.9.9 port 25\nlisten on 2001:db8::9 port 25\n"
			"forward to 10.0.0.7 port 2525 retry 3\n}\n";
	struct cfg *cfg = parse_good("relays", text);
	const struct cfg_relay *a = cfg->relays, *b = a->next;

	cr_expect_str_eq(a->name, "a");
	cr_expect_eq(a->protocol, cfg->protocols);
	cr_expect(a->protocol->used);
	cr_expect_eq(a->listen->proto, IPPROTO_UDP);
	cr_expect_eq(a->session_timeout, 7);
	cr_expect(a->disabled);
	cr_expect(a->target->transparent);
	cr_expect_eq(a->target->mode, CFG_MODE_SOURCE_HASH);
	cr_expect_eq(a->target->port, 0);
	cr_expect_eq(a->target->check.type, CFG_CHECK_NONE);
	cr_expect_eq(b->n_listen, 2);
	cr_expect_null(b->protocol);
	cr_expect_eq(b->listen->proto, IPPROTO_TCP);
	cr_expect(is_address(&b->listen->next->addr, "2001:db8::9"));
	cr_expect_null(b->target->table);
	cr_expect_str_eq(b->target->addr_name, "10.0.0.7");
	cr_expect(is_address(&b->target->addr, "10.0.0.7"));
	cr_expect_eq(b->target->port, 2525);
	cr_expect_eq(b->target->retry, 3);
	cr_expect_eq(b->target->instance, 0);
	cfg_free(cfg);
}

Test(model, modes)
{
	static const struct {
		const char *options;
		enum cfg_mode mode;
	} rows[] = {
		{ "check tcp", CFG_MODE_ROUNDROBIN },
		{ "check tcp mode roundrobin", CFG_MODE_ROUNDROBIN },
		{ "check tcp mode random", CFG_MODE_RANDOM },
		{ "mode source-hash check tcp", CFG_MODE_SOURCE_HASH },
		{ "check tcp mode least-states", CFG_MODE_LEAST_STATES },
		{ "check tcp mode maglev", CFG_MODE_MAGLEV },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfg *cfg = target_cfg(rows[i].options);

		cr_expect_eq(cfg->redirects->target->mode, rows[i].mode, "%s", rows[i].options);
		cr_expect_not(cfg->redirects->target->has_key, "%s", rows[i].options);
		cfg_free(cfg);
	}
}

Test(model, relay_modes)
{
	struct cfg *cfg = parse_good("relay modes",
				     TABLE_T "relay r {\nlisten on 10.9.9.9 port 80\n"
					     "forward to <t> mode hash\n"
					     "forward to <t> mode loadbalance\n}\n");

	cr_expect_eq(cfg->relays->target->mode, CFG_MODE_HASH);
	cr_expect_eq(cfg->relays->target->next->mode, CFG_MODE_LOADBALANCE);
	cfg_free(cfg);
}

/* md5("secret") and the bytes themselves. */
Test(model, keys)
{
	static const struct {
		const char *options;
		uint8_t key[16];
	} rows[] = {
		{ "check tcp mode source-hash secret",
		  { 0x5e, 0xbe, 0x22, 0x94, 0xec, 0xd0, 0xe0, 0xf0, 0x8e, 0xab, 0x76, 0x90, 0xd2,
		    0xa6, 0xee, 0x69 } },
		{ "check tcp mode maglev \"secret\"",
		  { 0x5e, 0xbe, 0x22, 0x94, 0xec, 0xd0, 0xe0, 0xf0, 0x8e, 0xab, 0x76, 0x90, 0xd2,
		    0xa6, 0xee, 0x69 } },
		{ "mode maglev 0x00112233445566778899aAbBcCdDeEfF check tcp",
		  { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc,
		    0xdd, 0xee, 0xff } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfg *cfg = target_cfg(rows[i].options);

		cr_expect(cfg->redirects->target->has_key, "%s", rows[i].options);
		cr_expect_arr_eq(cfg->redirects->target->key, rows[i].key, 16, "%s",
				 rows[i].options);
		cfg_free(cfg);
	}
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

Test(model, checks)
{
	static const uint16_t code_401 = 401;
	static const struct {
		const char *options;
		struct cfg_check check;
		const char *name;
	} rows[] = {
		{ "check icmp", { .type = CFG_CHECK_ICMP }, "icmp" },
		{ "check tcp", { .type = CFG_CHECK_TCP }, "tcp" },
		{ "check tls", { .type = CFG_CHECK_TLS, .tls = true }, "tcp" },
		{ "check http \"/x\" code 200",
		  { .type = CFG_CHECK_HTTP_CODE, .path = "/x", .code = 200 }, "http code" },
		{ "check https \"/\" host www code 401",
		  { .type = CFG_CHECK_HTTP_CODE, .tls = true, .path = "/", .host = "www",
		    .code = 401 }, "http code" },
		{ "check http \"/\" digest \"0123456789ABCDEF0123456789abcdef\"",
		  { .type = CFG_CHECK_HTTP_DIGEST, .path = "/",
		    .digest = "0123456789abcdef0123456789abcdef" }, "http digest" },
		{ "check http \"/\" host \"h\" digest \"0123456789abcdef0123456789abcdef01234567\"",
		  { .type = CFG_CHECK_HTTP_DIGEST, .path = "/", .host = "h",
		    .digest = "0123456789abcdef0123456789abcdef01234567" }, "http digest" },
		{ "check send nothing expect \"220 *\"",
		  { .type = CFG_CHECK_SEND_EXPECT, .expect = "220 *" }, "send expect" },
		{ "check send \"a\\r\\n\\\\b\\q\" expect \"*\" tls",
		  { .type = CFG_CHECK_SEND_EXPECT, .tls = true, .send = "a\r\n\\bq",
		    .expect = "*" }, "send expect" },
		{ "check binary send \"00Ff\" expect \"ab\"",
		  { .type = CFG_CHECK_BINARY, .send = "00ff", .expect = "ab" }, "send expect" },
		{ "check binary send \"00\" expect \"01\" tls",
		  { .type = CFG_CHECK_BINARY, .tls = true, .send = "00", .expect = "01" },
		  "send expect" },
		{ "check https \"/\" code { 200, 401 } verify sni a.example token file \"/t\"",
		  { .type = CFG_CHECK_HTTP_CODE, .tls = true, .path = "/", .code = 200,
		    .more_codes = &code_401, .n_more_codes = 1, .verify = true,
		    .sni = "a.example", .token = "/t" }, "http code" },
		{ "check tls verify ca file \"/ca\"",
		  { .type = CFG_CHECK_TLS, .tls = true, .verify = true, .ca = "/ca" }, "tcp" },
		{ "check dns \"a.example\"",
		  { .type = CFG_CHECK_DNS, .query = "a.example", .qtype = 1 }, "dns" },
		{ "check dns a.example. type aaaa",
		  { .type = CFG_CHECK_DNS, .query = "a.example.", .qtype = 28 }, "dns" },
		{ "check script \"/bin/x\"", { .type = CFG_CHECK_SCRIPT, .path = "/bin/x" },
		  "script" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfg *cfg = target_cfg(rows[i].options);
		const struct cfg_check *is = &cfg->redirects->target->check, *want = &rows[i].check;

		cr_expect_eq(is->type, want->type, "%s", rows[i].options);
		cr_expect_eq(is->tls, want->tls, "%s", rows[i].options);
		cr_expect_eq(is->code, want->code, "%s", rows[i].options);
		cr_expect(same(is->path, want->path), "%s", rows[i].options);
		cr_expect(same(is->host, want->host), "%s", rows[i].options);
		cr_expect(same(is->digest, want->digest), "%s", rows[i].options);
		cr_expect(same(is->send, want->send), "%s", rows[i].options);
		cr_expect(same(is->expect, want->expect), "%s", rows[i].options);
		cr_expect(cfg_same_check(is, want), "%s", rows[i].options);
		cr_expect_str_eq(cfg_check_name(is), rows[i].name, "%s", rows[i].options);
		cfg_free(cfg);
	}
}

/* retry is relayd's word for fall less one; a host's own numbers beat those of the line. */
Test(model, rise_and_fall)
{
	static const struct {
		const char *host;
		const char *line;
		unsigned rise, fall;
		unsigned fast_ms; /* with an interval of 10 s, a timeout of 200 ms */
	} rows[] = {
		{ "", "", 1, 1, 10000 },
		{ "retry 2", "", 1, 3, 10000 },
		{ "retry 2", "fast interval 3", 1, 3, 3000 },
		{ "fall 3", "", 1, 3, 5000 },
		{ "rise 2", "", 2, 1, 5000 },
		{ "", "rise 2 fall 3", 2, 3, 5000 },
		{ "rise 1 fall 4", "rise 2 fall 3", 1, 4, 5000 },
		{ "retry 0", "fall 3", 1, 1, 5000 },
		{ "retry 4 fall 5", "fall 3", 1, 5, 5000 },
		{ "rise 2", "timeout 7000", 2, 1, 7000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct cfg *cfg;
		const struct cfg_host *host;
		const struct cfg_target *target;

		snprintf(text, sizeof(text),
			 "table <t> { 10.0.0.1 %s }\nredirect r { listen on 10.9.9.9 port 80\n"
			 "forward to <t> check tcp %s\n}\n",
			 rows[i].host, rows[i].line);
		cfg = parse_good("rise and fall", text);
		host = cfg->tables->hosts;
		target = cfg->redirects->target;
		cr_expect_eq(cfg_rise(host, target), rows[i].rise, "%zu", i);
		cr_expect_eq(cfg_fall(host, target), rows[i].fall, "%zu", i);
		cr_expect_eq(cfg_fast_interval_ms(host, target), rows[i].fast_ms, "%zu", i);
		cfg_free(cfg);
	}
}

struct dsr_row {
	const char *name;
	const char *lines; /* of the redirect */
	const char *vip4, *vip6; /* NULL: none */
	uint16_t port4, port6;
};

static void expect_vip(const struct dsr_row *row, const struct cfg_check *check,
		       sa_family_t family, const char *addr, uint16_t port)
{
	const struct cfg_vip *vip = cfg_check_vip(check, family);
	char text[INET6_ADDRSTRLEN];

	cr_assert_eq(vip != NULL, addr != NULL, "%s", row->name);
	if (!vip)
		return;
	cr_expect_str_eq(inet_ntop(family, &vip->addr.v6, text, sizeof(text)), addr, "%s",
			 row->name);
	cr_expect_eq(vip->port, port, "%s: port %u", row->name, vip->port);
}

/* What checks with dsr connect to. */
Test(model, dsr)
{
	static const struct dsr_row rows[] = {
		{ "first line", "listen on 10.9.9.9 port 80\nlisten on 10.9.9.8 port 80\n"
				"route to <t> check tcp dsr interface em0\n",
		  "10.9.9.9", NULL, 80, 0 },
		{ "both families", "listen on 10.9.9.9 port 80\nlisten on 2001:db8::9 port 80\n"
				   "route to <t> check http \"/\" code 200 dsr interface em0\n",
		  "10.9.9.9", "2001:db8::9", 80, 80 },
		{ "line after the target",
		  "route to <t> port 80 check tls dsr interface em0\nlisten on 10.9.9.9 port 80\n",
		  "10.9.9.9", NULL, 80, 0 },
		{ "other port", "listen on 10.9.9.9 port 443\n"
				"route to <t> port 8443 check tcp dsr interface em0\n",
		  "10.9.9.9", NULL, 443, 0 },
		{ "the line with the port", "listen on 10.9.9.9 port 443\n"
					    "listen on 10.9.9.9 port 8000:9000\n"
					    "route to <t> port 8443 check tcp dsr interface em0\n",
		  "10.9.9.9", NULL, 8443, 0 },
		{ "tcp rather than udp", "listen on 10.9.9.7 udp port 53\n"
					 "listen on 10.9.9.9 tcp port 53\n"
					 "route to <t> check tcp dsr interface em0\n",
		  "10.9.9.9", NULL, 53, 0 },
		{ "udp only", "listen on 10.9.9.7 udp port 53\n"
			      "route to <t> port 54 check tcp dsr interface em0\n",
		  "10.9.9.7", NULL, 54, 0 },
		{ "send", "listen on 10.9.9.9 port 25\n"
			  "route to <t> check send nothing expect \"220*\" tls dsr interface em0\n",
		  "10.9.9.9", NULL, 25, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct cfg *cfg;
		const struct cfg_check *check;

		snprintf(text, sizeof(text), TABLE_T "redirect r {\n%s}\n", rows[i].lines);
		cfg = parse_good(rows[i].name, text);
		check = &cfg->redirects->target->check;
		cr_expect(check->dsr, "%s", rows[i].name);
		expect_vip(&rows[i], check, AF_INET, rows[i].vip4, rows[i].port4);
		expect_vip(&rows[i], check, AF_INET6, rows[i].vip6, rows[i].port6);
		cfg_free(cfg);
	}
}

/* Redirects share a table's checks only where these go to the same VIP. */
Test(model, dsr_instances)
{
	static const char text[] =
		TABLE_T "redirect a { listen on 10.9.9.9 port 80\n"
			"route to <t> check tcp dsr interface em0\n}\n"
			"redirect b { listen on 10.9.9.8 port 80\n"
			"route to <t> check tcp dsr interface em0\n}\n"
			"redirect c { listen on 10.9.9.9 port 80 interface em1\n"
			"route to <t> check tcp dsr interface em0\n}\n";
	struct cfg *cfg = parse_good("instances", text);
	const struct cfg_redirect *a = cfg->redirects, *b = a->next, *c = b->next;

	cr_expect_eq(a->target->instance, 1);
	cr_expect_eq(b->target->instance, 2);
	cr_expect_eq(c->target->instance, 1);
	cfg_free(cfg);
}

/* A table keeps the timeout of the place where it stands; the interval is the same everywhere. */
Test(model, times)
{
	static const char text[] =
		"timeout 100\ntable <a> { 10.0.0.1 }\ntimeout 300\ntable <b> { 10.0.0.2 }\n"
		"relay r {\nlisten on 10.9.9.9 port 80\nforward to <a> port 1\n"
		"forward to <b> port 1\nforward to <b> port 2 timeout 500 interval 15\n}\n"
		"interval 5\n";
	struct cfg *cfg = parse_good("times", text);
	const struct cfg_target *t = cfg->relays->target;

	cr_expect_eq(cfg->timeout_ms, 300);
	cr_expect_eq(t->timeout_ms, 100);
	cr_expect_eq(t->interval_s, 5);
	cr_expect_eq(t->next->timeout_ms, 300);
	cr_expect_eq(t->next->next->timeout_ms, 500);
	cr_expect_eq(t->next->next->interval_s, 15);
	cfg_free(cfg);
}

/* Instances and host ids are counted in the order of the file. */
Test(model, instances)
{
	static const char text[] =
		"table <a> { 10.0.0.1 10.0.0.2 }\ntable <b> { 10.0.0.3 parent 2 }\n"
		"relay one {\nlisten on 10.9.9.9 port 80\nforward to <b> port 80 check tcp\n}\n"
		"redirect two { listen on 10.9.9.8 port 80\nforward to <a> check tcp\n"
		"forward to <b> check tcp\n}\n"
		"relay three {\nlisten on 10.9.9.7 port 81\nforward to <b> check tcp\n"
		"forward to <b> port 80 check icmp\n}\n";
	struct cfg *cfg = parse_good("instances", text);
	const struct cfg_target *one = cfg->relays->target;
	const struct cfg_target *two = cfg->redirects->target;
	const struct cfg_target *three = cfg->relays->next->target;

	cr_expect_eq(one->instance, 1);
	cr_expect_eq(one->first_host_id, 1);
	cr_expect_eq(two->instance, 2);
	cr_expect_eq(two->first_host_id, 2);
	cr_expect_eq(two->next->instance, 1, "the same table, port and check as in relay one");
	cr_expect_eq(two->next->first_host_id, 1);
	cr_expect_eq(three->instance, 3, "another port");
	cr_expect_eq(three->first_host_id, 4);
	cr_expect_eq(three->next->instance, 4, "another check");
	cr_expect_eq(three->next->first_host_id, 5);
	cfg_free(cfg);
}

Test(model, protocols)
{
	static const char text[] = TABLE_T
		"http protocol h {\nmatch request url log\nmatch response header log \"Server\"\n"
		"pass quick inet6 from 2001:db8::/32 to 10.0.0.1 cookie log c value \"v*\" method "
		"GET "
		"label l\nmatch no label\nmatch sni log\n"
		"tcp { ip ttl 5, ip minttl 3 }\n}\n" RELAY_R("protocol h\n");
	struct cfg *cfg = parse_good("protocols", text);
	const struct cfg_protocol *h = cfg->protocols;
	const struct cfg_rule *r = h->rules;

	cr_expect_eq(h->type, CFG_PROTO_HTTP);
	cr_expect(h->match_url_log);
	cr_expect(h->logs);
	cr_expect(h->sni_log);
	cr_expect_eq(h->ip_ttl, 5);
	cr_expect_eq(h->ip_minttl, 3);
	cr_expect_eq(r->keys->type, CFG_KEY_URL);
	cr_expect_str_eq(r->keys->key, "*");
	cr_expect(r->keys->log);
	cr_expect_null(r->keys->next);
	cr_expect_not(r->response);
	r = r->next;
	cr_expect_eq(r->keys->type, CFG_KEY_HEADER);
	cr_expect_str_eq(r->keys->key, "Server");
	cr_expect(r->response);
	r = r->next;
	cr_expect(r->pass && r->quick);
	cr_expect_eq(r->family, AF_INET6);
	cr_expect_eq(r->from.addr.family, AF_INET6);
	cr_expect_eq(r->from.bits, 32);
	cr_expect_eq(r->to.addr.family, AF_INET);
	cr_expect_eq(r->to.bits, 32);
	cr_expect_str_eq(r->method, "GET");
	cr_expect_str_eq(r->label, "l");
	cr_expect_eq(r->keys->type, CFG_KEY_COOKIE);
	cr_expect_str_eq(r->keys->key, "c");
	cr_expect_str_eq(r->keys->value, "v*");
	r = r->next;
	cr_expect_str_eq(r->label, "");
	cr_expect_null(r->next);
	cfg_free(cfg);
}

/* Rules of a tcp protocol never ran, so there is nothing to observe; but server names are ours. */
Test(model, tcp_protocol_observes_nothing)
{
	struct cfg *cfg =
		parse_good("tcp", TABLE_T "protocol p {\nmatch url log\nmatch sni log\n}\n" RELAY_R(
					  "protocol p\n"));

	cr_expect_eq(cfg->protocols->type, CFG_PROTO_TCP);
	cr_expect_not(cfg->protocols->match_url_log);
	cr_expect_not(cfg->protocols->logs);
	cr_expect_null(cfg->protocols->rules);
	cr_expect(cfg->protocols->sni_log);
	cfg_free(cfg);
}

Test(model, redirect_logs_server_names)
{
	struct cfg *cfg = parse_good("sni", TABLE_T
				     "redirect r { listen on 10.9.9.9 port 443\nmatch sni log\n"
				     "forward to <t> check tcp\n}\n");

	cr_expect(cfg->redirects->sni_log);
	cr_expect_not(cfg->redirects->match);
	cfg_free(cfg);
}

/* The words that only xlb knows are names elsewhere, as they are to relayd. */
Test(model, our_words_are_names)
{
	static const char text[] =
		"table <weight> { 10.0.0.1 weight 5, dns, fast panic\ntype opens }\n"
		"dns protocol \"p\"\ntable <rise> { token sni verify }\n"
		"maglev = \"80\"\n"
		"redirect maglev { listen on 10.9.9.9 port $maglev\n"
		"forward to <weight> check tcp mode maglev\n}\n";
	struct cfg *cfg = parse_good("names", text);

	cr_expect_str_eq(cfg->tables->name, "weight");
	cr_expect_eq(cfg->tables->hosts->weight, 5);
	cr_expect_eq(cfg->tables->n_hosts, 6);
	cr_expect_eq(cfg->tables->next->n_hosts, 3);
	cr_expect_str_eq(cfg->redirects->name, "maglev");
	cfg_free(cfg);
}

Test(model, strings)
{
	static const struct {
		const char *name;
		const char *text; /* the word after "socket" */
		const char *value;
	} rows[] = {
		{ "double quotes", "\"a b\"", "a b" },
		{ "single quotes", "'a b'", "a b" },
		{ "other quote inside", "\"it's\"", "it's" },
		{ "escaped quote", "\"a\\\"b\"", "a\"b" },
		{ "escaped blank and tab", "\"a\\ b\\\tc\"", "a b\tc" },
		{ "backslash before others stays", "\"a\\nb\"", "a\\nb" },
		{ "backslash before a quote escapes, however many", "\"a\\\\\"b\"", "a\\\"b" },
		{ "newline is dropped", "\"a\nb\"", "ab" },
		{ "backslash joins lines", "\"a\\\nb\"", "ab" },
		{ "bare word", "a-b.c:d;e", "a-b.c:d;e" },
		{ "bare word with a quote in it", "a\"b", "a\"b" },
		{ "bare word with a backslash", "a\\\\b\\c", "a\\bc" },
		{ "bare word over two lines", "a\\\nb", "ab" },
		{ "digits before a comment", "80# eighty", "80" },
		{ "hash in quotes", "\"#\"", "#" },
		{ "empty", "\"\"", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		struct cfg *cfg;

		snprintf(text, sizeof(text), "socket %s\n" TABLE_T REDIRECT_R, rows[i].text);
		cfg = parse_good(rows[i].name, text);
		cr_expect_str_eq(cfg->socket, rows[i].value, "%s: %s", rows[i].name, cfg->socket);
		cfg_free(cfg);
	}
}

Test(model, macros_of_the_command_line)
{
	static const struct cfg_macro macros[] = {
		{ "addr", "10.9.9.1" }, { "addr", "10.9.9.2" }, { "unused", "x" },
	};
	struct cfg_options options = {
		.macros = macros, .n_macros = 3, .no_resolve = true, .verbose = true,
	};
	struct diag diag = { 0 };
	struct cfg *cfg = parse_with("addr = \"10.9.9.9\"\nidle = \"x\"\n" TABLE_T
				     "redirect r { listen on $addr port 80\n"
				     "forward to <t> check tcp\n}\n",
				     &options, &diag);
	char *lines = diag_lines(&diag);

	cr_assert_not_null(cfg);
	cr_expect_str_eq(cfg->redirects->listen->name, "10.9.9.2");
	cr_expect_str_eq(lines, "2:1: warning: macro 'idle' not used\n"
				"warning: macro 'unused' not used\n", "%s", lines);
	free(lines);
	cfg_free(cfg);
	diag_clear(&diag);
}

/* The last definition above the use counts. */
Test(model, macro_defined_again)
{
	struct cfg *cfg = parse_good("again", "a = \"10.9.9.1\"\na = \"10.9.9.2\"\n" TABLE_T
					      "redirect r { listen on $a port 80\n"
					      "forward to <t> check tcp\n}\na = \"10.9.9.3\"\n");

	cr_expect_str_eq(cfg->redirects->listen->name, "10.9.9.2");
	cfg_free(cfg);
}

/* Errors of earlier runs that are still in the diag are not this run's. */
Test(model, diag_is_added_to)
{
	struct diag diag = { 0 };
	struct cfg *cfg;

	cr_expect_null(parse_with("interval 0\n", &no_resolve, &diag));
	cr_expect_eq(diag.n_errors, 1);
	cfg = parse_with(TABLE_T REDIRECT_R, &no_resolve, &diag);
	cr_expect_not_null(cfg);
	cr_expect_eq(diag.n_errors, 1);
	cfg_free(cfg);
	cfg_free(NULL);
	diag_clear(&diag);
}

/* Whatever allocation fails: nothing is returned, nothing leaks, and it is said once. */
Test(model, out_of_memory)
{
	static const char text[] =
		"a = \"10.9.9.9\"\ntable <t> { 10.0.0.1 weight 2, 10.0.0.2 parent 1 } disable\n"
		"http protocol h {\nmatch url log\ntcp { nodelay, ip ttl 5 }\n}\n"
		"redirect r {\nlisten on $a port 80 interface em0\nsticky-address\ndisable\n"
		"pftag x\nsession timeout 5\n"
		"forward to <t> mode maglev k check http \"/\" host h code 200\n"
		"forward to <t> mode maglev check send \"x\" expect \"y\"\n}\n"
		"relay s {\nlisten on 10.9.9.8 port 80\nprotocol h\nforward to <t> port 80 "
		"check binary send \"00\" expect \"01\"\ndisable\n}\n"
		"relay u {\nlisten on 10.9.9.8 port 81\nforward to 10.0.0.1 port 80 retry 1\n}\n";
	struct cfg_options options = { .no_resolve = true };
	struct cfg *cfg = NULL;
	unsigned failures = 0;

	while (!cfg) {
		struct diag diag = { 0 };
		int ret;

		options.max_memory += 16;
		ret = cfg_parse_text("x.conf", text, sizeof(text) - 1, &options, &diag, &cfg);
		if (ret < 0) {
			cr_assert_eq(ret, -ENOMEM);
			cr_assert_eq(diag.n_errors, 1, "%zu bytes", options.max_memory);
			cr_assert_str_eq(diag.items[diag.n_items - 1].message, "out of memory");
			failures++;
		}
		diag_clear(&diag);
	}
	cr_expect_gt(failures, 100);
	cfg_free(cfg);
}
