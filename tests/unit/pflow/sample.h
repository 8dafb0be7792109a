/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Records and times that the tests share, and bytes as text. */
#ifndef XLB_TESTS_UNIT_PFLOW_SAMPLE_H
#define XLB_TESTS_UNIT_PFLOW_SAMPLE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pflow/record.h"

static inline struct cfg_addr sample_addr(const char *text)
{
	struct cfg_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(a.family, text, &a.v6), 1);
	return a;
}

/* 1,000.5 s after the machine came up it is 1,600,000,000.000000007 s after 1970. */
static const struct pflow_clock sample_now = { .monotonic_ns = 1000500000000,
					       .real_ns = 1600000000000000007 };

/* A connection of 10 s that ended half a second ago. */
static inline struct pflow_record sample4(enum pflow_kind kind)
{
	return (struct pflow_record){
		.kind = kind,
		.proto = IPPROTO_TCP,
		.src = sample_addr("203.0.113.9"),
		.dst = sample_addr("192.168.0.2"),
		.src_port = 50000,
		.dst_port = 443,
		.in_ifindex = 7,
		.out_ifindex = 8,
		.packets = 12,
		.octets = 3400,
		.start_ns = 990000000000,
		.end_ns = 1000000000000,
		.host = sample_addr("192.168.1.4"),
		.nat_src = sample_addr("192.168.1.2"),
		.nat_dst = sample_addr("192.168.1.4"),
		.nat_src_port = 1024,
		.nat_dst_port = 6443,
	};
}

static inline struct pflow_record sample6(enum pflow_kind kind)
{
	struct pflow_record r = sample4(kind);

	r.src = sample_addr("2001:db8:cafe::9");
	r.dst = sample_addr("2001:db8::2");
	r.host = r.nat_dst = sample_addr("2001:db8:1::4");
	r.nat_src = sample_addr("2001:db8:1::2");
	return r;
}

/* Lower-case hex digits; `expected` may have blanks anywhere. */
static inline void expect_bytes(const char *what, const uint8_t *data, size_t size,
				const char *expected)
{
	char text[2 * 2048 + 1] = "", wanted[2 * 2048 + 1];
	size_t n = 0;

	cr_assert_leq(size, 2048);
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	for (; *expected; expected++)
		if (*expected != ' ')
			wanted[n++] = *expected;
	wanted[n] = '\0';
	cr_expect_str_eq(text, wanted, "%s:\n%s\n%s", what, text, wanted);
}

#endif
