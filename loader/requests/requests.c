/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/requests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "requests/flows.h"

#define TLS_HANDSHAKE 22
#define TLS_CLIENT_HELLO 1
#define TLS_MESSAGE_AT 5

/* Lost segments are sent again sooner than that; what was not captured never comes. */
#define PATIENCE_NS 1000000000ull

/* To find out that a packet is no Initial costs some ten microseconds: a flood of such must not
 * take the daemon's time. */
#define QUIC_PER_SECOND 5000
#define QUIC_MAX_OFFSET 65536  /* no ClientHello is so long */
#define RETRY_NS 3000000000ull /* a host has asked the client to begin again: no new connection */

struct requests {
	struct flows flows;
	uint64_t counters[REQUEST_COUNTER_COUNT];
	struct http_shared http;
	struct hello_shared hello;
	request_fn *fn;
	void *data;
	struct flow *flow; /* that is being read */
	uint64_t quic_second;
	unsigned quic_read; /* in that second */
	struct quic_plain quic;
};

/* ---- events -------------------------------------------------------------------------------- */
static void on_request(const struct http_request *request, void *context)
{
	const struct requests *r = context;
	const struct request_event event = { .flow = &r->flow->about, .http = request };

	r->fn(&event, r->data);
}

static void on_name(const char *name, void *context)
{
	const struct requests *r = context;
	const struct request_event event = { .flow = &r->flow->about, .server_name = name };

	r->fn(&event, r->data);
}

/* ---- what kind of a connection it is ------------------------------------------------------- */
/* Of a connection that is older than our look at it only a whole beginning counts. */
static bool may_be_tls(const struct flow *flow, const uint8_t *data, size_t len)
{
	if (!(flow->wants & REQUESTS_SNI) || data[0] != TLS_HANDSHAKE)
		return false;
	return !flow->late || (len > TLS_MESSAGE_AT && data[TLS_MESSAGE_AT] == TLS_CLIENT_HELLO);
}

static void decide(struct requests *r, struct flow *flow, const uint8_t *data, size_t len)
{
	if (data && may_be_tls(flow, data, len)) {
		flow->kind = FLOW_TLS;
		flow->hello = (struct hello_reader){ 0 };
	} else if (flow->wants & REQUESTS_HTTP) {
		flow->kind = FLOW_HTTP;
		http_begin(&flow->http, flow->late);
	} else {
		flow->kind = FLOW_IGNORED;
		if (!data)
			r->counters[REQUEST_GAPS]++;
		else if (!flow->late)
			r->counters[REQUEST_NOT_TLS]++;
	}
}

/* QUIC has TLS's messages without its records. */
static void read_message(struct requests *r, struct flow *flow, const uint8_t *data, size_t len)
{
	const uint8_t header[] = { TLS_HANDSHAKE, 3, 1, (uint8_t)(len >> 8), (uint8_t)len };

	if (data)
		hello_read(&flow->hello, &r->hello, header, sizeof(header));
	hello_read(&flow->hello, &r->hello, data, len);
}

static void on_bytes(const uint8_t *data, size_t len, void *context)
{
	struct requests *r = context;
	struct flow *flow = r->flow;

	if (flow->kind == FLOW_UNDECIDED)
		decide(r, flow, data, len);
	if (flow->kind == FLOW_HTTP)
		http_read(&flow->http, &r->http, data, len);
	else if (flow->kind == FLOW_TLS && flow->about.proto == IPPROTO_UDP)
		read_message(r, flow, data, len);
	else if (flow->kind == FLOW_TLS)
		hello_read(&flow->hello, &r->hello, data, len);
}

/* ---- segments ------------------------------------------------------------------------------ */
static struct stream_reader reader_of(struct requests *r, struct flow *flow)
{
	r->flow = flow;
	return (struct stream_reader){ .sink = on_bytes, .context = r, .budget = &r->flows.budget };
}

