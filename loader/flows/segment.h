/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What is seen of a connection of direct server return: packets of the client's that begin or end
 * it. */
#ifndef XLB_FLOWS_SEGMENT_H
#define XLB_FLOWS_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct flow_segment {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	const char *service;
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	struct cfg_addr client, vip;
	uint16_t client_port, port; /* host byte order */
	bool syn, fin, rst;         /* of TCP */
	uint32_t seq;               /* of the first byte, or of SYN */
	size_t len;                 /* payload */
	struct cfg_addr host;       /* where it was sent */
	uint32_t in_ifindex, out_ifindex;
};

/*
 * Bytes of the stream that a segment with FIN or RST ends, which a SYN with the number `isn` has
 * begun. Sequence numbers count SYN as one and are modulo 2^32 (RFC 9293, 3.4): so is the result.
 */
uint32_t flow_octets(uint32_t isn, const struct flow_segment *end);

#endif
