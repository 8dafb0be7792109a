/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* NetFlow 5, byte by byte. */
#include "pflow/netflow5.h"

#include "sample.h"

Test(netflow5, header)
{
	uint8_t data[NETFLOW5_HEADER_SIZE];

	netflow5_header(data, 30, 0x01020304, &sample_now);
	expect_bytes("header", data, sizeof(data),
		     "0005 001e"
		     "000f4434" /* up for 1,000,500 ms */
		     "5f5e1000 00000007"
		     "01020304"
		     "2a 2a 0000");
}

Test(netflow5, record)
{
	struct pflow_record r = sample4(PFLOW_NAT);
	uint8_t data[NETFLOW5_RECORD_SIZE];

	netflow5_record(data, &r);
	expect_bytes("record", data, sizeof(data),
		     "cb007109 c0a80002 00000000"
		     "0007 0008"
		     "0000000c 00000d48"
		     "000f1b30 000f4240" /* 990,000 and 1,000,000 ms */
		     "c350 01bb"
		     "00 00 06 00"
		     "0000 0000 00 00 0000");
}

/* Wider than the field: better no interface than another one. */
Test(netflow5, interfaces)
{
	struct pflow_record r = sample4(PFLOW_PLAIN);
	uint8_t data[NETFLOW5_RECORD_SIZE];

	r.in_ifindex = 65535;
	r.out_ifindex = 65536;
	netflow5_record(data, &r);
	expect_bytes("interfaces", data + 12, 4, "ffff 0000");
}
