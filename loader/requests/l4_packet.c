/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/l4_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#define MAX_TAGS 2
#define VLAN_SIZE 4
#define MAX_EXTENSIONS 8

/* What is left of the frame: captured bytes, and all of it. */
struct cursor {
	const uint8_t *at;
	size_t captured;
	size_t len;
};

static int step(struct cursor *c, size_t n)
{
	if (n > c->captured)
		return -EBADMSG;
	c->at += n;
	c->captured -= n;
	c->len -= n;
	return 0;
}

static int read_header(struct cursor *c, void *header, size_t size)
{
	const uint8_t *at = c->at;
	int r = step(c, size);

	if (r == 0)
		memcpy(header, at, size);
	return r;
}

/* Frames are padded: what the IP header says of the length counts, if it says anything (BIG TCP has
 * 0 there). `n`: after this header. */
static int shorten(struct cursor *c, size_t n, bool known)
{
	if (!known)
		return 0;
	if (n > c->len)
		return -EBADMSG;
	c->len = n;
	if (c->captured > n)
		c->captured = n;
	return 0;
}

static int parse_ethernet(struct cursor *c, uint16_t *ret_proto)
{
	struct ethhdr eth;
	uint16_t tag[VLAN_SIZE / 2];
	int r = read_header(c, &eth, sizeof(eth));

	*ret_proto = ntohs(eth.h_proto);
	for (unsigned i = 0; r == 0 && i < MAX_TAGS; i++) {
		if (*ret_proto != ETH_P_8021Q && *ret_proto != ETH_P_8021AD)
			break;
		r = read_header(c, tag, sizeof(tag));
		if (r == 0)
			*ret_proto = ntohs(tag[1]);
	}
	return r;
}

static int parse_ipv4(struct cursor *c, struct l4_packet *ret)
{
	struct iphdr ip;
	size_t header, total;
	int r = read_header(c, &ip, sizeof(ip));

	if (r)
		return r;
	header = 4u * ip.ihl;
	total = ntohs(ip.tot_len);
	if (ip.version != 4 || header < sizeof(ip) || (total && total < header))
		return -EBADMSG;
	if (ntohs(ip.frag_off) & (IP_MF | IP_OFFMASK))
		return -EAGAIN;
	r = step(c, header - sizeof(ip));
	ret->proto = ip.protocol;
	ret->src = (struct cfg_addr){ .family = AF_INET, .v4.s_addr = ip.saddr };
	ret->dst = (struct cfg_addr){ .family = AF_INET, .v4.s_addr = ip.daddr };
	return r ? r : shorten(c, total - header, total != 0);
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS;
}

static int skip_extensions(struct cursor *c, uint8_t *next)
{
	struct ip6_ext extension;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < MAX_EXTENSIONS && is_extension(*next); i++) {
		r = read_header(c, &extension, sizeof(extension));
		if (r)
			break;
		*next = extension.ip6e_nxt;
		r = step(c, 8u * extension.ip6e_len + 8 - sizeof(extension));
	}
	return r ? r : *next == IPPROTO_FRAGMENT ? -EAGAIN : 0;
}

static int parse_ipv6(struct cursor *c, struct l4_packet *ret)
{
	struct ip6_hdr ip;
	size_t len;
	int r = read_header(c, &ip, sizeof(ip));

	if (r)
		return r;
	if (ip.ip6_vfc >> 4 != 6)
		return -EBADMSG;
	len = ntohs(ip.ip6_plen);
	r = shorten(c, len, len != 0);
	if (r)
		return r;
	ret->proto = ip.ip6_nxt;
	ret->src = (struct cfg_addr){ .family = AF_INET6, .v6 = ip.ip6_src };
	ret->dst = (struct cfg_addr){ .family = AF_INET6, .v6 = ip.ip6_dst };
	return skip_extensions(c, &ret->proto);
}

static int parse_tcp(struct cursor *c, struct l4_packet *ret)
{
	struct tcphdr tcp;
	int r = read_header(c, &tcp, sizeof(tcp));

	if (r)
		return r;
	if (4u * tcp.doff < sizeof(tcp))
		return -EBADMSG;
	ret->src_port = ntohs(tcp.source);
	ret->dst_port = ntohs(tcp.dest);
	ret->seq = ntohl(tcp.seq);
	ret->tcp_flags = tcp.th_flags;
	return step(c, 4u * tcp.doff - sizeof(tcp));
}

static int parse_udp(struct cursor *c, struct l4_packet *ret)
{
	struct udphdr udp;
	int r = read_header(c, &udp, sizeof(udp));

	if (r)
		return r;
	ret->src_port = ntohs(udp.source);
	ret->dst_port = ntohs(udp.dest);
	ret->tcp_flags = 0;
	ret->seq = 0;
	return ntohs(udp.len) < sizeof(udp) ? -EBADMSG :
					      shorten(c, ntohs(udp.len) - sizeof(udp), true);
}

int l4_packet_parse(const uint8_t *frame, size_t captured, size_t frame_len, struct l4_packet *ret)
{
	struct cursor c = { frame, captured, frame_len };
	struct l4_packet packet = { 0 };
	uint16_t proto = 0;
	int r = captured > frame_len ? -EBADMSG : parse_ethernet(&c, &proto);

	if (r)
		return r;
	if (proto != ETH_P_IP && proto != ETH_P_IPV6)
		return -EPROTONOSUPPORT;
	r = proto == ETH_P_IP ? parse_ipv4(&c, &packet) : parse_ipv6(&c, &packet);
	if (r)
		return r;
	if (packet.proto != IPPROTO_TCP && packet.proto != IPPROTO_UDP)
		return -EPROTONOSUPPORT;
	r = packet.proto == IPPROTO_TCP ? parse_tcp(&c, &packet) : parse_udp(&c, &packet);
	if (r)
		return r;
	packet.data = c.at;
	packet.captured = c.captured;
	packet.len = c.len;
	*ret = packet;
	return 0;
}
