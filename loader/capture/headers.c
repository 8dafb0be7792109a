/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/headers.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define FRAGMENT_OFFSET 0x1fffu

static uint16_t u16_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void parse_ports(const uint8_t *at, size_t left, struct headers *h)
{
	if ((h->proto != IPPROTO_TCP && h->proto != IPPROTO_UDP) || left < 4)
		return;
	h->src_port = u16_at(at);
	h->dst_port = u16_at(at + 2);
}

/* What follows the IP packet in a frame is padding, and an aggregate's header may say 0. */
static void set_length(struct headers *h, size_t length, size_t on_wire)
{
	h->ip_length = length && length < on_wire ? length : on_wire;
}

static bool parse_v4(const uint8_t *ip, size_t captured, size_t on_wire, struct headers *h)
{
	size_t header;

	if (captured < IPV4_HEADER || ip[0] >> 4 != 4)
		return false;
	header = 4 * (size_t)(ip[0] & 15);
	set_length(h, u16_at(ip + 2), on_wire);
	h->proto = ip[9];
	h->src.family = h->dst.family = AF_INET;
	memcpy(&h->src.v4, ip + 12, 4);
	memcpy(&h->dst.v4, ip + 16, 4);
	if (header >= IPV4_HEADER && header <= captured && !(u16_at(ip + 6) & FRAGMENT_OFFSET))
		parse_ports(ip + header, captured - header, h);
	return true;
}

static bool parse_v6(const uint8_t *ip, size_t captured, size_t on_wire, struct headers *h)
{
	uint16_t payload;

	if (captured < IPV6_HEADER || ip[0] >> 4 != 6)
		return false;
	payload = u16_at(ip + 4);
	set_length(h, payload ? IPV6_HEADER + payload : 0, on_wire);
	h->proto = ip[6];
	h->src.family = h->dst.family = AF_INET6;
	memcpy(&h->src.v6, ip + 8, 16);
	memcpy(&h->dst.v6, ip + 24, 16);
	parse_ports(ip + IPV6_HEADER, captured - IPV6_HEADER, h);
	return true;
}

bool headers_parse(const uint8_t *frame, size_t captured, size_t frame_len, struct headers *ret)
{
	struct headers h = { .ip = ETHERNET_HEADER };
	size_t left, on_wire;
	bool ok = false;

	if (captured < ETHERNET_HEADER || frame_len < captured)
		return false;
	left = captured - ETHERNET_HEADER;
	on_wire = frame_len - ETHERNET_HEADER;
	switch (u16_at(frame + 12)) {
	case ETH_P_IP:
		ok = parse_v4(frame + ETHERNET_HEADER, left, on_wire, &h);
		break;
	case ETH_P_IPV6:
		ok = parse_v6(frame + ETHERNET_HEADER, left, on_wire, &h);
		break;
	}
	if (ok)
		*ret = h;
	return ok;
}
