/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/line_limit.h"

bool line_limit_allows(struct line_limit *limit, uint64_t now_ms)
{
	uint64_t second = now_ms / 1000;

	if (second != limit->second)
		limit->lines = 0;
	limit->second = second;
	if (limit->lines < LINE_LIMIT) {
		limit->lines++;
		limit->allowed++;
		return true;
	}
	limit->untold++;
	limit->left_out++;
	return false;
}

uint64_t line_limit_take(struct line_limit *limit)
{
	uint64_t untold = limit->untold;

	limit->untold = 0;
	return untold;
}
