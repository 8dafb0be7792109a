/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pflow/ipfix.h"

#include "pflow/put.h"

#define VERSION 10
#define DOMAIN 42 /* observation domain of pflow(4) */
#define TEMPLATE_SET 2
#define FIRST_TEMPLATE 256

struct field {
	uint16_t id4, id6; /* information element */
	uint8_t len4, len6;
};

/* In the order of ipfix_record(). */
static const struct field fields[] = {
	/* clang-format off */
	{   8,  27, 4, 16 }, /* sourceIPv4Address, sourceIPv6Address */
	{  12,  28, 4, 16 }, /* destinationIPv4Address, destinationIPv6Address */
	{  10,  10, 4,  4 }, /* ingressInterface */
	{  14,  14, 4,  4 }, /* egressInterface */
	{   2,   2, 8,  8 }, /* packetDeltaCount */
	{   1,   1, 8,  8 }, /* octetDeltaCount */
	{ 152, 152, 8,  8 }, /* flowStartMilliseconds */
	{ 153, 153, 8,  8 }, /* flowEndMilliseconds */
	{   7,   7, 2,  2 }, /* sourceTransportPort */
	{  11,  11, 2,  2 }, /* destinationTransportPort */
	{   5,   5, 1,  1 }, /* ipClassOfService */
	{   4,   4, 1,  1 }, /* protocolIdentifier */
	{  15,  62, 4, 16 }, /* ipNextHopIPv4Address, ipNextHopIPv6Address */
	{ 225, 281, 4, 16 }, /* postNATSourceIPv4Address, postNATSourceIPv6Address */
	{ 226, 282, 4, 16 }, /* postNATDestinationIPv4Address, postNATDestinationIPv6Address */
	{ 227, 227, 2,  2 }, /* postNAPTSourceTransportPort */
	{ 228, 228, 2,  2 }, /* postNAPTDestinationTransportPort */
	/* clang-format on */
};

/* A template is the first of them. */
static const unsigned n_fields[PFLOW_KINDS] = {
	[PFLOW_PLAIN] = 12,
	[PFLOW_HOST] = 13,
	[PFLOW_NAT] = 17,
};
_Static_assert(sizeof(fields) / sizeof(fields[0]) == 17, "n_fields");

static uint16_t template_id(enum pflow_kind kind, sa_family_t family)
{
	return (uint16_t)(FIRST_TEMPLATE + 2 * kind + (family == AF_INET6));
}

size_t ipfix_record_size(enum pflow_kind kind, sa_family_t family)
{
	size_t size = 0;

	for (unsigned i = 0; i < n_fields[kind]; i++)
		size += family == AF_INET6 ? fields[i].len6 : fields[i].len4;
	return size;
}

void ipfix_header(uint8_t out[IPFIX_HEADER_SIZE], size_t message_size, uint32_t sequence,
		  const struct pflow_clock *now)
{
	uint8_t *p = put16(out, VERSION);

	p = put16(p, (uint16_t)message_size);
	p = put32(p, (uint32_t)(now->real_ns / 1000000000));
	p = put32(p, sequence);
	put32(p, DOMAIN);
}

static uint8_t *put_template(uint8_t *p, enum pflow_kind kind, sa_family_t family)
{
	const bool v6 = family == AF_INET6;

	p = put16(p, template_id(kind, family));
	p = put16(p, (uint16_t)n_fields[kind]);
	for (unsigned i = 0; i < n_fields[kind]; i++) {
		p = put16(p, v6 ? fields[i].id6 : fields[i].id4);
		p = put16(p, v6 ? fields[i].len6 : fields[i].len4);
	}
	return p;
}

void ipfix_templates(uint8_t out[IPFIX_TEMPLATES_SIZE])
{
	uint8_t *p = put16(put16(out, TEMPLATE_SET), IPFIX_TEMPLATES_SIZE);

	for (int kind = 0; kind < PFLOW_KINDS; kind++) {
		p = put_template(p, kind, AF_INET);
		p = put_template(p, kind, AF_INET6);
	}
}

void ipfix_set_header(uint8_t out[IPFIX_SET_HEADER_SIZE], enum pflow_kind kind, sa_family_t family,
		      size_t size)
{
	put16(put16(out, template_id(kind, family)), (uint16_t)size);
}

/* ms since 1970. */
static uint64_t epoch_ms(uint64_t monotonic_ns, const struct pflow_clock *now)
{
	return (now->real_ns - (now->monotonic_ns - monotonic_ns)) / 1000000;
}

static uint8_t *put_pflow(uint8_t *p, const struct pflow_record *r, const struct pflow_clock *now)
{
	p = put_address(p, r->src.family, &r->src);
	p = put_address(p, r->src.family, &r->dst);
	p = put32(p, r->in_ifindex);
	p = put32(p, r->out_ifindex);
	p = put64(p, r->packets);
	p = put64(p, r->octets);
	p = put64(p, epoch_ms(r->start_ns, now));
	p = put64(p, epoch_ms(r->end_ns, now));
	p = put16(p, r->src_port);
	p = put16(p, r->dst_port);
	return put8(put8(p, 0), r->proto);
}

void ipfix_record(uint8_t *out, const struct pflow_record *r, const struct pflow_clock *now)
{
	uint8_t *p = put_pflow(out, r, now);

	if (r->kind >= PFLOW_HOST)
		p = put_address(p, r->src.family, &r->host);
	if (r->kind < PFLOW_NAT)
		return;
	p = put_address(p, r->src.family, &r->nat_src);
	p = put_address(p, r->src.family, &r->nat_dst);
	put16(put16(p, r->nat_src_port), r->nat_dst_port);
}
