/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From configurations to rules as pfctl(8) prints them. */
#include <criterion/criterion.h>

#include "capture.h"
#include "cli/rule_text.h"

/* written as tables */
/* clang-format off */

#define RULE "{\"log\":false,\"interface\":\"vether0\",\"family\":\"inet\",\"proto\":\"tcp\"," \
	     "\"listen\":\"192.168.0.2\",\"address\":\"192.168.0.2\",\"port\":443,\"port_end\":443," \
	     "\"flags\":\"any\",\"keep_state\":true,\"sloppy\":true,\"timeout_s\":600," \
	     "\"action\":\"route-to\",\"service\":\"https_forwarder\",\"to_port\":null," \
	     "\"to_interface\":\"em0\",\"mode\":\"roundrobin\",\"key\":null,\"sticky\":true," \
	     "\"nat_to\":[],\"hosts_up\":4}"

static const struct row {
	const char *name;
	const char *changes; /* to RULE */
	int verbose;
	const char *expected;
} rows[] = {
	{ "the founding redirect", "{}", 0,
	  "pass in quick on vether0 inet proto tcp from any to 192.168.0.2 port = 443 flags any "
	  "keep state (sloppy, tcp.established 600) route-to <https_forwarder>@em0 round-robin "
	  "sticky-address" },
	{ "its table's size", "{}", 2,
	  "pass in quick on vether0 inet proto tcp from any to 192.168.0.2 port = 443 flags any "
	  "keep state (sloppy, tcp.established 600) route-to <https_forwarder:4>@em0 round-robin "
	  "sticky-address" },
	{ "a redirect with forward to",
	  "{\"interface\":null,\"flags\":\"S/SA\",\"sloppy\":false,\"action\":\"rdr-to\","
	  "\"to_interface\":null,\"to_port\":8080,\"mode\":\"random\",\"sticky\":false,"
	  "\"service\":\"www\"}", 0,
	  "pass in quick inet proto tcp from any to 192.168.0.2 port = 443 flags S/SA "
	  "keep state (tcp.established 600) rdr-to <www> port 8080 random" },
	{ "a relay",
	  "{\"flags\":\"S/SA\",\"sloppy\":false,\"action\":\"rdr-to\",\"to_interface\":null,"
	  "\"to_port\":80,\"mode\":\"loadbalance\",\"sticky\":false,\"nat_to\":[\"192.168.1.2\"],"
	  "\"log\":true}", 0,
	  "pass in log quick on vether0 inet proto tcp from any to 192.168.0.2 port = 443 flags S/SA "
	  "keep state (tcp.established 600) nat-to 192.168.1.2 rdr-to <https_forwarder> port 80 "
	  "loadbalance" },
	{ "several NAT addresses", "{\"nat_to\":[\"192.0.2.1\",\"192.0.2.2\"]}", 0,
	  "pass in quick on vether0 inet proto tcp from any to 192.168.0.2 port = 443 flags any "
	  "keep state (sloppy, tcp.established 600) nat-to { 192.0.2.1, 192.0.2.2 } "
	  "route-to <https_forwarder>@em0 round-robin sticky-address" },
	{ "UDP, a range of ports, a key",
	  "{\"interface\":null,\"family\":\"inet6\",\"address\":\"2001:db8::2\",\"proto\":\"udp\","
	  "\"port\":5000,\"port_end\":5010,\"flags\":null,\"timeout_s\":60,\"mode\":\"source-hash\","
	  "\"key\":\"0123456789abcdef0123456789abcdef\",\"sticky\":false}", 0,
	  "pass in quick inet6 proto udp from any to 2001:db8::2 port 5000:5010 "
	  "keep state (sloppy, udp.multiple 60) route-to <https_forwarder>@em0 "
	  "source-hash 0x0123456789abcdef0123456789abcdef" },
	{ "no state, an address that is not known",
	  "{\"proto\":\"udp\",\"flags\":null,\"keep_state\":false,\"address\":null,"
	  "\"listen\":\"lb.example\",\"mode\":\"maglev\",\"sticky\":false}", 0,
	  "pass in quick on vether0 inet proto udp from any to lb.example port = 443 no state "
	  "route-to <https_forwarder>@em0 maglev" },
};

Test(rule_text, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		json_t *rule = json_loads(RULE, 0, NULL), *changes = json_loads(row->changes, 0, NULL);
		struct capture capture;

		cr_assert_not_null(rule);
		cr_assert_not_null(changes, "%s", row->name);
		json_object_update(rule, changes);
		capture_open(&capture);
		print_rule(capture.cli.out, rule, row->verbose);
		capture_read(&capture);
		cr_expect_str_eq(capture.out, row->expected, "%s: %s", row->name, capture.out);
		capture_close(&capture);
		json_decref(changes);
		json_decref(rule);
	}
}
