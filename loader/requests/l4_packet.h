/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A captured frame's addresses, ports and payload. Pure; nothing is copied.
 */
#ifndef XLB_REQUESTS_L4_PACKET_H
#define XLB_REQUESTS_L4_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define L4_TCP_FIN 0x01
#define L4_TCP_SYN 0x02
#define L4_TCP_RST 0x04

struct l4_packet {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	struct cfg_addr src, dst;
	uint16_t src_port, dst_port; /* host byte order */
	uint8_t tcp_flags;           /* UDP: 0 */
	uint32_t seq;                /* of the first byte of payload, or of SYN; UDP: 0 */
	const uint8_t *data;         /* payload, */
	size_t captured;             /* as far as it was captured, */
	size_t len;                  /* and as long as it was */
};

/*
 * An Ethernet frame of frame_len bytes, of which the first `captured` are at hand. Up to two VLAN
 * tags and IPv6's extension headers are stepped over. -EPROTONOSUPPORT: neither TCP nor UDP over
 * IP; -EBADMSG: headers that contradict themselves, or of which too little was captured; -EAGAIN: a
 * fragment.
 */
int l4_packet_parse(const uint8_t *frame, size_t captured, size_t frame_len, struct l4_packet *ret);

#endif
