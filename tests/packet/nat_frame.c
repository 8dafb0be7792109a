// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#define FIRST_SIZE 24 /* bytes of the transport packet in a first fragment; a multiple of 8 */
#define FRAGMENT_ID 0x1234

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

void nat_error(const struct nat_packet_spec *outer, uint8_t type, uint8_t code,
	       const struct nat_packet_spec *inner, uint16_t quoted, struct frame *ret)
{
	const uint8_t proto = outer->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	struct frame icmp = { 0 }, whole = { 0 };
	uint16_t csum;
	uint32_t start;

	put_packet(&whole, inner);
	frame_icmp(&icmp, type, code);
	memcpy(icmp.data + icmp.size, whole.data, quoted < whole.size ? quoted : whole.size);
	icmp.size += quoted < whole.size ? quoted : whole.size;
	start = outer->family == AF_INET6 ? pseudo_header(outer, proto, icmp.size) : 0;
	csum = fold(sum(start, icmp.data, icmp.size));
	memcpy(icmp.data + 2, &csum, sizeof(csum));
	put_ethernet(ret, outer);
	put_ip(ret, outer, proto, icmp.data, icmp.size);
}
