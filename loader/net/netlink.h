/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests to rtnetlink and their answers. The kernel answers within sendto(), so a request does
 * not wait for anybody, and the event loop may make it.
 */
#ifndef XLB_NET_NETLINK_H
#define XLB_NET_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define NETLINK_BUFFER_SIZE 65536 /* the kernel fills up to 32 KiB a message when dumping */
#define NETLINK_REQUEST_SIZE 256
#define NETLINK_ALIGNED _Alignas(struct nlmsghdr) /* buffers that messages lie in */

struct netlink {
	struct mnl_socket *socket;
	unsigned portid;
	uint32_t seq;
	NETLINK_ALIGNED char buffer[NETLINK_BUFFER_SIZE];
};

int netlink_open(struct netlink *nl);
void netlink_close(struct netlink *nl);

/* Sends the request, with a sequence number and NLM_F_ACK, and hands each message of the answer to
 * `each` (may be NULL). 0 or what the kernel said as -errno; -EINTR: a dump that changed meanwhile.
 */
int netlink_talk(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data);

/* Dumps all objects of a kind ("RTM_GETLINK"); a dump that changed meanwhile is made again. */
int netlink_dump(struct netlink *nl, uint16_t type, mnl_cb_t each, void *data);

/* Do the messages in it end where it ends? libmnl believes lengths beyond 2 GiB. */
bool netlink_is_whole(const void *datagram, size_t size);

/* All attributes by type into tb[0..max], NULL where there is none; -EINVAL: malformed. */
int netlink_attributes(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **tb,
		       uint16_t max);

void netlink_put_addr(struct nlmsghdr *nlh, uint16_t type, const struct cfg_addr *addr);
/* false: the attribute is too short for an address of the family. */
bool netlink_get_addr(const struct nlattr *attr, sa_family_t family, struct cfg_addr *ret);

/* false: the attribute is missing or too short; *ret is left alone then. */
bool netlink_get_u32(const struct nlattr *attr, uint32_t *ret);

size_t addr_size(sa_family_t family); /* 4 or 16 */
/* Padding and unused bytes become 0, so that addresses can be parts of hash keys. */
void addr_set(struct cfg_addr *addr, sa_family_t family, const void *bytes);

#endif
