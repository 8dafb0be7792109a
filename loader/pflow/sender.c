/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pflow/sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t address_of(const struct cfg_addr *addr, uint16_t port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sa.sa_family = addr->family;
	if (addr->family == AF_INET6) {
		ret->v6.sin6_addr = addr->v6;
		ret->v6.sin6_port = htons(port);
		return sizeof(ret->v6);
	}
	ret->v4.sin_addr = addr->v4;
	ret->v4.sin_port = htons(port);
	return sizeof(ret->v4);
}

/* Smaller MTUs on the way are the routers' to fragment for, not ours to learn of by losses. */
static int allow_fragments(int fd, sa_family_t family)
{
	const int v4 = IP_PMTUDISC_DONT, v6 = IPV6_PMTUDISC_DONT;

	return family == AF_INET6 ?
		       setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6)) :
		       setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
}

int sender_open(const struct cfg_addr *source, const struct cfg_addr *destination, uint16_t port,
		int *ret_fd)
{
	int fd = socket(destination->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;
	union address from, to;
	socklen_t len;

	if (fd < 0)
		return -errno;
	if (allow_fragments(fd, destination->family) < 0)
		r = -errno;
	if (!r && source->family != AF_UNSPEC) {
		len = address_of(source, 0, &from);
		r = bind(fd, &from.sa, len) < 0 ? -errno : 0;
	}
	len = address_of(destination, port, &to);
	if (!r && connect(fd, &to.sa, len) < 0)
		r = -errno;
	if (r) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int sender_send(int fd, const void *datagram, size_t size)
{
	int first;

	if (send(fd, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	first = -errno;
	if (first != -ECONNREFUSED)
		return first;
	if (send(fd, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return first;
}
