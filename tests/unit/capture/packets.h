/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets to be written down. */
#ifndef XLB_TESTS_CAPTURE_PACKETS_H
#define XLB_TESTS_CAPTURE_PACKETS_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "capture/packet.h"

#define UNUSED __attribute__((unused))

/* A SYN of 203.0.113.9 port 50000 to 192.168.0.2 port 443, with Ethernet's padding. */
UNUSED static const uint8_t syn4[60] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 2,  2, 0, 0, 0, 0, 1,  0x08, 0x00,
	0x45, 0, 0, 40,  0, 1, 0x40, 0,  64, 6, 0, 0,  203, 0, 113, 9,  192, 168, 0, 2,
	0xc3, 0x50, 0x01, 0xbb,  0, 0, 0, 1,  0, 0, 0, 0,  0x50, 0x02, 0xff, 0xff,  0, 0, 0, 0,
	/* clang-format on */
};

/* The same to 192.168.1.3 port 8443, from 192.168.1.2 port 1024. */
UNUSED static const uint8_t nat4[60] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 3,  2, 0, 0, 0, 0, 2,  0x08, 0x00,
	0x45, 0, 0, 40,  0, 1, 0x40, 0,  63, 6, 0, 0,  192, 168, 1, 2,  192, 168, 1, 3,
	0x04, 0x00, 0x20, 0xfb,  0, 0, 0, 1,  0, 0, 0, 0,  0x50, 0x02, 0xff, 0xff,  0, 0, 0, 0,
	/* clang-format on */
};

/* UDP of 2001:db8:cafe::10 port 50000 to 2001:db8::2 port 53, with 4 bytes. */
UNUSED static const uint8_t udp6[66] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 2,  2, 0, 0, 0, 0, 1,  0x86, 0xdd,
	0x60, 0, 0, 0,  0, 12, 17, 64,
	0x20, 0x01, 0x0d, 0xb8, 0xca, 0xfe, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0x10,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 2,
	0xc3, 0x50, 0, 53,  0, 12, 0, 0,  1, 2, 3, 4,
	/* clang-format on */
};

UNUSED static const uint8_t arp[60] = { [12] = 0x08, [13] = 0x06 };
UNUSED static const uint8_t tagged[64] = { [12] = 0x81, [13] = 0x00, [15] = 5, [16] = 0x08 };

/* Sent to a host by DSR, by rule 3, the service's second. */
UNUSED static struct trace_event make_event(const uint8_t *frame, size_t len)
{
	struct trace_event e = {
		.wants = XLB_TRACE_CAPTURE,
		.hook = XLB_HOOK_XDP,
		.verdict = XLB_TRACED_FORWARD,
		.reason = -1,
		.service = "https_forwarder",
		.service_id = 1,
		.proto = IPPROTO_TCP,
		.host_name = "kube3",
		.host = { .family = AF_INET },
		.ifindex = 4,
		.egress = 5,
		.frame_len = (uint32_t)len,
		.is_new = true,
		.before = frame,
		.before_len = len,
	};

	inet_pton(AF_INET, "192.168.1.3", &e.host.v4);
	return e;
}

UNUSED static struct capture_packet make_packet(const struct trace_event *e)
{
	return (struct capture_packet){
		.event = e,
		.time_ns = 1700000000123456789,
		.id = 7,
		.in = "em1",
		.out = e->verdict == XLB_TRACED_FORWARD ? "em0" : "",
		.rule = 3,
		.sub_rule = 1,
	};
}

#endif