static void note_reader(struct requests *r, const struct stream_reader *reader)
{
	r->counters[REQUEST_REPEATED_BYTES] += reader->repeated;
	r->counters[REQUEST_NO_ROOM] += reader->no_room;
	r->flow = NULL;
}

static bool is_complete(const struct flow *flow)
{
	return flow->has_fin && !flow->stream.pieces && !stream_missing(&flow->stream, flow->fin);
}

/* What has not come by now, up to the end if that is known, was not seen. */
static void give_up(struct requests *r, struct flow *flow)
{
	struct stream_reader reader = reader_of(r, flow);
	uint32_t missing;

	stream_flush(&flow->stream, &reader);
	missing = flow->has_fin ? stream_missing(&flow->stream, flow->fin) : 0;
	if (missing) {
		on_bytes(NULL, missing, r);
		flow->stream.next += missing;
	}
	note_reader(r, &reader);
	flows_wait_no_more(&r->flows, flow);
}

static void read_payload(struct requests *r, struct flow *flow, const struct l4_packet *p,
			 uint64_t now_ns)
{
	const struct stream_segment segment = {
		.seq = p->seq + !!(p->tcp_flags & L4_TCP_SYN),
		.data = p->data,
		.captured = p->captured,
		.len = p->len,
	};
	struct stream_reader reader = reader_of(r, flow);

	stream_add(&flow->stream, &segment, now_ns, &reader);
	note_reader(r, &reader);
}

/* A SYN begins a connection anew, unless it is the same one once more. */
static void begin(struct requests *r, struct flow *flow, uint32_t seq)
{
	if (flow->stream.begun && !flow->late && flow->first == seq + 1)
		return;
	if (flow->stream.begun && !flow->over)
		give_up(r, flow);
	flows_forget_content(&r->flows, flow);
	stream_begin(&flow->stream, seq + 1);
	flow->first = seq + 1;
	r->counters[REQUEST_FLOWS]++;
}

static void begin_late(struct requests *r, struct flow *flow)
{
	flow->late = true;
	r->counters[REQUEST_FLOWS]++;
	r->counters[REQUEST_LATE_FLOWS]++;
}

static void describe(struct flow *flow, const struct requests_origin *origin,
		     const struct l4_packet *p)
{
	struct request_flow *about = &flow->about;

	snprintf(about->service, sizeof(about->service), "%s", origin->service);
	about->nat = origin->nat;
	about->proto = p->proto;
	about->client = p->src;
	about->client_port = p->src_port;
	about->listen = p->dst;
	about->listen_port = p->dst_port;
	about->host = origin->host;
	flow->wants = origin->wants;
}

static void watch(struct requests *r, struct flow *flow, const struct l4_packet *p, uint64_t now_ns)
{
	if (p->tcp_flags & L4_TCP_RST) {
		give_up(r, flow);
		flow->over = true;
	} else if (is_complete(flow)) {
		flow->over = true;
		flows_wait_no_more(&r->flows, flow);
	} else if (flow->stream.pieces || flow->has_fin) {
		flows_wait(&r->flows, flow, now_ns + PATIENCE_NS);
	} else {
		flows_wait_no_more(&r->flows, flow);
	}
	flows_touch(&r->flows, flow, !flow->over && (flow->talks || p->len > 0), now_ns);
}

static void read_segment(struct requests *r, struct flow *flow, const struct l4_packet *p,
			 uint64_t now_ns)
{
	if (p->tcp_flags & L4_TCP_SYN)
		begin(r, flow, p->seq);
	else if (!flow->stream.begun)
		begin_late(r, flow);
	if (flow->over) {
		r->counters[REQUEST_REPEATED_BYTES] += p->len;
		return;
	}
	if (p->tcp_flags & L4_TCP_FIN) {
		flow->has_fin = true;
		flow->fin = p->seq + (uint32_t)p->len + !!(p->tcp_flags & L4_TCP_SYN);
	}
	read_payload(r, flow, p, now_ns);
	watch(r, flow, p, now_ns);
}

