/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include "control/meters.h"

static const struct meter_key host = { METER_HOST, 7 };
static struct meters meters;
static uint64_t now;

static void setup(void)
{
	meters = (struct meters){ 0 };
	now = 5000;
}

static void teardown(void)
{
	meters_clear(&meters);
}

TestSuite(meters, .init = setup, .fini = teardown);

/* A round `after_ms` later, in which the host has `total` packets of 100 bytes. */
static void sample(uint64_t after_ms, uint64_t total)
{
	const uint64_t totals[METER_VALUES] = { total, 100 * total };

	now += after_ms;
	meters_begin(&meters, now);
	cr_assert_eq(meters_sample(&meters, host, totals), 0);
	meters_end(&meters);
}

static void expect_rate(enum meter_window window, double packets)
{
	double rate[METER_VALUES];

	cr_assert(meters_rate(&meters, host, window, rate));
	cr_expect_float_eq(rate[0], packets, 1e-6, "%f, not %f", rate[0], packets);
	cr_expect_float_eq(rate[1], 100 * packets, 1e-4, "%f", rate[1]);
	cr_expect_float_eq(rate[2], 0, 1e-9, "%f", rate[2]);
}

Test(meters, nothing_is_known_before_the_second_sample)
{
	double rate[METER_VALUES];

	cr_expect_not(meters_rate(&meters, host, METER_1S, rate));
	sample(0, 1000000); /* of a daemon before */
	for (int w = 0; w < METER_WINDOWS; w++)
		cr_expect_not(meters_rate(&meters, host, (enum meter_window)w, rate));
	sample(1000, 1000005);
	for (int w = 0; w < METER_WINDOWS; w++)
		expect_rate((enum meter_window)w, 5);
}

Test(meters, a_sample_that_comes_late)
{
	sample(0, 0);
	sample(4000, 40);
	expect_rate(METER_1S, 10);
}

/* 10 a second for two minutes, then a second with 1000. */
Test(meters, windows)
{
	uint64_t total = 0;

	for (int i = 0; i < 120; i++)
		sample(1000, total += 10);
	for (int w = 0; w < METER_WINDOWS; w++)
		expect_rate((enum meter_window)w, 10);
	sample(1000, total += 1000);
	expect_rate(METER_1S, 1000);
	expect_rate(METER_10S, 109);
	/* round 121: since the 60th */
	expect_rate(METER_60S, (60 * 10 + 1000) / 61.0);
	for (int i = 0; i < 10; i++)
		sample(1000, total);
	expect_rate(METER_1S, 0);
	expect_rate(METER_10S, 0);
	for (int i = 0; i < 70; i++)
		sample(1000, total);
	expect_rate(METER_60S, 0);
}

/* Whatever its age, the longest window is never shorter than the others. */
Test(meters, a_young_meter)
{
	for (int before = 0; before < 20; before++) {
		setup();
		for (int i = 0; i < before; i++) {
			meters_begin(&meters, now += 1000);
			meters_end(&meters);
		}
		sample(1000, 0);
		sample(1000, 1000);
		for (uint64_t age = 2; age < 60; age++) {
			sample(1000, 1000);
			expect_rate(METER_10S, age <= 10 ? 1000.0 / (double)age : 0);
			if (age <= 59)
				expect_rate(METER_60S, 1000.0 / (double)age);
		}
		teardown();
	}
}

Test(meters, a_smaller_total_is_a_new_beginning)
{
	double rate[METER_VALUES];

	sample(1000, 500);
	sample(1000, 510);
	sample(1000, 3);
	cr_expect_not(meters_rate(&meters, host, METER_60S, rate));
	sample(1000, 5);
	for (int w = 0; w < METER_WINDOWS; w++)
		expect_rate((enum meter_window)w, 2);
}

Test(meters, who_misses_a_round_is_forgotten)
{
	double rate[METER_VALUES];

	sample(1000, 1);
	sample(1000, 2);
	meters_begin(&meters, now += 1000);
	meters_end(&meters);
	cr_expect_not(meters_rate(&meters, host, METER_1S, rate));
	sample(1000, 900);
	cr_expect_not(meters_rate(&meters, host, METER_1S, rate));
	sample(1000, 901);
	expect_rate(METER_1S, 1);
}

Test(meters, kinds_do_not_mix)
{
	const struct meter_key link = { METER_LINK, 7 };
	double rate[METER_VALUES];

	sample(1000, 1);
	sample(1000, 2);
	cr_expect_not(meters_rate(&meters, link, METER_1S, rate));
}
