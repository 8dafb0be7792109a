/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Frames and what they carry; none is read beyond its end. */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>

static uint8_t frame[2048];
static struct l4_packet packet;

static size_t ipv6_frame(uint8_t next, const void *between, size_t between_len)
{
	size_t at = put_ethernet(frame, ETH_P_IPV6);
	struct ip6_hdr ip = { 0 };

	ip.ip6_vfc = 6 << 4; /* unions: not both in an initializer */
	ip.ip6_nxt = next;
	ip.ip6_plen = htons((uint16_t)(between_len + sizeof(struct tcphdr) + 5));
	inet_pton(AF_INET6, "2001:db8::a", &ip.ip6_src);
	inet_pton(AF_INET6, "2001:db8::b", &ip.ip6_dst);
	at = put(frame, at, &ip, sizeof(ip));
	if (between_len)
		at = put(frame, at, between, between_len);
	at = put_tcp(frame, at, 4711, 77, ACK);
	return put(frame, at, "hello", 5);
}

static void expect_hello(size_t n)
{
	cr_assert_eq(l4_packet_parse(frame, n, n, &packet), 0);
	cr_expect_eq(packet.src_port, 4711);
	cr_expect_eq(packet.dst_port, 80);
	cr_expect_eq(packet.seq, 77);
	cr_expect_eq(packet.len, 5);
	cr_expect_eq(packet.captured, 5);
	cr_expect_eq(memcmp(packet.data, "hello", 5), 0);
}

Test(l4_packet, ipv4)
{
	expect_hello(tcp_frame(frame, 4711, 77, ACK, "hello", 5));
	cr_expect_eq(packet.src.family, AF_INET);
	cr_expect_eq(packet.src.v4.s_addr, inet_addr("203.0.113.10"));
	cr_expect_eq(packet.tcp_flags, ACK);
}

Test(l4_packet, padding_is_no_payload)
{
	size_t n = tcp_frame(frame, 4711, 77, ACK, "hello", 5);

	memset(frame + n, 0, 20);
	expect_hello(n + 20);
}

/* Aggregates beyond 64 KiB have no length in their IP header. */
Test(l4_packet, without_a_length)
{
	size_t n = tcp_frame(frame, 4711, 77, ACK, "hello", 5);

	memset(frame + ETH_HLEN + 2, 0, 2);
	expect_hello(n);
	cr_assert_eq(l4_packet_parse(frame, n, n + 100000, &packet), 0);
	cr_expect_eq(packet.len, 100005);
	cr_expect_eq(packet.captured, 5);
}

Test(l4_packet, ipv6)
{
	expect_hello(ipv6_frame(IPPROTO_TCP, NULL, 0));
	cr_expect_eq(packet.src.family, AF_INET6);
	cr_expect_eq(packet.src.v6.s6_addr[15], 0xa);
}

Test(l4_packet, ipv6_extensions)
{
	static const uint8_t extensions[] = { IPPROTO_DSTOPTS,
					      0,
					      1,
					      4,
					      0,
					      0,
					      0,
					      0,
					      IPPROTO_TCP,
					      1,
					      1,
					      12,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0,
					      0 };

	expect_hello(ipv6_frame(IPPROTO_HOPOPTS, extensions, sizeof(extensions)));
}

Test(l4_packet, vlans)
{
	size_t n = tcp_frame(frame, 4711, 77, ACK, "hello", 5);
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2 };

	memmove(frame + 12 + sizeof(tags), frame + 12, n - 12);
	memcpy(frame + 12, tags, sizeof(tags));
	expect_hello(n + sizeof(tags));
}

Test(l4_packet, udp)
{
	struct udphdr udp = { .source = htons(4711), .dest = htons(443), .len = htons(8 + 5) };
	size_t at = put_ethernet(frame, ETH_P_IP);

	at = put_ipv4(frame, at, IPPROTO_UDP, 8 + 5 + 3);
	at = put(frame, at, &udp, sizeof(udp));
	at = put(frame, at, "hello...", 8);
	cr_assert_eq(l4_packet_parse(frame, at, at, &packet), 0);
	cr_expect_eq(packet.proto, IPPROTO_UDP);
	cr_expect_eq(packet.len, 5);
}

Test(l4_packet, others)
{
	static const uint8_t fragment[] = { IPPROTO_TCP, 0, 0, 1, 0, 0, 0, 0 };
	size_t n = tcp_frame(frame, 4711, 77, ACK, "hello", 5);

	frame[ETH_HLEN + 6] = 0x20; /* more fragments */
	cr_expect_eq(l4_packet_parse(frame, n, n, &packet), -EAGAIN);
	n = ipv6_frame(IPPROTO_FRAGMENT, fragment, sizeof(fragment));
	cr_expect_eq(l4_packet_parse(frame, n, n, &packet), -EAGAIN);
	n = ipv6_frame(IPPROTO_ICMPV6, NULL, 0);
	cr_expect_eq(l4_packet_parse(frame, n, n, &packet), -EPROTONOSUPPORT);
	n = put_ethernet(frame, ETH_P_ARP);
	cr_expect_eq(l4_packet_parse(frame, n, n, &packet), -EPROTONOSUPPORT);
}

/* Each on the heap, so that AddressSanitizer sees the end. */
static int parse_copy(size_t captured, size_t len)
{
	uint8_t *copy = malloc(captured ? captured : 1);
	int r;

	cr_assert_not_null(copy);
	memcpy(copy, frame, captured);
	r = l4_packet_parse(copy, captured, len, &packet);
	if (r == 0)
		cr_expect_leq(packet.captured, packet.len);
	free(copy);
	return r;
}

Test(l4_packet, cut_anywhere)
{
	size_t n = tcp_frame(frame, 4711, 77, ACK, "hello", 5);

	for (size_t at = 0; at < n; at++) {
		cr_expect_eq(parse_copy(at, n), at < TCP_HEADERS ? -EBADMSG : 0, "at %zu", at);
		cr_expect_eq(parse_copy(at, at), -EBADMSG, "at %zu", at);
	}
	cr_expect_eq(parse_copy(n, n - 1), -EBADMSG, "more than there was");
}

Test(l4_packet, lengths_that_lie)
{
	static const struct {
		size_t at;
		uint8_t value;
	} lies[] = { { ETH_HLEN, 0x44 },     { ETH_HLEN, 0x4f },  { ETH_HLEN, 0x65 },
		     { ETH_HLEN + 2, 0xff }, { ETH_HLEN + 3, 1 }, { ETH_HLEN + 32, 0x40 },
		     { ETH_HLEN + 32, 0xf0 } };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		size_t n = tcp_frame(frame, 4711, 77, ACK, "hello", 5);

		frame[lies[i].at] = lies[i].value;
		cr_expect_eq(parse_copy(n, n), -EBADMSG, "lie %zu", i);
	}
}