static struct flow_key key_of(const struct l4_packet *p)
{
	const struct request_ends ends = { .proto = p->proto,
					   .client = p->src,
					   .listen = p->dst,
					   .client_port = p->src_port,
					   .listen_port = p->dst_port };

	return flow_key_of(&ends);
}

static void tcp_packet(struct requests *r, const struct requests_origin *origin,
		       const struct l4_packet *p, uint64_t now_ns)
{
	const struct flow_key key = key_of(p);
	struct flow *flow = flows_find(&r->flows, &key);

	/* Ends of what nobody follows are nothing to follow. */
	if (!flow && !p->len && !(p->tcp_flags & L4_TCP_SYN))
		return;
	if (!flow)
		flow = flows_add(&r->flows, &key);
	if (!flow) {
		r->counters[REQUEST_NO_ROOM]++;
		return;
	}
	describe(flow, origin, p);
	read_segment(r, flow, p, now_ns);
}

/* ---- QUIC ---------------------------------------------------------------------------------- */
static bool may_read_quic(struct requests *r, uint64_t now_ns)
{
	const uint64_t second = now_ns / 1000000000;

	if (second != r->quic_second)
		r->quic_read = 0;
	r->quic_second = second;
	if (r->quic_read < QUIC_PER_SECOND) {
		r->quic_read++;
		return true;
	}
	r->counters[REQUEST_QUIC_LEFT_OUT]++;
	return false;
}

struct crypto {
	struct requests *r;
	struct flow *flow;
	uint64_t now_ns;
};

static void on_crypto(uint64_t offset, const uint8_t *data, size_t len, void *context)
{
	const struct crypto *c = context;
	const struct stream_segment segment = {
		.seq = (uint32_t)offset, .data = data, .captured = len, .len = len
	};
	struct stream_reader reader = reader_of(c->r, c->flow);

	if (offset < QUIC_MAX_OFFSET && !c->flow->hello.over)
		stream_add(&c->flow->stream, &segment, c->now_ns, &reader);
	note_reader(c->r, &reader);
}

