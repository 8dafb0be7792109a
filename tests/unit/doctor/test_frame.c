/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Frames that are asked with, byte by byte where a standard says so, and what frames say. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/frame.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, host_mac[6] = { 2, 0, 0, 0, 0, 2 };
static uint8_t buf[FRAME_SIZE];

static struct cfg_addr addr(const char *text)
{
	struct cfg_addr a = { .family = AF_INET };

	if (inet_pton(AF_INET, text, &a.v4) != 1) {
		a.family = AF_INET6;
		cr_assert_eq(inet_pton(AF_INET6, text, &a.v6), 1);
	}
	return a;
}

static struct frame_path path(const char *from, const char *to)
{
	struct frame_path p = { .src = addr(from), .dst = addr(to) };

	memcpy(p.src_mac, mac, 6);
	memcpy(p.dst_mac, host_mac, 6);
	return p;
}

/* RFC 1071: with its checksum in place, what it is over sums to all ones. */
static uint16_t sum(uint32_t start, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		start += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

static void check_sum(size_t len, uint8_t proto)
{
	bool v4 = buf[12] == 0x08;
	size_t head = v4 ? 20 : 40, addresses = v4 ? 8 : 32, payload = len - FRAME_ETH_LEN - head;
	const uint8_t *ip = buf + FRAME_ETH_LEN;
	uint32_t pseudo = 0;

	if (v4)
		cr_expect_eq(sum(0, ip, head), 0xffff, "IPv4 header");
	if (proto != IPPROTO_ICMP)
		pseudo = sum(proto + (uint32_t)payload, ip + head - addresses, addresses);
	cr_expect_eq(sum(pseudo, ip + head, payload), 0xffff, "payload");
}

Test(frame, arp_probe)
{
	/* RFC 5227, 1.1: sender's address 0, target's MAC 0. */
	static const uint8_t want[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,
					1,    8,    6,    0,    1,    8,    0, 6, 4, 0, 1,
					2,    0,    0,    0,    0,    1,    0, 0, 0, 0, 0,
					0,    0,    0,    0,    0,    192,  0, 2, 1 };
	const struct cfg_addr target = addr("192.0.2.1");

	cr_assert_eq(frame_who_has(buf, mac, &target), sizeof(want));
	cr_expect_arr_eq(buf, want, sizeof(want));
}

Test(frame, neighbour_probe)
{
	const struct cfg_addr target = addr("2001:db8::12:3456");
	const struct cfg_addr group = addr("ff02::1:ff12:3456"), none = addr("::");
	static const uint8_t group_mac[6] = { 0x33, 0x33, 0xff, 0x12, 0x34, 0x56 };
	size_t len = frame_who_has(buf, mac, &target);

	cr_assert_eq(len, FRAME_ETH_LEN + 40 + 24);
	cr_expect_arr_eq(buf, group_mac, 6);
	cr_expect_eq(buf[14 + 7], 255, "hop limit, RFC 4861, 7.1.1");
	cr_expect_arr_eq(buf + 14 + 8, &none.v6, 16);
	cr_expect_arr_eq(buf + 14 + 24, &group.v6, 16);
	cr_expect_eq(buf[54], 135);
	cr_expect_arr_eq(buf + 62, &target.v6, 16);
	check_sum(len, IPPROTO_ICMPV6);
}

Test(frame, echo)
{
	const struct frame_path v4 = path("192.0.2.1", "192.0.2.2");
	const struct frame_path v6 = path("2001:db8::1", "2001:db8::2");
	struct frame_facts facts;
	size_t len = frame_echo(buf, &v4, 0x1234, 0x5678, 1500);

	cr_assert_eq(len, FRAME_ETH_LEN + 1500);
	cr_expect_eq(buf[20] & 0x40, 0x40, "don't fragment");
	check_sum(len, IPPROTO_ICMP);
	cr_expect_not(frame_parse(buf, len, &facts), "a request is no answer");
	buf[34] = 0; /* echo reply */
	cr_assert(frame_parse(buf, len, &facts));
	cr_expect_eq(facts.kind, FRAME_ECHO_REPLY);
	cr_expect_eq(facts.id, 0x1234);
	cr_expect_eq(facts.seq, 0x5678);
	cr_expect_not(facts.fragment);
	cr_expect_arr_eq(facts.mac, mac, 6);
	cr_expect_eq(facts.addr.v4.s_addr, v4.src.v4.s_addr);
	buf[20] = 0x20;
	cr_assert(frame_parse(buf, len, &facts));
	cr_expect(facts.fragment);
	buf[21] = 1;
	cr_expect_not(frame_parse(buf, len, &facts), "a later fragment");

	len = frame_echo(buf, &v6, 1, 2, 64);
	cr_assert_eq(len, FRAME_ETH_LEN + 64);
	check_sum(len, IPPROTO_ICMPV6);
	buf[54] = 129;
	cr_assert(frame_parse(buf, len, &facts));
	cr_expect_eq(facts.kind, FRAME_ECHO_REPLY);
	cr_expect_eq(facts.seq, 2);
}

Test(frame, tcp)
{
	static const struct frame_tcp syn = { 61000, 443, 7, 0, FRAME_TCP_SYN };
	const struct frame_path paths[] = { path("192.0.2.1", "192.0.2.2"),
					    path("2001:db8::1", "2001:db8::2") };
	struct frame_facts facts;

	for (size_t i = 0; i < 2; i++) {
		size_t len = frame_tcp(buf, &paths[i], &syn);

		check_sum(len, IPPROTO_TCP);
		cr_assert(frame_parse(buf, len, &facts));
		cr_expect_eq(facts.kind, FRAME_TCP);
		cr_expect_eq(facts.tcp.src_port, 61000);
		cr_expect_eq(facts.tcp.dst_port, 443);
		cr_expect_eq(facts.tcp.seq, 7);
		cr_expect_eq(facts.tcp.flags, FRAME_TCP_SYN);
	}
}

Test(frame, claims)
{
	const struct cfg_addr target = addr("192.0.2.1");
	struct frame_facts facts;
	size_t len = frame_who_has(buf, mac, &target);

	buf[21] = 2; /* a reply by host_mac, from 192.0.2.1 */
	memcpy(buf + 22, host_mac, 6);
	memcpy(buf + 28, &target.v4, 4);
	cr_assert(frame_parse(buf, len, &facts));
	cr_expect_eq(facts.kind, FRAME_CLAIM);
	cr_expect_not(facts.request);
	cr_expect_arr_eq(facts.mac, host_mac, 6);
	cr_expect_eq(facts.addr.v4.s_addr, target.v4.s_addr);
}

/* Whatever the wire brings, cut anywhere. */
Test(frame, anything)
{
	const struct frame_path paths[] = { path("192.0.2.1", "192.0.2.2"),
					    path("2001:db8::1", "2001:db8::2") };
	static const struct frame_tcp syn = { 1, 2, 3, 4, FRAME_TCP_SYN };
	struct frame_facts facts;

	srandom(1);
	for (unsigned n = 0; n < 100000; n++) {
		size_t len = n % 3 ? frame_tcp(buf, &paths[n % 2], &syn) :
				     frame_who_has(buf, mac, &paths[n % 2].dst);
		size_t cut = (size_t)random() % (len + 1);
		uint8_t *copy = malloc(cut ? cut : 1);

		cr_assert_not_null(copy);
		for (unsigned i = 0; i < 3; i++)
			buf[(size_t)random() % len] = (uint8_t)random();
		memcpy(copy, buf, cut);
		frame_parse(copy, cut, &facts);
		free(copy);
	}
}
