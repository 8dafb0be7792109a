/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The questions that doctor asks on a segment, as Ethernet frames, and what frames say in answer.
 * Pure. Buffers have FRAME_SIZE bytes; builders return the frame's length.
 */
#ifndef XLB_DOCTOR_FRAME_H
#define XLB_DOCTOR_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define FRAME_SIZE 16384
#define FRAME_ETH_LEN 14

struct frame_path {
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
	struct cfg_addr src;
	struct cfg_addr dst; /* of the same family */
};

/*
 * Who has the address? In the form that asks for duplicates: the sender has no address yet, so
 * nobody's cache learns from it. ARP: RFC 5227, 1.1; NDP: RFC 4862, 5.4.2.
 */
size_t frame_who_has(uint8_t *buf, const uint8_t mac[6], const struct cfg_addr *addr);

/* An echo request whose IP packet has ip_len bytes (at least 64, at most what the buffer holds).
 * IPv4 forbids fragments. */
size_t frame_echo(uint8_t *buf, const struct frame_path *path, uint16_t id, uint16_t seq,
		  size_t ip_len);

#define FRAME_TCP_SYN 0x02
#define FRAME_TCP_RST 0x04
#define FRAME_TCP_ACK 0x10

struct frame_tcp {
	uint16_t src_port; /* host byte order, as all of this */
	uint16_t dst_port;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
};

size_t frame_tcp(uint8_t *buf, const struct frame_path *path, const struct frame_tcp *tcp);

enum frame_kind {
	FRAME_OTHER,
	FRAME_CLAIM, /* somebody says that the address is at a MAC: any ARP, a neighbour's
			advertisement */
	FRAME_ECHO_REPLY,
	FRAME_TCP,
};

struct frame_facts {
	enum frame_kind kind;
	uint8_t mac[6];       /* the sender's */
	struct cfg_addr addr; /* the sender's; with FRAME_CLAIM: what is claimed */
	bool request;         /* FRAME_CLAIM by an ARP request */
	bool fragment;        /* the first of several; IPv4 */
	uint16_t id, seq;     /* FRAME_ECHO_REPLY */
	struct frame_tcp tcp; /* FRAME_TCP */
};

/* What a frame says; false, and FRAME_OTHER: nothing that is of interest. */
bool frame_parse(const uint8_t *frame, size_t len, struct frame_facts *ret);

#endif
