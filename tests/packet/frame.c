// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

/* ---- layers -------------------------------------------------------------------------------------
 */
static void *append(struct frame *f, size_t size)
{
	void *at = f->data + f->size;

	assert(f->size + size <= sizeof(f->data));
	memset(at, 0, size);
	f->size += size;
	return at;
}

void frame_ethernet(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	struct ethhdr *eth = append(f, sizeof(*eth));

	memcpy(eth->h_dest, dst, 6);
	memcpy(eth->h_source, src, 6);
	eth->h_proto = htons(type);
}

void frame_vlan(struct frame *f, uint16_t vid, uint16_t type)
{
	__be16 *tag = append(f, 4);

	tag[0] = htons(vid);
	tag[1] = htons(type);
}

static size_t frame_ipv4(struct frame *f, const struct ip_fields *ip)
{
	size_t at = f->size;
	struct iphdr *h = append(f, sizeof(*h));
	uint8_t *options = append(f, ip->options * 4u);

	memset(options, IPOPT_NOP, ip->options * 4u);
	h->version = ip->version ? ip->version : 4;
	h->ihl = ip->ihl ? ip->ihl : 5 + ip->options;
	h->tos = 0x28;
	h->ttl = 57;
	h->id = htons(ip->id);
	h->frag_off = htons(ip->offset | (ip->more_fragments ? IP_MF : 0));
	h->protocol = ip->proto;
	h->saddr = ip->src[0];
	h->daddr = ip->dst[0];
	return at;
}

static size_t frame_ipv6(struct frame *f, const struct ip_fields *ip)
{
	size_t at = f->size;
	struct ip6_hdr *h = append(f, sizeof(*h));

	h->ip6_flow = htonl(0x02812345);
	h->ip6_vfc = (ip->version ? ip->version : 6) << 4 | 2;
	h->ip6_hlim = 57;
	h->ip6_nxt = ip->proto;
	memcpy(&h->ip6_src, ip->src, 16);
	memcpy(&h->ip6_dst, ip->dst, 16);
	return at;
}

size_t frame_ip(struct frame *f, const struct ip_fields *ip)
{
	return ip->family == AF_INET6 ? frame_ipv6(f, ip) : frame_ipv4(f, ip);
}

void frame_ip_length(struct frame *f, size_t header, int family, int delta)
{
	size_t follows = f->size - header;

	if (family == AF_INET6) {
		struct ip6_hdr *h = (void *)(f->data + header);

		h->ip6_plen = htons(follows - sizeof(*h) + delta);
	} else {
		struct iphdr *h = (void *)(f->data + header);

		h->tot_len = htons(follows + delta);
	}
}

void frame_extension(struct frame *f, uint8_t next)
{
	struct ip6_ext *e = append(f, 8);

	e->ip6e_nxt = next;
	e->ip6e_len = 0;
	((uint8_t *)e)[2] = IP6OPT_PADN;
	((uint8_t *)e)[3] = 4;
}

void frame_fragment_header(struct frame *f, uint8_t next, uint16_t offset, bool more, uint32_t id)
{
	struct ip6_frag *h = append(f, sizeof(*h));

	h->ip6f_nxt = next;
	h->ip6f_offlg = htons(offset << 3 | more);
	h->ip6f_ident = htonl(id);
}

void frame_tcp(struct frame *f, uint16_t src, uint16_t dst, uint8_t flags)
{
	struct tcphdr *h = append(f, sizeof(*h));

	h->source = htons(src);
	h->dest = htons(dst);
	h->seq = htonl(0x01020304);
	h->ack_seq = htonl(0x05060708);
	h->doff = 5;
	h->th_flags = flags;
	h->window = htons(64240);
}

void frame_udp(struct frame *f, uint16_t src, uint16_t dst, uint16_t payload)
{
	struct udphdr *h = append(f, sizeof(*h));

	h->source = htons(src);
	h->dest = htons(dst);
	h->len = htons(sizeof(*h) + payload);
}

