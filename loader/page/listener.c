/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "page/listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64

/* What the kernel keeps for a reader that doesn't read; it may double it. */
#define SEND_BUFFER (128 * 1024)

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_address(const struct cfg_addr *addr, uint16_t port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (addr->family == AF_INET6) {
		ret->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
						 .sin6_port = htons(port),
						 .sin6_addr = addr->v6 };
		return sizeof(ret->v6);
	}
	ret->v4 = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = addr->v4 };
	return sizeof(ret->v4);
}

/* Of both families there may be a line with the same port. */
static int set_options(int fd, int family)
{
	const int on = 1, buffer = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) < 0)
		return -errno;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int listener_open(const struct cfg_addr *addr, uint16_t port, int *ret_fd)
{
	union address address;
	socklen_t len = make_address(addr, port, &address);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = set_options(fd, address.any.sa_family);
	if (r == 0 && (bind(fd, &address.any, len) < 0 || listen(fd, BACKLOG) < 0))
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}
