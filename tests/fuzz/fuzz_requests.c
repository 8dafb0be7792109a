/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Frames of clients: segments in any order, of any content, and frames that are none.
 *
 * The input is a list of steps. A step is a byte that says what happens (enum step), and a byte or
 * two that say how much; then as many bytes of content, if there are as many.
 */
#include <arpa/inet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/requests/quic_seal.h"
#include "requests/rules.h"

#define MAX_BYTES 4096
#define MAX_FLOWS 3

enum step {
	BYTES,
	MORE_BYTES,
	AHEAD,
	BEHIND,
	SYN,
	FIN,
	RST,
	CAPTURE,
	TICK,
	PORT,
	WANTS,
	FRAME,
	QUIC
};

struct input {
	const uint8_t *at;
	size_t left;
};

struct client {
	struct requests *requests;
	uint64_t now_ns;
	unsigned wants;
	uint16_t port;
	uint32_t seq;
	size_t captured;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t number(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static void check_text(const struct http_head *head, struct http_text text)
{
	if ((size_t)text.at + text.len >= sizeof(head->text))
		abort();
	if (strlen(http_head_text(head, text)) > text.len)
		abort();
}

/* Everything that can be logged is. */
static const struct cfg_rule *all_rules(void)
{
	static const char text[] =
		"table <t> { 10.0.0.1 }\nhttp protocol p {\nmatch url log\nmatch header log\n"
		"match cookie log label l\nmatch query log\nmatch path log \"*a*\"\n}\n"
		"relay r {\nlisten on 10.9.9.9 port 80\nprotocol p\nforward to <t> port 80\n}\n";
	static const struct cfg_options options = { .no_resolve = true };
	static struct cfg *cfg;
	struct diag diag = { 0 };

	if (!cfg && cfg_parse_text("fuzz", text, strlen(text), &options, &diag, &cfg) < 0)
		abort();
	diag_clear(&diag);
	return cfg->protocols->rules;
}

/* Words in brackets and a method; nobody has closed a bracket but us. */
static void check_line(const char *text)
{
	unsigned depth = 0;

	if (strlen(text) >= RULES_TEXT)
		abort();
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || strchr("\"'{}", *text))
			abort();
		if (*text == '[' && depth++)
			abort();
		if (*text == ']' && !depth--)
			abort();
	}
	if (depth)
		abort();
}

static void on_event(const struct request_event *event, void *data)
{
	const struct http_request *http = event->http;
	static char text[RULES_TEXT];

	if (!http) {
		if (strlen(event->server_name) > 255)
			abort();
		return;
	}
	if (!http->method || !http->path || strlen(http->host) >= HTTP_MAX_HOST)
		abort();
	for (unsigned i = 0; i < http->head->n_fields; i++) {
		check_text(http->head, http->head->fields[i].name);
		check_text(http->head, http->head->fields[i].value);
	}
	if (!rules_text(all_rules(), event, text))
		abort();
	check_line(text);
}

/* On the heap, so that nobody reads beyond what was captured. */
static void send_frame(struct client *c, const uint8_t *frame, size_t captured, size_t len)
{
	const struct requests_origin origin = { .service = "fuzz", .wants = c->wants };
	uint8_t *copy = malloc(captured + 1);

	if (!copy)
		abort();
	memcpy(copy, frame, captured);
	requests_frame(c->requests, &origin, copy, captured, len, c->now_ns);
	free(copy);
	if (requests_bytes(c->requests) > MAX_BYTES || requests_flows(c->requests) > MAX_FLOWS)
		abort();
}

