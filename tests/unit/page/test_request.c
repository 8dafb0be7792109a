/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include "page/request.h"

Test(request, host)
{
	static const char *const names[] = { "lb1", "lb1.example.org", NULL };
	static const struct {
		const char *host;
		bool ours;
	} rows[] = {
		{ NULL, true },
		{ "127.0.0.1", true },
		{ "127.0.0.1:9963", true },
		{ "10.1.2.3:9963", true },
		{ "[::1]", true },
		{ "[2001:db8::1]:9963", true },
		{ "localhost", true },
		{ "LocalHost:9963", true },
		{ "localhost.", true },
		{ "lb1", true },
		{ "lb1.example.org:9963", true },
		{ "LB1.Example.ORG", true },
		{ "", false },
		{ ":9963", false },
		{ "evil.example", false },
		{ "lb1.evil.example:9963", false },
		{ "localhost.evil.example", false },
		{ "127.0.0.1.evil.example", false },
		{ "127.0.0.1:99x", false },
		{ "127.0.0.1:9963:1", false },
		{ "[::1", false },
		{ "[::1]x", false },
		{ "[evil.example]", false },
		{ "::1", false },
		{ ".", false },
		{ "lb1..", false },
		{ "evil.example/127.0.0.1", false },
		{ "127.0.0.1@evil.example", false },
	};
	char longer[1000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(request_host_is_ours(rows[i].host, names), rows[i].ours, "%s",
			     rows[i].host ? rows[i].host : "none");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	cr_expect_not(request_host_is_ours(longer, names));
	cr_expect_not(request_host_is_ours("lb1", NULL));
}
