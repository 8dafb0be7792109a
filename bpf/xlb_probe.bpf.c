// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Checks with `dsr`: the prober's socket connects to a host's own address, and what it sends gets
 * the VIP for its destination after the stack has found the host's MAC; the answers get the host's
 * address for their source before the stack sees them. So the host is asked as clients' packets ask
 * it, and the prober, libcurl and OpenSSL need to know nothing.
 *
 *   socket (mark) -> probe_out, TC egress:  host:port -> VIP:port, remembered in probe_flows
 *   socket <-------- probe_in, TC ingress:  VIP:port -> host:port, if the frame is from that MAC
 *
 * A node that lacks the VIP may forward the packet to its router, which sends it back to us, and a
 * healthy host answers it: hence the MAC. Such an answer is dropped. When probe_flows is full the
 * oldest check's entry goes; it runs into its deadline.
 *
 * TCP only, and no IP options, extension headers or fragments: the prober's sockets send none, and
 * answers with any are not exchanged.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xlb/probe.h"

#define AF_INET 2
#define AF_INET6 10
#define GO_ON TC_ACT_UNSPEC /* to the next program, or on its way */
#define IP_FRAGMENT 0x3fff  /* offset and "more" */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLB_PROBE_VIPS);
	__type(key, __u32);
	__type(value, struct xlb_probe_vip);
} probe_vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XLB_PROBE_FLOWS);
	__type(key, struct xlb_probe_key);
	__type(value, struct xlb_probe_host);
} probe_flows SEC(".maps");

/* BPF_F_IPV6 of Linux 6.16: the pseudo header is IPv6's. Older kernels refuse it. */
#define CSUM_IPV6 (1ull << 7)

struct packet {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u32 family;
	__u32 l4; /* offset of the TCP header */
};

/* ---- reading ------------------------------------------------------------------------------- */
static __always_inline _Bool read_v4(struct __sk_buff *skb, struct packet *p)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.ihl != 5 ||
	    ip.protocol != IPPROTO_TCP || ip.frag_off & bpf_htons(IP_FRAGMENT))
		return 0;
	p->src[0] = ip.saddr;
	p->dst[0] = ip.daddr;
	p->family = AF_INET;
	p->l4 = ETH_HLEN + sizeof(ip);
	return 1;
}

static __always_inline _Bool read_v6(struct __sk_buff *skb, struct packet *p)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_TCP)
		return 0;
	__builtin_memcpy(p->src, &ip.saddr, sizeof(p->src));
	__builtin_memcpy(p->dst, &ip.daddr, sizeof(p->dst));
	p->family = AF_INET6;
	p->l4 = ETH_HLEN + sizeof(ip);
	return 1;
}

/* A TCP packet with plain headers; *p is zero before. */
static __always_inline _Bool read_packet(struct __sk_buff *skb, struct packet *p)
{
	__be16 ports[2];

	if (!(skb->protocol == bpf_htons(ETH_P_IP)   ? read_v4(skb, p) :
	      skb->protocol == bpf_htons(ETH_P_IPV6) ? read_v6(skb, p) :
						       0))
		return 0;
	if (bpf_skb_load_bytes(skb, p->l4, ports, sizeof(ports)))
		return 0;
	p->sport = ports[0];
	p->dport = ports[1];
	return 1;
}

