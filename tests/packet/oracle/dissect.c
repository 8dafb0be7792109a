// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "dissect.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define MOST_EXTENSIONS 6

uint16_t read_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

bool icmp_type_is_error(int family, uint8_t type)
{
	if (family == AF_INET6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 11 || type == 12;
}

static enum frame_kind dissect_v4(const uint8_t *data, size_t size, size_t l3, bool quoted,
				  struct dissected *d)
{
	const uint8_t *h = data + l3;
	size_t there = size - l3, header;

	if (there < 20 || h[0] >> 4 != 4)
		return KIND_BAD_HEADER;
	header = (h[0] & 15) * 4;
	d->bytes = read_be16(h + 2);
	if (header < 20 || d->bytes < header || header > there || (!quoted && d->bytes > there))
		return KIND_BAD_HEADER;
	d->ttl = h[8];
	d->proto = h[9];
	memcpy(d->src, h + 12, 4);
	memcpy(d->dst, h + 16, 4);
	d->frag_id = read_be16(h + 4);
	d->fragment = read_be16(h + 6) & 0x3fff;
	d->first = !(read_be16(h + 6) & 0x1fff);
	d->extended = header > 20;
	d->l4 = l3 + header;
	return KIND_IP;
}

static bool is_extension(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_FRAGMENT;
}

/* One extension header at d->l4. A packet has no business with two fragment headers. */
static enum frame_kind walk_extension(const uint8_t *data, size_t end, bool *fragmented,
				      struct dissected *d)
{
	const uint8_t *h = data + d->l4;
	uint16_t where;

	if (d->l4 + 8 > end)
		return KIND_BAD_HEADER;
	if (d->proto != IPPROTO_FRAGMENT) {
		d->l4 += (h[1] + 1) * 8;
		d->extensions++;
		d->proto = h[0];
		return d->l4 > end ? KIND_BAD_HEADER : KIND_IP;
	}
	if (*fragmented)
		return KIND_BAD_HEADER;
	*fragmented = true;
	where = read_be16(h + 2);
	d->fragment = where & 0xfff9;
	d->extensions += !d->fragment;
	d->first = !(where & 0xfff8);
	memcpy(&d->frag_id, h + 4, 4);
	d->proto = h[0];
	d->l4 += 8;
	return KIND_IP;
}

static enum frame_kind dissect_v6(const uint8_t *data, size_t size, size_t l3, bool quoted,
				  struct dissected *d)
{
	const uint8_t *h = data + l3;
	size_t there = size - l3, end;
	bool fragmented = false;

	if (there < 40 || h[0] >> 4 != 6)
		return KIND_BAD_HEADER;
	d->bytes = 40 + read_be16(h + 4);
	if (!quoted && d->bytes > there)
		return KIND_BAD_HEADER;
	end = !quoted && d->bytes < there ? l3 + d->bytes : size;
	d->ttl = h[7];
	d->proto = h[6];
	memcpy(d->src, h + 8, 16);
	memcpy(d->dst, h + 24, 16);
	d->first = true;
	d->l4 = l3 + 40;
	for (int i = 0; d->first && is_extension(d->proto); i++) {
		enum frame_kind kind;

		if (i == MOST_EXTENSIONS)
			return KIND_EXT_HEADERS;
		kind = walk_extension(data, end, &fragmented, d);
		if (kind != KIND_IP)
			return kind;
	}
	d->extended = d->extensions > 0;
	return KIND_IP;
}

enum frame_kind dissect_ip(const uint8_t *data, size_t size, size_t l3, int family, bool quoted,
			   struct dissected *ret)
{
	enum frame_kind kind;

	memset(ret, 0, sizeof(*ret));
	if (l3 > size)
		return KIND_BAD_HEADER;
	ret->family = family;
	ret->l3 = l3;
	kind = family == AF_INET6 ? dissect_v6(data, size, l3, quoted, ret) :
				    dissect_v4(data, size, l3, quoted, ret);
	ret->end = l3 + ret->bytes < size ? l3 + ret->bytes : size;
	return kind;
}

enum frame_kind dissect_frame(const uint8_t *data, size_t size, struct dissected *ret)
{
	memset(ret, 0, sizeof(*ret));
	switch (read_be16(data + 12)) {
	case ETH_P_IP:
		return dissect_ip(data, size, ETH_HLEN, AF_INET, false, ret);
	case ETH_P_IPV6:
		return dissect_ip(data, size, ETH_HLEN, AF_INET6, false, ret);
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return KIND_VLAN;
	default:
		return KIND_NOT_IP;
	}
}
