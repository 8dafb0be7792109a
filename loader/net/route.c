/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel's own answer to "which way": policy routing, VRFs and multipath included. */
#include <errno.h>

#include "net/state.h"

struct answer {
	struct route route;
	bool unicast;
};

static bool parse_gateway(const struct nlattr **tb, sa_family_t family, struct cfg_addr *ret)
{
	const struct rtvia *via;

	if (tb[RTA_GATEWAY])
		return netlink_get_addr(tb[RTA_GATEWAY], family, ret);
	if (!tb[RTA_VIA] || mnl_attr_get_payload_len(tb[RTA_VIA]) <= sizeof(*via))
		return false;
	via = mnl_attr_get_payload(tb[RTA_VIA]);
	if (via->rtvia_family != AF_INET && via->rtvia_family != AF_INET6)
		return false;
	if (mnl_attr_get_payload_len(tb[RTA_VIA]) < sizeof(*via) + addr_size(via->rtvia_family))
		return false;
	addr_set(ret, via->rtvia_family, via->rtvia_addr);
	return true;
}

static int parse_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_MAX + 1];
	struct answer *answer = data;

	if (netlink_attributes(nlh, sizeof(*rtm), tb, RTA_MAX) < 0)
		return MNL_CB_OK;
	answer->unicast = rtm->rtm_type == RTN_UNICAST;
	netlink_get_u32(tb[RTA_OIF], &answer->route.ifindex);
	parse_gateway(tb, rtm->rtm_family, &answer->route.next);
	if (tb[RTA_PREFSRC])
		netlink_get_addr(tb[RTA_PREFSRC], rtm->rtm_family, &answer->route.source);
	return MNL_CB_OK;
}

static int ask(struct netlink *nl, const struct cfg_addr *to, uint32_t oif, unsigned flags,
	       mnl_cb_t each, void *data)
{
	NETLINK_ALIGNED char buf[NETLINK_REQUEST_SIZE] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	nlh->nlmsg_type = RTM_GETROUTE;
	rtm->rtm_family = (unsigned char)to->family;
	rtm->rtm_dst_len = (unsigned char)(8 * addr_size(to->family));
	rtm->rtm_flags = flags;
	netlink_put_addr(nlh, RTA_DST, to);
	if (oif)
		mnl_attr_put_u32(nlh, RTA_OIF, oif);
	return netlink_talk(nl, nlh, each, data);
}

/* Where no route through oif exists, IPv4 says "on link" nevertheless. A lookup that wants to see
 * the entry of the routing table itself fails then. */
static int check_entry(struct netlink *nl, const struct cfg_addr *to, uint32_t oif)
{
	return oif && to->family == AF_INET ? ask(nl, to, oif, RTM_F_FIB_MATCH, NULL, NULL) : 0;
}

int route_lookup(struct netlink *nl, const struct cfg_addr *to, uint32_t oif, struct route *ret)
{
	struct answer answer = { .route.next = *to };
	int r = ask(nl, to, oif, 0, parse_route, &answer);

	if (r == 0)
		r = check_entry(nl, to, oif);
	if (r < 0)
		return r;
	if (!answer.unicast || !answer.route.ifindex || (oif && answer.route.ifindex != oif))
		return -ENETUNREACH;
	*ret = answer.route;
	return 0;
}

int net_way(struct net *net, const struct cfg_addr *to, uint32_t *ret_ifindex)
{
	struct route route;
	int r = route_lookup(&net->requests, to, 0, &route);

	if (r == 0)
		*ret_ifindex = route.ifindex;
	return r;
}
