/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel has counted at an interface. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "net/state.h"

struct answer {
	struct net_link_stats stats;
	bool there;
};

/* rtnl_link_stats64 grows at its end: a shorter one than ours is of an older kernel. */
static int on_stats(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[IFLA_STATS_MAX + 1], *attr;
	struct rtnl_link_stats64 s = { 0 };
	struct answer *answer = data;
	size_t len;

	if (nlh->nlmsg_type != RTM_NEWSTATS ||
	    netlink_attributes(nlh, sizeof(struct if_stats_msg), tb, IFLA_STATS_MAX) < 0)
		return MNL_CB_OK;
	attr = tb[IFLA_STATS_LINK_64];
	if (!attr)
		return MNL_CB_OK;
	len = mnl_attr_get_payload_len(attr);
	memcpy(&s, mnl_attr_get_payload(attr), len < sizeof(s) ? len : sizeof(s));
	answer->stats = (struct net_link_stats){
		.rx_packets = s.rx_packets,
		.rx_bytes = s.rx_bytes,
		.rx_errors = s.rx_errors,
		.rx_dropped = s.rx_dropped + s.rx_missed_errors,
		.tx_packets = s.tx_packets,
		.tx_bytes = s.tx_bytes,
		.tx_errors = s.tx_errors,
		.tx_dropped = s.tx_dropped,
	};
	answer->there = true;
	return MNL_CB_OK;
}

int net_link_stats(struct net *net, uint32_t ifindex, struct net_link_stats *ret)
{
	NETLINK_ALIGNED char buf[NETLINK_REQUEST_SIZE] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct answer answer = { 0 };
	struct if_stats_msg *msg;
	int r;

	nlh->nlmsg_type = RTM_GETSTATS;
	msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	msg->ifindex = ifindex;
	msg->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	r = netlink_talk(&net->requests, nlh, on_stats, &answer);
	if (r < 0)
		return r;
	if (!answer.there)
		return -EOPNOTSUPP;
	*ret = answer.stats;
	return 0;
}
