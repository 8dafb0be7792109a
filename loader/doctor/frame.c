/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>

struct arp_body {
	struct arphdr head;
	uint8_t src_mac[6];
	uint8_t src[4];
	uint8_t dst_mac[6];
	uint8_t dst[4];
} __attribute__((packed));

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static size_t put_eth(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	struct ethhdr eth = { .h_proto = htons(type) };

	memcpy(eth.h_dest, dst, 6);
	memcpy(eth.h_source, src, 6);
	memcpy(buf, &eth, sizeof(eth));
	return sizeof(eth);
}

/* ---- checksums, RFC 1071 ------------------------------------------------------------------- */
static uint32_t sum(uint32_t start, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		start += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (len % 2)
		start += (uint32_t)(p[len - 1] << 8);
	return start;
}

static uint16_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((uint16_t)~total);
}

static uint32_t pseudo_sum(const struct frame_path *path, uint8_t proto, size_t len)
{
	size_t n = path->src.family == AF_INET ? 4 : 16;
	uint32_t total = proto + (uint32_t)len;

	total = sum(total, &path->src.v6, n);
	return sum(total, &path->dst.v6, n);
}

/* ---- IP ------------------------------------------------------------------------------------ */
static size_t put_ip4(uint8_t *buf, const struct frame_path *path, uint8_t proto, size_t ip_len)
{
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .tot_len = htons((uint16_t)ip_len),
			    .frag_off = htons(IP_DF),
			    .ttl = 64,
			    .protocol = proto,
			    .saddr = path->src.v4.s_addr,
			    .daddr = path->dst.v4.s_addr };

	ip.check = fold(sum(0, &ip, sizeof(ip)));
	memcpy(buf, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t put_ip6(uint8_t *buf, const struct frame_path *path, uint8_t proto, size_t ip_len)
{
	struct ip6_hdr ip = { .ip6_flow = htonl(6u << 28),
			      .ip6_plen = htons((uint16_t)(ip_len - sizeof(struct ip6_hdr))),
			      .ip6_nxt = proto,
			      .ip6_hlim = 255,
			      .ip6_src = path->src.v6,
			      .ip6_dst = path->dst.v6 };

	memcpy(buf, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t ip_header_len(sa_family_t family)
{
	return family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
}

/* Ethernet and IP; where the payload goes. */
static size_t put_headers(uint8_t *buf, const struct frame_path *path, uint8_t proto, size_t ip_len)
{
	bool v4 = path->src.family == AF_INET;
	size_t at = put_eth(buf, path->dst_mac, path->src_mac, v4 ? ETH_P_IP : ETH_P_IPV6);

	return at + (v4 ? put_ip4 : put_ip6)(buf + at, path, proto, ip_len);
}

/* ---- questions ----------------------------------------------------------------------------- */
static size_t arp_probe(uint8_t *buf, const uint8_t mac[6], const struct in_addr *addr)
{
	struct arp_body arp = { .head = { .ar_hrd = htons(ARPHRD_ETHER),
					  .ar_pro = htons(ETH_P_IP),
					  .ar_hln = 6,
					  .ar_pln = 4,
					  .ar_op = htons(ARPOP_REQUEST) } };
	size_t at = put_eth(buf, broadcast, mac, ETH_P_ARP);

	memcpy(arp.src_mac, mac, 6);
	memcpy(arp.dst, addr, 4);
	memcpy(buf + at, &arp, sizeof(arp));
	return at + sizeof(arp);
}

static size_t neighbour_probe(uint8_t *buf, const uint8_t mac[6], const struct in6_addr *addr)
{
	struct frame_path path = { .src.family = AF_INET6, .dst.family = AF_INET6 };
	struct nd_neighbor_solicit ns = { .nd_ns_type = ND_NEIGHBOR_SOLICIT,
					  .nd_ns_target = *addr };
	size_t at;

	memcpy(path.src_mac, mac, 6);
	inet_pton(AF_INET6, "ff02::1:ff00:0", &path.dst.v6);
	memcpy(&path.dst.v6.s6_addr[13], &addr->s6_addr[13], 3);
	path.dst_mac[0] = path.dst_mac[1] = 0x33;
	memcpy(&path.dst_mac[2], &path.dst.v6.s6_addr[12], 4);
	at = put_headers(buf, &path, IPPROTO_ICMPV6, sizeof(struct ip6_hdr) + sizeof(ns));
	ns.nd_ns_cksum = fold(sum(pseudo_sum(&path, IPPROTO_ICMPV6, sizeof(ns)), &ns, sizeof(ns)));
	memcpy(buf + at, &ns, sizeof(ns));
	return at + sizeof(ns);
}

size_t frame_who_has(uint8_t *buf, const uint8_t mac[6], const struct cfg_addr *addr)
{
	if (addr->family == AF_INET)
		return arp_probe(buf, mac, &addr->v4);
	return neighbour_probe(buf, mac, &addr->v6);
}

/* Type, code, checksum, id and sequence number lie in the same places in ICMP and ICMPv6. */
size_t frame_echo(uint8_t *buf, const struct frame_path *path, uint16_t id, uint16_t seq,
		  size_t ip_len)
{
	bool v4 = path->src.family == AF_INET;
	uint8_t proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	size_t len = ip_len - ip_header_len(path->src.family);
	size_t at = put_headers(buf, path, proto, ip_len);
	struct icmphdr echo = { .type = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST };

	echo.un.echo.id = htons(id);
	echo.un.echo.sequence = htons(seq);
	memset(buf + at, 0, len);
	echo.checksum = fold(sum(v4 ? 0 : pseudo_sum(path, proto, len), &echo, sizeof(echo)));
	memcpy(buf + at, &echo, sizeof(echo));
	return at + len;
}

size_t frame_tcp(uint8_t *buf, const struct frame_path *path, const struct frame_tcp *tcp)
{
	struct tcphdr header = { .th_sport = htons(tcp->src_port),
				 .th_dport = htons(tcp->dst_port),
				 .th_seq = htonl(tcp->seq),
				 .th_ack = htonl(tcp->ack),
				 .th_off = sizeof(struct tcphdr) / 4,
				 .th_flags = tcp->flags,
				 .th_win = htons(1024) };
	size_t len = sizeof(header);
	size_t at = put_headers(buf, path, IPPROTO_TCP, ip_header_len(path->src.family) + len);

	header.th_sum = fold(sum(pseudo_sum(path, IPPROTO_TCP, len), &header, len));
	memcpy(buf + at, &header, len);
	return at + len;
}

/* ---- answers ------------------------------------------------------------------------------- */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool take(struct cursor *c, void *ret, size_t len)
{
	if (c->left < len)
		return false;
	memcpy(ret, c->at, len);
	c->at += len;
	c->left -= len;
	return true;
}

static bool parse_arp(struct cursor *c, struct frame_facts *f)
{
	struct arp_body arp;

	if (!take(c, &arp, sizeof(arp)) || arp.head.ar_pro != htons(ETH_P_IP) ||
	    arp.head.ar_hln != 6 || arp.head.ar_pln != 4)
		return false;
	f->kind = FRAME_CLAIM;
	f->request = arp.head.ar_op == htons(ARPOP_REQUEST);
	memcpy(f->mac, arp.src_mac, 6);
	f->addr.family = AF_INET;
	memcpy(&f->addr.v4, arp.src, 4);
	return true;
}

static bool parse_advert(struct cursor *c, struct frame_facts *f)
{
	struct nd_neighbor_advert na;

	if (!take(c, &na, sizeof(na)))
		return false;
	f->kind = FRAME_CLAIM;
	f->addr.v6 = na.nd_na_target;
	return true;
}

static bool parse_icmp(struct cursor *c, struct frame_facts *f)
{
	struct cursor again = *c;
	struct icmphdr icmp;
	bool v4 = f->addr.family == AF_INET;

	if (!take(c, &icmp, sizeof(icmp)))
		return false;
	if (!v4 && icmp.type == ND_NEIGHBOR_ADVERT)
		return parse_advert(&again, f);
	if (icmp.type != (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return false;
	f->kind = FRAME_ECHO_REPLY;
	f->id = ntohs(icmp.un.echo.id);
	f->seq = ntohs(icmp.un.echo.sequence);
	return true;
}

static bool parse_tcp(struct cursor *c, struct frame_facts *f)
{
	struct tcphdr tcp;

	if (!take(c, &tcp, sizeof(tcp)))
		return false;
	f->kind = FRAME_TCP;
	f->tcp = (struct frame_tcp){ .src_port = ntohs(tcp.th_sport),
				     .dst_port = ntohs(tcp.th_dport),
				     .seq = ntohl(tcp.th_seq),
				     .ack = ntohl(tcp.th_ack),
				     .flags = tcp.th_flags };
	return true;
}

static bool parse_ip4(struct cursor *c, struct frame_facts *f)
{
	struct iphdr ip;
	uint8_t options[40];

	if (!take(c, &ip, sizeof(ip)) || ip.ihl < 5 || !take(c, options, ip.ihl * 4u - sizeof(ip)))
		return false;
	f->addr.family = AF_INET;
	f->addr.v4.s_addr = ip.saddr;
	if (ip.frag_off & htons(IP_OFFMASK))
		return false;
	f->fragment = ip.frag_off & htons(IP_MF);
	if (ip.protocol == IPPROTO_ICMP)
		return parse_icmp(c, f);
	return ip.protocol == IPPROTO_TCP && parse_tcp(c, f);
}

static bool parse_ip6(struct cursor *c, struct frame_facts *f)
{
	struct ip6_hdr ip;

	if (!take(c, &ip, sizeof(ip)))
		return false;
	f->addr.family = AF_INET6;
	f->addr.v6 = ip.ip6_src;
	if (ip.ip6_nxt == IPPROTO_ICMPV6)
		return parse_icmp(c, f);
	return ip.ip6_nxt == IPPROTO_TCP && parse_tcp(c, f);
}

static bool parse_payload(uint16_t type, struct cursor *c, struct frame_facts *f)
{
	switch (type) {
	case ETH_P_ARP:
		return parse_arp(c, f);
	case ETH_P_IP:
		return parse_ip4(c, f);
	case ETH_P_IPV6:
		return parse_ip6(c, f);
	default:
		return false;
	}
}

bool frame_parse(const uint8_t *frame, size_t len, struct frame_facts *ret)
{
	struct cursor c = { frame, len };
	struct ethhdr eth;

	*ret = (struct frame_facts){ 0 };
	if (!take(&c, &eth, sizeof(eth)))
		return false;
	memcpy(ret->mac, eth.h_source, 6);
	if (!parse_payload(ntohs(eth.h_proto), &c, ret))
		ret->kind = FRAME_OTHER;
	return ret->kind != FRAME_OTHER;
}
