/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Requests as lines of the log: who asked whom, and then relayd's form of what. */
#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "daemon/request_log.h"

static struct cfg_addr addr(const char *text)
{
	struct cfg_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(a.family, text, &a.v6), 1);
	return a;
}

static struct model *build(void)
{
	static const char text[] = "table <t> { 192.168.1.3 }\n"
				   "relay \"web\" {\nlisten on 192.168.0.2 port 80\n"
				   "forward to <t> port 8080\n}\n"
				   "redirect \"https\" {\nlisten on 192.168.0.2 port 443\n"
				   "route to <t> port 8443 check tcp interface em0\n}\n";
	const struct cfg_options options = { .no_resolve = true };
	struct diag diag = { 0 };
	struct cfg *cfg;
	struct model *m;

	cr_assert_eq(cfg_parse_text("test", text, strlen(text), &options, &diag, &cfg), 0);
	diag_clear(&diag);
	cr_assert_eq(model_build(cfg, NULL, &m), 0);
	return m;
}

static struct request_flow flow(const char *service)
{
	struct request_flow f = { .client = addr("203.0.113.9"),
				  .client_port = 40001,
				  .listen = addr("192.168.0.2"),
				  .listen_port = 80,
				  .host = addr("192.168.1.3") };

	snprintf(f.service, sizeof(f.service), "%s", service);
	return f;
}

static char line[REQUEST_LOG_LINE];

Test(request_log, relay)
{
	struct model *m = build();
	struct request_flow f = flow("web");

	cr_expect_str_eq(request_log_text(model_service_by_name(m, SERVICE_RELAY, "web"), &f,
					  "[a/] GET", line),
			 "relay web, 203.0.113.9:40001 -> 192.168.1.3:8080, [a/] GET");
	model_free(m);
}

/* With "route to" the port stays what it is. */
Test(request_log, redirect)
{
	struct model *m = build();
	struct request_flow f = flow("https");

	f.listen_port = 443;
	cr_expect_str_eq(request_log_text(model_service_by_name(m, SERVICE_REDIRECT, "https"), &f,
					  "[sni: a]", line),
			 "redirect https, 203.0.113.9:40001 -> 192.168.1.3:443, [sni: a]");
	model_free(m);
}

Test(request_log, service_gone_host_unknown)
{
	struct request_flow f = flow("web");

	f.host.family = AF_UNSPEC;
	cr_expect_str_eq(request_log_text(NULL, &f, "[a/] GET", line),
			 "relay web, 203.0.113.9:40001 -> -:80, [a/] GET");
}

Test(request_log, ipv6)
{
	struct request_flow f = flow("web");

	f.client = addr("2001:db8::9");
	f.host = addr("2001:db8:1::3");
	cr_expect_str_eq(request_log_text(NULL, &f, "[a/] GET", line),
			 "relay web, [2001:db8::9]:40001 -> [2001:db8:1::3]:80, [a/] GET");
}
