/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What node-setup prints for whom; that it works is for tests/e2e/test_node_setup.sh. */
#include <unistd.h>

#include "capture.h"

static char path[] = "/tmp/xlb-node-setup-XXXXXX";
static struct capture capture;

static const char two_services[] = "table <a> { 192.168.1.3, 192.168.1.4 }\n"
				   "table <b> { 192.168.1.4, 192.168.1.5 }\n"
				   "redirect \"one\" {\n"
				   "	listen on 192.0.2.1 port 80\n"
				   "	listen on 192.0.2.1 port 443\n"
				   "	route to <a> check tcp interface lo\n"
				   "}\n"
				   "redirect \"two\" {\n"
				   "	listen on 192.0.2.2 port 80\n"
				   "	route to <b> check tcp interface lo\n"
				   "}\n"
				   "redirect \"rdr\" {\n"
				   "	listen on 192.0.2.3 port 80\n"
				   "	forward to <a> check tcp\n"
				   "}\n";

static void setup(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, two_services, strlen(two_services)), (ssize_t)strlen(two_services));
	close(fd);
	capture_open(&capture);
}

static void teardown(void)
{
	unlink(path);
	capture_close(&capture);
}

/* node-setup OPTIONS -f FILE HOSTS */
static int run(const char *options, const char *hosts)
{
	char line[512];

	snprintf(line, sizeof(line), "node-setup %s -f %s %s", options, path, hosts);
	return capture_run(&capture, line);
}

static void has(const char *text)
{
	cr_expect_not_null(strstr(capture.out, text), "\"%s\" in:\n%s", text, capture.out);
}

static void lacks(const char *text)
{
	cr_expect_null(strstr(capture.out, text), "\"%s\" in:\n%s", text, capture.out);
}

Test(node_setup, all_hosts, .init = setup, .fini = teardown)
{
	cr_expect_eq(run("", ""), CLI_DONE);
	has("\nip address replace 192.0.2.1/32 dev lo\nip address replace 192.0.2.2/32 dev lo\n");
	has("#   192.0.2.1  redirect one: 192.168.1.3 192.168.1.4\n");
	has("Not every host needs all of these");
	has("sysctl -qw net.ipv4.conf.all.arp_ignore=1\n");
	lacks("192.0.2.3");
	lacks("nodad");
	cr_expect_not_null(strstr(capture.err, "redirect \"rdr\" keeps the clients' addresses"),
			   "%s", capture.err);
}

Test(node_setup, one_host, .init = setup, .fini = teardown)
{
	cr_expect_eq(run("--networkd", "192.168.1.3"), CLI_DONE);
	has("Address=192.0.2.1/32");
	lacks("Address=192.0.2.2/32");
	lacks("Not every host");
}

Test(node_setup, unknown_host, .init = setup, .fini = teardown)
{
	cr_expect_eq(run("", "192.168.1.77"), CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, "no host of that name or address: 192.168.1.77"));
}

Test(node_setup, unknown_form, .init = setup, .fini = teardown)
{
	cr_expect_eq(run("--windows", ""), CLI_USAGE);
	cr_expect_not_null(strstr(capture.err, "unknown option: --windows"), "%s", capture.err);
}

Test(node_setup, json, .init = setup, .fini = teardown)
{
	capture.cli.json = true;
	cr_expect_eq(run("", ""), CLI_DONE);
	has("\"192.0.2.1\"");
	has("\"net.ipv4.conf.all.arp_announce\": 2");
}
