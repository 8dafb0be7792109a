/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets with every checksum computed, for tests of NAT: a translated packet has to be, byte for
 * byte, what this builds from the translated fields.
 */
#ifndef XLB_TESTS_NAT_FRAME_H
#define XLB_TESTS_NAT_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

struct nat_end {
	__be32 addr[4]; /* IPv4 in word 0 */
	uint16_t port;	/* host byte order */
};

enum nat_part { WHOLE, FIRST_PART, LAST_PART };

struct nat_packet_spec {
	int family;
	uint8_t proto;
	struct nat_end src, dst;
	uint8_t ttl;
	uint8_t tcp_flags;
	uint16_t payload;
	bool no_csum; /* UDP over IPv4 */
	enum nat_part part; /* of two */
	uint8_t options; /* IPv4, words */
	bool df; /* IPv4: don't fragment */
	uint8_t dst_mac[6], src_mac[6];
};

void nat_frame(const struct nat_packet_spec *p, struct frame *ret);

/* An ICMP error that quotes the first `quoted` bytes of the IP packet inner. */
void nat_error(const struct nat_packet_spec *outer, uint8_t type, uint8_t code,
	       const struct nat_packet_spec *inner, uint16_t quoted, struct frame *ret);

/*
 * What the sender of `inner` is told of a smaller MTU: a quote of 24 bytes behind the IP header, whose
 * checksum is 0 and whose last two bytes make the sum of these 24 0.
 */
void nat_too_big(const struct nat_packet_spec *outer, uint16_t mtu,
		 const struct nat_packet_spec *inner, struct frame *ret);

#endif
