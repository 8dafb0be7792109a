/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Numbers in network byte order; each returns where the next one goes. */
#ifndef XLB_PFLOW_PUT_H
#define XLB_PFLOW_PUT_H

#include <stdint.h>
#include <string.h>

#include "config/config.h"

static inline uint8_t *put8(uint8_t *p, uint8_t value)
{
	*p = value;
	return p + 1;
}

static inline uint8_t *put16(uint8_t *p, uint16_t value)
{
	return put8(put8(p, (uint8_t)(value >> 8)), (uint8_t)value);
}

static inline uint8_t *put32(uint8_t *p, uint32_t value)
{
	return put16(put16(p, (uint16_t)(value >> 16)), (uint16_t)value);
}

static inline uint8_t *put64(uint8_t *p, uint64_t value)
{
	return put32(put32(p, (uint32_t)(value >> 32)), (uint32_t)value);
}

/* 4 or 16 bytes, as the family says. */
static inline uint8_t *put_address(uint8_t *p, sa_family_t family, const struct cfg_addr *addr)
{
	const size_t len = family == AF_INET6 ? 16 : 4;

	memcpy(p, &addr->v6, len);
	return p + len;
}

#endif
