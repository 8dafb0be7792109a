// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What the parser makes of frames: what is not for a service or not well-formed goes to the local
 * stack as it came.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rows.h"

const struct row rows_parse[] = {
	{ "plain packet", .to = A },
	{ "packet with payload", .packet.payload = 1400, .to = A },
	{ "SYN", .packet = { .proto = IPPROTO_TCP, .tcp_flags = TH_SYN }, .to = A,
	  .session = true },
	{ "SYN-ACK begins nothing",
	  .packet = { .proto = IPPROTO_TCP, .tcp_flags = TH_SYN | TH_ACK }, .to = A },
	{ "SYN with ECN's flags", .packet = { .proto = IPPROTO_TCP, .tcp_flags = TH_SYN | 0xc0 },
	  .to = A, .session = true },

	/* nobody's */
	{ "ARP", .family = AF_INET, .packet.kind = PACKET_ARP, .reasons = R(NOT_IP) },
	{ "802.1Q", .packet.vlans = 1, .reasons = R(VLAN) },
	{ "802.1ad", .packet.vlans = 2, .reasons = R(VLAN) },
	{ "other address", .packet.vip = 9, .reasons = R(NO_SERVICE) },
	{ "other port", .packet.port = 444, .reasons = R(NO_SERVICE) },
	{ "port 0", .packet.client_port = 1, .packet.port = 65535, .reasons = R(NO_SERVICE) },
	{ "protocol without ports", .packet.kind = PACKET_OTHER, .reasons = R(NO_SERVICE) },

	/* IP header */
	{ "wrong IP version", .packet.version = 5, .reasons = R(BAD_HEADER) },
	{ "the other family's version", .family = AF_INET, .packet.version = 6,
	  .reasons = R(BAD_HEADER) },
	{ "the other family's version, IPv6", .family = AF_INET6, .packet.version = 4,
	  .reasons = R(BAD_HEADER) },
	{ "IHL below 5", .family = AF_INET, .packet.ihl = 4, .reasons = R(BAD_HEADER) },
	{ "IHL 0", .family = AF_INET, .packet = { .ihl = 16 }, .reasons = R(BAD_HEADER) },
	{ "IHL beyond the packet", .family = AF_INET, .packet = { .ihl = 15, .proto = IPPROTO_TCP },
	  .reasons = R(BAD_HEADER) },
	{ "length beyond the frame", .packet.length_delta = 1, .reasons = R(BAD_HEADER) },
	{ "length far beyond the frame", .packet.length_delta = 30000, .reasons = R(BAD_HEADER) },
	{ "length below the IP header", .family = AF_INET,
	  .packet = { .proto = IPPROTO_UDP, .length_delta = -9 }, .reasons = R(BAD_HEADER) },
	{ "length 0", .family = AF_INET, .packet = { .proto = IPPROTO_UDP, .length_delta = -28 },
	  .reasons = R(BAD_HEADER) },
	{ "frame padded as Ethernet does", .packet.padding = 18, .to = A },
	{ "payload beyond the length is padding", .packet = { .payload = 20, .length_delta = -20 },
	  .to = A },

	/* transport header */
	{ "TCP header cut by the frame",
	  .packet = { .proto = IPPROTO_TCP, .cut = 1, .length_delta = -1 }, .reasons = R(BAD_L4) },
	{ "UDP header cut by the frame",
	  .packet = { .proto = IPPROTO_UDP, .cut = 1, .length_delta = -1 }, .reasons = R(BAD_L4) },
	{ "TCP header cut by the length, padding behind it",
	  .packet = { .proto = IPPROTO_TCP, .length_delta = -1, .padding = 18 },
	  .reasons = R(BAD_L4) },
	{ "UDP header cut by the length, padding behind it",
	  .packet = { .proto = IPPROTO_UDP, .length_delta = -1, .padding = 18 },
	  .reasons = R(BAD_L4) },
	{ "no transport header, padding instead", .packet = { .headers_only = true, .padding = 40 },
	  .reasons = R(BAD_L4) },
	{ "no transport header", .packet.headers_only = true, .reasons = R(BAD_L4) },

	/* IPv4 options, IPv6 extension headers */
	{ "one option", .packet.options = 1, .to = A, .reasons = R(IP_OPTIONS) },
	{ "several options", .packet = { .options = 6, .payload = 100 }, .to = A,
	  .reasons = R(IP_OPTIONS) },
	{ "all options that fit", .family = AF_INET, .packet.options = 10, .to = A,
	  .reasons = R(IP_OPTIONS) },
	{ "SYN with options", .packet = { .proto = IPPROTO_TCP, .tcp_flags = TH_SYN, .options = 2 },
	  .to = A, .session = true, .reasons = R(IP_OPTIONS) },
	{ "options, padding", .packet = { .options = 2, .padding = 10 }, .to = A,
	  .reasons = R(IP_OPTIONS) },
	{ "options, other port", .packet = { .options = 2, .port = 444 },
	  .reasons = R(NO_SERVICE) },
	{ "options, other protocol", .packet = { .kind = PACKET_OTHER, .options = 2 },
	  .reasons = R(NO_SERVICE) },
	{ "options, length beyond the frame", .packet = { .options = 2, .length_delta = 1 },
	  .reasons = R(BAD_HEADER) },
	{ "options, length below them", .family = AF_INET,
	  .packet = { .options = 2, .proto = IPPROTO_UDP, .length_delta = -9 },
	  .reasons = R(BAD_HEADER) },
	{ "options, transport header cut by the length",
	  .packet = { .options = 2, .length_delta = -1, .padding = 18 }, .reasons = R(BAD_L4) },
	{ "options, no transport header", .packet = { .options = 2, .headers_only = true },
	  .reasons = R(BAD_L4) },
	{ "extension headers past the bound", .family = AF_INET6, .packet.options = 7,
	  .reasons = R(EXT_HEADERS) },
	{ "extension header cut by the frame", .family = AF_INET6,
	  .packet = { .options = 2, .headers_only = true, .cut = 1, .length_delta = -1 },
	  .reasons = R(BAD_HEADER) },
	{ "extension header cut by the length, padding behind it", .family = AF_INET6,
	  .packet = { .options = 2, .proto = IPPROTO_UDP, .length_delta = -9, .padding = 9 },
	  .reasons = R(BAD_HEADER) },
	{ "extension headers past the bound, the last one a later fragment's", .family = AF_INET6,
	  .packet = { .options = 6, .fragment = FRAGMENT_LAST }, .reasons = R(EXT_HEADERS) },
	{ "two fragment headers", .family = AF_INET6, .packet.fragment = FRAGMENT_TWICE,
	  .reasons = R(BAD_HEADER) },
	{ "fragment header of an unfragmented packet", .family = AF_INET6,
	  .packet.fragment = FRAGMENT_ATOMIC, .to = A, .reasons = R(IP_OPTIONS) },
	{}
};
