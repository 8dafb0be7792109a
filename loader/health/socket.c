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
