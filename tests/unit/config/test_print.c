/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The effective configuration, printed and read again, is the same configuration. */
#include "config/print.h"
#include "texts.h"

static char *print(const struct cfg *cfg)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	cr_expect_eq(cfg_print(cfg, out), 0);
	fclose(out);
	return text;
}

static void same_text(const char *what, const char *a, const char *b)
{
	cr_expect_str_eq(a ? a : "(null)", b ? b : "(null)", "%s", what);
}

#define SAME(a, b, field) cr_expect_eq((a)->field, (b)->field, #field)
#define SAME_TEXT(a, b, field) same_text(#field, (a)->field, (b)->field)
#define SAME_ADDR(a, b) cr_expect_arr_eq(&(a)->addr, &(b)->addr, sizeof((a)->addr), "addr")

static void same_hosts(const struct cfg_host *a, const struct cfg_host *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME_ADDR(a, b);
		SAME(a, b, ttl);
		SAME(a, b, parent);
		SAME(a, b, priority);
		SAME(a, b, retry);
		SAME(a, b, has_retry);
		SAME(a, b, rise);
		SAME(a, b, fall);
		SAME(a, b, weight);
	}
	cr_expect_eq(a, b, "number of hosts");
}

static void same_tables(const struct cfg_table *a, const struct cfg_table *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, disabled);
		SAME(a, b, n_hosts);
		SAME(a, b, used);
		same_hosts(a->hosts, b->hosts);
	}
	cr_expect_eq(a, b, "number of tables");
}

static void same_check(const struct cfg_check *a, const struct cfg_check *b)
{
	SAME(a, b, type);
	SAME(a, b, tls);
	SAME(a, b, code);
	SAME_TEXT(a, b, path);
	SAME_TEXT(a, b, host);
	SAME_TEXT(a, b, digest);
	SAME_TEXT(a, b, send);
	SAME_TEXT(a, b, expect);
	SAME(a, b, n_more_codes);
	SAME(a, b, verify);
	SAME_TEXT(a, b, ca);
	SAME_TEXT(a, b, sni);
	SAME_TEXT(a, b, token);
	SAME_TEXT(a, b, query);
	SAME(a, b, qtype);
	cr_expect(cfg_same_check(a, b));
}

static void same_targets(const struct cfg_target *a, const struct cfg_target *b)
{
	for (; a && b; a = a->next, b = b->next) {
		same_text("table", a->table ? a->table->name : NULL,
			  b->table ? b->table->name : NULL);
		SAME_ADDR(a, b);
		SAME_TEXT(a, b, addr_name);
		SAME(a, b, route);
		SAME(a, b, transparent);
		SAME(a, b, port);
		same_check(&a->check, &b->check);
		SAME(a, b, timeout_ms);
		SAME(a, b, interval_s);
		SAME(a, b, mode);
		SAME(a, b, has_key);
		cr_expect_arr_eq(a->key, b->key, sizeof(a->key));
		SAME_TEXT(a, b, demote);
		SAME_TEXT(a, b, interface);
		SAME(a, b, retry);
		SAME(a, b, rise);
		SAME(a, b, fall);
		SAME(a, b, fast_interval_s);
		SAME(a, b, panic);
	}
	cr_expect_eq(a, b, "number of targets");
}

static void same_listens(const struct cfg_listen *a, const struct cfg_listen *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME_ADDR(a, b);
		SAME(a, b, proto);
		SAME(a, b, port_lo);
		SAME(a, b, port_hi);
		SAME_TEXT(a, b, interface);
		SAME(a, b, pflog);
		SAME(a, b, further);
	}
	cr_expect_eq(a, b, "number of listen lines");
}

static void same_protocols(const struct cfg_protocol *a, const struct cfg_protocol *b)
{
	for (; a && b; a = a->next, b = b->next) {
		const struct cfg_observe *x = a->observe, *y = b->observe;

		SAME_TEXT(a, b, name);
		SAME(a, b, type);
		SAME(a, b, match_url_log);
		SAME(a, b, ip_ttl);
		SAME(a, b, ip_minttl);
		SAME(a, b, used);
		for (; x && y; x = x->next, y = y->next) {
			SAME(x, y, type);
			SAME_TEXT(x, y, key);
			SAME(x, y, response);
		}
		cr_expect_eq(x, y, "number of things to log");
	}
	cr_expect_eq(a, b, "number of protocols");
}

