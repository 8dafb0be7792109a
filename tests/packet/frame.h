/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Frames for tests, built layer by layer: each function appends one header. frame_build() puts the
 * layers together for a packet that is described without its address family.
 *
 * Checksums are not computed: the program under test neither reads nor writes them.
 */
#ifndef XLB_TESTS_FRAME_H
#define XLB_TESTS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#define FRAME_SIZE 2048

struct frame {
	size_t size;
	uint8_t data[FRAME_SIZE];
};

/* ---- layers: ports, ids and lengths in host byte order ------------------------------------------
 */
void frame_ethernet(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t type);
void frame_vlan(struct frame *f, uint16_t vid, uint16_t type);

struct ip_fields {
	int family;
	__be32 src[4]; /* IPv4 in word 0 */
	__be32 dst[4];
	uint8_t proto;
	uint8_t version; /* 0: the family's */
	uint8_t ihl;     /* IPv4, in words; 0: as the options need it */
	uint8_t options; /* IPv4, in words; see frame_extension() for IPv6 */
	uint16_t id;
	uint16_t offset; /* of a fragment, in units of 8 bytes */
	bool more_fragments;
};

/* Returns the header's offset, for frame_ip_length(). */
size_t frame_ip(struct frame *f, const struct ip_fields *ip);

/* Sets the length field to what follows the header until the frame's end, plus delta. */
void frame_ip_length(struct frame *f, size_t header, int family, int delta);

/* IPv6 extension header of 8 bytes (hop-by-hop, routing, destination options). */
void frame_extension(struct frame *f, uint8_t next);
void frame_fragment_header(struct frame *f, uint8_t next, uint16_t offset, bool more, uint32_t id);

void frame_tcp(struct frame *f, uint16_t src, uint16_t dst, uint8_t flags);
void frame_udp(struct frame *f, uint16_t src, uint16_t dst, uint16_t payload);
void frame_icmp(struct frame *f, uint8_t type, uint8_t code);
void frame_payload(struct frame *f, size_t size);

/* ---- whole packets ------------------------------------------------------------------------------
 */
enum packet_kind {
	PACKET_TRANSPORT, /* TCP or UDP from a client to a VIP */
	PACKET_ECHO,      /* ping to the VIP */
	PACKET_ERROR,     /* ICMP error about a packet that the VIP sent to the client */
	PACKET_ARP,
	PACKET_OTHER, /* a protocol without ports (GRE) */
};

enum fragment_part {
	NOT_FRAGMENTED,
	FRAGMENT_FIRST,
	FRAGMENT_MIDDLE,
	FRAGMENT_LAST,
	FRAGMENT_ATOMIC,
	FRAGMENT_TWICE /* IPv6: two fragment headers */
};

struct packet {
	enum packet_kind kind;
	uint32_t client; /* number of the address */
	uint32_t vip;
	uint16_t client_port; /* 0: DEFAULT_CLIENT_PORT */
	uint16_t port;        /* 0: DEFAULT_PORT */
	bool port_zero;       /* the port really is 0 */
	uint8_t proto;        /* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t tcp_flags;    /* FIN ... of <netinet/tcp.h> */
	uint16_t payload;     /* bytes */
	uint8_t from_host;    /* source MAC: this host slot's; 0: a router's */
	uint8_t to_host;      /* destination MAC: this host slot's; 0: ours */

	uint8_t options; /* IPv4: words; IPv6: extension headers */
	uint8_t vlans;
	enum fragment_part fragment;
	uint32_t fragment_id;

	uint8_t icmp_type;   /* PACKET_ERROR; 0: destination unreachable, packet too big */
	bool inner_not_ours; /* the packet inside is from elsewhere than the VIP */
	enum fragment_part inner_fragment;
	uint8_t inner_options;
	uint8_t inner_proto; /* 0: proto */

	/* what is wrong with it */
	uint8_t version;
	uint8_t ihl;
	uint8_t padding;      /* bytes after the IP packet */
	int16_t length_delta; /* of the length field */
	bool headers_only;    /* ends after the IP header(s) */
	uint16_t cut;         /* frame bytes off the end */
};

#define DEFAULT_CLIENT_PORT 40000
#define DEFAULT_PORT 443

void frame_build(const struct packet *p, int family, struct frame *ret);

/* IPv4 10.0.0.0 + n, IPv6 2001:db8:c::n; word 0 is IPv4's. */
void client_address(uint32_t n, int family, __be32 ret[4]);
/* IPv4 192.0.2.0 + n, IPv6 2001:db8:1::n. */
void vip_address(uint32_t n, int family, __be32 ret[4]);

void host_mac(uint32_t slot, uint8_t ret[6]);
void egress_mac(uint32_t ifindex, uint8_t ret[6]);

uint16_t packet_client_port(const struct packet *p);
uint16_t packet_port(const struct packet *p);

/* Length of the IP packet as its header says it; 0 without one. */
uint32_t frame_ip_bytes(const struct frame *f);

#endif
