/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* When which datagrams are sent, and what is counted. */
#include "pflow/exporter.h"

#include "pflow/ipfix.h"
#include "pflow/netflow5.h"
#include "sample.h"

#define MAX_SENT 64

static struct {
	uint8_t data[MAX_SENT][PFLOW_PAYLOAD4];
	size_t size[MAX_SENT];
	unsigned n;
	int result;
} sent;

static int send_it(const uint8_t *datagram, size_t size, void *data)
{
	cr_assert_eq(data, &sent);
	cr_assert_leq(size, PFLOW_PAYLOAD4);
	cr_assert_lt(sent.n, MAX_SENT);
	memcpy(sent.data[sent.n], datagram, size);
	sent.size[sent.n++] = size;
	return sent.result;
}

static struct exporter *start(unsigned protocol)
{
	struct exporter *e = exporter_new(send_it, &sent);

	memset(&sent, 0, sizeof(sent));
	cr_assert(e);
	exporter_begin(e, protocol, PFLOW_PAYLOAD6);
	return e;
}

static struct pflow_clock at(uint64_t seconds)
{
	struct pflow_clock now = sample_now;

	now.monotonic_ns += seconds * 1000000000;
	now.real_ns += seconds * 1000000000;
	return now;
}

static void add(struct exporter *e, const struct pflow_record *r, uint64_t seconds)
{
	const struct pflow_clock now = at(seconds);

	exporter_add(e, r, &now);
}

static void tick(struct exporter *e, uint64_t seconds)
{
	const struct pflow_clock now = at(seconds);

	exporter_tick(e, &now);
}

static uint32_t get(unsigned datagram, size_t offset, size_t size)
{
	uint32_t value = 0;

	cr_assert_lt(datagram, sent.n);
	for (size_t i = 0; i < size; i++)
		value = value << 8 | sent.data[datagram][offset + i];
	return value;
}

/* ---- NetFlow 5 ----------------------------------------------------------------------------- */
Test(exporter, netflow5_is_sent_when_full)
{
	const struct pflow_record r = sample4(PFLOW_NAT);
	struct exporter *e = start(5);

	/* 24 + 29 * 48 is what fits into IPv6. */
	for (int i = 0; i < 28; i++)
		add(e, &r, 0);
	cr_expect_eq(sent.n, 0);
	add(e, &r, 0);
	cr_assert_eq(sent.n, 1);
	cr_expect_eq(sent.size[0], 24 + 29 * 48);
	cr_expect_eq(get(0, 0, 2), 5);
	cr_expect_eq(get(0, 2, 2), 29);
	cr_expect_eq(get(0, 16, 4), 0, "sequence");
	exporter_free(e);
}

Test(exporter, netflow5_has_thirty_flows_at_most)
{
	const struct pflow_record r = sample4(PFLOW_NAT);
	struct exporter *e = start(5);

	exporter_begin(e, 5, PFLOW_PAYLOAD4);
	for (int i = 0; i < 60; i++)
		add(e, &r, 0);
	cr_assert_eq(sent.n, 2);
	cr_expect_eq(get(0, 2, 2), 30);
	cr_expect_eq(get(1, 16, 4), 30, "sequence");
	cr_expect_eq(exporter_counters(e)->flows, 60);
	cr_expect_eq(exporter_counters(e)->datagrams, 2);
	exporter_free(e);
}

Test(exporter, netflow5_is_sent_after_thirty_seconds)
{
	const struct pflow_record r = sample4(PFLOW_NAT);
	struct exporter *e = start(5);

	tick(e, 0);
	add(e, &r, 5);
	add(e, &r, 20);
	tick(e, 34);
	cr_expect_eq(sent.n, 0);
	tick(e, 35);
	cr_assert_eq(sent.n, 1);
	cr_expect_eq(get(0, 2, 2), 2);
	cr_expect_eq(get(0, 4, 4), 1000500 + 35000, "time of sending");
	tick(e, 100);
	cr_expect_eq(sent.n, 1, "nothing, and no templates");
	exporter_free(e);
}

Test(exporter, netflow5_knows_no_ipv6)
{
	const struct pflow_record r = sample6(PFLOW_NAT);
	struct exporter *e = start(5);

	add(e, &r, 0);
	tick(e, 60);
	cr_expect_eq(sent.n, 0);
	cr_expect_eq(exporter_counters(e)->ipv6, 1);
	exporter_free(e);
}

Test(exporter, netflow5_splits_what_has_more_than_32_bits)
{
	struct pflow_record r = sample4(PFLOW_NAT);
	struct exporter *e = start(5);
	const uint64_t whole = 2 * (uint64_t)UINT32_MAX + 1000;
	uint64_t octets = 0, packets = 0;

	r.octets = whole;
	r.packets = 9000000;
	add(e, &r, 0);
	tick(e, 30);
	cr_assert_eq(get(0, 2, 2), 3);
	for (unsigned i = 0; i < 3; i++) {
		octets += get(0, 24 + 48 * i + 20, 4);
		packets += get(0, 24 + 48 * i + 16, 4);
	}
	cr_expect_eq(octets, whole);
	cr_expect_eq(packets, 9000000);
	exporter_free(e);
}

