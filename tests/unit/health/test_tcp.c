/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check tcp" against real sockets. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "health/check.h"
#include "prober.h"

static const struct cfg_check tcp = { .type = CFG_CHECK_TCP };

TestSuite(tcp, .init = prober_set_up, .fini = prober_tear_down, .timeout = 60);

static void expect(const struct probe_target *target, enum host_health health, bool not_made,
		   const char *reason)
{
	struct record r = { 0 };
	struct probe *p = add(target, &r);

	cr_assert_eq(r.results, 0, "never from within prober_add()");
	cr_assert(LOOP_UNTIL(r.results == 1));
	cr_expect_eq(r.health, health);
	cr_expect_eq(r.not_made, not_made);
	cr_expect_str_eq(r.reason, reason);
	prober_remove(p);
}

Test(tcp, listening)
{
	uint16_t port;
	int fd = listener("127.0.0.1", 8, &port);
	struct probe_target target = target_of("127.0.0.1", port, &tcp);

	expect(&target, HOST_UP, false, "tcp connect ok");
	close(fd);
}

Test(tcp, listening_v6)
{
	uint16_t port;
	int fd = listener("::1", 8, &port);
	struct probe_target target = target_of("::1", port, &tcp);

	expect(&target, HOST_UP, false, "tcp connect ok");
	close(fd);
}

Test(tcp, refused)
{
	struct probe_target target;
	uint16_t port;

	close(listener("127.0.0.1", 8, &port));
	target = target_of("127.0.0.1", port, &tcp);
	expect(&target, HOST_DOWN, false, "tcp connect failed");
}

/* A queue that is full and that nobody empties: the kernel drops further SYNs. */
static int full_listener(int *clients, unsigned n, uint16_t *ret_port)
{
	int fd = listener("127.0.0.1", 0, ret_port);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(*ret_port) };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned i = 0; i < n; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(clients[i], (struct sockaddr *)&in, sizeof(in));
	}
	return fd;
}

Test(tcp, no_answer_ends_at_the_deadline)
{
	int clients[4], fd;
	struct probe_target target;
	struct record r = { 0 };
	uint16_t port;

	fd = full_listener(clients, 4, &port);
	target = target_of("127.0.0.1", port, &tcp);
	target.timeout_ms = 50;
	add(&target, &r);
	cr_assert(LOOP_UNTIL(r.results == 1));
	cr_assert_eq(r.health, HOST_DOWN);
	cr_assert_str_eq(r.reason, "tcp connect timeout");
	cr_assert_geq(r.latency_ms, 50);
	for (int i = 0; i < 4; i++)
		close(clients[i]);
	close(fd);
}

/* The check closes as any client does: the server reads an end of file, not a reset. */
Test(tcp, closes_with_fin)
{
	struct probe_target target;
	struct record r = { 0 };
	uint16_t port;
	char byte;
	int fd = listener("127.0.0.1", 8, &port), peer;

	target = target_of("127.0.0.1", port, &tcp);
	add(&target, &r);
	cr_assert(LOOP_UNTIL(r.results == 1));
	peer = accept(fd, NULL, NULL);
	cr_assert_geq(peer, 0);
	cr_assert_eq(read(peer, &byte, 1), 0, "%s", strerror(errno));
	close(peer);
	close(fd);
}

Test(tcp, no_sockets_left_says_nothing_about_the_host)
{
	struct rlimit limit;
	struct probe_target target;
	struct record r = { 0 };
	uint16_t port;
	int fd = listener("127.0.0.1", 8, &port);
	rlim_t before;

	target = target_of("127.0.0.1", port, &tcp);
	add(&target, &r);
	getrlimit(RLIMIT_NOFILE, &limit);
	before = limit.rlim_cur;
	limit.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert(LOOP_UNTIL(r.results == 1));
	limit.rlim_cur = before;
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert(r.not_made);
	cr_assert_str_eq(r.reason, "tcp socket limit");
	close(fd);
}

/* Where an address can't be reached at all, in an empty network namespace. */
Test(tcp, no_route)
{
	struct probe_target target = target_of("192.0.2.1", 80, &tcp);

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		cr_skip_test("no network namespace for us: %s", strerror(errno));
	expect(&target, HOST_DOWN, false, "tcp connect failed");
}

Test(tcp, ttl_is_set)
{
	struct probe_target target;
	uint16_t port;
	int fd = listener("127.0.0.1", 8, &port);

	target = target_of("127.0.0.1", port, &tcp);
	target.ttl = 3;
	expect(&target, HOST_UP, false, "tcp connect ok");
	target.ttl = 256;
	expect(&target, HOST_UNKNOWN, true, "tcp socket option");
	close(fd);
}

/* Two checks of different hosts get answers from the same VIP and port: the local port tells. */
Test(tcp, marked_sockets)
{
	const struct probe_target target = { .addr = { .family = AF_INET6 }, .mark = 0x58420001 };
	struct sockaddr_in6 local[2];
	uint32_t mark = 0;
	int fd[2];

	if (geteuid())
		cr_skip_test("needs root");
	for (int i = 0; i < 2; i++) {
		socklen_t size = sizeof(local[i]), mark_size = sizeof(mark);

		fd[i] = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
		cr_assert_eq(check_set_options(fd[i], &target), 0);
		cr_assert_eq(getsockopt(fd[i], SOL_SOCKET, SO_MARK, &mark, &mark_size), 0);
		cr_expect_eq(mark, target.mark);
		cr_assert_eq(getsockname(fd[i], (struct sockaddr *)&local[i], &size), 0);
		cr_expect_neq(local[i].sin6_port, 0);
	}
	cr_expect_neq(local[0].sin6_port, local[1].sin6_port);
	close(fd[0]);
	close(fd[1]);
}
