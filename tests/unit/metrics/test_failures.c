/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <stdio.h>

#include "metrics/failures.h"

Test(failures, counts_by_reason)
{
	struct failures *f = failures_new();
	const struct failure *list;
	size_t n;

	failures_count(f, 1, "tcp connect failed");
	failures_count(f, 1, "tcp connect timeout");
	failures_count(f, 1, "tcp connect failed");
	failures_count(f, 2, "icmp read timeout");
	list = failures_of(f, 1, &n);
	cr_assert_eq(n, 2);
	cr_expect_str_eq(list[0].reason, "tcp connect failed");
	cr_expect_eq(list[0].count, 2);
	cr_expect_eq(list[1].count, 1);
	failures_of(f, 3, &n);
	cr_expect_eq(n, 0);
	failures_free(f);
}

/* Whatever a server answers, there are so many reasons and no more. */
Test(failures, bounded)
{
	struct failures *f = failures_new();
	const struct failure *list;
	uint64_t sum = 0;
	size_t n;

	for (int i = 0; i < 1000; i++) {
		char reason[100];

		snprintf(reason, sizeof(reason), "http code mismatch,%d%060d", i, i);
		failures_count(f, 1, reason);
	}
	list = failures_of(f, 1, &n);
	cr_assert_eq(n, FAILURES_REASONS + 1);
	cr_expect_str_eq(list[FAILURES_REASONS].reason, "other");
	for (size_t i = 0; i < n; i++)
		sum += list[i].count;
	cr_expect_eq(sum, 1000);
	failures_free(f);
}

Test(failures, forgets_hosts_that_are_gone)
{
	struct failures *f = failures_new();
	size_t n;

	failures_count(f, 1, "a");
	failures_count(f, 2, "a");
	failures_tidy(f); /* nobody could ask yet */
	failures_of(f, 1, &n);
	failures_tidy(f);
	failures_of(f, 1, &n);
	cr_expect_eq(n, 1);
	failures_of(f, 2, &n);
	cr_expect_eq(n, 0);
	failures_free(f);
}
