/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the timers take from the data plane. */
#include <criterion/criterion.h>

#include "control/sampling.h"
#include "fake_dataplane.h"
#include "sample.h"

static struct sample sample;
static struct dataplane dataplane;

/* With a base of nothing at the time before, what a meter shows is what was sampled. */
static struct view sampled_after(struct meters *meters, const struct meter_key *key)
{
	struct view view = { .model = &sample.model, .dataplane = &dataplane, .meters = meters };

	sample_make(&sample);
	meters_begin(meters, 1000);
	cr_assert_eq(meters_sample(meters, *key, (const uint64_t[METER_VALUES]){ 0 }), 0);
	view.now_ms = 2000;
	sample_meters(&view, meters);
	return view;
}

static void expect_sampled(struct meter_key key, double packets, double bytes, double sessions)
{
	struct meters meters = { 0 };
	double rate[METER_VALUES];

	sampled_after(&meters, &key);
	cr_assert(meters_rate(&meters, key, METER_1S, rate));
	cr_expect_float_eq(rate[0], packets, 1e-9);
	cr_expect_float_eq(rate[1], bytes, 1e-9);
	cr_expect_float_eq(rate[2], sessions, 1e-9);
	meters_clear(&meters);
}

Test(sampling, a_service_is_both_protocols)
{
	expect_sampled((struct meter_key){ METER_REDIRECT, 1 }, 30, 3000, 9);
}

Test(sampling, a_host)
{
	expect_sampled((struct meter_key){ METER_HOST, 1 }, 8, 800, 2);
}

Test(sampling, a_reason)
{
	expect_sampled((struct meter_key){ METER_REASON, XLB_REASON_LOOP }, 100 + XLB_REASON_LOOP,
		       0, 0);
}

Test(sampling, nothing_is_known_of_others)
{
	static const struct meter_key others[] = {
		{ METER_RELAY, 1 }, { METER_HOST, 2 }, { METER_LINK, 7 }, { METER_HOST, 99 }
	};
	double rate[METER_VALUES];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct meters meters = { 0 };

		sampled_after(&meters, &others[i]);
		cr_expect_not(meters_rate(&meters, others[i], METER_1S, rate));
		meters_clear(&meters);
	}
}

Test(sampling, without_a_data_plane_all_is_forgotten)
{
	const struct meter_key key = { METER_REASON, XLB_REASON_LOOP };
	struct meters meters = { 0 };
	struct view view = sampled_after(&meters, &key);
	double rate[METER_VALUES];

	view.dataplane = NULL;
	view.now_ms += 1000;
	sample_meters(&view, &meters);
	cr_expect_not(meters_rate(&meters, key, METER_1S, rate));
	meters_clear(&meters);
}

Test(sampling, sessions)
{
	struct view view = { .model = &sample.model, .dataplane = &dataplane };
	struct rates rates = { 0 };

	sample_make(&sample);
	sample_sessions(&view, &rates);
	cr_expect_null(rates_find(&rates, "https_forwarder"));
	sample_sessions(&view, &rates);
	cr_assert_not_null(rates_find(&rates, "https_forwarder"));
	cr_expect_eq(rates_find(&rates, "https_forwarder")->total, 9);
	rates_clear(&rates);
}
