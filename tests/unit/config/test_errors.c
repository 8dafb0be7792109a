/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Text in, all diagnostics out: each row is compared whole, places included. */
#include "texts.h"

struct row {
	const char *name;
	const char *text;
	const char *expected; /* as diag_lines() has it; "" for a text without any */
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct diag diag = { 0 };
		struct cfg *cfg = parse_with(rows[i].text, &no_resolve, &diag);
		char *lines = diag_lines(&diag);

		cr_expect_str_eq(lines, rows[i].expected, "%s:\n%s", rows[i].name, lines);
		cr_expect_eq(cfg == NULL, diag.n_errors > 0, "%s", rows[i].name);
		free(lines);
		cfg_free(cfg);
		diag_clear(&diag);
	}
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

/* Line 1 and the begin of line 2 are right, so that rows can say just what is wrong. */
#define TARGET(options) \
	TABLE_T "redirect r { listen on 10.9.9.9 port 80\nforward to <t> " options "\n}\n"
#define ROUTE(options) \
	TABLE_T "redirect r { listen on 10.9.9.9 port 80\nroute to <t> " options "\n}\n"
#define RELAY(line) TABLE_T "relay r {\nlisten on 10.9.9.9 port 80\n" line "\n}\n"
#define HTTP(line) \
	TABLE_T "http protocol h {\n" line "\n}\nrelay r {\nlisten on 10.9.9.9 port 80\n" \
		"protocol h\nforward to <t> port 80\n}\n"

Test(errors, lexical)
{
	static const struct row rows[] = {
		{ "comment at the end of a line", TABLE_T REDIRECT_R "# that's all", "" },
		{ "comment continued by a backslash", "# a \\\nb {\n" TABLE_T REDIRECT_R,
		  "1:1: warning: the comment goes on in the next line, because of the '\\'\n" },
		{ "backslash joins lines", "inter\\\nval \\\n 5\n" TABLE_T REDIRECT_R, "" },
		{ "backslash before blanks", "interval 5 \\ \n" TABLE_T REDIRECT_R,
		  "1:12: warning: '\\' before blanks does not join lines\n" },
		{ "backslash in the middle", "interval \\ 5\n",
		  "1:10: error: unexpected '\\'\n" },
		{ "single quotes", "table <'t'> { '10.0.0.1' }\n" REDIRECT_R, "" },
		{ "string over two lines", "x = \"10.0\n.0.1\"\ntable <t> { $x }\n" REDIRECT_R,
		  "1:5: warning: the string goes over more than one line\n" },
		{ "string that is never closed", "x = \"10.0\n" TABLE_T REDIRECT_R,
		  "1:5: error: the quote is never closed\n" },
		{ "NUL byte in the text of a macro", "x = \"a\"\n$y\n",
		  "2:1: error: macro 'y' not defined\n" },
		{ "number too large", "interval 99999999999999999999\n",
		  "1:10: error: \"99999999999999999999\" invalid number: too large\n" },
		{ "number too small", "interval -99999999999999999999\n",
		  "1:10: error: \"-99999999999999999999\" invalid number: too small\n" },
		{ "minus before a word", "interval -5x\n", "1:10: error: unexpected '-'\n" },
		{ "number before a brace is a word", "interval 5{\n",
		  "1:10: error: syntax error: unexpected \"5\", expected a number\n" },
		{ "byte that is not ASCII", "table <t> { \xc3\xa4 }\n",
		  "1:13: error: unexpected byte 0xc3\n" },
		{ "carriage returns are reported once",
		  "interval 5\r\ntimeout 100\r\n" TABLE_T REDIRECT_R,
		  "1:11: error: carriage return: lines must end as on Unix\n" },
		{ "path without quotes", TARGET("check http /x code 200"),
		  "3:27: error: syntax error: unexpected '/', expected a word or string\n" },
		{ "last line without a newline",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80\nforward to <t> check tcp\n}",
		  "" },
	};

	CHECK_ROWS(rows);
}