/* ---- exchanging ---------------------------------------------------------------------------- */
/* Sum of one's complement differences; what the checksum helpers take as `to` with size 0. */
static __always_inline __u32 address_diff(const __be32 from[4], const __be32 to[4])
{
	__u64 sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (__u64)(__u32)~from[i] + to[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

/* A checksum that hardware has made of the whole packet must not change with IPv6 addresses. */
static __always_inline int exchange_csum(struct __sk_buff *skb, __u32 at, __u32 diff,
					 const _Bool v6)
{
	if (v6 && !bpf_l4_csum_replace(skb, at, 0, diff, BPF_F_PSEUDO_HDR | CSUM_IPV6))
		return 0;
	return bpf_l4_csum_replace(skb, at, 0, diff, BPF_F_PSEUDO_HDR);
}

/*
 * `to` for the address and port at the given side of the packet. Nothing but an error can be done
 * by halves, and the packet is then to be dropped.
 */
static __always_inline int exchange(struct __sk_buff *skb, const struct packet *p,
				    const _Bool source, const __be32 to[4], __be16 to_port)
{
	const __be32 *from = source ? p->src : p->dst;
	__be16 from_port = source ? p->sport : p->dport;
	__u32 csum = p->l4 + offsetof(struct tcphdr, check);
	__u32 port = p->l4 + (source ? 0 : 2), diff = address_diff(from, to);
	_Bool v6 = p->family == AF_INET6;
	int err;

	err = exchange_csum(skb, csum, diff, v6);
	if (!err)
		err = bpf_l4_csum_replace(skb, csum, from_port, to_port, 2);
	if (!err)
		err = bpf_skb_store_bytes(skb, port, &to_port, sizeof(to_port), 0);
	if (!err && v6)
		return bpf_skb_store_bytes(skb, ETH_HLEN + (source ? 8 : 24), to, 16, 0);
	if (!err)
		err = bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), 0, diff,
					  0);
	return err ? err : bpf_skb_store_bytes(skb, ETH_HLEN + (source ? 12 : 16), to, 4, 0);
}

/* ---- the programs -------------------------------------------------------------------------- */
SEC("tc")
int probe_out(struct __sk_buff *skb)
{
	__u32 index = skb->mark - XLB_PROBE_MARK;
	const struct xlb_probe_vip *vip;
	struct xlb_probe_host host = {};
	struct xlb_probe_key key = {};
	struct packet p = {};

	if (index >= XLB_PROBE_VIPS)
		return GO_ON;
	vip = bpf_map_lookup_elem(&probe_vips, &index);
	if (!vip || !read_packet(skb, &p) || p.family != vip->family)
		return TC_ACT_SHOT; /* never to the host's own address: it would look healthy */
	__builtin_memcpy(key.vip, vip->addr, sizeof(key.vip));
	__builtin_memcpy(key.local, p.src, sizeof(key.local));
	key.vip_port = vip->port;
	key.local_port = p.sport;
	key.family = p.family;
	__builtin_memcpy(host.addr, p.dst, sizeof(host.addr));
	host.port = p.dport;
	if (bpf_skb_load_bytes(skb, 0, host.mac, sizeof(host.mac)) ||
	    bpf_map_update_elem(&probe_flows, &key, &host, BPF_ANY) ||
	    exchange(skb, &p, 0, key.vip, key.vip_port))
		return TC_ACT_SHOT;
	return GO_ON;
}

SEC("tc")
int probe_in(struct __sk_buff *skb)
{
	const struct xlb_probe_host *known;
	struct xlb_probe_host host;
	struct xlb_probe_key key = {};
	struct packet p = {};
	__u16 mac[3];

	if (!read_packet(skb, &p))
		return GO_ON;
	__builtin_memcpy(key.vip, p.src, sizeof(key.vip));
	__builtin_memcpy(key.local, p.dst, sizeof(key.local));
	key.vip_port = p.sport;
	key.local_port = p.dport;
	key.family = p.family;
	known = bpf_map_lookup_elem(&probe_flows, &key);
	if (!known)
		return GO_ON;
	host = *known; /* its slot may get another owner */
	if (bpf_skb_load_bytes(skb, ETH_ALEN, mac, sizeof(mac)) || mac[0] != host.mac[0] ||
	    mac[1] != host.mac[1] || mac[2] != host.mac[2] ||
	    exchange(skb, &p, 1, host.addr, host.port))
		return TC_ACT_SHOT;
	return GO_ON;
}

char _license[] SEC("license") = "Dual BSD/GPL";
