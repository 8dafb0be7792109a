/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A prober on a loop of the test's own, with a record of its results. */
#ifndef XLB_TESTS_HEALTH_PROBER_H
#define XLB_TESTS_HEALTH_PROBER_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "health/health.h"

#define PATIENCE_MS 20000

/* What came for one probe; its address is the probe's data. */
struct record {
	unsigned results;
	enum host_health health;
	bool not_made;
	bool exit_zero;
	char reason[64];
	uint32_t latency_ms;
	uint64_t at_ms;
};

static sd_event *event;
static struct prober *prober;
static struct probe *remove_in_callback;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_result(void *probe_data, const struct probe_result *result, void *data)
{
	struct record *r = probe_data;

	r->results++;
	r->health = result->health;
	r->not_made = result->not_made;
	r->exit_zero = result->exit_zero;
	snprintf(r->reason, sizeof(r->reason), "%s", result->reason);
	r->latency_ms = result->latency_ms;
	r->at_ms = now_ms();
	prober_remove(remove_in_callback);
	remove_in_callback = NULL;
}

static void prober_set_up(void)
{
	const struct prober_callbacks callbacks = { on_result };

	cr_assert_geq(sd_event_new(&event), 0);
	cr_assert_eq(prober_open(event, &callbacks, NULL, &prober), 0);
}

static void prober_tear_down(void)
{
	prober_close(prober);
	sd_event_unref(event);
}

/* Runs the loop until the condition holds; says whether it came to hold. */
#define LOOP_UNTIL(condition)                                                                      \
	({                                                                                         \
		uint64_t end = now_ms() + PATIENCE_MS;                                             \
		bool holds;                                                                        \
		while (!(holds = (condition)) && now_ms() < end)                                   \
			cr_assert_geq(sd_event_run(event, 100000), 0);                             \
		holds;                                                                             \
	})

static struct cfg_addr address(const char *text)
{
	struct cfg_addr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(addr.family, text, &addr.v6), 1);
	return addr;
}

/* A listening socket on loopback, on a port of the kernel's choice. */
__attribute__((unused)) static int listener(const char *host, int backlog, uint16_t *ret_port)
{
	struct cfg_addr addr = address(host);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = addr.v4 };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = addr.v6 };
	bool v6 = addr.family == AF_INET6;
	socklen_t size = v6 ? sizeof(in6) : sizeof(in);
	struct sockaddr *sa = v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	int fd = socket(addr.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	if (bind(fd, sa, size) < 0)
		cr_skip_test("%s: %s", host, strerror(errno));
	cr_assert_eq(listen(fd, backlog), 0);
	cr_assert_eq(getsockname(fd, sa, &size), 0);
	*ret_port = ntohs(v6 ? in6.sin6_port : in.sin_port);
	return fd;
}

static struct probe_target target_of(const char *host, uint16_t port, const struct cfg_check *check)
{
	return (struct probe_target){
		.addr = address(host),
		.name = host,
		.port = port,
		.check = check,
		.interval_ms = 600000, /* once, unless the test says otherwise */
		.timeout_ms = 5000,
	};
}

__attribute__((unused)) static struct probe *add(const struct probe_target *target,
						 struct record *record)
{
	struct probe *p;

	cr_assert_eq(prober_add(prober, target, true, record, &p), 0);
	return p;
}

#endif