void frame_icmp(struct frame *f, uint8_t type, uint8_t code)
{
	uint8_t *h = append(f, 8);

	h[0] = type;
	h[1] = code;
	h[7] = 42;
}

void frame_payload(struct frame *f, size_t size)
{
	uint8_t *data = append(f, size);

	for (size_t i = 0; i < size; i++)
		data[i] = i * 7 + 1;
}

/* ---- addresses ----------------------------------------------------------------------------------
 */
static void address(uint32_t v4_net, uint16_t v6_net, uint32_t n, int family, __be32 ret[4])
{
	memset(ret, 0, 16);
	if (family == AF_INET6) {
		ret[0] = htonl(0x20010db8);
		ret[1] = htonl(v6_net << 16);
		ret[3] = htonl(n);
	} else {
		ret[0] = htonl(v4_net + n);
	}
}

void client_address(uint32_t n, int family, __be32 ret[4])
{
	address(0x0a000000, 0xc, n, family, ret);
}

void vip_address(uint32_t n, int family, __be32 ret[4])
{
	address(0xc0000200, 1, n, family, ret);
}

static void router_address(int family, __be32 ret[4])
{
	address(0xcb007100, 0xf, 1, family, ret);
}

void host_mac(uint32_t slot, uint8_t ret[6])
{
	const uint8_t mac[6] = { 0x02, 0xb0, 0, 0, slot >> 8, slot };

	memcpy(ret, mac, 6);
}

void egress_mac(uint32_t ifindex, uint8_t ret[6])
{
	const uint8_t mac[6] = { 0x02, 0xe0, 0, 0, ifindex >> 8, ifindex };

	memcpy(ret, mac, 6);
}

/* ---- whole packets ------------------------------------------------------------------------------
 */
uint16_t packet_client_port(const struct packet *p)
{
	return p->client_port ? p->client_port : DEFAULT_CLIENT_PORT;
}

uint16_t packet_port(const struct packet *p)
{
	if (p->port_zero)
		return 0;
	return p->port ? p->port : DEFAULT_PORT;
}

static uint16_t fragment_offset(enum fragment_part part)
{
	switch (part) {
	case FRAGMENT_MIDDLE:
		return 185;
	case FRAGMENT_LAST:
		return 370;
	default:
		return 0;
	}
}

static bool more_follow(enum fragment_part part)
{
	return part == FRAGMENT_FIRST || part == FRAGMENT_MIDDLE;
}

/* IP header and, in IPv6, all extension headers. Returns the IP header's offset. */
static size_t put_ip(struct frame *f, struct ip_fields *ip, enum fragment_part part, uint32_t id,
		     uint8_t options)
{
	static const uint8_t kinds[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS };
	uint8_t transport = ip->proto, next;
	size_t at;

	if (ip->family == AF_INET) {
		ip->options = options;
		ip->id = id;
		ip->offset = fragment_offset(part);
		ip->more_fragments = more_follow(part);
		return frame_ip(f, ip);
	}
	next = part ? IPPROTO_FRAGMENT : transport;
	ip->proto = options ? kinds[0] : next;
	at = frame_ip(f, ip);
	for (int i = 1; i <= options; i++)
		frame_extension(f, i == options ? next : i < 3 ? kinds[i] : IPPROTO_DSTOPTS);
	if (part == FRAGMENT_TWICE)
		frame_fragment_header(f, IPPROTO_FRAGMENT, 0, true, id);
	if (part)
		frame_fragment_header(f, transport, fragment_offset(part), more_follow(part), id);
	return at;
}

static void put_transport(struct frame *f, uint8_t proto, uint16_t src, uint16_t dst, uint8_t flags,
			  size_t payload)
{
	if (proto == IPPROTO_TCP)
		frame_tcp(f, src, dst, flags);
	else if (proto == IPPROTO_UDP)
		frame_udp(f, src, dst, payload);
	frame_payload(f, payload);
}

