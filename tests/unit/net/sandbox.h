/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Two network namespaces of the test's own, joined by a veth pair: "em0" (10.0.0.1/24, fd00::1/64)
 * here and "peer" (10.0.0.2/24, fd00::2/64) there. Works as root, and without where user namespaces
 * are allowed; else the test is skipped. Both go with the test's process.
 */
#ifndef XLB_TESTS_NET_SANDBOX_H
#define XLB_TESTS_NET_SANDBOX_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static pid_t sandbox_peer; /* a process that lives in the other namespace */

static void sandbox_write(const char *path, const char *format, unsigned id)
{
	char text[32];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text), format, id);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		cr_skip_test("%s: %s", path, strerror(errno));
	close(fd);
}

static void sandbox_unshare(void)
{
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWNET) == 0)
		return;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		cr_skip_test("no network namespace for us: %s", strerror(errno));
	sandbox_write("/proc/self/setgroups", "deny", 0);
	sandbox_write("/proc/self/uid_map", "0 %u 1", uid);
	sandbox_write("/proc/self/gid_map", "0 %u 1", gid);
}

/* The child tells by its pipe's end that its namespace exists. */
static void sandbox_start_peer(void)
{
	int fds[2];
	char done;

	cr_assert_eq(pipe(fds), 0);
	sandbox_peer = fork();
	cr_assert_geq(sandbox_peer, 0);
	if (sandbox_peer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0 || write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	cr_assert_eq(read(fds[0], &done, 1), 1);
	close(fds[0]);
}

/* Runs a command here; it must succeed. */
__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	cr_assert_eq(system(command), 0, "%s", command);
}

/* The same there. */
static void run_there(const char *command)
{
	run("nsenter --net=/proc/%d/ns/net %s", sandbox_peer, command);
}

static void sandbox_open(void)
{
	sandbox_unshare();
	sandbox_start_peer();
	run("ip link set lo up");
	run("ip link add em0 type veth peer name peer netns %d", sandbox_peer);
	run("ip addr add 10.0.0.1/24 dev em0");
	run("ip addr add fd00::1/64 dev em0 nodad");
	run("ip link set em0 up");
	run_there("ip addr add 10.0.0.2/24 dev peer");
	run_there("ip addr add fd00::2/64 dev peer nodad");
	run_there("ip link set peer up");
}

static void sandbox_close(void)
{
	if (sandbox_peer > 0)
		kill(sandbox_peer, SIGKILL);
}

#endif
