// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "netdev.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int netdev_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static void put_veth(struct nlmsghdr *msg, const char *a, const char *b)
{
	struct nlattr *info, *data, *peer;

	mnl_attr_put_strz(msg, IFLA_IFNAME, a);
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(msg, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg, IFLA_IFNAME, b);
	mnl_attr_nest_end(msg, peer);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
}

static int talk(struct mnl_socket *nl, struct nlmsghdr *msg)
{
	char buf[8192];
	ssize_t n;

	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, msg, msg->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0)
		return -errno;
	return mnl_cb_run(buf, n, msg->nlmsg_seq, mnl_socket_get_portid(nl), NULL, NULL) < 0
		       ? -errno
		       : 0;
}

int netdev_veth(const char *a, const char *b, uint32_t ret[2])
{
	char buf[8192];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	int err;

	if (!nl)
		return -errno;
	msg->nlmsg_type = RTM_NEWLINK;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
	msg->nlmsg_seq = 1;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	put_veth(msg, a, b);
	err = talk(nl, msg);
	mnl_socket_close(nl);
	if (err)
		return err;
	ret[0] = if_nametoindex(a);
	ret[1] = if_nametoindex(b);
	return ret[0] && ret[1] ? 0 : -errno;
}

int netdev_mtu(const char *name, int mtu)
{
	struct ifreq request = { .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	err = ioctl(fd, SIOCSIFMTU, &request) ? -errno : 0;
	close(fd);
	return err;
}
