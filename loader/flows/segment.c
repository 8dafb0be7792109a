/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "flows/segment.h"

uint32_t flow_octets(uint32_t isn, const struct flow_segment *end)
{
	return end->seq + (uint32_t)end->len - (isn + 1);
}
