/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control.h"

#define BACKLOG 64

static int make_address(const char *path, struct sockaddr_un *ret)
{
	size_t len = strlen(path);

	if (len == 0)
		return -EINVAL;
	if (len >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, path, len + 1);
	return 0;
}

/* -EADDRINUSE: somebody listens there. */
static int probe_listener(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? -errno : 0;
	close(fd);
	if (r == -ECONNREFUSED || r == -ENOENT)
		return 0;
	return r == 0 || r == -EAGAIN ? -EADDRINUSE : r;
}

/* A socket nobody listens on is what a killed daemon leaves behind. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int r;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	r = probe_listener(addr);
	if (r < 0)
		return r;
	return unlink(addr->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Whoever isn't root may not give the file away; it stays the owner's alone then, which is safe. */
static int give_to_group(const char *path)
{
	struct group group, *found = NULL;
	char buffer[16384];
	int r;

	r = getgrnam_r(XLB_CONTROL_GROUP, &group, buffer, sizeof(buffer), &found);
	if (r != 0 || !found)
		return 0;
	if (chown(path, (uid_t)-1, group.gr_gid) < 0 && errno != EPERM)
		return -errno;
	return 0;
}

/* Nobody can connect before listen(), so there is no moment with the wrong mode. */
static int bind_and_listen(int fd, const struct sockaddr_un *addr)
{
	int r;

	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		return -errno;
	if (chmod(addr->sun_path, 0660) < 0)
		return -errno;
	r = give_to_group(addr->sun_path);
	if (r < 0)
		return r;
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

static int open_socket(struct control_socket *s, const struct sockaddr_un *addr)
{
	int r;

	s->path = strdup(addr->sun_path);
	if (!s->path)
		return -ENOMEM;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	r = bind_and_listen(s->fd, addr);
	if (r < 0)
		return r;
	s->file = open(s->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return s->file < 0 ? -errno : 0;
}

int control_socket_open(const char *path, struct control_socket *ret)
{
	struct control_socket s = { .fd = -1, .file = -1 };
	struct sockaddr_un addr;
	int r;

	r = make_address(path, &addr);
	if (r < 0)
		return r;
	r = remove_stale(&addr);
	if (r < 0)
		return r;
	r = open_socket(&s, &addr);
	if (r < 0) {
		if (s.fd >= 0)
			close(s.fd);
		free(s.path);
		return r;
	}
	*ret = s;
	return 0;
}

static bool is_still_there(const struct control_socket *s)
{
	struct stat ours, there;

	return fstat(s->file, &ours) == 0 && lstat(s->path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void control_socket_remove(struct control_socket *s)
{
	if (!s->path)
		return;
	if (is_still_there(s))
		unlink(s->path);
	close(s->file);
	free(s->path);
	s->path = NULL;
}
