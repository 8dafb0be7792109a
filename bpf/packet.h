/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the choice of a host needs to know of a packet.
 */
#ifndef XLB_BPF_PACKET_H
#define XLB_BPF_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xlb/abi.h"
#include "xlb/hash.h"

/* The context of the including program: struct xdp_md, or struct __sk_buff in the TC program. Both
 * have ingress_ifindex. */
#ifndef XLB_CONTEXT
#define XLB_CONTEXT struct xdp_md
#endif

#define AF_INET 2
#define AF_INET6 10

/* Byte 13 of the TCP header. */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* A packet of a service, seen from the client's side. IPv4 addresses are in word 0, the rest 0. */
struct tuple {
	__be32 client[4];
	__u32 ports; /* xlb_ports(client's, service's) */
	__u32 listen;
	__u32 service;
	__u32 row; /* index of the row that the packet hashes to */
	__u32 now; /* tick */
	__u8 proto;
	__u8 tcp_flags; /* 0 for UDP */
	__u8 is_new;    /* out: the packet began a session */
	__u8 pad;
};

/* Words that may lie in a structure whose members are smaller: one access instead of four. */
typedef __u32 __attribute__((may_alias)) word_t;
typedef __u16 __attribute__((may_alias)) half_t;

/* struct ethhdr is packed: by its member this would be two accesses. */
static __always_inline __be16 eth_proto(const struct ethhdr *eth)
{
	return *(const half_t *)((const void *)eth + 2 * ETH_ALEN);
}

static __always_inline _Bool same_addr(const __be32 a[4], const __be32 b[4])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/* The first packet of a connection; UDP has no such thing. */
static __always_inline _Bool is_syn(__u8 tcp_flags)
{
	return (tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* What a packet must have of TCP's or UDP's header. */
static __always_inline __u32 l4_size(__u8 proto)
{
	return proto == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr);
}

/* The word of struct xlb_vip that holds port, proto and family. */
static __always_inline __u32 l4_word(__be16 port, __u8 proto, __u8 family)
{
	union {
		struct {
			__be16 port;
			__u8 proto;
			__u8 family;
		};
		__u32 word;
	} l4 = { { port, proto, family } };

	return l4.word;
}

static __always_inline __be16 l4_port(__u32 l4)
{
	return bpf_htons(bpf_ntohl(l4) >> 16);
}

static __always_inline __u32 l4_portless(__u32 l4)
{
	return l4 & bpf_htonl(0xffff);
}

#endif
