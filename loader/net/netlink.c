/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "net/netlink.h"

#include <errno.h>
#include <string.h>

#define DUMP_TRIES 5

int netlink_open(struct netlink *nl)
{
	nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->socket)
		return -errno;
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int r = -errno;

		netlink_close(nl);
		return r;
	}
	nl->portid = mnl_socket_get_portid(nl->socket);
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

static int ignore_message(const struct nlmsghdr *nlh, void *data)
{
	return MNL_CB_OK;
}

bool netlink_is_whole(const void *datagram, size_t size)
{
	const char *at = datagram;

	while (size >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *nlh = (const void *)at;
		size_t step = NLMSG_ALIGN((size_t)nlh->nlmsg_len);

		if (nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > size)
			return false;
		if (step >= size)
			return true;
		at += step;
		size -= step;
	}
	return size == 0;
}

int netlink_talk(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data)
{
	int r;

	request->nlmsg_seq = ++nl->seq;
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t n = mnl_socket_recvfrom(nl->socket, nl->buffer, sizeof(nl->buffer));

		if (n < 0)
			return -errno;
		if (!netlink_is_whole(nl->buffer, (size_t)n))
			return -EBADMSG;
		r = mnl_cb_run(nl->buffer, (size_t)n, request->nlmsg_seq, nl->portid,
			       each ? each : ignore_message, data);
		/* Left over from a request that was given up. */
		if (r < 0 && errno == EPROTO)
			r = MNL_CB_OK;
	} while (r > MNL_CB_STOP);
	if (r < 0)
		return errno > 0 ? -errno : -EBADMSG; /* the other end may say any number */
	return 0;
}

int netlink_dump(struct netlink *nl, uint16_t type, mnl_cb_t each, void *data)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMP_TRIES; i++) {
		NETLINK_ALIGNED char buf[NETLINK_REQUEST_SIZE] = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

		nlh->nlmsg_type = type;
		nlh->nlmsg_flags = NLM_F_DUMP;
		/* Long enough for every header of the family-first kind; all families. */
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		r = netlink_talk(nl, nlh, each, data);
	}
	return r;
}

int netlink_attributes(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **tb,
		       uint16_t max)
{
	const struct nlattr *attr;

	memset(tb, 0, sizeof(*tb) * (max + 1u));
	if (mnl_nlmsg_get_payload_len(nlh) < header_size)
		return -EINVAL;
	mnl_attr_for_each(attr, nlh, header_size) {
		if (mnl_attr_get_type(attr) <= max)
			tb[mnl_attr_get_type(attr)] = attr;
	}
	return 0;
}

size_t addr_size(sa_family_t family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

void addr_set(struct cfg_addr *addr, sa_family_t family, const void *bytes)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memcpy(&addr->v6, bytes, addr_size(family));
}

void netlink_put_addr(struct nlmsghdr *nlh, uint16_t type, const struct cfg_addr *addr)
{
	mnl_attr_put(nlh, type, addr_size(addr->family), &addr->v6);
}

bool netlink_get_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(*ret))
		return false;
	*ret = mnl_attr_get_u32(attr);
	return true;
}

bool netlink_get_addr(const struct nlattr *attr, sa_family_t family, struct cfg_addr *ret)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	if (mnl_attr_get_payload_len(attr) < addr_size(family))
		return false;
	addr_set(ret, family, mnl_attr_get_payload(attr));
	return true;
}
