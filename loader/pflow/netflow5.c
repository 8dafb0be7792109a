/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pflow/netflow5.h"

#include "pflow/put.h"

#define ENGINE 42 /* pflow(4)'s type and number of the "engine" */

void netflow5_header(uint8_t out[NETFLOW5_HEADER_SIZE], unsigned records, uint32_t sequence,
		     const struct pflow_clock *now)
{
	uint8_t *p = put16(out, 5);

	p = put16(p, (uint16_t)records);
	p = put32(p, (uint32_t)(now->monotonic_ns / 1000000));
	p = put32(p, (uint32_t)(now->real_ns / 1000000000));
	p = put32(p, (uint32_t)(now->real_ns % 1000000000));
	p = put32(p, sequence);
	p = put8(put8(p, ENGINE), ENGINE);
	put16(p, 0); /* not sampled */
}

static uint16_t interface16(uint32_t ifindex)
{
	return ifindex <= UINT16_MAX ? (uint16_t)ifindex : 0;
}

void netflow5_record(uint8_t out[NETFLOW5_RECORD_SIZE], const struct pflow_record *r)
{
	uint8_t *p = put_address(out, AF_INET, &r->src);

	p = put_address(p, AF_INET, &r->dst);
	p = put32(p, 0); /* next hop */
	p = put16(p, interface16(r->in_ifindex));
	p = put16(p, interface16(r->out_ifindex));
	p = put32(p, (uint32_t)r->packets);
	p = put32(p, (uint32_t)r->octets);
	p = put32(p, (uint32_t)(r->start_ns / 1000000));
	p = put32(p, (uint32_t)(r->end_ns / 1000000));
	p = put16(p, r->src_port);
	p = put16(p, r->dst_port);
	p = put16(p, 0); /* padding, TCP flags */
	p = put8(p, r->proto);
	p = put8(p, 0);  /* type of service */
	p = put32(p, 0); /* autonomous systems */
	put32(p, 0);     /* masks, padding */
}
