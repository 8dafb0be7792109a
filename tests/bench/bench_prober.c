/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the prober costs, and when it starts checks: "check tcp" of many hosts each second, all of
 * them addresses of loopback with one listener behind, in a process of its own.
 *
 *	bench_prober [HOSTS [SECONDS]]
 *
 * It reports and does not judge, but for what no load of the machine can excuse: checks that were
 * not made, more checks than planned, or results other than "up".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "health/health.h"

#define INTERVAL_MS 1000
#define SLICES 100 /* of an interval, for the spread */
#define MAX_HOSTS 60000

struct host_times {
	uint64_t first_us, last_us; /* of results; checks are short */
	unsigned results;
};

struct bench {
	sd_event *event;
	struct host_times *hosts;
	unsigned n_hosts;
	uint64_t from_us; /* results before do not count: the first checks come all at once */
	unsigned per_slice[SLICES]; /* results by their place in the interval */
	unsigned not_up;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void on_result(void *probe_data, const struct probe_result *result, void *data)
{
	struct host_times *h = probe_data;
	struct bench *b = data;
	uint64_t now = now_us();

	b->not_up += result->not_made || result->health != HOST_UP;
	if (now < b->from_us)
		return;
	if (h->results++ == 0)
		h->first_us = now;
	h->last_us = now;
	b->per_slice[now % (INTERVAL_MS * 1000) * SLICES / (INTERVAL_MS * 1000)]++;
}

/* Accepts and closes, for ever, in a process whose time is not counted. */
static uint16_t start_listener(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &size) < 0) {
		perror("listener");
		exit(1);
	}
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			close(accept(fd, NULL, NULL));
	}
	close(fd);
	return ntohs(in.sin_port);
}

static void add_hosts(struct bench *b, struct prober *prober, uint16_t port)
{
	static const struct cfg_check tcp = { .type = CFG_CHECK_TCP };

	for (unsigned i = 0; i < b->n_hosts; i++) {
		struct probe_target target = { .port = port,
					       .check = &tcp,
					       .interval_ms = INTERVAL_MS,
					       .timeout_ms = 900 };
		struct probe *p;

		target.addr.family = AF_INET;
		target.addr.v4.s_addr = htonl(0x7f010001 + i);
		if (prober_add(prober, &target, false, &b->hosts[i], &p) < 0) {
			fprintf(stderr, "bench_prober: host %u was not taken\n", i);
			exit(1);
		}
	}
}

static void run_until(struct bench *b, uint64_t end_us)
{
	while (now_us() < end_us)
		if (sd_event_run(b->event, end_us - now_us() + 1) < 0)
			exit(1);
}

static int compare(const void *a, const void *b)
{
	return *(const unsigned *)a < *(const unsigned *)b ? -1 :
	       *(const unsigned *)a > *(const unsigned *)b;
}

static void report_spread(struct bench *b, double seconds)
{
	double fair = b->n_hosts * seconds / SLICES;

	qsort(b->per_slice, SLICES, sizeof(b->per_slice[0]), compare);
	printf("spread: checks in each 1/%d of the interval, over %.0f s: least %u, median %u, most %u "
	       "(even: %.0f)\n",
	       SLICES, seconds, b->per_slice[0], b->per_slice[SLICES / 2],
	       b->per_slice[SLICES - 1], fair);
}

/* How far the last result is from a whole number of intervals after the first; 1 if too many. */
static int report_drift(const struct bench *b, double seconds)
{
	unsigned results = 0, too_many = 0;
	double worst_ms = 0;

	for (unsigned i = 0; i < b->n_hosts; i++) {
		const struct host_times *h = &b->hosts[i];
		double off_ms = 0;

		results += h->results;
		too_many += h->results > (unsigned)seconds + 1;
		if (h->results > 1)
			off_ms = (double)(h->last_us - h->first_us) / 1000 -
				 (double)(h->results - 1) * INTERVAL_MS;
		if (off_ms < 0)
			off_ms = -off_ms;
		worst_ms = off_ms > worst_ms ? off_ms : worst_ms;
	}
	printf("drift: worst host %.1f ms off its plan after %.0f s; %u results of %.0f planned\n",
	       worst_ms, seconds, results, b->n_hosts * seconds);
	return too_many > 0;
}

static void measure(struct bench *b, double seconds)
{
	uint64_t begin;
	double cpu;

	b->from_us = now_us() + INTERVAL_MS * 1000;
	run_until(b, b->from_us);
	begin = now_us();
	cpu = cpu_seconds();
	run_until(b, begin + (uint64_t)(seconds * 1e6));
	cpu = cpu_seconds() - cpu;
	printf("%u hosts, check tcp every %d ms: %.1f %% of one core\n", b->n_hosts, INTERVAL_MS,
	       100 * cpu / ((double)(now_us() - begin) / 1e6));
}

int main(int argc, char **argv)
{
	const struct prober_callbacks callbacks = { .result = on_result };
	struct bench b = { .n_hosts = argc > 1 ? (unsigned)atoi(argv[1]) : 1000 };
	double seconds = argc > 2 ? atof(argv[2]) : 10;
	struct prober *prober;
	uint16_t port;
	int r;

	if (b.n_hosts == 0 || b.n_hosts > MAX_HOSTS || seconds < 1) {
		fprintf(stderr, "usage: bench_prober [HOSTS [SECONDS]]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	port = start_listener();
	b.hosts = calloc(b.n_hosts, sizeof(*b.hosts));
	if (!b.hosts || sd_event_new(&b.event) < 0 ||
	    prober_open(b.event, &callbacks, &b, &prober) < 0)
		return 1;
	add_hosts(&b, prober, port);
	measure(&b, seconds);
	report_spread(&b, seconds);
	r = report_drift(&b, seconds);
	printf("results other than up: %u\n", b.not_up);
	prober_close(prober);
	sd_event_unref(b.event);
	free(b.hosts);
	return r || b.not_up;
}