static void same_redirects(const struct cfg_redirect *a, const struct cfg_redirect *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, n_listen);
		same_listens(a->listen, b->listen);
		same_targets(a->target, b->target);
		SAME(a, b, sticky_address);
		SAME(a, b, no_state);
		SAME(a, b, session_timeout);
		SAME_TEXT(a, b, pftag);
		SAME(a, b, match);
		SAME(a, b, disabled);
	}
	cr_expect_eq(a, b, "number of redirects");
}

static void same_relays(const struct cfg_relay *a, const struct cfg_relay *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, n_listen);
		same_listens(a->listen, b->listen);
		same_targets(a->target, b->target);
		same_text("protocol", a->protocol ? a->protocol->name : NULL,
			  b->protocol ? b->protocol->name : NULL);
		SAME(a, b, session_timeout);
		SAME(a, b, disabled);
	}
	cr_expect_eq(a, b, "number of relays");
}

static void same_cfg(const struct cfg *a, const struct cfg *b)
{
	SAME(a, b, interval_s);
	SAME(a, b, timeout_ms);
	SAME(a, b, log_state_changes);
	SAME(a, b, log_host_checks);
	SAME(a, b, log_connection);
	SAME(a, b, log_connection_errors);
	SAME_TEXT(a, b, socket);
	same_tables(a->tables, b->tables);
	same_protocols(a->protocols, b->protocols);
	same_redirects(a->redirects, b->redirects);
	same_relays(a->relays, b->relays);
}

static void round_trip(const char *name, const char *text)
{
	struct cfg *first = parse_good(name, text), *second;
	char *printed = print(first), *again;

	second = parse_good(printed, printed);
	same_cfg(first, second);
	again = print(second);
	cr_expect_str_eq(again, printed, "%s", name);
	free(again);
	free(printed);
	cfg_free(second);
	cfg_free(first);
}

