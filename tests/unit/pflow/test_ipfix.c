/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* IPFIX, byte by byte. */
#include "pflow/ipfix.h"

#include "sample.h"

Test(ipfix, header)
{
	uint8_t data[IPFIX_HEADER_SIZE];

	ipfix_header(data, 380, 0xfffffffe, &sample_now);
	expect_bytes("header", data, sizeof(data), "000a 017c 5f5e1000 fffffffe 0000002a");
}

/* RFC 7011, 3.4.1: information element and length. */
#define COMMON                                                                                     \
	"000a 0004 000e 0004 0002 0008 0001 0008 0098 0008 0099 0008 0007 0002 000b 0002"          \
	"0005 0001 0004 0001"
#define PFLOW4 "0008 0004 000c 0004" COMMON
#define PFLOW6 "001b 0010 001c 0010" COMMON
#define HOST4 "000f 0004"
#define HOST6 "003e 0010"
#define NAT4 "00e1 0004 00e2 0004 00e3 0002 00e4 0002"
#define NAT6 "0119 0010 011a 0010 00e3 0002 00e4 0002"

Test(ipfix, templates)
{
	uint8_t data[IPFIX_TEMPLATES_SIZE];

	ipfix_templates(data);
	expect_bytes("templates", data, sizeof(data),
		     "0002 016c"
		     "0100 000c" PFLOW4 "0101 000c" PFLOW6 "0102 000d" PFLOW4 HOST4
		     "0103 000d" PFLOW6 HOST6 "0104 0011" PFLOW4 HOST4 NAT4
		     "0105 0011" PFLOW6 HOST6 NAT6);
}

/* 1,599,999,989,500 and 1,599,999,999,500 ms */
#define NUMBERS                                                                                    \
	"00000007 00000008 000000000000000c 0000000000000d48"                                      \
	"00000174876e56fc 00000174876e7e0c c350 01bb 00 06"
#define RECORD4 "cb007109 c0a80002" NUMBERS
#define RECORD6 "20010db8cafe00000000000000000009 20010db8000000000000000000000002" NUMBERS

Test(ipfix, records)
{
	static const struct {
		const char *name;
		enum pflow_kind kind;
		bool v6;
		size_t size;
		const char *set; /* header of one that has this record alone */
		const char *bytes;
	} rows[] = {
		{ "answer, IPv4", PFLOW_PLAIN, false, 54, "0100 003a", RECORD4 },
		{ "answer, IPv6", PFLOW_PLAIN, true, 78, "0101 0052", RECORD6 },
		{ "DSR, IPv4", PFLOW_HOST, false, 58, "0102 003e", RECORD4 "c0a80104" },
		{ "DSR, IPv6", PFLOW_HOST, true, 94, "0103 0062",
		  RECORD6 "20010db8000100000000000000000004" },
		{ "NAT, IPv4", PFLOW_NAT, false, 70, "0104 004a",
		  RECORD4 "c0a80104 c0a80102 c0a80104 0400 192b" },
		{ "NAT, IPv6", PFLOW_NAT, true, 130, "0105 0086",
		  RECORD6 "20010db8000100000000000000000004 20010db8000100000000000000000002"
			  "20010db8000100000000000000000004 0400 192b" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const sa_family_t family = rows[i].v6 ? AF_INET6 : AF_INET;
		struct pflow_record r = rows[i].v6 ? sample6(rows[i].kind) : sample4(rows[i].kind);
		uint8_t set[IPFIX_SET_HEADER_SIZE], data[256];

		cr_assert_eq(ipfix_record_size(rows[i].kind, family), rows[i].size, "%s",
			     rows[i].name);
		memset(data, 0xee, sizeof(data));
		ipfix_record(data, &r, &sample_now);
		expect_bytes(rows[i].name, data, rows[i].size, rows[i].bytes);
		cr_expect_eq(data[rows[i].size], 0xee, "%s: writes on", rows[i].name);
		ipfix_set_header(set, rows[i].kind, family, sizeof(set) + rows[i].size);
		expect_bytes(rows[i].name, set, sizeof(set), rows[i].set);
	}
}