/* An ICMP error's body: the packet that the host sent to the client from the VIP. */
static void put_inner(struct frame *f, const struct packet *p, int family)
{
	const uint8_t proto = p->inner_proto ? p->inner_proto : p->proto;
	struct ip_fields ip = { .family = family, .proto = proto };
	size_t at;

	vip_address(p->inner_not_ours ? p->vip + 1 : p->vip, family, ip.src);
	client_address(p->client, family, ip.dst);
	at = put_ip(f, &ip, p->inner_fragment, p->fragment_id, p->inner_options);
	put_transport(f, proto, packet_port(p), packet_client_port(p), TH_ACK, 0);
	frame_ip_length(f, at, family, 1400);
}

static uint8_t error_type(const struct packet *p, int family)
{
	if (p->icmp_type)
		return p->icmp_type;
	return family == AF_INET6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH;
}

static void put_body(struct frame *f, const struct packet *p, int family)
{
	const bool v6 = family == AF_INET6;

	switch (p->kind) {
	case PACKET_ECHO:
		frame_icmp(f, v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO, 0);
		break;
	case PACKET_ERROR:
		frame_icmp(f, error_type(p, family), v6 ? 0 : ICMP_FRAG_NEEDED);
		put_inner(f, p, family);
		break;
	case PACKET_OTHER:
		frame_payload(f, 16);
		break;
	default:
		if (p->fragment == FRAGMENT_MIDDLE || p->fragment == FRAGMENT_LAST)
			frame_payload(f, p->payload + 32);
		else
			put_transport(f, p->proto, packet_client_port(p), packet_port(p),
				      p->tcp_flags, p->payload);
	}
}

static uint8_t ip_proto(const struct packet *p, int family)
{
	switch (p->kind) {
	case PACKET_ECHO:
	case PACKET_ERROR:
		return family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	case PACKET_OTHER:
		return IPPROTO_GRE;
	default:
		return p->proto;
	}
}

static void put_packet(struct frame *f, const struct packet *p, int family)
{
	struct ip_fields ip = {
		.family = family, .proto = ip_proto(p, family), .version = p->version, .ihl = p->ihl
	};
	size_t at;

	if (p->kind == PACKET_ERROR)
		router_address(family, ip.src);
	else
		client_address(p->client, family, ip.src);
	vip_address(p->vip, family, ip.dst);
	at = put_ip(f, &ip, p->fragment, p->fragment_id, p->options);
	if (!p->headers_only)
		put_body(f, p, family);
	frame_ip_length(f, at, family, p->length_delta);
}

void frame_build(const struct packet *p, int family, struct frame *ret)
{
	uint8_t to[6] = { 0x02, 0x1b, 0, 0, 0, 1 };
	uint8_t from[6] = { 0x02, 0xa0, 0, 0, 0, 1 };
	uint16_t type = family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP;

	ret->size = 0;
	if (p->kind == PACKET_ARP)
		type = ETH_P_ARP;
	if (p->from_host)
		host_mac(p->from_host, from);
	if (p->to_host)
		host_mac(p->to_host, to);
	frame_ethernet(ret, to, from,
		       p->vlans > 1 ? ETH_P_8021AD :
		       p->vlans     ? ETH_P_8021Q :
				      type);
	for (int i = p->vlans; i > 0; i--)
		frame_vlan(ret, 100 + i, i > 1 ? ETH_P_8021Q : type);
	if (p->kind == PACKET_ARP)
		frame_payload(ret, 28);
	else
		put_packet(ret, p, family);
	frame_payload(ret, p->padding);
	assert(p->cut <= ret->size);
	ret->size -= p->cut;
}

uint32_t frame_ip_bytes(const struct frame *f)
{
	const struct ethhdr *eth = (const void *)f->data;
	const struct iphdr *v4 = (const void *)(eth + 1);
	const struct ip6_hdr *v6 = (const void *)(eth + 1);

	switch (ntohs(eth->h_proto)) {
	case ETH_P_IP:
		return ntohs(v4->tot_len);
	case ETH_P_IPV6:
		return sizeof(*v6) + ntohs(v6->ip6_plen);
	default:
		return 0;
	}
}
