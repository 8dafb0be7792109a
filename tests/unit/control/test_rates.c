/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include "control/rates.h"

static void sample(struct rates *r, const char *name, uint64_t total)
{
	rates_begin(r);
	cr_assert_eq(rates_sample(r, name, total), 0);
	rates_end(r);
}

Test(rates, the_first_sample_is_the_base)
{
	struct rates r = { 0 };

	cr_assert_null(rates_find(&r, "web"));
	sample(&r, "web", 5000); /* a daemon that found pinned maps */
	cr_assert_null(rates_find(&r, "web"));
	sample(&r, "web", 5010);
	cr_assert_eq(rates_find(&r, "web")->last, 10);
	cr_assert_eq(rates_find(&r, "web")->hour, 10);
	cr_assert_eq(rates_find(&r, "web")->day, 10);
	cr_assert_eq(rates_find(&r, "web")->average, 5);
	rates_clear(&r);
}

Test(rates, a_smaller_total_is_a_new_count)
{
	struct rates r = { 0 };

	sample(&r, "web", 5000);
	sample(&r, "web", 7);
	cr_assert_eq(rates_find(&r, "web")->last, 7);
	rates_clear(&r);
}

Test(rates, hours_and_days_end)
{
	struct rates r = { 0 };
	uint64_t total = 0;

	sample(&r, "web", total);
	for (int minute = 1; minute < 24 * 60; minute++) {
		sample(&r, "web", total += 2);
		cr_assert_eq(rates_find(&r, "web")->hour, 2 * (minute % 60));
		cr_assert_eq(rates_find(&r, "web")->day, 2 * minute);
	}
	sample(&r, "web", total += 2);
	cr_assert_eq(rates_find(&r, "web")->hour, 0);
	cr_assert_eq(rates_find(&r, "web")->day, 0);
	cr_assert_eq(rates_find(&r, "web")->average_day, 24 * 60 * 2 / 2);
	cr_assert_geq(rates_find(&r, "web")->average_hour, 118);
	cr_assert_leq(rates_find(&r, "web")->average_hour, 120);
	rates_clear(&r);
}

Test(rates, who_misses_a_round_is_forgotten)
{
	struct rates r = { 0 };

	rates_begin(&r);
	rates_sample(&r, "a", 1);
	rates_sample(&r, "b", 1);
	rates_end(&r);
	sample(&r, "b", 4);
	cr_assert_eq(r.n, 1);
	cr_assert_null(rates_find(&r, "a"));
	cr_assert_eq(rates_find(&r, "b")->last, 3);
	sample(&r, "a", 100); /* back again: a new base */
	sample(&r, "a", 101);
	cr_assert_eq(rates_find(&r, "a")->last, 1);
	rates_clear(&r);
}
