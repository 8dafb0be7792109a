/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The socket's file: who may replace what. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/socket.h"

static char dir[] = "/tmp/xlb-socket-XXXXXX";
static char path[64];

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/xlbd.sock", dir);
}

static void teardown(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(control_socket, .init = setup, .fini = teardown);

static void open_socket(struct control_socket *s)
{
	cr_assert_eq(control_socket_open(path, s), 0);
}

Test(control_socket, mode_and_removal)
{
	struct control_socket s;
	struct stat st;

	umask(0);
	open_socket(&s);
	cr_assert_eq(lstat(path, &st), 0);
	cr_assert(S_ISSOCK(st.st_mode));
	cr_assert_eq(st.st_mode & 07777, 0660);
	control_socket_remove(&s);
	cr_assert_eq(access(path, F_OK), -1);
	close(s.fd);
}

Test(control_socket, a_stale_one_is_replaced)
{
	struct control_socket stale, s;

	open_socket(&stale);
	close(stale.fd); /* as a killed daemon leaves it */
	open_socket(&s);
	control_socket_remove(&stale); /* not its own any more */
	cr_assert_eq(access(path, F_OK), 0);
	control_socket_remove(&s);
	close(s.fd);
}

Test(control_socket, a_live_one_is_left_alone)
{
	struct control_socket live, s;
	struct stat before, after;

	open_socket(&live);
	lstat(path, &before);
	cr_assert_eq(control_socket_open(path, &s), -EADDRINUSE);
	lstat(path, &after);
	cr_assert_eq(before.st_ino, after.st_ino);
	control_socket_remove(&live);
	close(live.fd);
}

Test(control_socket, what_is_no_socket_is_left_alone)
{
	struct control_socket s;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	struct stat st;

	cr_assert_eq(write(fd, "precious", 8), 8);
	close(fd);
	cr_assert_eq(control_socket_open(path, &s), -EEXIST);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_size, 8);
	unlink(path);

	cr_assert_eq(symlink("/nowhere/at/all", path), 0);
	cr_assert_eq(control_socket_open(path, &s), -EEXIST);
}

Test(control_socket, bad_paths)
{
	struct control_socket s;
	char longest[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_assert_eq(control_socket_open(longest, &s), -ENAMETOOLONG);
	cr_assert_eq(control_socket_open("", &s), -EINVAL);
	cr_assert_eq(control_socket_open("/nowhere/at/all/s", &s), -ENOENT);
}
