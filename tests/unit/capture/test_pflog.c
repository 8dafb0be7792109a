/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* pflog records, byte by byte. */
#include "packets.h"

#include "capture/pflog.h"

static uint8_t bytes[4096];

struct record {
	size_t captured, length;
	const uint8_t *header; /* pflog's */
	const uint8_t *ip;
};

static uint32_t u32(const uint8_t *at) /* this box's order */
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t be32(const uint8_t *at)
{
	return ntohl(u32(at));
}

static bool write_record(const struct trace_event *e, uint32_t snaplen, struct record *ret)
{
	struct capture_packet p = make_packet(e);
	struct buffer b = { .data = bytes, .size = sizeof(bytes) };

	if (!e->service)
		p.rule = p.sub_rule = CAPTURE_NO_RULE;
	if (!pflog_put_record(&b, &p, snaplen)) {
		cr_assert_eq(b.len, 0);
		return false;
	}
	ret->captured = u32(bytes + 8);
	ret->length = u32(bytes + 12);
	cr_assert_eq(b.len, PCAP_RECORD_HEADER + ret->captured);
	ret->header = bytes + PCAP_RECORD_HEADER;
	ret->ip = ret->header + PFLOG_HEADER;
	return true;
}

static struct record record_of(const struct trace_event *e)
{
	struct record r;

	cr_assert(write_record(e, PFLOG_FILE_SNAPLEN, &r));
	return r;
}

Test(pflog, the_file_header)
{
	static const uint8_t expected[] = { 0xd4, 0xc3, 0xb2, 0xa1, 2,   0, 4, 0, 0,   0, 0, 0,
					    0,    0,    0,    0,    200, 0, 0, 0, 117, 0, 0, 0 };
	struct buffer b = { .data = bytes, .size = sizeof(bytes) };

	pflog_put_file_header(&b, PFLOG_FILE_SNAPLEN);
	cr_assert_eq(b.len, PCAP_FILE_HEADER);
	cr_expect_arr_eq(bytes, expected, sizeof(expected));
	cr_expect(pcap_is_file_header(bytes, LINKTYPE_PFLOG));
	cr_expect_not(pcap_is_file_header(bytes, LINKTYPE_ETHERNET));
}

Test(pflog, each_field_of_the_header)
{
	/* clang-format off */
	static const uint8_t expected[PFLOG_HEADER] = {
		100, 2, 0, 0,
		'e', 'm', '1', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		'h', 't', 't', 'p', 's', '_', 'f', 'o', 'r', 'w', 'a', 'r', 'd', 'e', 'r', 0,
		0, 0, 0, 3,  0, 0, 0, 1,
		0xff, 0xff, 0xff, 0xff,  0, 1, 0x86, 0xa0,
		0xff, 0xff, 0xff, 0xff,  0, 1, 0x86, 0xa0,
		1, 0, 2, 0,
		203, 0, 113, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		192, 168, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xc3, 0x50, 0x01, 0xbb,
	};
	/* clang-format on */
	const struct trace_event e = make_event(syn4, sizeof(syn4));
	struct record r = record_of(&e);

	cr_expect_eq(u32(bytes), 1700000000);
	cr_expect_eq(u32(bytes + 4), 123456);
	cr_expect_arr_eq(r.header, expected, sizeof(expected));
	/* without Ethernet's padding */
	cr_expect_eq(r.captured, PFLOG_HEADER + 40);
	cr_expect_eq(r.length, PFLOG_HEADER + 40);
	cr_expect_arr_eq(r.ip, syn4 + 14, 40);
}

Test(pflog, ipv6_has_openbsds_number)
{
	const struct trace_event e = make_event(udp6, sizeof(udp6));
	struct record r = record_of(&e);

	cr_expect_eq(r.header[1], 24);
	cr_expect_eq(r.header[62], 24);
	cr_expect_arr_eq(r.header + 64, udp6 + 22, 32);
	cr_expect_eq(r.header[97], 0x50);
	cr_expect_eq(r.header[99], 53);
	cr_expect_eq(r.length, PFLOG_HEADER + 52);
	cr_expect_arr_eq(r.ip, udp6 + 14, 52);
}

