/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a frame is, for the oracles: RFC 791, RFC 8200 and the reasons' texts read once more, apart
 * from the programs under test. Nothing of bpf/ is used here.
 */
#ifndef XLB_TESTS_DISSECT_H
#define XLB_TESTS_DISSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

enum frame_kind {
	KIND_IP,
	KIND_NOT_IP,
	KIND_VLAN,
	KIND_BAD_HEADER,  /* malformed, cut short, or longer than the frame */
	KIND_EXT_HEADERS, /* more extension headers than anybody walks */
};

struct dissected {
	int family;
	__be32 src[4]; /* IPv4 in word 0, the rest 0 */
	__be32 dst[4];
	size_t l3, l4;  /* offsets from the frame's start */
	size_t end;     /* where the IP packet ends; padding may follow */
	uint32_t bytes; /* of the IP packet */
	uint32_t frag_id;
	uint8_t proto;
	uint8_t ttl;
	unsigned extensions; /* IPv6 headers walked but a real fragment header */
	bool extended;       /* IPv4 options, or `extensions` */
	bool fragment;       /* a part of a packet … */
	bool first;          /* … its first one; true for whole packets */
};

enum frame_kind dissect_frame(const uint8_t *data, size_t size, struct dissected *ret);

/*
 * The IP packet at offset l3, of which no more than `size - l3` bytes are there. A quoted one (in
 * an ICMP error) may be cut anywhere behind its headers.
 */
enum frame_kind dissect_ip(const uint8_t *data, size_t size, size_t l3, int family, bool quoted,
			   struct dissected *ret);

/* Is that ICMP type an error message (RFC 792, RFC 4443)? */
bool icmp_type_is_error(int family, uint8_t type);

uint16_t read_be16(const uint8_t *p);

#endif
