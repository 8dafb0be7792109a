/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* So many lines a second, and the others are counted. */
#include <criterion/criterion.h>

#include "daemon/line_limit.h"

static unsigned allowed(struct line_limit *limit, unsigned tries, uint64_t now_ms)
{
	unsigned n = 0;

	while (tries--)
		n += line_limit_allows(limit, now_ms);
	return n;
}

Test(line_limit, within_a_second)
{
	struct line_limit limit = { 0 };

	cr_expect_eq(allowed(&limit, LINE_LIMIT, 5000), LINE_LIMIT);
	cr_expect_eq(allowed(&limit, 7, 5999), 0);
	cr_expect_eq(line_limit_take(&limit), 7);
	cr_expect_eq(line_limit_take(&limit), 0, "told once");
	cr_expect_eq(limit.left_out, 7, "yet counted for ever");
	cr_expect_eq(limit.allowed, LINE_LIMIT);
}

Test(line_limit, the_next_second)
{
	struct line_limit limit = { 0 };

	allowed(&limit, LINE_LIMIT + 1, 5999);
	cr_expect_eq(allowed(&limit, LINE_LIMIT + 3, 6000), LINE_LIMIT);
	cr_expect_eq(line_limit_take(&limit), 4);
}
