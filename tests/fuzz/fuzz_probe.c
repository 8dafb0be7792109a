/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Any bytes as what a host answers to a check: HTTP codes and digests, patterns, binary patterns,
 * TLS. The first byte says which check it is, the second in how many pieces the answer comes. Each
 * check must end with a result and a reason.
 *
 * "check script" has nothing to parse: the exit status is all that counts.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/health.h"

#define PATIENCE_US 2000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cfg_check checks[] = {
	{ .type = CFG_CHECK_HTTP_CODE, .path = "/", .code = 200 },
	{ .type = CFG_CHECK_HTTP_CODE, .path = "/", .code = 200, .host = "www.example.com" },
	{ .type = CFG_CHECK_HTTP_DIGEST,
	  .path = "/",
	  .digest = "d41d8cd98f00b204e9800998ecf8427e" },
	{ .type = CFG_CHECK_SEND_EXPECT, .send = "hello", .expect = "*[0-9]?o*\\**" },
	{ .type = CFG_CHECK_BINARY, .send = "0a0b", .expect = "00ff41" },
	{ .type = CFG_CHECK_TLS, .tls = true },
	{ .type = CFG_CHECK_HTTP_CODE, .path = "/", .code = 200, .tls = true },
	{ .type = CFG_CHECK_SEND_EXPECT, .expect = "220 *" },
};
#define N_CHECKS (sizeof(checks) / sizeof(checks[0]))

static sd_event *event;
static struct prober *prober;
static struct sockaddr_in where = { .sin_family = AF_INET };
static sd_event_source *listener;
static int client = -1; /* the check's connection */
static bool done;

static const uint8_t *answer;
static size_t answer_size;
static unsigned pieces;

/* ---- the host ------------------------------------------------------------------------------- */
static void hang_up(void)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (client < 0)
		return;
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(client);
	client = -1;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	hang_up();
	client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return 0;
}

/* The next piece; all of it was sent: that is all. */
static void answer_some(void)
{
	size_t n = pieces > 1 ? (answer_size + pieces - 1) / pieces : answer_size;

	if (client < 0)
		return;
	n = n < answer_size ? n : answer_size;
	if (n && send(client, answer, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		n = answer_size;
	answer += n;
	answer_size -= n;
	if (!answer_size)
		shutdown(client, SHUT_WR);
}

static void on_result(void *probe_data, const struct probe_result *result, void *data)
{
	if (!result->reason || !result->reason[0])
		abort();
	done = true;
}

/* ---- one check ------------------------------------------------------------------------------ */
static void start(void)
{
	const struct prober_callbacks callbacks = { on_result };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(where);

	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || bind(fd, (struct sockaddr *)&where, size) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&where, &size) < 0 || sd_event_new(&event) < 0 ||
	    sd_event_add_io(event, &listener, fd, EPOLLIN, on_connect, NULL) < 0 ||
	    prober_open(event, &callbacks, NULL, &prober) < 0)
		abort();
}

static void run_check(const struct cfg_check *check)
{
	const struct probe_target target = {
		.addr = { .family = AF_INET, .v4 = where.sin_addr },
		.port = ntohs(where.sin_port),
		.check = check,
		.interval_ms = 3600000,
		.timeout_ms = 1000,
	};
	struct probe *probe;

	done = false;
	if (prober_add(prober, &target, true, NULL, &probe) < 0)
		abort();
	while (!done) {
		if (sd_event_run(event, client < 0 || !answer_size ? PATIENCE_US : 0) < 0)
			abort();
		answer_some();
	}
	prober_remove(probe);
	hang_up();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!event)
		start();
	if (size < 2)
		return 0;
	answer = data + 2;
	answer_size = size - 2;
	pieces = 1 + data[1] % 4;
	run_check(&checks[data[0] % N_CHECKS]);
	return 0;
}
