/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/pcap.h"

#include <string.h>

#define MAGIC 0xa1b2c3d4u /* times in µs */
#define MAJOR 2
#define MINOR 4
#define MAX_RECORD 262144u /* libpcap's MAXIMUM_SNAPLEN */

#define NS_PER_S 1000000000u

void pcap_put_file_header(struct buffer *b, uint32_t linktype, uint32_t snaplen)
{
	buffer_put_u32(b, MAGIC);
	buffer_put_u16(b, MAJOR);
	buffer_put_u16(b, MINOR);
	buffer_put_u32(b, 0); /* times are UTC */
	buffer_put_u32(b, 0);
	buffer_put_u32(b, snaplen);
	buffer_put_u32(b, linktype);
}

void pcap_put_record_header(struct buffer *b, uint64_t time_ns, uint32_t captured, uint32_t length)
{
	buffer_put_u32(b, (uint32_t)(time_ns / NS_PER_S));
	buffer_put_u32(b, (uint32_t)(time_ns % NS_PER_S / 1000));
	buffer_put_u32(b, captured);
	buffer_put_u32(b, length);
}

static uint32_t u32_at(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

bool pcap_is_file_header(const uint8_t header[PCAP_FILE_HEADER], uint32_t linktype)
{
	return u32_at(header) == MAGIC && u32_at(header + 20) == linktype;
}

int64_t pcap_record_length(const uint8_t header[PCAP_RECORD_HEADER])
{
	uint32_t captured = u32_at(header + 8), length = u32_at(header + 12);

	return captured && captured <= length && captured <= MAX_RECORD ? (int64_t)captured : -1;
}
