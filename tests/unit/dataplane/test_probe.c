/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What checks with dsr need, on this machine's kernel. Each test has a network namespace of its own.
 * Needs root.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/probe.h"
#include "xlb/probe.h"

static struct probes *probes;
static char error[512];
static struct probe_need needs[4];

static struct probe_need need(const char *vip, uint16_t port, const char *interface)
{
	struct probe_need n = { .vip.port = port, .ifindex = if_nametoindex(interface) };

	n.vip.addr.family = strchr(vip, ':') ? AF_INET6 : AF_INET;
	cr_assert_eq(inet_pton(n.vip.addr.family, vip, &n.vip.addr.v6), 1);
	cr_assert_neq(n.ifindex, 0);
	return n;
}

static void set_up(void)
{
	if (geteuid())
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	cr_assert_eq(system("ip link add dsr-a type veth && ip link add dsr-b type veth"), 0);
	cr_assert_eq(probes_open(&probes), 0);
	needs[0] = need("192.0.2.1", 80, "dsr-a");
	needs[1] = need("192.0.2.1", 443, "dsr-a");
	needs[2] = need("2001:db8::1", 80, "dsr-b");
	needs[3] = need("192.0.2.1", 80, "dsr-b");
}

static void tear_down(void)
{
	probes_close(probes);
}

TestSuite(probe, .init = set_up, .fini = tear_down, .timeout = 60);

static void bring(size_t n)
{
	cr_assert_eq(probes_sync(probes, needs, n, error, sizeof(error)), 0, "%s", error);
}

static uint32_t mark_of(const struct probe_need *n)
{
	uint32_t mark = 0;

	cr_assert_eq(probes_mark(probes, n, &mark), 0);
	cr_assert(mark >= XLB_PROBE_MARK && mark < XLB_PROBE_MARK + XLB_PROBE_VIPS);
	return mark;
}

static bool has_mark(const struct probe_need *n)
{
	uint32_t mark;

	return probes_mark(probes, n, &mark) == 0;
}

Test(probe, nothing_at_first)
{
	cr_expect_not(has_mark(&needs[0]));
	bring(0);
	cr_expect_not(has_mark(&needs[0]));
}

Test(probe, marks)
{
	bring(3);
	cr_expect_neq(mark_of(&needs[0]), mark_of(&needs[1]), "another port");
	cr_expect_neq(mark_of(&needs[0]), mark_of(&needs[2]), "another address");
	cr_expect_eq(mark_of(&needs[0]), mark_of(&needs[3]), "another interface");
}

/* Sockets with the mark are at work. */
Test(probe, marks_stay)
{
	struct probe_need first = needs[0];
	uint32_t mark;

	bring(3);
	mark = mark_of(&needs[2]);
	needs[0] = needs[2];
	bring(1);
	cr_expect_eq(mark_of(&needs[2]), mark);
	cr_expect_not(has_mark(&first));
	needs[0] = first;
	bring(3);
	cr_expect_eq(mark_of(&needs[2]), mark);
}

Test(probe, interface_not_needed_any_more)
{
	bring(4);
	cr_expect(has_mark(&needs[3]));
	bring(2);
	cr_expect(has_mark(&needs[0]));
	cr_expect_not(has_mark(&needs[3]));
}

Test(probe, interface_that_is_gone)
{
	cr_assert_eq(system("ip link del dsr-b"), 0);
	bring(3);
	cr_expect(has_mark(&needs[0]));
	cr_expect_not(has_mark(&needs[2]));
}

static bool has_clsact(void)
{
	return system("tc qdisc show dev dsr-a | grep -q clsact") == 0;
}

Test(probe, nothing_any_more)
{
	bring(3);
	bring(0);
	cr_expect_not(has_clsact());
	cr_expect_not(has_mark(&needs[0]));
	bring(1);
	cr_expect(has_mark(&needs[0]));
}

Test(probe, too_many_vips)
{
	static struct probe_need many[XLB_PROBE_VIPS + 1];

	for (int i = 0; i <= XLB_PROBE_VIPS; i++)
		many[i] = need("192.0.2.1", 1000 + i, "dsr-a");
	cr_expect_eq(probes_sync(probes, many, XLB_PROBE_VIPS + 1, error, sizeof(error)), -ENOSPC);
	cr_expect_str_eq(error, "checks with dsr go to 1024 addresses and ports at most");
	cr_expect(has_mark(&many[XLB_PROBE_VIPS - 1]));
	cr_expect_not(has_mark(&many[XLB_PROBE_VIPS]));
}

/* Filters of a killed daemon would go; a qdisc without any is somebody else's. */
Test(probe, clean_leaves_others_alone)
{
	cr_assert_eq(system("tc qdisc add dev dsr-a clsact"), 0);
	probes_clean();
	cr_expect(has_clsact());
}

/* With TCX nothing is left of it; with filters (before Linux 6.6) they are. */
Test(probe, clean_after_a_killed_daemon)
{
	pid_t child = fork();

	cr_assert(child >= 0);
	if (child == 0) {
		bring(3);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, NULL, 0), child);
	probes_clean();
	cr_expect_not(has_clsact());
}