Test(print, round_trips)
{
	static const struct {
		const char *name;
		const char *text;
	} rows[] = {
		{ "smallest", TABLE_T REDIRECT_R },
		{ "globals", "interval 30\ntimeout 1234\nlog state changes\nlog host checks\n"
			     "log connection\nsocket \"/run/a b.sock\"\n" TABLE_T REDIRECT_R },
		{ "errors only", "log connection errors\n" TABLE_T REDIRECT_R },
		{ "tables", "table <\"a b\"> disable { 10.0.0.1 ip ttl 3 retry 2 weight 9\n"
			    "2001:db8::1 parent 1 priority 2, www.example.com }\n" TABLE_T REDIRECT_R },
		{ "redirect with everything",
		  TABLE_T "redirect \"r 1\" {\nlisten on 10.9.9.9 port 80:90 interface em0 pflog\n"
			  "listen on 2001:db8::9 udp port 53\nsticky-address\nsession timeout 5\n"
			  "pftag X\ndisable\nno state\n"
			  "route to <t> port 80 mode maglev \"key\" check icmp demote g "
			  "interface em1\n"
			  "route to <t> mode maglev port 80 check tcp dsr interface em1\n}\n" },
		{ "relays", TABLE_T "dns protocol d\nrelay a {\nlisten on 10.9.9.9 port 53\n"
				    "protocol d\nforward to <t> check icmp\n"
				    "transparent forward to <t> port 5 mode hash 0x"
				    "000102030405060708090a0b0c0d0e0f\nsession timeout 3\ndisable\n}\n"
				    "relay b {\nlisten on www.example.com port 1\n"
				    "forward to mail.example.com port 25 retry 3\n}\n" },
		{ "times", "timeout 100\ntable <a> { 10.0.0.1 }\ntimeout 300\ntable <b> { 10.0.0.2 }\n"
			   "interval 5\nrelay r {\nlisten on 10.9.9.9 port 80\n"
			   "forward to <a> port 1\nforward to <b> port 1 interval 10\n"
			   "forward to <b> port 2 timeout 77\n}\n" },
		{ "checks",
		  TABLE_T "relay r {\nlisten on 10.9.9.9 port 80\nforward to <t> check icmp\n"
			  "forward to <t> check tls\nforward to <t> check http \"/a\" code 204\n"
			  "forward to <t> check https \"/a\" host h code 204\n"
			  "forward to <t> check http \"/\" digest 0123456789abcdef0123456789abcdef\n"
			  "forward to <t> check send nothing expect \"*\"\n"
			  "forward to <t> check send \"a\\r\\n\\\\\\\\ \\\" b\" expect \"2* '\\\\\\\"\" "
			  "tls\n"
			  "forward to <t> check send end\\\\\\\\ expect x\n"
			  "forward to <t> check binary send \"00ff\" expect \"0a\"\n"
			  "forward to <t> check binary send \"00ff\" expect \"0a\" tls\n"
			  "forward to <t> check script \"/a b\"\n}\n" },
		{ "our checks",
		  "table <t> { 10.0.0.1 retry 0, dns fall 3 rise 2, 10.0.0.3 }\n"
		  "relay r {\nlisten on 10.9.9.9 port 80\n"
		  "forward to <t> check http \"/a\" code { 200, 401\n403 }\n"
		  "forward to <t> check https \"/a\" code 200 verify sni a.example\n"
		  "forward to <t> check https \"/\" code 200 token file \"/t\" verify ca file \"/c a\"\n"
		  "forward to <t> check tls verify ca file \"/ca\"\n"
		  "forward to <t> check send nothing expect \"*\" tls sni b.example\n"
		  "forward to <t> check dns \"a.example\" rise 2 fall 3\n"
		  "forward to <t> check dns \".\" type ns panic 40%\n"
		  "forward to <t> interval 20 fast interval 2 check icmp panic 1\n}\n" },
		{ "observed",
		  TABLE_T "http protocol h {\nmatch url log\nmatch url log \"a.example/\"\n"
			  "match response header log \"Server\"\nmatch cookie log\nmatch path log\n"
			  "match query log \"q\"\ntcp { ip ttl 9, ip minttl 2 }\n}\n"
			  RELAY_R("protocol h\n") },
		{ "names that need care",
		  "table <\"tcp\"> { 10.0.0.1 }\nredirect \"a\\\"b'c\" {\nlisten on 10.9.9.9 port 80\n"
		  "forward to <\"tcp\"> check script \"\\\\ x \\\t#\\y\"\n}\n"
		  "redirect end\\\\ {\nlisten on 10.9.9.8 port 80\nforward to <\"tcp\"> check tcp\n}\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		round_trip(rows[i].name, rows[i].text);
}

/* What people see: one form for each directive. */
Test(print, looks_like_relayd_conf)
{
	static const char text[] =
		"addr = \"10.9.9.9\"\ntable <t> { 10.0.0.1, 10.0.0.2 weight 2 }\n"
		"redirect r { listen on $addr port 443 interface em1\n"
		"route to <t> check tcp interface em0\n}\n";
	struct cfg *cfg = parse_good("looks", text);
	char *printed = print(cfg);

	cr_expect_str_eq(printed,
			 "interval 10\n"
			 "timeout 200\n"
			 "\n"
			 "table <\"t\"> {\n"
			 "\t\"10.0.0.1\"\n"
			 "\t\"10.0.0.2\" weight 2\n"
			 "}\n"
			 "\n"
			 "redirect \"r\" {\n"
			 "\tlisten on \"10.9.9.9\" port 443 interface \"em1\"\n"
			 "\troute to <\"t\"> mode roundrobin check tcp interface \"em0\"\n"
			 "}\n", "%s", printed);
	free(printed);
	cfg_free(cfg);
}

Test(print, a_full_disk_is_an_error)
{
	struct cfg *cfg = parse_good("full", TABLE_T REDIRECT_R);
	FILE *out = fopen("/dev/full", "w");

	cr_assert_not_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	cr_expect_lt(cfg_print(cfg, out), 0);
	fclose(out);
	cfg_free(cfg);
}