Test(pflog, translated)
{
	struct trace_event e = make_event(syn4, sizeof(syn4));
	struct record r;

	e.nat = true;
	e.hook = XLB_HOOK_TC;
	e.after = nat4;
	e.after_len = sizeof(nat4);
	r = record_of(&e);
	cr_expect_eq(r.header[61], 1);
	cr_expect_arr_eq(r.header + 64, nat4 + 26, 4);
	cr_expect_arr_eq(r.header + 80, nat4 + 30, 4);
	cr_expect_arr_eq(r.header + 96, nat4 + 34, 4);
	/* the packet is as it came */
	cr_expect_arr_eq(r.ip, syn4 + 14, 40);

	/* MACs are not what pf means */
	e.nat = false;
	r = record_of(&e);
	cr_expect_eq(r.header[61], 0);
	cr_expect_arr_eq(r.header + 80, syn4 + 30, 4);
}

Test(pflog, actions)
{
	static const struct {
		enum xlb_trace_verdict verdict;
		const char *service;
		uint8_t action;
	} rows[] = {
		{ XLB_TRACED_FORWARD, "web", 0 },
		{ XLB_TRACED_PASS, "web", 1 }, /* no host: refused by the local stack */
		{ XLB_TRACED_DROP, "web", 1 },
		{ XLB_TRACED_PASS, NULL, 0 },
		{ XLB_TRACED_DROP, NULL, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trace_event e = make_event(syn4, sizeof(syn4));
		struct record r;

		e.verdict = rows[i].verdict;
		e.service = rows[i].service;
		r = record_of(&e);
		cr_expect_eq(r.header[2], rows[i].action, "row %zu", i);
		cr_expect_str_eq((const char *)r.header + 20, e.service ? "web" : "");
		cr_expect_eq(be32(r.header + 36), e.service ? 3 : UINT32_MAX);
		cr_expect_eq(be32(r.header + 40), e.service ? 1 : UINT32_MAX);
	}
}

Test(pflog, long_names_are_cut)
{
	struct trace_event e = make_event(syn4, sizeof(syn4));

	e.service = "a_name_of_31_bytes_that_is_long";
	cr_expect_str_eq((const char *)record_of(&e).header + 20, "a_name_of_31_by");
}

Test(pflog, snaplen_counts_the_header)
{
	struct trace_event e = make_event(udp6, sizeof(udp6));
	struct record r;

	cr_assert(write_record(&e, PFLOG_HEADER + 44, &r));
	cr_expect_eq(r.captured, PFLOG_HEADER + 44);
	cr_expect_eq(r.length, PFLOG_HEADER + 52);

	/* the kernel gave less than the whole */
	e.before_len = 60;
	r = record_of(&e);
	cr_expect_eq(r.captured, PFLOG_HEADER + 46);
	cr_expect_eq(r.length, PFLOG_HEADER + 52);
	cr_expect_eq(be32(r.header + 96), 0xc3500035);
}

Test(pflog, what_it_has_no_place_for)
{
	static uint8_t garbage[60] = { [12] = 0x08 };
	struct record r;
	struct trace_event e = make_event(arp, sizeof(arp));

	cr_expect_not(write_record(&e, PFLOG_FILE_SNAPLEN, &r));
	e = make_event(tagged, sizeof(tagged));
	cr_expect_not(write_record(&e, PFLOG_FILE_SNAPLEN, &r));
	e = make_event(garbage, sizeof(garbage));
	cr_expect_not(write_record(&e, PFLOG_FILE_SNAPLEN, &r));
	for (size_t n = 0; n < 34; n++) {
		e = make_event(syn4, n);
		cr_expect_not(write_record(&e, PFLOG_FILE_SNAPLEN, &r), "%zu", n);
	}
}

Test(pflog, records_are_recognised)
{
	uint8_t header[PCAP_RECORD_HEADER] = { 0 };
	const struct trace_event e = make_event(syn4, sizeof(syn4));
	uint32_t huge = 1u << 30;

	record_of(&e);
	cr_expect_eq(pcap_record_length(bytes), PFLOG_HEADER + 40);
	cr_expect_eq(pcap_record_length(header), -1, "zeros, as a crash may leave them");
	memcpy(header + 8, &huge, 4);
	memcpy(header + 12, &huge, 4);
	cr_expect_eq(pcap_record_length(header), -1);
}

Test(pflog, a_fragment_has_no_ports)
{
	uint8_t frame[sizeof(syn4)];
	struct trace_event e;

	memcpy(frame, syn4, sizeof(frame));
	e = make_event(frame, sizeof(frame));
	frame[20] = 0x00;
	frame[21] = 0x10;
	cr_expect_eq(be32(record_of(&e).header + 96), 0);
}
