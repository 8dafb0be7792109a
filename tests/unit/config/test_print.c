/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The effective configuration, printed and read again, is the same configuration. */
#include "config/print.h"
#include "difference.h"
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

static void round_trip(const char *name, const char *text)
{
	struct cfg *first = parse_good(name, text), *second;
	char *printed = print(first), *again;
	const char *differs;

	second = parse_good(printed, printed);
	differs = configurations_differ(first, second);
	cr_expect_null(differs, "%s: %s", name, differs);
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
		{ "status",
		  "status listen on 127.0.0.1 port 9963\n"
		  "status listen on ::1 port 9963 host lb1.example.org\n" TABLE_T REDIRECT_R },
		{ "errors only", "log connection errors\n" TABLE_T REDIRECT_R },
		{ "tables",
		  "table <\"a b\"> disable { 10.0.0.1 ip ttl 3 retry 2 weight 9\n"
		  "2001:db8::1 parent 1 priority 2, www.example.com }\n" TABLE_T REDIRECT_R },
		{ "redirect with everything",
		  TABLE_T "redirect \"r 1\" {\nlisten on 10.9.9.9 port 80:90 interface em0 pflog\n"
			  "listen on 2001:db8::9 udp port 53\nsticky-address\nsession timeout 5\n"
			  "pftag X\ndisable\nno state\n"
			  "route to <t> port 80 mode maglev \"key\" check icmp demote g "
			  "interface em1\n"
			  "route to <t> mode maglev port 80 check tcp dsr interface em1\n}\n" },
		{ "relays",
		  TABLE_T "dns protocol d\nrelay a {\nlisten on 10.9.9.9 port 53\n"
			  "protocol d\nforward to <t> check icmp\n"
			  "transparent forward to <t> port 5 mode hash 0x"
			  "000102030405060708090a0b0c0d0e0f\nsession timeout 3\ndisable\n}\n"
			  "relay b {\nlisten on www.example.com port 1\n"
			  "forward to mail.example.com port 25 retry 3\n}\n" },
		{ "hosts are counted over relays and redirects, as written",
		  "table <a> { 10.0.0.1 }\ntable <b> { 10.0.0.2, 10.0.0.3 parent 1 }\n"
		  "relay one {\nlisten on 10.9.9.9 port 80\nforward to <a> port 1 check tcp\n}\n"
		  "redirect two {\nlisten on 10.9.9.9 port 81\nforward to <b> port 2 check tcp\n}\n"
		  "relay three {\nlisten on 10.9.9.9 port 82\nforward to <a> port 3 check "
		  "tcp\n}\n" },
		{ "NAT addresses",
		  "log connection opens\n" TABLE_T "relay a {\nlisten on 10.9.9.9 port 53\n"
		  "nat to { 10.9.9.1, 2001:db8::1\n10.9.9.2 }\nnat to 10.9.9.3\n"
		  "forward to <t> port 5\n}\n" },
		{ "pflow", "pflow to 10.0.0.9 port 2055\n" TABLE_T REDIRECT_R },
		{ "pflow with everything",
		  "pflow from 2001:db8::2 to 2001:db8::9 port 4739 protocol 10\n" TABLE_T
			  REDIRECT_R },
		{ "pflow to a name, and one that is ours",
		  "pflow to pflow port 2055 protocol 5\n" TABLE_T REDIRECT_R },
		{ "opens and errors",
		  "log connection opens\nlog connection errors\n" TABLE_T REDIRECT_R },
		{ "times",
		  "timeout 100\ntable <a> { 10.0.0.1 }\ntimeout 300\ntable <b> { 10.0.0.2 }\n"
		  "interval 5\nrelay r {\nlisten on 10.9.9.9 port 80\n"
		  "forward to <a> port 1\nforward to <b> port 1 interval 10\n"
		  "forward to <b> port 2 timeout 77\n}\n" },
		{ "checks", TABLE_T
		  "relay r {\nlisten on 10.9.9.9 port 80\nforward to <t> check icmp\n"
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
		  "forward to <t> check https \"/\" code 200 token file \"/t\" verify ca file \"/c "
		  "a\"\n"
		  "forward to <t> check tls verify ca file \"/ca\"\n"
		  "forward to <t> check send nothing expect \"*\" tls sni b.example\n"
		  "forward to <t> check dns \"a.example\" rise 2 fall 3\n"
		  "forward to <t> check dns \".\" type ns panic 40%\n"
		  "forward to <t> interval 20 fast interval 2 check icmp panic 1\n}\n" },
		{ "observed",
		  TABLE_T "http protocol h {\nmatch url log\nmatch url log \"a.example/\"\n"
			  "match response header log \"Server\"\nmatch cookie log\nmatch path log\n"
			  "match query log \"q\"\ntcp { ip ttl 9, ip minttl 2 }\n}\n" RELAY_R(
				  "protocol h\n") },
		{ "names that need care",
		  "table <\"tcp\"> { 10.0.0.1 }\nredirect \"a\\\"b'c\" {\nlisten on 10.9.9.9 port "
		  "80\n"
		  "forward to <\"tcp\"> check script \"\\\\ x \\\t#\\y\"\n}\n"
		  "redirect end\\\\ {\nlisten on 10.9.9.8 port 80\nforward to <\"tcp\"> check "
		  "tcp\n}\n" },
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
			 "}\n",
			 "%s", printed);
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
