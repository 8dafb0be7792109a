/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/pcapng.h"

#include <string.h>

#include "capture/pcap.h"

/* ---- blocks: type, length, body, options, length again ------------------------------------- */
enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6, /* "enhanced" */
	BLOCK_SECTION = 0x0a0d0d0a,
};

static size_t begin(struct buffer *b, enum block_type type)
{
	size_t start = b->len;

	buffer_put_u32(b, type);
	buffer_put_u32(b, 0); /* end() knows */
	return start;
}

static void end(struct buffer *b, size_t start)
{
	uint32_t length = (uint32_t)(b->len - start + 4);

	buffer_put_u32(b, length);
	if (!b->overflow)
		memcpy(b->data + start + 4, &length, sizeof(length));
}

static void put_padded(struct buffer *b, const void *data, size_t n)
{
	buffer_put(b, data, n);
	buffer_put_zeros(b, -n & 3);
}

/* ---- options ------------------------------------------------------------------------------- */
enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_RESOLUTION = 9, /* of times: 10^-N s */
	PACKET_FLAGS = 2,
	PACKET_DROPS = 4,
	PACKET_ID = 5,
	PACKET_VERDICT = 7,
	STATISTICS_RECEIVED = 4,
	STATISTICS_DROPPED = 5,
	STATISTICS_OS_DROPPED = 7,
};

static void put_option(struct buffer *b, enum option_code code, const void *data, size_t n)
{
	buffer_put_u16(b, (uint16_t)code);
	buffer_put_u16(b, (uint16_t)n);
	put_padded(b, data, n);
}

static void put_text(struct buffer *b, enum option_code code, const char *text)
{
	put_option(b, code, text, strlen(text));
}

static void put_number(struct buffer *b, enum option_code code, uint64_t value)
{
	put_option(b, code, &value, sizeof(value));
}

static void put_options_end(struct buffer *b)
{
	put_option(b, OPTION_END, NULL, 0);
}

/* ---- what there is ------------------------------------------------------------------------- */
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LENGTH_UNKNOWN (~(uint64_t)0)
#define NANOSECONDS 9

/* epb_flags, bits 0 and 1 */
#define INBOUND 1u
#define OUTBOUND 2u

void pcapng_put_section(struct buffer *b, const char *application)
{
	size_t start = begin(b, BLOCK_SECTION);

	buffer_put_u32(b, BYTE_ORDER_MAGIC);
	buffer_put_u16(b, 1); /* version 1.0 */
	buffer_put_u16(b, 0);
	buffer_put_u64(b, LENGTH_UNKNOWN);
	put_text(b, SECTION_APPLICATION, application);
	put_options_end(b);
	end(b, start);
}

void pcapng_put_interface(struct buffer *b, const char *name, uint32_t snaplen)
{
	const uint8_t resolution = NANOSECONDS;
	size_t start = begin(b, BLOCK_INTERFACE);

	buffer_put_u16(b, LINKTYPE_ETHERNET);
	buffer_put_u16(b, 0);
	buffer_put_u32(b, snaplen);
	put_text(b, INTERFACE_NAME, name);
	put_option(b, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	put_options_end(b);
	end(b, start);
}

static void put_time(struct buffer *b, uint64_t time_ns)
{
	buffer_put_u32(b, (uint32_t)(time_ns >> 32));
	buffer_put_u32(b, (uint32_t)time_ns);
}

static void put_verdict(struct buffer *b, const struct pcapng_packet *p)
{
	uint8_t option[9] = { (uint8_t)p->verdict_by };

	if (p->verdict_by == PCAPNG_VERDICT_NONE)
		return;
	memcpy(option + 1, &p->verdict, sizeof(p->verdict));
	put_option(b, PACKET_VERDICT, option, sizeof(option));
}

void pcapng_put_packet(struct buffer *b, const struct pcapng_packet *p)
{
	const uint32_t flags = p->outbound ? OUTBOUND : INBOUND;
	size_t start = begin(b, BLOCK_PACKET);

	buffer_put_u32(b, p->interface);
	put_time(b, p->time_ns);
	buffer_put_u32(b, p->captured);
	buffer_put_u32(b, p->length);
	put_padded(b, p->data, p->captured);
	put_text(b, OPTION_COMMENT, p->comment);
	put_option(b, PACKET_FLAGS, &flags, sizeof(flags));
	if (p->lost)
		put_number(b, PACKET_DROPS, p->lost);
	put_number(b, PACKET_ID, p->id);
	put_verdict(b, p);
	put_options_end(b);
	end(b, start);
}

void pcapng_put_statistics(struct buffer *b, const struct pcapng_statistics *s)
{
	size_t start = begin(b, BLOCK_STATISTICS);

	buffer_put_u32(b, s->interface);
	put_time(b, s->time_ns);
	put_number(b, STATISTICS_RECEIVED, s->received);
	put_number(b, STATISTICS_DROPPED, s->dropped);
	put_number(b, STATISTICS_OS_DROPPED, s->os_dropped);
	put_options_end(b);
	end(b, start);
}
