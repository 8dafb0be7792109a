/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a frame's headers say, as far as they have been captured. */
#ifndef XLB_CAPTURE_HEADERS_H
#define XLB_CAPTURE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define ETHERNET_HEADER 14

struct headers {
	size_t ip;        /* offset of the IP header in the frame */
	size_t ip_length; /* the whole IP packet's on the wire; more than was captured, perhaps */
	struct cfg_addr src;
	struct cfg_addr dst;
	uint8_t proto;     /* of IPv6 what the fixed header says: extension headers are not read */
	uint16_t src_port; /* host byte order; 0: no TCP or UDP header here */
	uint16_t dst_port;
};

/* frame_len: on the wire. false: neither IPv4 nor IPv6 right behind the Ethernet header, or cut off
 * before the addresses. */
bool headers_parse(const uint8_t *frame, size_t captured, size_t frame_len, struct headers *ret);

#endif
