/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* When checks run, whatever they are: here against a port of ours. */
#include <stdlib.h>
#include <sys/resource.h>

#include "prober.h"

static const struct cfg_check tcp = { .type = CFG_CHECK_TCP };
static int server;
static uint16_t port;

static void set_up(void)
{
	server = listener("127.0.0.1", 1024, &port);
	prober_set_up();
}

static void tear_down(void)
{
	prober_tear_down();
	close(server);
}

TestSuite(prober, .init = set_up, .fini = tear_down, .timeout = 60);

static struct probe_target target(unsigned interval_ms)
{
	struct probe_target t = target_of("127.0.0.1", port, &tcp);

	t.interval_ms = interval_ms;
	return t;
}

Test(prober, checks_recur)
{
	struct probe_target t = target(20);
	struct record r = { 0 };

	add(&t, &r);
	cr_assert(LOOP_UNTIL(r.results >= 5));
	cr_assert_eq(r.health, HOST_UP);
}

Test(prober, known_host_waits_for_its_place_in_the_interval)
{
	struct probe_target t = target(600000);
	struct record fresh = { 0 }, known = { 0 };
	struct probe *p;

	cr_assert_eq(prober_add(prober, &t, false, &known, &p), 0);
	add(&t, &fresh);
	cr_assert(LOOP_UNTIL(fresh.results == 1));
	cr_assert_eq(known.results, 0);
}

/* The k-th check is never before the k-th period: a plan that counted from the last start, or that
 * slipped, would do fewer or more. */
Test(prober, no_drift)
{
	struct probe_target t = target(20);
	uint64_t start = now_ms(), periods;
	struct record r = { 0 };

	add(&t, &r);
	cr_assert(LOOP_UNTIL(r.results >= 50));
	periods = (r.at_ms - start) / 20;
	cr_assert_leq(r.results, periods + 2, "%u results in %u periods", r.results,
		      (unsigned)periods);
}

/* After a stall the checks missed are not made up for in a burst. */
Test(prober, stall_makes_no_burst)
{
	struct probe_target t = target(20);
	struct timespec stall = { .tv_nsec = 200000000 };
	struct record r = { 0 };
	unsigned before;

	add(&t, &r);
	cr_assert(LOOP_UNTIL(r.results >= 2));
	before = r.results;
	nanosleep(&stall, NULL);
	for (int i = 0; i < 4; i++) /* start, connected: one check, two at the most */
		cr_assert_geq(sd_event_run(event, 0), 0);
	cr_assert_leq(r.results, before + 2);
}

Test(prober, starts_are_spread_over_the_interval)
{
	enum { N = 64, INTERVAL = 640 };
	struct probe_target t = target(INTERVAL);
	struct record r[N] = { 0 };
	unsigned per_quarter[4] = { 0 };
	uint64_t start = now_ms();
	struct probe *p;

	for (int i = 0; i < N; i++)
		cr_assert_eq(prober_add(prober, &t, false, &r[i], &p), 0);
	for (int i = 0; i < N; i++)
		cr_assert(LOOP_UNTIL(r[i].results > 0));
	if (now_ms() - start > 2 * INTERVAL)
		cr_skip_test("this machine is too busy to tell");
	for (int i = 0; i < N; i++)
		per_quarter[(r[i].at_ms - start) * 4 / INTERVAL % 4]++;
	for (int i = 0; i < 4; i++)
		cr_expect_lt(per_quarter[i], N / 2, "quarter %d: %u", i, per_quarter[i]);
}

Test(prober, poll_checks_all_now)
{
	struct probe_target t = target(600000);
	struct record r[8] = { 0 };
	struct probe *p;

	for (int i = 0; i < 8; i++)
		cr_assert_eq(prober_add(prober, &t, false, &r[i], &p), 0);
	prober_poll(prober);
	for (int i = 0; i < 8; i++)
		cr_assert_eq(r[i].results, 0, "never from within prober_poll()");
	for (int i = 0; i < 8; i++)
		cr_assert(LOOP_UNTIL(r[i].results == 1));
}