/* ---- IPFIX --------------------------------------------------------------------------------- */
static bool has_templates(unsigned datagram)
{
	return get(datagram, IPFIX_HEADER_SIZE, 2) == 2;
}

Test(exporter, templates_come_first_and_every_thirty_seconds)
{
	const struct pflow_record r = sample4(PFLOW_NAT);
	struct exporter *e = start(10);

	add(e, &r, 0);
	cr_assert_eq(sent.n, 1);
	cr_expect(has_templates(0));
	cr_expect_eq(sent.size[0], IPFIX_HEADER_SIZE + IPFIX_TEMPLATES_SIZE);
	tick(e, 29);
	cr_expect_eq(sent.n, 1);
	tick(e, 30);
	cr_assert_eq(sent.n, 3);
	cr_expect(has_templates(1), "and before the flows");
	cr_expect_eq(get(1, 8, 4), 0, "they do not count in the sequence");
	cr_expect_eq(get(2, IPFIX_HEADER_SIZE, 2), 260);
	tick(e, 59);
	cr_expect_eq(sent.n, 3);
	tick(e, 60);
	cr_expect_eq(sent.n, 4);
	cr_expect_eq(get(3, 8, 4), 1, "flows do");
	exporter_free(e);
}

Test(exporter, families_and_kinds_have_datagrams_of_their_own)
{
	struct exporter *e = start(10);

	for (int kind = 0; kind < PFLOW_KINDS; kind++) {
		const struct pflow_record r4 = sample4(kind), r6 = sample6(kind);

		add(e, &r4, 0);
		add(e, &r6, 0);
		add(e, &r6, 0);
	}
	tick(e, 30);
	cr_assert_eq(sent.n, 8);
	for (unsigned i = 0; i < 6; i++) {
		const sa_family_t family = i % 2 ? AF_INET6 : AF_INET;
		const size_t n = 1 + i % 2, size = ipfix_record_size(i / 2, family);

		cr_expect_eq(get(2 + i, 0, 2), 10);
		cr_expect_eq(get(2 + i, 2, 2), sent.size[2 + i]);
		cr_expect_eq(get(2 + i, 16, 2), 256 + i);
		cr_expect_eq(get(2 + i, 18, 2), 4 + n * size);
		cr_expect_eq(sent.size[2 + i], 20 + n * size);
		cr_expect_eq(get(2 + i, 8, 4), i / 2 * 3 + i % 2, "sequence");
	}
	exporter_free(e);
}

/* The largest record: 11 of 130 bytes, and what is around them. */
Test(exporter, ipfix_fits_into_a_packet)
{
	const struct pflow_record r = sample6(PFLOW_NAT);
	struct exporter *e = start(10);

	for (int i = 0; i < 11; i++)
		add(e, &r, 0);
	cr_assert_eq(sent.n, 2);
	cr_expect_eq(sent.size[1], 20 + 11 * 130);
	exporter_free(e);
}

/* ---- and both ------------------------------------------------------------------------------ */
Test(exporter, nothing_carried_is_no_flow)
{
	struct pflow_record r = sample4(PFLOW_HOST);
	struct exporter *e = start(10);

	r.octets = 0;
	add(e, &r, 0);
	tick(e, 30);
	cr_expect_eq(sent.n, 1);
	cr_expect(has_templates(0));
	exporter_free(e);
}

Test(exporter, losses_are_counted)
{
	const struct pflow_record r = sample4(PFLOW_HOST);
	struct exporter *e = start(10);

	sent.result = -ECONNREFUSED;
	add(e, &r, 0);
	add(e, &r, 0);
	tick(e, 30);
	cr_expect_eq(exporter_counters(e)->errors, 3);
	cr_expect_eq(exporter_counters(e)->dropped, 2);
	cr_expect_eq(exporter_counters(e)->flows, 0);
	sent.result = 0;
	add(e, &r, 31);
	tick(e, 61);
	cr_assert_eq(sent.n, 5);
	cr_expect_eq(get(4, 8, 4), 2, "the collector sees a gap");
	cr_expect_eq(exporter_counters(e)->flows, 1);
	cr_expect_eq(exporter_counters(e)->datagrams, 2);
	exporter_free(e);
}

Test(exporter, another_collector)
{
	const struct pflow_record r = sample4(PFLOW_HOST);
	struct exporter *e = start(10);
	struct pflow_clock now = at(1);

	add(e, &r, 0);
	exporter_flush(e, &now);
	cr_assert_eq(sent.n, 2);
	exporter_begin(e, 10, PFLOW_PAYLOAD4);
	tick(e, 2);
	cr_assert_eq(sent.n, 3);
	cr_expect(has_templates(2));
	cr_expect_eq(get(2, 8, 4), 0, "sequence");
	cr_expect_eq(exporter_counters(e)->flows, 1);
	exporter_free(e);
}