static void send_segment(struct client *c, uint8_t flags, const uint8_t *data, size_t len)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .protocol = IPPROTO_TCP };
	struct tcphdr tcp = { .source = htons(c->port), .seq = htonl(c->seq), .doff = 5 };
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	const size_t headers = sizeof(eth) + sizeof(ip) + sizeof(tcp);
	uint8_t frame[2048];

	ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(tcp) + len));
	tcp.th_flags = flags;
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &tcp, sizeof(tcp));
	if (len)
		memcpy(frame + headers, data, len);
	send_frame(c, frame, headers + (len < c->captured ? len : c->captured), headers + len);
	c->seq += (uint32_t)len + !!(flags & (L4_TCP_SYN | L4_TCP_FIN));
}

static void send_datagram(struct client *c, const uint8_t *data, size_t len)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .protocol = IPPROTO_UDP };
	struct udphdr udp = { .source = htons(c->port) };
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	const size_t headers = sizeof(eth) + sizeof(ip) + sizeof(udp);
	uint8_t frame[2048];

	ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + len));
	udp.len = htons((uint16_t)(sizeof(udp) + len));
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	memcpy(frame + headers, data, len);
	send_frame(c, frame, headers + len, headers + len);
}

static void send_content(struct client *c, struct input *in, size_t len)
{
	if (len > in->left)
		len = in->left;
	send_segment(c, 0, in->at, len);
	in->at += len;
	in->left -= len;
}

static void send_raw(struct client *c, struct input *in)
{
	size_t len = number(in);

	if (len > in->left)
		len = in->left;
	send_frame(c, in->at, len, len + number(in));
	len = len < in->left ? len : in->left;
	in->at += len;
	in->left -= len;
}

/* A datagram with the content as the plaintext of an Initial, or of none. */
static void send_quic(struct client *c, struct input *in)
{
	const struct quic_id id = { .known = true, .len = number(in) % (QUIC_MAX_ID + 1) };
	const uint32_t version = number(in) & 1 ? QUIC_V1 : QUIC_V2;
	size_t len = 4u * number(in), head, size;
	uint8_t plain[QUIC_MIN_DATAGRAM] = { 0 }, packet[1500] = { 0 };

	if (len > in->left)
		len = in->left;
	memcpy(plain, in->at, len);
	in->at += len;
	in->left -= len;
	head = quic_head(packet, version, &id, number(in), sizeof(plain));
	size = quic_seal(packet, head, version, &id, plain, sizeof(plain));
	if (number(in) & 1) /* damaged, or of another length than it says */
		packet[number(in)] ^= number(in);
	send_datagram(c, packet, size);
}

static void do_step(struct client *c, struct input *in)
{
	switch (number(in) % (QUIC + 1)) {
	case BYTES:
		send_content(c, in, number(in));
		break;
	case MORE_BYTES:
		send_content(c, in, 4u * number(in));
		break;
	case AHEAD:
		c->seq += number(in);
		break;
	case BEHIND:
		c->seq -= number(in);
		break;
	case SYN:
		send_segment(c, L4_TCP_SYN, NULL, 0);
		break;
	case FIN:
		send_segment(c, L4_TCP_FIN, NULL, 0);
		break;
	case RST:
		send_segment(c, L4_TCP_RST, NULL, 0);
		break;
	case CAPTURE:
		c->captured = number(in);
		break;
	case TICK:
		c->now_ns += (uint64_t)number(in) * number(in) * 100000000;
		requests_tick(c->requests, c->now_ns);
		break;
	case PORT:
		c->port = number(in);
		break;
	case WANTS:
		c->wants = number(in);
		break;
	case FRAME:
		send_raw(c, in);
		break;
	case QUIC:
		send_quic(c, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct requests_options options = { .max_flows = MAX_FLOWS,
						  .max_bytes = MAX_BYTES,
						  .keys = { 1, 3, 5, 7 },
						  .fn = on_event };
	struct client c = { .wants = REQUESTS_HTTP | REQUESTS_SNI, .port = 1, .captured = 4096 };
	struct input in = { data, size };

	if (requests_open(&options, &c.requests) < 0)
		return 0;
	while (in.left > 0)
		do_step(&c, &in);
	requests_close(c.requests);
	return 0;
}