Test(prober, probe_now_checks_one_and_keeps_the_plan)
{
	struct probe_target t = target(600000);
	struct record r = { 0 }, other = { 0 };
	struct probe *p, *q;

	cr_assert_eq(prober_add(prober, &t, false, &r, &p), 0);
	cr_assert_eq(prober_add(prober, &t, false, &other, &q), 0);
	for (unsigned i = 1; i <= 3; i++) {
		probe_now(p);
		cr_assert(LOOP_UNTIL(r.results == i));
	}
	cr_assert_eq(other.results, 0);
}

/* Faster for a while, and then again at the host's own times. */
Test(prober, another_interval)
{
	struct probe_target t = target(1000);
	struct record r = { 0 };
	struct probe *p = add(&t, &r);
	uint64_t before, first;

	cr_assert(LOOP_UNTIL(r.results == 2));
	first = r.at_ms;
	probe_set_interval(p, 20);
	cr_assert(LOOP_UNTIL(r.results == 8));
	cr_expect_lt(r.at_ms - first, 1000, "six checks in less than one interval");
	probe_set_interval(p, 1000);
	before = r.at_ms;
	cr_assert(LOOP_UNTIL(r.results == 10));
	cr_expect_geq(r.at_ms - before, 1000 / 2);
	cr_expect_leq((r.at_ms - first + 200) % 1000, 400, "its own place: %u ms off",
		      (unsigned)((r.at_ms - first) % 1000));
}

Test(prober, removed_probe_says_nothing_more)
{
	struct probe_target t = target(20);
	struct record gone = { 0 }, r = { 0 };
	struct probe *p = add(&t, &gone);
	unsigned before;

	add(&t, &r);
	cr_assert(LOOP_UNTIL(gone.results > 0));
	before = gone.results;
	prober_remove(p);
	cr_assert(LOOP_UNTIL(r.results >= 10));
	cr_assert_eq(gone.results, before);
}

Test(prober, probe_is_removed_from_within_its_own_result)
{
	struct probe_target t = target(20);
	struct record first = { 0 }, second = { 0 };

	remove_in_callback = add(&t, &first);
	cr_assert(LOOP_UNTIL(first.results == 1));
	cr_assert_null(remove_in_callback);
	remove_in_callback = add(&t, &second);
	cr_assert(LOOP_UNTIL(second.results == 1));
	cr_assert_eq(first.results, 1);
}

Test(prober, closed_with_checks_running)
{
	struct probe_target t = target(20);
	struct record r[4] = { 0 };

	for (int i = 0; i < 4; i++)
		add(&t, &r[i]);
	cr_assert_geq(sd_event_run(event, 100000), 0);
}

/* More probes than sockets: they wait for each other, and none fails for it. */
Test(prober, more_hosts_than_sockets)
{
	enum { N = 100 };
	struct probe_target t = target(600000);
	static struct record r[N];
	struct rlimit limit;

	prober_close(prober);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 80;
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert_eq(prober_open(event, &(struct prober_callbacks){ on_result }, NULL, &prober), 0);
	cr_assert_eq(prober_limit(prober), 16);
	for (int i = 0; i < N; i++)
		add(&t, &r[i]);
	for (int i = 0; i < N; i++) {
		cr_assert(LOOP_UNTIL(r[i].results == 1));
		cr_assert_eq(r[i].health, HOST_UP, "%s", r[i].reason);
	}
}

Test(prober, refusals)
{
	const struct cfg_check none = { .type = CFG_CHECK_NONE };
	struct probe_target t = target(1000);
	struct probe *p;

	t.check = &none;
	cr_expect_eq(prober_add(prober, &t, true, NULL, &p), -EOPNOTSUPP);
	t = target(0);
	cr_expect_eq(prober_add(prober, &t, true, NULL, &p), -EINVAL);
	t = target(1000);
	t.timeout_ms = 0;
	cr_expect_eq(prober_add(prober, &t, true, NULL, &p), -EINVAL);
	t = target(1000);
	t.addr.family = AF_UNSPEC;
	cr_expect_eq(prober_add(prober, &t, true, NULL, &p), -EINVAL);
}