static bool same_id(const struct quic_id *a, const struct quic_id *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

/* A packet of other keys begins the connection anew; with a token perhaps only because the host has
 * wanted one, and then everything has been said. */
static bool begins_quic(struct flow *flow, const struct quic_plain *plain, uint64_t now_ns)
{
	if (!flow->stream.begun)
		return true;
	if (same_id(&flow->quic, &plain->id))
		return false;
	if (plain->has_token && flow->hello.over && now_ns - flow->seen_ns < RETRY_NS) {
		flow->quic = plain->id;
		return false;
	}
	return true;
}

static void begin_quic(struct requests *r, struct flow *flow, const struct quic_plain *plain)
{
	flows_forget_content(&r->flows, flow);
	stream_begin(&flow->stream, 0);
	flow->quic = plain->id;
	flow->kind = FLOW_TLS;
	flow->hello = (struct hello_reader){ 0 };
	r->counters[REQUEST_FLOWS]++;
}

static struct flow *quic_flow(struct requests *r, const struct requests_origin *origin,
			      const struct l4_packet *p, const struct quic_plain *plain,
			      uint64_t now_ns)
{
	const struct flow_key key = key_of(p);
	struct flow *flow = flows_find(&r->flows, &key);

	if (!flow)
		flow = flows_add(&r->flows, &key);
	if (!flow) {
		r->counters[REQUEST_NO_ROOM]++;
		return NULL;
	}
	describe(flow, origin, p);
	if (begins_quic(flow, plain, now_ns))
		begin_quic(r, flow, plain);
	return flow;
}

static void read_initial(struct requests *r, const struct requests_origin *origin,
			 const struct l4_packet *p, uint64_t now_ns)
{
	struct crypto c = { .r = r, .now_ns = now_ns };

	c.flow = quic_flow(r, origin, p, &r->quic, now_ns);
	if (!c.flow)
		return;
	if (quic_frames(&r->quic, on_crypto, &c) < 0)
		r->counters[REQUEST_NOT_TLS]++;
	c.flow->over = c.flow->hello.over;
	if (c.flow->stream.pieces && !c.flow->over)
		flows_wait(&r->flows, c.flow, now_ns + PATIENCE_NS);
	else
		flows_wait_no_more(&r->flows, c.flow);
	flows_touch(&r->flows, c.flow, !c.flow->over, now_ns);
}

/* A datagram may have several packets. */
static void udp_packet(struct requests *r, const struct requests_origin *origin,
		       const struct l4_packet *p, uint64_t now_ns)
{
	const struct flow_key key = key_of(p);
	const struct flow *flow = flows_find(&r->flows, &key);
	const struct quic_id id = flow ? flow->quic : (struct quic_id){ 0 };
	size_t at = 0, size;

	if (!(origin->wants & REQUESTS_SNI) || !quic_begins(p->data, p->captured) ||
	    !may_read_quic(r, now_ns))
		return;
	do {
		enum quic_result result =
			quic_open(p->data + at, p->captured - at, &id, &r->quic, &size);

		if (result == QUIC_BAD)
			r->counters[REQUEST_NOT_TLS]++;
		else if (result == QUIC_INITIAL)
			read_initial(r, origin, p, now_ns);
		at += size;
	} while (size && at < p->captured);
}

/* ---- the interface ------------------------------------------------------------------------- */
int requests_open(const struct requests_options *options, struct requests **ret)
{
	struct requests *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->fn = options->fn;
	r->data = options->data;
	r->flows.max = options->max_flows;
	r->flows.budget.max = options->max_bytes;
	r->flows.counters = r->counters;
	memcpy(r->flows.keys, options->keys, sizeof(r->flows.keys));
	r->http.on_request = on_request;
	r->http.context = r;
	r->http.counters = r->counters;
	r->http.budget = &r->flows.budget;
	r->hello.on_name = on_name;
	r->hello.context = r;
	r->hello.counters = r->counters;
	r->hello.budget = &r->flows.budget;
	*ret = r;
	return 0;
}

void requests_close(struct requests *r)
{
	if (!r)
		return;
	flows_clear(&r->flows);
	free(r);
}

void requests_frame(struct requests *r, const struct requests_origin *origin, const uint8_t *frame,
		    size_t captured, size_t frame_len, uint64_t now_ns)
{
	struct l4_packet packet;

	if (l4_packet_parse(frame, captured, frame_len, &packet) < 0)
		r->counters[REQUEST_ODD_PACKETS]++;
	else if (packet.proto == IPPROTO_TCP)
		tcp_packet(r, origin, &packet, now_ns);
	else
		udp_packet(r, origin, &packet, now_ns);
}

void requests_tick(struct requests *r, uint64_t now_ns)
{
	while (r->flows.waiting && r->flows.waiting->waits_for <= now_ns) {
		struct flow *flow = r->flows.waiting;

		give_up(r, flow);
		flow->over = flow->over || is_complete(flow);
		flows_touch(&r->flows, flow, !flow->over, flow->seen_ns);
	}
	flows_expire(&r->flows, now_ns);
}

void requests_keep(struct requests *r, const char *text)
{
	if (r->flow)
		flows_keep(&r->flows, r->flow, text);
}

const char *requests_kept(const struct requests *r, const struct request_ends *ends)
{
	const struct flow_key key = flow_key_of(ends);
	const struct flow *flow = flows_find(&r->flows, &key);

	return flow ? flow->kept : NULL;
}

const uint64_t *requests_counters(const struct requests *r)
{
	return r->counters;
}

size_t requests_flows(const struct requests *r)
{
	return HASH_COUNT(r->flows.table);
}

size_t requests_bytes(const struct requests *r)
{
	return r->flows.budget.used;
}
