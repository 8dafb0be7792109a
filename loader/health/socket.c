/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From a target to socket calls. */
#include <netinet/in.h>
#include <string.h>

#include "health/check.h"

socklen_t check_socket_address(const struct probe_target *target, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (target->addr.family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret;

		in->sin_family = AF_INET;
		in->sin_port = htons(target->port);
		in->sin_addr = target->addr.v4;
		return sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(target->port);
		in6->sin6_addr = target->addr.v6;
		return sizeof(*in6);
	}
}

int check_set_ttl(int fd, const struct probe_target *target)
{
	int ttl = (int)target->ttl;

	if (ttl == 0)
		return 0;
	if (target->addr.family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
}

static int bind_any(int fd, sa_family_t family)
{
	const struct sockaddr_storage any = { .ss_family = family };
	socklen_t size =
		family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	return bind(fd, (const struct sockaddr *)&any, size);
}

int check_set_options(int fd, const struct probe_target *target)
{
	if (check_set_ttl(fd, target) < 0)
		return -1;
	if (target->ifindex && setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &target->ifindex,
					  sizeof(target->ifindex)) < 0)
		return -1;
	if (target->mark == 0)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &target->mark, sizeof(target->mark)) < 0)
		return -1;
	return bind_any(fd, target->addr.family);
}
