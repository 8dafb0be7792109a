/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check icmp", in a network namespace of the test's own. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "prober.h"

static const struct cfg_check icmp = { .type = CFG_CHECK_ICMP };

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		cr_skip_test("%s: %s", path, strerror(errno));
	close(fd);
}

static void set_up(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		cr_skip_test("no network namespace for us: %s", strerror(errno));
	cr_assert_eq(system("ip link set lo up && ip route add 192.0.2.0/24 dev lo"), 0);
	prober_set_up();
}

TestSuite(icmp, .init = set_up, .fini = prober_tear_down, .timeout = 60);

static void allow_ping_sockets(void)
{
	write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

static struct record check(const char *host, unsigned ttl, unsigned timeout_ms)
{
	struct probe_target target = target_of(host, 0, &icmp);
	struct record r = { 0 };
	struct probe *p;

	target.ttl = ttl;
	target.timeout_ms = timeout_ms;
	p = add(&target, &r);
	cr_assert(LOOP_UNTIL(r.results == 1));
	prober_remove(p);
	return r;
}

Test(icmp, answered)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };

	allow_ping_sockets();
	for (int i = 0; i < 2; i++) {
		struct record r = check(hosts[i], 5, 5000);

		cr_expect_eq(r.health, HOST_UP);
		cr_expect_str_eq(r.reason, "icmp ok");
	}
}

Test(icmp, silence)
{
	struct record r;

	allow_ping_sockets();
	write_file("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1");
	r = check("127.0.0.1", 0, 100);
	cr_expect_eq(r.health, HOST_DOWN);
	cr_expect_str_eq(r.reason, "icmp read timeout");
	cr_expect_geq(r.latency_ms, 100);
}

Test(icmp, no_route)
{
	struct record r;

	allow_ping_sockets();
	r = check("198.51.100.1", 0, 5000);
	cr_expect_eq(r.health, HOST_DOWN);
	cr_expect_str_eq(r.reason, "icmp write failed");
}

Test(icmp, unreachable)
{
	struct record r;

	allow_ping_sockets();
	cr_assert_eq(system("ip route add unreachable 203.0.113.0/24"), 0);
	r = check("203.0.113.1", 0, 5000);
	cr_expect_eq(r.health, HOST_DOWN);
}

static void forbid_ping_sockets(void)
{
	write_file("/proc/sys/net/ipv4/ping_group_range", "1 0"); /* Debian's */
}

Test(icmp, raw_socket_where_ping_sockets_are_not_allowed)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };

	forbid_ping_sockets();
	for (int i = 0; i < 2; i++) {
		struct record r = check(hosts[i], 5, 5000);

		cr_expect_eq(r.health, HOST_UP, "%s: %s", hosts[i], r.reason);
		cr_expect_str_eq(r.reason, "icmp ok");
	}
}

Test(icmp, raw_socket_silence)
{
	struct record r;

	forbid_ping_sockets();
	write_file("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1");
	r = check("127.0.0.1", 0, 100);
	cr_expect_eq(r.health, HOST_DOWN);
	cr_expect_str_eq(r.reason, "icmp read timeout");
}

Test(icmp, not_allowed_says_nothing_about_the_host)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2];
	struct record r;

	forbid_ping_sockets();
	cr_assert_eq(syscall(SYS_capget, &header, caps), 0);
	caps[0].effective &= ~(1u << CAP_NET_RAW);
	caps[0].permitted &= ~(1u << CAP_NET_RAW);
	cr_assert_eq(syscall(SYS_capset, &header, caps), 0);
	r = check("127.0.0.1", 0, 5000);
	cr_expect(r.not_made);
	cr_expect_not_null(strstr(r.reason, "ping_group_range"), "%s", r.reason);
}
