/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A client's frames, and what was read out of them, as lines. */
#ifndef XLB_TESTS_REQUESTS_FIXTURE_H
#define XLB_TESTS_REQUESTS_FIXTURE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#include "requests/requests.h"

#define FRAME_ROOM 70000

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

static inline size_t put(uint8_t *frame, size_t at, const void *bytes, size_t len)
{
	memcpy(frame + at, bytes, len);
	return at + len;
}

static inline size_t put_ethernet(uint8_t *frame, uint16_t proto)
{
	struct ethhdr eth = { .h_proto = htons(proto) };

	return put(frame, 0, &eth, sizeof(eth));
}

static inline size_t put_ipv4(uint8_t *frame, size_t at, uint8_t proto, size_t len)
{
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .ttl = 64,
			    .protocol = proto,
			    .tot_len = htons((uint16_t)(sizeof(ip) + len)),
			    .saddr = inet_addr("203.0.113.10"),
			    .daddr = inet_addr("192.168.0.2") };

	return put(frame, at, &ip, sizeof(ip));
}

static inline size_t put_tcp(uint8_t *frame, size_t at, uint16_t port, uint32_t seq, uint8_t flags)
{
	struct tcphdr tcp = {
		.source = htons(port), .dest = htons(80), .seq = htonl(seq), .doff = 5
	};

	tcp.th_flags = flags;
	return put(frame, at, &tcp, sizeof(tcp));
}

/* A whole TCP segment over IPv4; its length. */
static inline size_t tcp_frame(uint8_t *frame, uint16_t port, uint32_t seq, uint8_t flags,
			       const void *data, size_t len)
{
	size_t at = put_ethernet(frame, ETH_P_IP);

	at = put_ipv4(frame, at, IPPROTO_TCP, sizeof(struct tcphdr) + len);
	at = put_tcp(frame, at, port, seq, flags);
	return len ? put(frame, at, data, len) : at;
}

#define TCP_HEADERS (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr))

/* ---- what was read ------------------------------------------------------------------------- */
struct wire {
	struct requests *requests;
	uint64_t now_ns;
	unsigned wants;
	uint16_t port;
	uint32_t seq; /* of the next segment */
	bool keeps;   /* paths, with the flow */
	char log[65536];
};

static inline void wire_event(const struct request_event *e, void *data)
{
	struct wire *w = data;
	size_t n = strlen(w->log);

	if (e->http)
		snprintf(w->log + n, sizeof(w->log) - n, "%s %s %s%s%s\n", e->http->method,
			 e->http->host, e->http->path, e->http->query ? "?" : "",
			 e->http->query ? e->http->query : "");
	else
		snprintf(w->log + n, sizeof(w->log) - n, "sni %s\n", e->server_name);
	if (w->keeps && e->http)
		requests_keep(w->requests, e->http->path);
}

static inline void wire_open_with(struct wire *w, unsigned wants, size_t max_flows,
				  size_t max_bytes)
{
	struct requests_options options = {
		.max_flows = max_flows, .max_bytes = max_bytes, .fn = wire_event, .data = w
	};

	memset(w, 0, sizeof(*w));
	w->wants = wants;
	w->port = 40001;
	w->seq = 0xfffffff0; /* sequence numbers go round */
	for (size_t i = 0; i < REQUESTS_KEYS; i++)
		options.keys[i] = 0x9e3779b97f4a7c15ull * (2 * i + 1);
	cr_assert_eq(requests_open(&options, &w->requests), 0);
}

static inline void wire_open(struct wire *w, unsigned wants)
{
	wire_open_with(w, wants, 100, 1 << 20);
}

static inline void wire_close(struct wire *w)
{
	requests_close(w->requests);
}

static inline uint64_t wire_count(const struct wire *w, enum request_counter counter)
{
	return requests_counters(w->requests)[counter];
}

/* ---- segments ------------------------------------------------------------------------------ */
/* Only `captured` bytes of the payload are at hand. */
static inline void wire_segment(struct wire *w, uint32_t seq, uint8_t flags, const void *data,
				size_t len, size_t captured)
{
	static uint8_t frame[FRAME_ROOM];
	const struct requests_origin origin = { .service = "web", .nat = true, .wants = w->wants };
	size_t n = tcp_frame(frame, w->port, seq, flags, data, len);

	requests_frame(w->requests, &origin, frame, TCP_HEADERS + captured, n, w->now_ns);
}

static inline void wire_syn(struct wire *w)
{
	wire_segment(w, w->seq++, SYN, NULL, 0, 0);
}

static inline void wire_bytes(struct wire *w, const void *data, size_t len)
{
	wire_segment(w, w->seq, ACK, data, len, len);
	w->seq += (uint32_t)len;
}

static inline void wire_text(struct wire *w, const char *text)
{
	wire_bytes(w, text, strlen(text));
}

static inline void wire_fin(struct wire *w)
{
	wire_segment(w, w->seq++, FIN | ACK, NULL, 0, 0);
}

static inline void wire_later(struct wire *w, unsigned ms)
{
	w->now_ns += ms * 1000000ull;
	requests_tick(w->requests, w->now_ns);
}

#endif
