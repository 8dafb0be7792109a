/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Messages that say odd things about themselves; fuzz_netlink found them. */
#include <criterion/criterion.h>
#include <string.h>

#include "net/netlink.h"

static union {
	struct nlmsghdr header;
	char bytes[256];
} datagram;

static struct nlmsghdr *message(size_t at, uint32_t len)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(datagram.bytes + at);

	*nlh = (struct nlmsghdr){ .nlmsg_len = len, .nlmsg_type = RTM_NEWLINK };
	return nlh;
}

Test(netlink, whole_datagrams)
{
	cr_expect(netlink_is_whole(&datagram, 0));
	message(0, 16);
	cr_expect(netlink_is_whole(&datagram, 16));
	message(16, 20);
	cr_expect(netlink_is_whole(&datagram, 36));
	message(0, 17);
	message(20, 16);
	cr_expect(netlink_is_whole(&datagram, 36), "messages begin at multiples of four");
	cr_expect(netlink_is_whole(&datagram, 18), "the last one's padding may be missing");
}

Test(netlink, datagrams_that_are_not)
{
	message(0, 17);
	cr_expect_not(netlink_is_whole(&datagram, 16));
	message(0, 15);
	cr_expect_not(netlink_is_whole(&datagram, 16));
	message(0, 0);
	cr_expect_not(netlink_is_whole(&datagram, 16));
	message(0, 0x80000010);
	cr_expect_not(netlink_is_whole(&datagram, 64), "negative, as libmnl reads it");
	message(0, 16);
	cr_expect_not(netlink_is_whole(&datagram, 18));
}

Test(netlink, short_numbers)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(datagram.bytes);
	const struct nlattr *attr = mnl_nlmsg_get_payload(nlh);
	uint32_t value = 7;

	mnl_attr_put_u16(nlh, IFLA_MTU, 1500);
	cr_expect_not(netlink_get_u32(attr, &value));
	cr_expect_not(netlink_get_u32(NULL, &value));
	cr_expect_eq(value, 7);
	nlh = mnl_nlmsg_put_header(datagram.bytes);
	mnl_attr_put_u32(nlh, IFLA_MTU, 1500);
	cr_expect(netlink_get_u32(attr, &value));
	cr_expect_eq(value, 1500);
}
