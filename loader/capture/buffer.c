/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/buffer.h"

#include <string.h>

static uint8_t *take(struct buffer *b, size_t n)
{
	uint8_t *at = b->data + b->len;

	if (b->overflow || b->size - b->len < n) {
		b->overflow = true;
		return NULL;
	}
	b->len += n;
	return at;
}

void buffer_put(struct buffer *b, const void *data, size_t n)
{
	uint8_t *at = take(b, n);

	if (at && n)
		memcpy(at, data, n);
}

void buffer_put_zeros(struct buffer *b, size_t n)
{
	uint8_t *at = take(b, n);

	if (at)
		memset(at, 0, n);
}

void buffer_put_u16(struct buffer *b, uint16_t value)
{
	buffer_put(b, &value, sizeof(value));
}

void buffer_put_u32(struct buffer *b, uint32_t value)
{
	buffer_put(b, &value, sizeof(value));
}

void buffer_put_u64(struct buffer *b, uint64_t value)
{
	buffer_put(b, &value, sizeof(value));
}
