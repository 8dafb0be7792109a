/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Bytes to be written: appended to memory of a fixed size. */
#ifndef XLB_CAPTURE_BUFFER_H
#define XLB_CAPTURE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data; /* borrowed */
	size_t size;
	size_t len;
	bool overflow; /* something had no room: what is there is worth nothing */
};

void buffer_put(struct buffer *b, const void *data, size_t n);
void buffer_put_zeros(struct buffer *b, size_t n);
/* In the box's byte order, as pcap and pcapng have it. */
void buffer_put_u16(struct buffer *b, uint16_t value);
void buffer_put_u32(struct buffer *b, uint32_t value);
void buffer_put_u64(struct buffer *b, uint64_t value);

#endif