Test(errors, macros)
{
	static const struct row rows[] = {
		{ "value is read again", "p = \"443\"\ninterval $p\n" TABLE_T REDIRECT_R, "" },
		{ "value of several words", "h = \"10.0.0.1 weight 5\"\ntable <t> { $h }\n" REDIRECT_R,
		  "" },
		{ "value joined with what follows",
		  "p = \"80\"\n" TABLE_T
		  "redirect r { listen on 10.9.9.9 port $p:90\nforward to <t> check tcp\n}\n",
		  "" },
		{ "not replaced in quotes", "x = \"10\"\ntable <t> { \"$x\" }\n" REDIRECT_R, "" },
		{ "not replaced in a value", "a = \"10.0.0.1\"\nb = \"$a\"\ntable <t> { $b }\n",
		  "3:13: error: macro 'a' in the value of macro 'b' is not replaced\n" },
		{ "errors are where it is used", "x = \"10.0.0.500\"\n\ntable <t> { $x }\n",
		  "3:13: error: invalid host: 10.0.0.500 is not an address\n" },
		{ "number as value", "x = 80\n",
		  "1:5: error: syntax error: unexpected number 80, expected a word or string\n" },
		{ "keyword as value", "x = tcp\n",
		  "1:5: error: syntax error: unexpected \"tcp\", expected a word or string\n" },
		{ "keyword as name", "interval = \"5\"\n",
		  "1:10: error: syntax error: unexpected '=', expected a number\n" },
		{ "blank in the name", "\"a b\" = \"5\"\n",
		  "1:1: error: macro name cannot contain whitespace\n" },
		{ "not defined", "interval $every\n", "1:10: error: macro 'every' not defined\n" },
		{ "the rest of the line is skipped", "interval $every \" $x\ntimeout -1\n",
		  "1:10: error: macro 'every' not defined\n"
		  "2:9: error: invalid timeout: -1\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, globals)
{
	static const struct row rows[] = {
		{ "nothing at all", "", "error: no actions, nothing to do\n" },
		{ "only comments", "# hello\n\n", "error: no actions, nothing to do\n" },
		{ "a table does nothing", TABLE_T, "error: no actions, nothing to do\n" },
		{ "interval 0", "interval 0\n", "1:10: error: invalid interval: 0\n" },
		{ "negative interval", "interval -1\n", "1:10: error: invalid interval: -1\n" },
		{ "negative timeout", "timeout -1\n", "1:9: error: invalid timeout: -1\n" },
		{ "timeout as long as the interval", "interval 10\ntimeout 10000\n" TABLE_T REDIRECT_R,
		  "2:9: error: global timeout exceeds interval\n" },
		{ "interval shorter than the default timeout is", "timeout 1500\ninterval 1\n",
		  "1:9: error: global timeout exceeds interval\n" },
		{ "timeout below the tables", TABLE_T "timeout 300\n" REDIRECT_R,
		  "2:9: warning: this timeout does not reach the tables defined above it\n" },
		{ "same timeout below the tables", TABLE_T "timeout 200\n" REDIRECT_R, "" },
		{ "prefork", "prefork 5\nprefork 6\n" TABLE_T REDIRECT_R,
		  "1:9: note: prefork has no effect here: the kernel forwards, there are no relay "
		  "processes\n" },
		{ "prefork 33", "prefork 33\n",
		  "1:9: error: invalid number of preforked relays: 33\n" },
		{ "agentx", "agentx\nagentx context \"c\" path \"p\"\n" TABLE_T REDIRECT_R,
		  "1:1: note: agentx has no effect here: xlb has no SNMP agent\n" },
		{ "log updates", "log updates\n",
		  "1:5: error: syntax error: \"log updates\" is gone\n" },
		{ "log all", "log all\n", "1:5: error: syntax error: \"log all\" is gone\n" },
		{ "snmp", "snmp\n",
		  "1:1: error: syntax error: \"snmp\" is gone, \"agentx\" has replaced it\n" },
		{ "snmp trap", "snmp trap \"/x\"\n",
		  "1:1: error: syntax error: \"snmp\" is gone, \"agentx\" has replaced it\n" },
		{ "two on a line", "interval 10 timeout 200\n",
		  "1:13: error: syntax error: unexpected \"timeout\", expected the end of the line\n" },
		{ "misspelt", "intervall 10\n", "1:1: error: syntax error: unexpected \"intervall\"\n" },
		{ "missing value", "interval\n",
		  "1:9: error: syntax error: unexpected end of line, expected a number\n" },
		{ "JSON", "{\n \"a\": { \"b\": [ 1 ] }\n}\n",
		  "1:1: error: syntax error: unexpected '{'\n" },
		{ "include of nothing", "include \"/nonexistent/file\"\n",
		  "1:9: error: failed to include file /nonexistent/file: "
		  "No such file or directory\n" },
		{ "include of a device", "include \"/dev/null\"\n",
		  "1:9: error: failed to include file /dev/null: Invalid argument\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, status)
{
	static const struct row rows[] = {
		{ "loopback",
		  "status listen on 127.0.0.1 port 9963\nstatus listen on ::1 port 9963\n" TABLE_T
			  REDIRECT_R,
		  "" },
		{ "a word like others", "status=\"10.0.0.1\"\ntable <t> { $status }\n" REDIRECT_R,
		  "" },
		{ "not only for this machine",
		  "status listen on 10.0.0.1 port 1\n" TABLE_T REDIRECT_R,
		  "1:18: warning: whoever reaches 10.0.0.1 port 1 can read the status page and the "
		  "metrics\n" },
		{ "all addresses", "status listen on :: port 1\n" TABLE_T REDIRECT_R,
		  "1:18: warning: whoever reaches :: port 1 can read the status page and the "
		  "metrics\n" },
		{ "no address", "status listen on localhost port 1\n",
		  "1:18: error: invalid status address: localhost\n" },
		{ "multicast", "status listen on 224.0.0.1 port 1\n",
		  "1:18: error: invalid status address: 224.0.0.1\n" },
		{ "link-local", "status listen on fe80::1 port 1\n",
		  "1:18: error: invalid status address: fe80::1\n" },
		{ "several ports", "status listen on 127.0.0.1 port \"1:2\"\n",
		  "1:18: error: invalid port: the status page is at one\n" },
		{ "port 0", "status listen on 127.0.0.1 port 0\n",
		  "1:33: error: invalid port: 0\n" },
		{ "twice", "status listen on ::1 port 9\nstatus listen on 0::1 port 9\n",
		  "2:18: error: status listen on 0::1 port 9 is there already\n" },
		{ "bad name", "status listen on ::1 port 9 host \"a b\"\n",
		  "1:18: error: invalid host name: a b\n" },
		{ "no port", "status listen on ::1\n",
		  "1:21: error: syntax error: unexpected end of line, expected \"port\"\n" },
		{ "too many",
		  "status listen on ::1 port 1\nstatus listen on ::1 port 2\n"
		  "status listen on ::1 port 3\nstatus listen on ::1 port 4\n"
		  "status listen on ::1 port 5\n" TABLE_T REDIRECT_R,
		  "5:18: error: more than 4 status lines\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, tables)
{
	static const struct row rows[] = {
		{ "hosts apart by anything", "table <t> { 10.0.0.1, 10.0.0.2 10.0.0.3\n"
		  "10.0.0.4 # four\n\n, 10.0.0.5,\n10.0.0.6 }\n" REDIRECT_R, "" },
		{ "groups and disable in any order",
		  "table <t> { 10.0.0.1 } disable { 10.0.0.2 }\n" REDIRECT_R, "" },
		{ "no hosts", "table <t> { }\n", "1:8: error: table t has no hosts\n" },
		{ "disable only", "table <t> disable\n", "1:8: error: table t has no hosts\n" },
		{ "twice", TABLE_T TABLE_T "interval 0\n",
		  "2:8: error: table t defined twice, first in line 1\n"
		  "3:10: error: invalid interval: 0\n" },
		{ "name of 63 bytes",
		  "table <a23456789b123456789c123456789d123456789e123456789f123456789123> "
		  "{ 10.0.0.1 }\n" TABLE_T REDIRECT_R,
		  "1:8: warning: unused table: "
		  "a23456789b123456789c123456789d123456789e123456789f123456789123\n" },
		{ "name of 64 bytes",
		  "table <a23456789b123456789c123456789d123456789e123456789f12345678912345> "
		  "{ 10.0.0.1 }\n",
		  "1:8: error: invalid table name\n" },
		{ "empty name", "table <\"\"> { 10.0.0.1 }\n", "1:8: error: invalid table name\n" },
		{ "unused", TABLE_T "table <u> { 10.0.0.2 }\n" REDIRECT_R,
		  "2:8: warning: unused table: u\n" },
		{ "address out of range", "table <t> { 10.0.0.256 }\n",
		  "1:13: error: invalid host: 10.0.0.256 is not an address\n" },
		{ "short address", "table <t> { 10.1 }\n",
		  "1:13: error: invalid host: 10.1 is not an address\n" },
		{ "IPv6 with a zone", "table <t> { fe80::1%em0 }\n",
		  "1:13: error: invalid host: fe80::1%em0 is not an address\n" },
		{ "multicast", "table <t> { 224.0.0.1 ff02::1 }\n",
		  "1:13: error: invalid host: 224.0.0.1 is not the address of a host\n"
		  "1:23: error: invalid host: ff02::1 is not the address of a host\n" },
		{ "unspecified", "table <t> { 0.0.0.0 :: }\n",
		  "1:13: error: invalid host: 0.0.0.0 is not the address of a host\n"
		  "1:21: error: invalid host: :: is not the address of a host\n" },
		{ "IPv4 in IPv6", "table <t> { ::ffff:10.0.0.1 }\n",
		  "1:13: error: invalid host: ::ffff:10.0.0.1 is not the address of a host\n" },
		{ "host twice", "table <t> { 2001:db8::1, 2001:DB8:0::1 }\n",
		  "1:26: error: host 2001:DB8:0::1 is in table t already\n" },
		{ "set twice",
		  "table <t> { 10.0.0.1 ip ttl 1 ip ttl 2 retry 1 retry 1 parent 1 parent 1\n"
		  "10.0.0.2 weight 5 weight 6 }\n",
		  "1:31: error: ttl value already set\n"
		  "1:48: error: retry value already set\n"
		  "1:65: error: parent value already set\n"
		  "2:19: error: weight value already set\n" },
		{ "retry and fall that agree",
		  "table <t> { 10.0.0.1 retry 2 fall 3, 10.0.0.2 fall 1 retry 0 rise 4 }\n" REDIRECT_R, "" },
		{ "retry and fall that differ",
		  "table <t> { 10.0.0.1 retry 3 fall 3, 10.0.0.2 fall 2 retry 0 }\n" REDIRECT_R,
		  "1:30: error: fall 3 contradicts retry 3\n"
		  "1:54: error: fall 2 contradicts retry 0\n" },
		{ "rise and fall out of range", "table <t> { 10.0.0.1 rise 0 fall 1001 }\n" REDIRECT_R,
		  "1:22: error: invalid rise value: 0 (1 to 1000)\n"
		  "1:29: error: invalid fall value: 1001 (1 to 1000)\n" },
		{ "priority set twice", "table <t> { 10.0.0.1 priority 1 priority 2 }\n",
		  "1:22: note: priority has no effect here: it is for routers\n"
		  "1:33: error: priority value already set\n" },
		{ "numbers out of range",
		  "table <t> { 10.0.0.1 ip ttl 256 retry -1 weight 257 priority 64\n"
		  "10.0.0.2 weight 0 parent 0 }\n",
		  "1:22: error: invalid ttl value: 256 (1 to 255)\n"
		  "1:33: error: invalid retry value: -1 (0 to 1000)\n"
		  "1:42: error: invalid weight value: 257 (1 to 256)\n"
		  "1:53: error: invalid priority value: 64 (0 to 63)\n"
		  "1:53: note: priority has no effect here: it is for routers\n"
		  "2:10: error: invalid weight value: 0 (1 to 256)\n"
		  "2:19: error: invalid parent value: 0 (1 to 65535)\n" },
		{ "parent of nobody", "table <t> { 10.0.0.1, 10.0.0.2 parent 7 }\n" REDIRECT_R,
		  "1:23: error: host parent id 7 invalid\n" },
		{ "parent of its own", "table <t> { 10.0.0.1 parent 1 }\n" REDIRECT_R,
		  "1:13: error: host parent id 1 invalid\n" },
		{ "parent of a child",
		  "table <t> { 10.0.0.1, 10.0.0.2 parent 1, 10.0.0.3 parent 2 }\n" REDIRECT_R,
		  "1:42: error: host parent id 2 invalid\n" },
		{ "errors in the list do not hide each other",
		  "table <t> { 10.0.0.1,\n10.0.0.2 ! bad\n10.0.0.3 wieght 5\n10.0.0.999 }\n",
		  "2:10: error: unexpected '!'\n"
		  "3:17: error: syntax error: unexpected number 5\n"
		  "4:1: error: invalid host: 10.0.0.999 is not an address\n" },
		{ "two commas", "table <t> { 10.0.0.1,, 10.0.0.2 }\n",
		  "1:22: error: syntax error: unexpected ',', expected a word or string, \"include\" "
		  "or the end of the line\n" },
		{ "names without brackets", "table t { 10.0.0.1 }\n",
		  "1:7: error: syntax error: unexpected \"t\", expected '<'\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, redirects)
{
	static const struct row rows[] = {
		{ "two on the first line",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80 sticky-address\n"
			  "forward to <t> check tcp\n}\n",
		  "" },
		{ "three on the first line",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80 sticky-address disable\n"
			  "forward to <t> check tcp\n}\n",
		  "3:43: error: syntax error: unexpected \"disable\", expected the end of the line\n" },
		{ "two on a later line",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80\n"
			  "forward to <t> check tcp\nsticky-address disable\n}\n",
		  "5:16: error: syntax error: unexpected \"disable\", expected the end of the line\n" },
		{ "brace behind the last one",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80\nforward to <t> check tcp }\n",
		  "4:26: error: syntax error: unexpected '}'\n" },
		{ "no table", "redirect r {\nlisten on 10.9.9.9 port 80\n}\n",
		  "1:10: error: redirection r has no table\n" },
		{ "no virtual ip", TABLE_T "redirect r {\nforward to <t> port 80 check tcp\n}\n",
		  "2:10: error: redirection r has no virtual ip\n" },
		{ "nothing in it", "redirect r {\n}\n",
		  "1:10: error: redirection r has no table\n"
		  "1:10: error: redirection r has no virtual ip\n" },
		{ "no port anywhere yet",
		  TABLE_T "redirect r {\nforward to <t> check tcp\nlisten on 10.9.9.9 port 80\n}\n",
		  "3:13: error: invalid port\n" },
		{ "twice",
		  TABLE_T REDIRECT_R "redirect r { listen on 10.9.9.8 port 80\n"
				     "forward to <t> check tcp\n}\n",
		  "5:10: error: redirection r defined twice\n" },
		{ "name of 32 bytes",
		  "redirect a23456789b123456789c123456789d12 {\ndisable\n}\n",
		  "1:10: error: redirection name truncated\n" },
		{ "unknown table",
		  TABLE_T "redirect r { listen on 10.9.9.9 port 80\nforward to <u> check tcp\n}\n",
		  "3:13: error: unknown table u\n" },
		{ "no options behind the table", TARGET(""),
		  "3:16: error: syntax error: unexpected end of line\n" },
		{ "no check", TARGET("port 80"), "3:13: error: table t has no check\n" },
		{ "mode hash", TARGET("check tcp mode hash"),
		  "3:31: error: mode not supported for redirections\n" },
		{ "mode loadbalance", TARGET("mode loadbalance check tcp"),
		  "3:21: error: mode not supported for redirections\n" },
		{ "range as target", TARGET("port 80:90 check tcp"),
		  "3:16: error: invalid port\n" },
		{ "route without interface", ROUTE("check tcp"),
		  "3:11: error: missing interface to route to\n" },
		{ "forward with interface", TARGET("check tcp interface em0"),
		  "3:36: error: superfluous interface\n" },
		{ "transparent",
		  TABLE_T "redirect r { listen on 10.9.9.9 port 80\n"
			  "transparent forward to <t> check tcp\n}\n",
		  "3:1: error: no transparent forward here\n" },
		{ "route to this box",
		  "table <t> { 127.0.0.1 ::1 10.0.0.1 }\nredirect r { listen on 10.9.9.9 port 80\n"
		  "route to <t> check tcp interface em0\n}\n",
		  "3:11: error: cannot route to 127.0.0.1: it is not on a network\n"
		  "3:11: error: cannot route to ::1: it is not on a network\n" },
		{ "route to with another port", ROUTE("port 8080 check tcp interface em0"),
		  "3:14: note: with \"route to\" this port is only where checks go: "
		  "packets keep theirs\n" },
		{ "backup",
		  TARGET("check tcp\nforward to <t> check icmp"), "" },
		{ "backup with another port", TARGET("check tcp\nforward to <t> port 81 check tcp"),
		  "4:13: error: redirection r uses two different ports for its table and backup "
		  "table\n" },
		{ "backup with the same port, written", TARGET("check tcp\nforward to <t> port 80 "
							       "check tcp"), "" },
		{ "backup with another mode",
		  TARGET("check tcp mode random\nforward to <t> check tcp"),
		  "4:13: error: backup table for r with different mode\n" },
		{ "backup by another way",
		  TARGET("check tcp\nroute to <t> check tcp interface em0"),
		  "4:11: error: redirection r mixes \"forward to\" and \"route to\"\n" },
		{ "third table",
		  TARGET("check tcp\nforward to <t> check icmp\nforward to <t> check tls"),
		  "5:13: error: only one backup table is allowed\n" },
		{ "udp",
		  TABLE_T "redirect r { listen on 10.9.9.9 udp port 53\nforward to <t> check icmp\n}\n",
		  "" },
		{ "other protocol",
		  TABLE_T "redirect r { listen on 10.9.9.9 sctp port 53\nforward to <t> check tcp\n}\n",
		  "2:33: error: invalid protocol: sctp\n" },
		{ "ports out of range",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 0\nlisten on 10.9.9.9 port 65536\n"
			  "listen on 10.9.9.9 port 90:80\nlisten on 10.9.9.9 port 80:65536\n"
			  "listen on 10.9.9.9 port nosuchservice\nforward to <t> check tcp\n}\n",
		  "3:25: error: invalid port: 0\n"
		  "4:25: error: invalid port: 65536\n"
		  "5:25: error: invalid port range: 90:80\n"
		  "6:25: error: invalid port: 80:65536\n"
		  "7:25: error: invalid port: nosuchservice\n" },
		{ "addresses that cannot be listened on",
		  TABLE_T "redirect r {\nlisten on 10.9.9 port 80\nlisten on 224.0.0.1 port 80\n"
			  "listen on 0.0.0.0 port 80\nlisten on :: port 80\n"
			  "forward to <t> check tcp port 80\n}\n",
		  "3:11: error: invalid virtual ip: 10.9.9 is not an address\n"
		  "4:11: error: invalid virtual ip: 224.0.0.1\n"
		  "5:11: error: a redirect cannot listen on all addresses\n"
		  "6:11: error: a redirect cannot listen on all addresses\n" },
		{ "name and interface", TABLE_T "redirect r {\n"
		  "listen on www.example.com port 80 interface em0\nforward to <t> check tcp\n}\n",
		  "" },
		{ "sixteen addresses are enough",
		  TABLE_T "redirect r {\nlisten on 10.9.9.1 port 1\nlisten on 10.9.9.1 port 2\n"
			  "listen on 10.9.9.1 port 3\nlisten on 10.9.9.1 port 4\n"
			  "listen on 10.9.9.1 port 5\nlisten on 10.9.9.1 port 6\n"
			  "listen on 10.9.9.1 port 7\nlisten on 10.9.9.1 port 8\n"
			  "listen on 10.9.9.1 port 9\nlisten on 10.9.9.1 port 10\n"
			  "listen on 10.9.9.1 port 11\nlisten on 10.9.9.1 port 12\n"
			  "listen on 10.9.9.1 port 13\nlisten on 10.9.9.1 port 14\n"
			  "listen on 10.9.9.1 port 15\nlisten on 10.9.9.1 port 16\n"
			  "listen on 10.9.9.1 port 17\nforward to <t> check tcp\n}\n",
		  "19:11: error: redirection r has more than 16 listen addresses\n" },
		{ "same address in two redirects",
		  TABLE_T REDIRECT_R "redirect s { listen on 10.9.9.9 port 70:80\n"
				     "forward to <t> check tcp\n}\n",
		  "5:24: error: 10.9.9.9 port 80 is listened on already, by r in line 2\n" },
		{ "same address on two interfaces",
		  TABLE_T REDIRECT_R "redirect s { listen on 10.9.9.9 port 80 interface em0\n"
				     "forward to <t> check tcp\n}\n",
		  "" },
		{ "same address, other protocol",
		  TABLE_T REDIRECT_R "redirect s { listen on 10.9.9.9 udp port 80\n"
				     "forward to <t> check tcp\n}\n",
		  "" },
		{ "session timeout 0", TARGET("check tcp\nsession timeout 0"),
		  "4:17: error: invalid timeout: 0\n" },
		{ "session timeout too large", TARGET("check tcp\nsession timeout 2147483648"),
		  "4:17: error: timeout too large: 2147483648\n" },
		{ "session timeout twice", TARGET("check tcp\nsession timeout 5\nsession timeout 6"),
		  "5:17: warning: session timeout set twice: this one counts\n" },
		{ "pftag", TARGET("check tcp\npftag RELAYD"),
		  "4:1: note: pftag has no effect here: there is no pf to see the tag\n" },
		{ "match pftag", TARGET("check tcp\nmatch pftag RELAYD"),
		  "4:7: error: \"match pftag\" is not supported: "
		  "there is no pf here to decide about the tagged packets\n" },
		{ "tag", TARGET("check tcp\ntag RELAYD"),
		  "4:1: error: syntax error: \"tag\" in a redirect is the old word for pftag\n" },
		{ "no state",
		  TABLE_T "redirect r { listen on 10.9.9.9 udp port 53\nno state\n"
			  "forward to <t> check icmp mode maglev\n}\n",
		  "" },
		{ "no state with tcp", TARGET("check tcp mode source-hash\nno state"),
		  "4:1: error: no state without a udp listen line in redirect r\n" },
		{ "no state with roundrobin",
		  TABLE_T "redirect r { listen on 10.9.9.9 udp port 53\nno state\n"
			  "forward to <t> check icmp\n}\n",
		  "3:1: error: no state with mode roundrobin: it needs to remember its choices\n" },
		{ "block in a block",
		  TABLE_T "redirect r {\nbogus {\nmore { of\n} it\n}\n"
			  "listen on 10.9.9.9 port 0\n}\n",
		  "3:1: error: syntax error: unexpected \"bogus\"\n"
		  "7:25: error: invalid port: 0\n" },
		{ "never closed", TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80\n",
		  "2:12: error: this '{' is never closed: end of file in line 4\n" },
		{ "head without a block", TABLE_T "redirect r\n{\nlisten on 10.9.9.9 port 80\n}\n"
						  "interval 0\n",
		  "2:11: error: syntax error: unexpected end of line, expected '{'\n"
		  "6:10: error: invalid interval: 0\n" },
		{ "misspelt head", TABLE_T "redirekt r {\nlisten on 10.9.9.9 port 80\n}\n",
		  "2:1: error: syntax error: unexpected \"redirekt\"\n" },
		{ "misspelt option", TARGET("chekc tcp"),
		  "3:16: error: syntax error: unexpected \"chekc\"\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, options)
{
	static const struct row rows[] = {
		{ "interval not a multiple", TARGET("check tcp interval 15"),
		  "3:35: error: table interval must be divisible by global interval (10 s)\n" },
		{ "interval below the global one", TARGET("check tcp interval 5"),
		  "3:35: error: table interval must be divisible by global interval (10 s)\n" },
		{ "interval 0", TARGET("check tcp interval 0"),
		  "3:35: error: invalid interval: 0\n" },
		{ "timeout as long as the interval", TARGET("check tcp timeout 10000"),
		  "3:34: error: table timeout exceeds interval: t\n" },
		{ "timeout 0", TARGET("check tcp timeout 0"), "3:34: error: invalid timeout: 0\n" },
		{ "key with roundrobin", TARGET("check tcp mode roundrobin \"k\""),
		  "3:42: error: key not supported by mode\n" },
		{ "key with random", TARGET("check tcp mode random \"k\""),
		  "3:38: error: key not supported by mode\n" },
		{ "key with least-states", TARGET("check tcp mode least-states \"k\""),
		  "3:44: error: key not supported by mode\n" },
		{ "dsr where addresses are translated", TARGET("check tcp dsr"),
		  "3:16: error: dsr is for checks of \"route to\"\n" },
		{ "dsr in a relay", RELAY("forward to <t> check https \"/\" code 200 dsr"),
		  "4:16: error: dsr is for checks of \"route to\"\n" },
		{ "dsr without TCP", ROUTE("check icmp dsr interface em0"),
		  "3:25: error: check icmp cannot be sent to the VIP\n" },
		{ "dsr without a socket of ours", ROUTE("check script \"/x\" dsr interface em0"),
		  "3:32: error: check script cannot be sent to the VIP\n" },
		{ "dsr before its check", ROUTE("dsr check tcp interface em0"),
		  "3:14: error: syntax error: unexpected \"dsr\"\n" },
		{ "two keys", TARGET("check tcp mode maglev a mode maglev b"),
		  "3:45: warning: mode set twice: this one counts\n"
		  "3:52: error: key already specified\n" },
		{ "short hex key", TARGET("check tcp mode maglev 0x1234"),
		  "3:38: error: hex key must be 128 bits (32 hex digits) long\n" },
		{ "key that is not hex",
		  TARGET("check tcp mode maglev 0x0123456789abcdef0123456789abcdeg"),
		  "3:38: error: invalid hex key\n" },
		{ "options set twice",
		  TARGET("port 80 check tcp timeout 5 interval 10 port 80 check tcp timeout 6 "
			 "interval 20"),
		  "3:56: warning: port set twice: this one counts\n"
		  "3:64: warning: check set twice: this one counts\n"
		  "3:82: warning: timeout set twice: this one counts\n"
		  "3:93: warning: interval set twice: this one counts\n" },
		{ "demote", TARGET("check tcp demote carp"),
		  "3:26: note: demote has no effect here: there is no carp(4) on Linux\n" },
		{ "check of nothing", TARGET("check udp"),
		  "3:25: error: syntax error: unexpected end of line, expected a word or string\n" },
		{ "check of another kind", TARGET("check ftp \"/x\" code 200"),
		  "3:22: error: invalid check type: ftp\n" },
		{ "http code out of range",
		  TARGET("check http \"/\" code 99\nforward to <t> check http \"/\" code 1000"),
		  "3:36: error: invalid HTTP code: 99\n"
		  "4:36: error: invalid HTTP code: 1000\n" },
		{ "http path with a blank", TARGET("check http \"/a b\" code 200"),
		  "3:39: error: invalid HTTP path: \"/a b\"\n" },
		{ "http host that is empty", TARGET("check http \"/\" host \"\" code 200"),
		  "3:44: error: invalid HTTP host: \"\"\n" },
		{ "digest of another length", TARGET("check http \"/\" digest \"abcdef\""),
		  "3:38: error: invalid http digest\n" },
		{ "digest that is not hex",
		  TARGET("check http \"/\" digest \"x123456789abcdef0123456789abcdef\""),
		  "3:38: error: invalid http digest\n" },
		{ "empty expect", TARGET("check send nothing expect \"\""),
		  "3:42: error: empty expect pattern\n" },
		{ "empty binary data", TARGET("check binary send \"\" expect \"\""),
		  "3:34: error: empty binary send data\n3:34: error: empty binary expect data\n" },
		{ "odd binary data", TARGET("check binary send \"0g\" expect \"123\""),
		  "3:34: error: failed in binary send data buffer\n"
		  "3:34: error: failed in binary expect data buffer\n" },
		{ "codes", TARGET("check http \"/\" code { 200, 99 200 }"),
		  "3:43: error: invalid HTTP code: 99\n"
		  "3:46: warning: HTTP code 200 is there already\n" },
		{ "no codes", TARGET("check http \"/\" code { }"),
		  "3:38: error: syntax error: unexpected '}', expected a number or the end of the line\n" },
		{ "dns of another type", TARGET("check dns \"a.example\" type HINFO"),
		  "3:43: error: invalid DNS type: HINFO\n" },
		{ "dns names", TARGET("check dns \"a..b\"") "redirect s { listen on 10.9.9.8 port 80\n"
		  "forward to <t> check dns \"\"\nforward to <t> check dns \".\"\n}\n",
		  "3:26: error: invalid DNS name: \"a..b\"\n"
		  "6:26: error: invalid DNS name: \"\"\n"
		  "6:26: error: invalid DNS name: \"\"\n" },
		{ "verify without TLS", TARGET("check tcp verify"),
		  "3:26: error: verify needs a check with TLS\n" },
		{ "sni without TLS", TARGET("check http \"/\" code 200 sni a"),
		  "3:40: error: sni needs a check with TLS\n" },
		{ "sni of an address", TARGET("check tls sni 10.0.0.1"),
		  "3:26: error: invalid sni: \"10.0.0.1\"\n" },
		{ "token for all to read", TARGET("check http \"/\" code 200 token file \"/t\""),
		  "3:40: error: token with http: anyone could read it\n" },
		{ "token for nobody", TARGET("check tls token file \"/t\""),
		  "3:26: error: token needs a check by https\n" },
		{ "rise and fall of the line", TARGET("check tcp rise 0 fall 1001 rise 2 rise 3"),
		  "3:31: error: invalid rise value: 0 (1 to 1000)\n"
		  "3:38: error: invalid fall value: 1001 (1 to 1000)\n"
		  "3:55: warning: rise set twice: this one counts\n" },
		{ "panic", TARGET("check tcp panic 101 panic 0 panic half panic 50 % panic 20"),
		  "3:32: error: invalid panic value: 101 (1 to 100)\n"
		  "3:42: error: invalid panic value: 0 (1 to 100)\n"
		  "3:50: error: invalid panic value: half\n"
		  "3:64: error: unexpected '%'\n" },
		{ "fast interval longer than the interval", TARGET("check tcp fast interval 11"),
		  "3:40: error: the fast interval is longer than the interval (10 s)\n" },
		{ "fast interval shorter than the timeout",
		  TARGET("check tcp timeout 1000 fast interval 1"),
		  "3:53: error: table timeout exceeds fast interval: t\n" },
		{ "empty script", TARGET("check script \"\""), "3:29: error: empty script path\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, relays)
{
	static const struct row rows[] = {
		{ "no listener", TABLE_T "relay r {\nforward to <t> port 80\n}\n",
		  "2:7: error: relay r has no listener\n" },
		{ "no target", "relay r {\nlisten on 10.9.9.9 port 80\n}\n",
		  "1:7: error: relay r has no target, rdr, or table\n" },
		{ "no target after an error",
		  TABLE_T "relay r {\nlisten on 10.9.9.9 port 80\nforward too <t>\n}\n",
		  "4:9: error: syntax error: unexpected \"too\", expected \"to\" or \"with\"\n" },
		{ "twice", TABLE_T RELAY_R("") "relay r {\nlisten on 10.9.9.8 port 80\n"
					       "forward to <t> port 80\n}\n",
		  "6:7: error: relay r defined twice\n" },
		{ "redirect and relay on one address",
		  TABLE_T REDIRECT_R "relay s {\nlisten on 10.9.9.9 port 80\n"
				     "forward to <t> port 80\n}\n",
		  "6:11: error: 10.9.9.9 port 80 is listened on already, by r in line 2\n" },
		{ "name of 32 bytes",
		  TABLE_T "relay a23456789b123456789c123456789d12 {\nlisten on 10.9.9.9 port 80\n"
			  "forward to <t> port 80\n}\n",
		  "2:7: error: relay name truncated\n" },
		{ "listen tls", RELAY("listen on 10.9.9.8 port 443 tls\nforward to <t> port 80"),
		  "4:29: error: \"listen … tls\" is not supported: xlb does not terminate TLS\n" },
		{ "listen ssl", RELAY("listen on 10.9.9.8 port 443 ssl\nforward to <t> port 80"),
		  "4:29: error: syntax error: \"ssl\" is the old word for tls\n" },
		{ "range", RELAY("listen on 10.9.9.8 port 443:444\nforward to <t> port 80"),
		  "4:11: error: invalid port: a relay listens on one\n" },
		{ "all addresses",
		  TABLE_T "relay r {\nlisten on 0.0.0.0 port 80\nlisten on :: port 80\n"
			  "forward to <t> port 80\n}\n",
		  "" },
		{ "interface behind the port", RELAY("listen on 10.9.9.8 port 80 interface em0"),
		  "4:28: error: syntax error: unexpected \"interface\", "
		  "expected \"tls\" or the end of the line\n" },
		{ "with tls", RELAY("forward with tls to <t> port 443"),
		  "4:9: error: \"forward with tls\" is not supported: "
		  "xlb does not speak TLS for its clients\n" },
		{ "destination", RELAY("forward to destination retry 2"),
		  "4:12: error: \"forward to destination\" is not supported: "
		  "xlb does not learn targets from diverted connections\n" },
		{ "nat lookup", RELAY("forward to nat lookup"),
		  "4:12: error: \"forward to nat lookup\" is not supported: "
		  "xlb does not learn targets from diverted connections\n" },
		{ "nat lookup and peer", RELAY("forward to 10.0.0.1 port 80\nforward to nat lookup"),
		  "5:12: error: relay r with conflicting nat lookup and peer options\n"
		  "5:12: error: \"forward to nat lookup\" is not supported: "
		  "xlb does not learn targets from diverted connections\n" },
		{ "inet", RELAY("forward to <t> port 80 inet"),
		  "4:24: error: \"forward to … inet\" is not supported: "
		  "xlb does not translate between IPv6 and IPv4\n" },
		{ "inet6", RELAY("forward to 10.0.0.1 port 80 inet6 \"64:ff9b::\""),
		  "4:29: error: \"forward to … inet6\" is not supported: "
		  "xlb does not translate between IPv4 and IPv6\n" },
		{ "proxy-protocol", RELAY("forward to 10.0.0.1 port 80 retry 1 proxy-protocol v2"),
		  "4:37: error: \"proxy-protocol\" is not supported: xlb adds nothing to the stream\n" },
		{ "two fixed targets",
		  RELAY("forward to 10.0.0.1 port 80\nforward to 10.0.0.2 port 80"),
		  "5:12: error: relay r target or redirection already specified\n" },
		{ "fixed target and table", RELAY("forward to 10.0.0.1 port 80\nforward to <t> port 8"),
		  "5:13: error: relay r target or redirection already specified\n" },
		{ "fixed target that is no address", RELAY("forward to 10.0.0.1.2 port 80"),
		  "4:12: error: invalid host: 10.0.0.1.2 is not an address\n" },
		{ "fixed target with a bad retry", RELAY("forward to 10.0.0.1 port 80 retry -1"),
		  "4:12: error: invalid retry value: -1\n" },
		{ "route", RELAY("route to <t> port 80"), "4:1: error: no route for relays\n" },
		{ "least-states", RELAY("forward to <t> port 80 mode least-states"),
		  "4:29: error: mode not supported for relays\n" },
		{ "no check is fine", RELAY("forward to <t> port 80"), "" },
		{ "three tables are fine",
		  RELAY("forward to <t> port 80\nforward to <t> port 81\nforward to <t> port 82"), "" },
		{ "table without a port before the listener",
		  TABLE_T "relay r {\nforward to <t> check tcp\nlisten on 10.9.9.9 port 80\n}\n",
		  "3:13: error: invalid port\n" },
		{ "protocol that is not there", RELAY("protocol nosuch\nforward to <t> port 80"),
		  "4:10: error: no such protocol: nosuch\n" },
		{ "the default protocol", RELAY("protocol default\nforward to <t> port 80"), "" },
		{ "two protocols",
		  "protocol a\nprotocol b\n" RELAY(
			  "protocol a\nprotocol b\nforward to <t> port 80"),
		  "7:10: warning: protocol set twice: this one counts\n" },
		{ "router", "router r {\nroute 0.0.0.0/0\nforward to <gw> port 80 check icmp\n"
			    "rtable 1\nrtlabel \"x\"\ndisable\n}\n",
		  "1:1: error: router r is not supported: xlb does not change routing tables\n" },
	};

	CHECK_ROWS(rows);
}

#define NAT(lines)                                                                                 \
	TABLE_T "relay r {\nlisten on 10.9.9.9 port 80\n" lines "\nforward to <t> port 80\n}\n"

Test(errors, nat_addresses)
{
	static const struct row rows[] = {
		{ "one", NAT("nat to 10.9.9.1"), "" },
		{ "four of one family", NAT("nat to { 10.9.9.1, 10.9.9.2 10.9.9.3\n10.9.9.4 }"),
		  "" },
		{ "five of one family",
		  NAT("nat to { 10.9.9.1, 10.9.9.2 10.9.9.3\n10.9.9.4, 10.9.9.5 }"),
		  "5:11: error: relay r has more than 4 NAT addresses of one family\n" },
		{ "twice", NAT("nat to 10.9.9.1\nnat to 10.9.9.1"),
		  "5:8: error: nat to 10.9.9.1 is there already\n" },
		{ "names", NAT("nat to www.example.com"),
		  "4:8: error: invalid NAT address: www.example.com\n" },
		{ "addresses that are no host's",
		  NAT("nat to { 0.0.0.0, 127.0.0.1, 224.0.0.1, 255.255.255.255, ::, ::1, ff02::1,\n"
		      "fe80::1, ::ffff:10.9.9.1 }"),
		  "4:10: error: invalid NAT address: 0.0.0.0\n"
		  "4:19: error: invalid NAT address: 127.0.0.1\n"
		  "4:30: error: invalid NAT address: 224.0.0.1\n"
		  "4:41: error: invalid NAT address: 255.255.255.255\n"
		  "4:58: error: invalid NAT address: ::\n"
		  "4:62: error: invalid NAT address: ::1\n"
		  "4:67: error: invalid NAT address: ff02::1\n"
		  "5:1: error: invalid NAT address: fe80::1\n"
		  "5:10: error: invalid NAT address: ::ffff:10.9.9.1\n" },
		{ "of a family that is not listened on", NAT("nat to 2001:db8::1"),
		  "4:8: warning: nat to 2001:db8::1 is not used: relay r does not listen on "
		  "IPv6\n" },
		{ "transparent",
		  TABLE_T "relay r {\nlisten on 10.9.9.9 port 80\nnat to 10.9.9.1\n"
			  "transparent forward to <t> port 80\n}\n",
		  "4:8: error: nat to with \"transparent forward to\": the hosts see the client's "
		  "address\n" },
		{ "nothing", NAT("nat to"),
		  "4:7: error: syntax error: unexpected end of line, expected a word or string or "
		  "'{'\n" },
		{ "nothing in braces", NAT("nat to { }"),
		  "4:10: error: syntax error: unexpected '}', expected a word or string or the end "
		  "of the line\n" },
		{ "in a redirect",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 port 80\nnat to 10.9.9.1\n"
			  "forward to <t> check tcp\n}\n",
		  "4:1: error: syntax error: unexpected \"nat\"\n" },
	};

	CHECK_ROWS(rows);
}

Test(errors, protocols)
{
	static const struct row rows[] = {
		{ "unused", TABLE_T "dns protocol d\n" RELAY_R(""),
		  "2:14: warning: unused protocol: d\n" },
		{ "of another type", "foo protocol x { tcp nodelay }\n",
		  "1:1: error: invalid protocol type: foo\n"
		  "1:22: note: nodelay has no effect here: xlb keeps the segments as they come\n" },
		{ "named default", "tcp protocol default\n",
		  "1:14: error: protocol name \"default\" is reserved\n" },
		{ "twice", "protocol p\nhttp protocol p\n",
		  "2:15: error: protocol p defined twice\n" },
		{ "tcp options, on one line or several",
		  HTTP("tcp { nodelay, no sack no splice\nbacklog 512,\nsocket buffer 65536\n}"),
		  "3:7: note: nodelay has no effect here: xlb keeps the segments as they come\n"
		  "3:19: note: sack has no effect here: TCP's options are between client and host\n"
		  "3:27: note: splice has no effect here: nothing is copied through user space\n"
		  "4:1: note: backlog has no effect here: there is no listening socket\n"
		  "5:1: note: socket buffer has no effect here: there are no socket buffers\n" },
		{ "noted once", HTTP("tcp nodelay\ntcp nodelay\ntcp no nodelay"),
		  "3:5: note: nodelay has no effect here: xlb keeps the segments as they come\n" },
		{ "tcp numbers out of range",
		  HTTP("tcp backlog 513\ntcp socket buffer -1\ntcp ip ttl 256\ntcp ip minttl 0"),
		  "3:5: error: invalid backlog: 513\n"
		  "4:5: error: invalid socket buffer size: -1\n"
		  "5:5: error: invalid ttl: 256\n"
		  "6:5: error: invalid minttl: 0\n" },
		{ "minttl for dns", "dns protocol d { tcp ip minttl 5 }\n",
		  "1:22: error: minttl is not for dns protocols\n" },
		{ "error in a list", HTTP("tcp { bogus, sack }\ntcp {\nbogus\nsack\n}"),
		  "3:7: error: syntax error: unexpected \"bogus\"\n"
		  "5:1: error: syntax error: unexpected \"bogus\"\n"
		  "6:1: note: sack has no effect here: TCP's options are between client and host\n" },
		{ "http options", HTTP("http { headerlen 8192, websockets }"),
		  "3:8: note: headerlen has no effect here: the hosts have their own limits\n"
		  "3:24: note: websockets has no effect here: websockets always pass\n" },
		{ "headerlen too long", HTTP("http headerlen 131073"),
		  "3:6: error: invalid headerlen: 131073\n" },
		{ "no websockets", HTTP("http no websockets"),
		  "3:9: error: \"no websockets\" is not supported: xlb cannot refuse requests\n" },
		{ "http options for tcp", "protocol p { http websockets }\n",
		  "1:19: error: can set http options only for http protocol\n" },
		{ "tls options",
		  HTTP("tls { no tlsv1.0, ciphers \"HIGH\"\nno session tickets edh params auto, no edh\n"
		       "ecdhe \"default\" ca file \"f\", ca key \"k\" password \"\"\nca cert \"c\" "
		       "client ca \"d\" keypair example.com\nno cipher-server-preference, edh }"),
		  "3:1: note: tls has no effect here: TLS is between client and host\n" },
		{ "tls flag that is not one", HTTP("tls no tlsv9"),
		  "3:1: note: tls has no effect here: TLS is between client and host\n"
		  "3:8: error: invalid TLS flag: tlsv9\n" },
		{ "ssl", HTTP("ssl { no sslv2, sslv3 }"),
		  "3:1: error: syntax error: \"ssl\" is the old word for tls\n" },
		{ "return error", HTTP("return error\nreturn error style \"x\"\n"
				       "return error { style \"y\" }"),
		  "3:1: note: return error has no effect here: xlb answers no request itself\n" },
		{ "filter of before 5.6", HTTP("header append \"$REMOTE_ADDR\" to \"X-F\"\n"
					       "request url filter \"x\"\nlabel \"x\""),
		  "3:1: error: syntax error: this is the filter syntax of before OpenBSD 5.6\n"
		  "4:1: error: syntax error: this is the filter syntax of before OpenBSD 5.6\n"
		  "5:1: error: syntax error: this is the filter syntax of before OpenBSD 5.6\n" },
	};

	CHECK_ROWS(rows);
}

#define NO_CHANGE " is not supported: xlb changes no requests and no responses\n"

Test(errors, rules)
{
	static const struct row rows[] = {
		{ "url log", HTTP("match url log"), "" },
		{ "log of keys",
		  HTTP("match request header log \"Host\"\n"
		       "match cookie log\nmatch path log\nmatch query log \"q\""),
		  "" },
		{ "log of responses", HTTP("match response header log \"Server\""),
		  "3:1: warning: responses are not read: nothing is logged\n" },
		{ "log under a condition",
		  HTTP("match request from 10.0.0.0/8 url log\nmatch header log \"A\" value \"b\"\n"
		       "match method GET url log\nmatch inet6 url log\nmatch to 10.0.0.1 url log\n"
		       "match query \"q\" value \"1\" path log"),
		  "" },
		{ "log under what is not looked at",
		  HTTP("match url log digest \"abc\"\nmatch tagged x url log\n"
		       "match file \"/f\" url log\nmatch from \"a.example\" url log\n"
		       "match url \"a/\" path log"),
		  "3:1: warning: logged without regard to some of the rule's conditions\n"
		  "4:1: warning: logged without regard to some of the rule's conditions\n"
		  "5:1: warning: logged without regard to some of the rule's conditions\n"
		  "6:1: warning: logged without regard to some of the rule's conditions\n"
		  "7:1: warning: logged without regard to some of the rule's conditions\n" },
		{ "prefix length", HTTP("match from 10.0.0.0/33 url log"),
		  "3:12: error: invalid prefix length: 10.0.0.0/33\n" },
		{ "sni log", HTTP("match sni log"), "" },
		{ "sni of UDP only",
		  TABLE_T "redirect r {\nlisten on 10.9.9.9 udp port 443\nmatch sni log\n"
			  "forward to <t> check icmp\n}\n",
		  "" },
		{ "sni without log", HTTP("match sni"),
		  "3:10: error: syntax error: unexpected end of line, expected \"log\"\n" },
		{ "changes",
		  HTTP("match request header append \"X\" value \"$REMOTE_ADDR\"\n"
		       "match header set \"X\" value \"y\"\nmatch response header remove \"X\"\n"
		       "match cookie set \"X\" value \"y\"\nmatch path set \"/a\" value \"/b\"\n"
		       "match path strip 1"),
		  "3:15: error: \"header append\"" NO_CHANGE "4:7: error: \"header set\"" NO_CHANGE
		  "5:16: error: \"header remove\"" NO_CHANGE "6:7: error: \"cookie set\"" NO_CHANGE
		  "7:7: error: \"path set\"" NO_CHANGE
		  "8:7: error: \"path strip\" is not supported: xlb changes no requests\n" },
		{ "changes that HTTP does not know",
		  HTTP("match url set \"x\" value \"y\"\nmatch response path log"),
		  "3:7: error: url cannot be changed\n"
		  "3:7: error: \"url set\"" NO_CHANGE
		  "4:16: error: path is for requests only\n" },
		{ "hash", HTTP("match header hash \"Host\""),
		  "3:7: error: \"header hash\" is not supported: "
		  "xlb chooses the host by the first packet, not by requests\n" },
		{ "digest of a header", HTTP("match header log digest \"x\""),
		  "3:1: warning: logged without regard to some of the rule's conditions\n"
		  "3:18: error: a digest is a key for url only\n" },
		{ "block", HTTP("block\nblock request quick url \"x\" value \"*\""),
		  "3:1: error: \"block\" is not supported: "
		  "xlb sees requests pass, it cannot refuse any\n"
		  "4:1: error: \"block\" is not supported: "
		  "xlb sees requests pass, it cannot refuse any\n" },
		{ "pass", HTTP("pass\npass quick header \"A\" value \"b\""),
		  "3:1: note: pass has no effect here: everything is passed\n" },
		{ "pass and log", HTTP("pass url log"), "" },
		{ "forward to", HTTP("match url \"a/\" forward to <t>\npass forward to <t>"),
		  "3:16: error: \"forward to <t>\" is not supported: "
		  "xlb chooses the host before it sees a request\n"
		  "4:6: error: \"forward to <t>\" is not supported: "
		  "xlb chooses the host before it sees a request\n" },
		{ "marks", HTTP("match header \"A\" value \"b\" tag x\nmatch no tag\nmatch label \"l\"\n"
				"match no label"),
		  "3:28: note: tag has no effect here: requests are not marked\n" },
		{ "match without an action", HTTP("match header \"A\""),
		  "3:1: note: a match without an action has no effect\n" },
		{ "rules of a tcp protocol",
		  TABLE_T "protocol p {\nmatch url log\nmatch header set \"A\" value \"b\"\npass\n}\n"
		  RELAY_R("protocol p\n"),
		  "3:1: note: rules have no effect in a protocol that is not http, in relayd neither\n" },
		{ "block in a tcp protocol", TABLE_T "protocol p {\nblock\n}\n" RELAY_R("protocol p\n"),
		  "3:1: warning: block never runs in a protocol that is not http, "
		  "in relayd neither\n" },
		{ "order of the parts", HTTP("match url log from 10.0.0.1"),
		  "3:15: error: syntax error: unexpected \"from\"\n" },
	};

	CHECK_ROWS(rows);
}

struct hint_row {
	const char *name;
	const char *text;
	const char *hint; /* of the first diagnostic */
};

Test(errors, hints)
{
	static const struct hint_row rows[] = {
		{ "misspelt directive", "intervall 10\n", "did you mean \"interval\"?" },
		{ "misspelt block", "redirct r {\n}\n", "did you mean \"redirect\"?" },
		{ "misspelt in a block", "redirect r {\nlitsen on 10.9.9.9 port 80\n}\n",
		  "did you mean \"listen\"?" },
		{ "misspelt option", TARGET("chekc tcp"), "did you mean \"check\"?" },
		{ "misspelt mode", TARGET("check tcp mode magelv"), "did you mean \"maglev\"?" },
		{ "misspelt table", TABLE_T "table <webhosts> { 10.0.0.1 }\n"
		  "relay r {\nlisten on 10.9.9.9 port 80\nforward to <webhots> port 80\n}\n",
		  "did you mean <webhosts>?" },
		{ "misspelt macro", "local_addr = \"10.9.9.9\"\ntable <t> { $local_adr }\n",
		  "did you mean \"$local_addr\"?" },
		{ "misspelt protocol", "protocol http_service\nrelay r {\nprotocol htpp_service\n}\n",
		  "did you mean \"http_service\"?" },
		{ "nothing near", "xyzzy 10\n", NULL },
		{ "keyword as name", "redirect host {\n}\n",
		  "\"host\" is a keyword: quote it to use it as a name" },
		{ "number as name", "redirect 80 {\n}\n", "quote it: \"80\"" },
		{ "quoted number", "interval \"10\"\n", "write the number without quotes" },
		{ "unquoted path", TARGET("check http /x code 200"), "quote paths: \"/…\"" },
		{ "value of a macro", "p = \"eighty\"\ninterval $p\n", "macro 'p' is \"eighty\"" },
		{ "two directives", "redirect r {\ndisable disable disable\n}\n",
		  "one directive a line" },
		{ "brace", "redirect r {\ndisable\ndisable }\n", "put it on a line of its own" },
		{ "JSON", "{\n}\n", "this does not look like relayd.conf(5)'s language" },
		{ "log updates", "log updates\n", "use \"log state changes\"" },
		{ "log all", "log all\n", "use \"log state changes\" and \"log host checks\"" },
		{ "listen tls", "relay r {\nlisten on 10.9.9.9 port 443 tls\n}\n",
		  "without \"tls\" the hosts terminate it, with their certificates" },
		{ "carriage return", "interval 10\r\n", "convert the file: sed -i 's/\\r$//' FILE" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diag diag = { 0 };
		struct cfg *cfg = parse_with(rows[i].text, &no_resolve, &diag);

		cr_expect_null(cfg, "%s", rows[i].name);
		cr_assert_gt(diag.n_items, 0, "%s", rows[i].name);
		if (rows[i].hint)
			cr_expect_str_eq(diag.items[0].hint ? diag.items[0].hint : "(none)",
					 rows[i].hint, "%s: %s", rows[i].name, diag.items[0].hint);
		else
			cr_expect_null(diag.items[0].hint, "%s: %s", rows[i].name,
				       diag.items[0].hint);
		cfg_free(cfg);
		diag_clear(&diag);
	}
}

/* A text of given bytes, some of which no string literal can hold. */
Test(errors, nul_bytes)
{
	static const char text[] = "x = \"a\0b\"\ny\0 = \"c\"\n";
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	char *lines;

	cr_assert_lt(cfg_parse_text("x.conf", text, sizeof(text) - 1, &no_resolve, &diag, &cfg), 0);
	lines = diag_lines(&diag);
	cr_expect_str_eq(lines, "1:5: error: NUL byte in a string\n"
				"2:2: error: unexpected byte 0x00\n", "%s", lines);
	free(lines);
	diag_clear(&diag);
}

Test(errors, long_strings)
{
	struct diag diag = { 0 };
	char text[9000] = "x = \"";
	size_t len = strlen(text);
	char *lines;

	memset(text + len, 'a', 8096);
	strcpy(text + len + 8096, "\"\n");
	cr_expect_null(parse_with(text, &no_resolve, &diag));
	lines = diag_lines(&diag);
	cr_expect_str_eq(lines, "1:5: error: string too long (more than 8095 bytes)\n");
	free(lines);
	diag_clear(&diag);
	/* One byte less is a string. */
	strcpy(text + len + 8095, "\"\n" TABLE_T REDIRECT_R);
	cfg_free(parse_good("8095 bytes", text));
}

Test(errors, pflow)
{
	static const struct row rows[] = {
		{ "smallest", "pflow to 10.0.0.9 port 2055\n" TABLE_T REDIRECT_R, "" },
		{ "to this machine", "pflow to ::1 port 2055\n" TABLE_T REDIRECT_R, "" },
		{ "no port", "pflow to 10.0.0.9\n",
		  "1:18: error: syntax error: unexpected end of line, expected \"port\"\n" },
		{ "a range of ports", "pflow to 10.0.0.9 port 1:2\n",
		  "1:10: error: a collector has one port\n" },
		{ "no such port", "pflow to 10.0.0.9 port 0\n", "1:24: error: invalid port: 0\n" },
		{ "no such protocol", "pflow to 10.0.0.9 port 1 protocol 9\n",
		  "1:35: error: invalid pflow protocol: 9\n" },
		{ "nor this one", "pflow to 10.0.0.9 port 1 protocol 0\n",
		  "1:35: error: invalid pflow protocol: 0\n" },
		{ "half an address", "pflow to 10.0.0 port 1\n",
		  "1:10: error: invalid collector: 10.0.0\n" },
		{ "a group", "pflow to ff02::1 port 1\n",
		  "1:10: error: invalid collector: ff02::1\n" },
		{ "an address that needs an interface", "pflow to fe80::1 port 1\n",
		  "1:10: error: invalid collector: fe80::1\n" },
		{ "a source that is a name", "pflow from em0 to 10.0.0.9 port 1\n",
		  "1:1: error: invalid source of pflow: em0\n" },
		{ "of two families", "pflow from 2001:db8::1 to 10.0.0.9 port 1\n",
		  "1:1: error: pflow from 2001:db8::1 cannot reach 10.0.0.9\n" },
		{ "twice", "pflow to 10.0.0.9 port 1\npflow to 10.0.0.8 port 1\n",
		  "2:1: error: pflow is there already, to 10.0.0.9\n" },
		{ "NetFlow 5 and a listener of IPv6",
		  "pflow to 10.0.0.9 port 1\n" TABLE_T
		  "redirect r {\nlisten on 2001:db8::1 port 80\nforward to <t> check tcp\n}\n",
		  "1:1: warning: protocol 5 knows IPv4 only: connections of IPv6 are not "
		  "exported\n" },
		{ "IPFIX and a listener of IPv6",
		  "pflow to 10.0.0.9 port 1 protocol 10\n" TABLE_T
		  "redirect r {\nlisten on 2001:db8::1 port 80\nforward to <t> check tcp\n}\n",
		  "" },
		{ "of our words, it is no keyword elsewhere",
		  "table <pflow> { 10.0.0.1 }\nredirect pflow { listen on 10.9.9.9 port 80\n"
		  "forward to <pflow> check tcp\n}\n",
		  "" },
	};

	CHECK_ROWS(rows);
}

/* One too many hosts, each on a line of its own. */
Test(errors, too_many_hosts)
{
	struct diag diag = { 0 };
	char *text, *lines;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("table <t> {\n", out);
	for (int i = 0; i <= CFG_MAX_HOSTS; i++)
		fprintf(out, "10.1.%d.%d\n", i / 100, i % 100 + 1);
	fputs("}\n", out);
	fclose(out);
	cr_expect_null(parse_with(text, &no_resolve, &diag));
	lines = diag_lines(&diag);
	cr_expect_str_eq(lines, "258:1: error: too many hosts in table t (more than 256)\n", "%s",
			 lines);
	free(lines);
	free(text);
	diag_clear(&diag);
}
