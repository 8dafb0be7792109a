/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pflow/exporter.h"

#include <stdlib.h>
#include <string.h>

#include "pflow/ipfix.h"
#include "pflow/netflow5.h"

#define NS 1000000000ull
#define PERIOD_NS (PFLOW_SECONDS * NS)

/* A datagram that is being filled: of one kind and family. */
struct batch {
	unsigned n; /* records; 0: empty */
	size_t size;
	uint64_t began_ns; /* monotonic */
	uint8_t data[PFLOW_PAYLOAD4];
};

struct exporter {
	pflow_send_fn *send;
	void *data;
	unsigned protocol;
	size_t max_payload;
	uint32_t sequence;
	bool templates_sent;
	uint64_t templates_ns; /* monotonic */
	struct pflow_counters counters;
	struct batch batches[PFLOW_KINDS][2]; /* IPv4, IPv6; NetFlow 5 has the first one */
};

struct exporter *exporter_new(pflow_send_fn *send, void *data)
{
	struct exporter *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->send = send;
	e->data = data;
	exporter_begin(e, 5, PFLOW_PAYLOAD6);
	return e;
}

void exporter_free(struct exporter *e)
{
	free(e);
}

const struct pflow_counters *exporter_counters(const struct exporter *e)
{
	return &e->counters;
}

static void empty(struct batch *b)
{
	b->n = 0;
	b->size = 0;
}

void exporter_begin(struct exporter *e, unsigned protocol, size_t max_payload)
{
	for (int kind = 0; kind < PFLOW_KINDS; kind++)
		for (int v6 = 0; v6 < 2; v6++)
			empty(&e->batches[kind][v6]);
	e->protocol = protocol;
	e->max_payload = max_payload < PFLOW_PAYLOAD4 ? max_payload : PFLOW_PAYLOAD4;
	e->sequence = 0;
	e->templates_sent = false;
}

/* ---- sending ------------------------------------------------------------------------------- */
static void send_datagram(struct exporter *e, const uint8_t *data, size_t size, unsigned records)
{
	if (e->send(data, size, e->data)) {
		e->counters.errors++;
		e->counters.dropped += records;
		return;
	}
	e->counters.datagrams++;
	e->counters.flows += records;
}

static size_t header_size(const struct exporter *e)
{
	return e->protocol == 5 ? NETFLOW5_HEADER_SIZE : IPFIX_HEADER_SIZE + IPFIX_SET_HEADER_SIZE;
}

/* Lost datagrams count in the sequence, too: that is how a collector knows. */
static void send_batch(struct exporter *e, struct batch *b, enum pflow_kind kind,
		       sa_family_t family, const struct pflow_clock *now)
{
	if (!b->n)
		return;
	if (e->protocol == 5) {
		netflow5_header(b->data, b->n, e->sequence, now);
	} else {
		ipfix_header(b->data, b->size, e->sequence, now);
		ipfix_set_header(b->data + IPFIX_HEADER_SIZE, kind, family,
				 b->size - IPFIX_HEADER_SIZE);
	}
	e->sequence += b->n;
	send_datagram(e, b->data, b->size, b->n);
	empty(b);
}

static void send_templates(struct exporter *e, const struct pflow_clock *now)
{
	uint8_t data[IPFIX_HEADER_SIZE + IPFIX_TEMPLATES_SIZE];

	ipfix_header(data, sizeof(data), e->sequence, now);
	ipfix_templates(data + IPFIX_HEADER_SIZE);
	send_datagram(e, data, sizeof(data), 0);
	e->templates_sent = true;
	e->templates_ns = now->monotonic_ns;
}

static void send_due_templates(struct exporter *e, const struct pflow_clock *now)
{
	if (e->protocol == 10 &&
	    (!e->templates_sent || now->monotonic_ns - e->templates_ns >= PERIOD_NS))
		send_templates(e, now);
}

/* Those that have waited for so long. */
static void send_batches(struct exporter *e, uint64_t age_ns, const struct pflow_clock *now)
{
	for (int kind = 0; kind < PFLOW_KINDS; kind++)
		for (int v6 = 0; v6 < 2; v6++) {
			struct batch *b = &e->batches[kind][v6];

			if (now->monotonic_ns - b->began_ns >= age_ns)
				send_batch(e, b, kind, v6 ? AF_INET6 : AF_INET, now);
		}
}

void exporter_tick(struct exporter *e, const struct pflow_clock *now)
{
	send_due_templates(e, now);
	send_batches(e, PERIOD_NS, now);
}

void exporter_flush(struct exporter *e, const struct pflow_clock *now)
{
	send_due_templates(e, now);
	send_batches(e, 0, now);
}

/* ---- gathering ----------------------------------------------------------------------------- */
static size_t record_size(const struct exporter *e, enum pflow_kind kind, sa_family_t family)
{
	return e->protocol == 5 ? NETFLOW5_RECORD_SIZE : ipfix_record_size(kind, family);
}

static void append(struct exporter *e, enum pflow_kind kind, const struct pflow_record *r,
		   const struct pflow_clock *now)
{
	const sa_family_t family = r->src.family;
	struct batch *b = &e->batches[kind][family == AF_INET6];
	const size_t size = record_size(e, kind, family);

	if (!b->n) {
		b->size = header_size(e);
		b->began_ns = now->monotonic_ns;
	}
	if (e->protocol == 5)
		netflow5_record(b->data + b->size, r);
	else
		ipfix_record(b->data + b->size, r, now);
	b->size += size;
	b->n++;
	if (b->n == PFLOW_MAX_FLOWS || b->size + size > e->max_payload)
		send_batch(e, b, kind, family, now);
}

/* NetFlow 5 has 32 bits: more are several flows, as from pflow(4). The packets are shared out. */
static void append_split(struct exporter *e, const struct pflow_record *r,
			 const struct pflow_clock *now)
{
	struct pflow_record part = *r;
	uint64_t octets = r->octets, packets = r->packets;

	for (; octets > UINT32_MAX; octets -= UINT32_MAX) {
		part.octets = UINT32_MAX;
		part.packets = (uint64_t)((double)packets * UINT32_MAX / (double)octets);
		append(e, PFLOW_PLAIN, &part, now);
		packets -= part.packets;
	}
	part.octets = octets;
	part.packets = packets;
	append(e, PFLOW_PLAIN, &part, now);
}

void exporter_add(struct exporter *e, const struct pflow_record *r, const struct pflow_clock *now)
{
	if (!r->octets)
		return;
	if (e->protocol == 10) {
		send_due_templates(e, now);
		append(e, r->kind, r, now);
	} else if (r->src.family == AF_INET6) {
		e->counters.ipv6++;
	} else {
		append_split(e, r, now);
	}
}
