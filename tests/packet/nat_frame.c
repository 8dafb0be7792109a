// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define FIRST_SIZE 24 /* bytes of the transport packet in a first fragment; a multiple of 8 */
#define FRAGMENT_ID 0x1234
#define TOO_BIG_L4 24 /* bytes that are quoted behind the IP header */

/* ---- checksums ----------------------------------------------------------------------------- */
static uint32_t sum(uint32_t start, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		start += i % 2 ? bytes[i] : bytes[i] << 8;
	return start;
}

static uint16_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons(~total & 0xffff);
}

static uint32_t pseudo_header(const struct nat_packet_spec *p, uint8_t proto, size_t size)
{
	size_t n = p->family == AF_INET6 ? 16 : 4;

	return sum(sum(proto + size, p->src.addr, n), p->dst.addr, n);
}

/* ---- transport ----------------------------------------------------------------------------- */
/* Header and payload, with the checksum at that offset left 0; returns the offset. */
static size_t put_transport(struct frame *f, const struct nat_packet_spec *p)
{
	if (p->proto == IPPROTO_TCP)
		frame_tcp(f, p->src.port, p->dst.port, p->tcp_flags);
	else
		frame_udp(f, p->src.port, p->dst.port, p->payload);
	frame_payload(f, p->payload);
	return p->proto == IPPROTO_TCP ? 16 : 6;
}

static void transport(const struct nat_packet_spec *p, struct frame *ret)
{
	size_t at;
	uint16_t csum;

	ret->size = 0;
	at = put_transport(ret, p);
	csum = fold(sum(pseudo_header(p, p->proto, ret->size), ret->data, ret->size));
	if (!csum && p->proto == IPPROTO_UDP)
		csum = 0xffff;
	if (!p->no_csum)
		memcpy(ret->data + at, &csum, sizeof(csum));
}

/* ---- network ------------------------------------------------------------------------------- */
static void put_ip(struct frame *f, const struct nat_packet_spec *p, uint8_t proto,
		   const uint8_t *body, size_t size)
{
	struct ip_fields ip = { .family = p->family, .proto = proto, .options = p->options };
	size_t at;

	memcpy(ip.src, p->src.addr, sizeof(ip.src));
	memcpy(ip.dst, p->dst.addr, sizeof(ip.dst));
	if (p->part && p->family == AF_INET6) {
		ip.proto = IPPROTO_FRAGMENT;
	} else if (p->part) {
		ip.id = FRAGMENT_ID;
		ip.more_fragments = p->part == FIRST_PART;
		ip.offset = p->part == LAST_PART ? FIRST_SIZE / 8 : 0;
	}
	at = frame_ip(f, &ip);
	if (p->part && p->family == AF_INET6)
		frame_fragment_header(f, proto, p->part == LAST_PART ? FIRST_SIZE / 8 : 0,
				      p->part == FIRST_PART, FRAGMENT_ID);
	memcpy(f->data + f->size, body, size);
	f->size += size;
	frame_ip_length(f, at, p->family, 0);
	if (p->family == AF_INET6) {
		((struct ip6_hdr *)(f->data + at))->ip6_hlim = p->ttl;
	} else {
		struct iphdr *h = (void *)(f->data + at);

		h->ttl = p->ttl;
		h->frag_off |= htons(p->df ? IP_DF : 0);
		h->check = fold(sum(0, h, h->ihl * 4u));
	}
}

static void put_packet(struct frame *f, const struct nat_packet_spec *p)
{
	struct frame body;
	size_t from = p->part == LAST_PART ? FIRST_SIZE : 0;

	transport(p, &body);
	put_ip(f, p, p->proto, body.data + from,
	       p->part == FIRST_PART ? FIRST_SIZE : body.size - from);
}

static void put_ethernet(struct frame *f, const struct nat_packet_spec *p)
{
	f->size = 0;
	frame_ethernet(f, p->dst_mac, p->src_mac, p->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
}

void nat_frame(const struct nat_packet_spec *p, struct frame *ret)
{
	put_ethernet(ret, p);
	put_packet(ret, p);
}

static void put_quote(struct frame *f, const struct nat_packet_spec *inner, uint16_t quoted)
{
	struct frame whole = { 0 };

	put_packet(&whole, inner);
	if (quoted > whole.size)
		quoted = whole.size;
	memcpy(f->data + f->size, whole.data, quoted);
	f->size += quoted;
}

/* The message gets its checksum, the packet its headers. */
static void put_message(const struct nat_packet_spec *outer, struct frame *icmp, struct frame *ret)
{
	const uint8_t proto = outer->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	uint32_t start = outer->family == AF_INET6 ? pseudo_header(outer, proto, icmp->size) : 0;
	uint16_t csum = fold(sum(start, icmp->data, icmp->size));

	memcpy(icmp->data + 2, &csum, sizeof(csum));
	put_ethernet(ret, outer);
	put_ip(ret, outer, proto, icmp->data, icmp->size);
}

void nat_error(const struct nat_packet_spec *outer, uint8_t type, uint8_t code,
	       const struct nat_packet_spec *inner, uint16_t quoted, struct frame *ret)
{
	struct frame icmp = { 0 };

	frame_icmp(&icmp, type, code);
	put_quote(&icmp, inner, quoted);
	put_message(outer, &icmp, ret);
}

/* Without what the packets of tests have in TOS, flow label and id. */
static void be_plain(struct frame *f, bool v6)
{
	struct iphdr *h = (void *)(f->data + ETH_HLEN);

	if (v6) {
		((struct ip6_hdr *)h)->ip6_flow = htonl(6u << 28);
		return;
	}
	h->tos = 0;
	h->id = 0;
	h->frag_off = 0;
	h->check = 0;
	h->check = fold(sum(0, h, sizeof(*h)));
}

void nat_too_big(const struct nat_packet_spec *outer, uint16_t mtu,
		 const struct nat_packet_spec *inner, struct frame *ret)
{
	const bool v6 = outer->family == AF_INET6;
	struct frame icmp = { 0 };
	uint16_t big = htons(mtu), csum;
	uint8_t *l4;

	frame_icmp(&icmp, v6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH, v6 ? 0 : ICMP_FRAG_NEEDED);
	memset(icmp.data + 4, 0, 4);
	memcpy(icmp.data + 6, &big, sizeof(big));
	put_quote(&icmp, inner, (v6 ? 40 : 20) + TOO_BIG_L4);
	l4 = icmp.data + icmp.size - TOO_BIG_L4;
	memset(l4 + (inner->proto == IPPROTO_TCP ? 16 : 6), 0, 2);
	csum = fold(sum(0, l4, TOO_BIG_L4 - 2));
	memcpy(l4 + TOO_BIG_L4 - 2, &csum, sizeof(csum));
	put_message(outer, &icmp, ret);
	be_plain(ret, v6);
}
