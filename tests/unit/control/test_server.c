/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The server itself, on a socket, with clients that behave and clients that don't. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control.h"
#include "control/events.h"
#include "control/http.h"
#include "fake_dataplane.h"
#include "sample.h"

#define PATIENCE_MS 5000 /* how long a test waits for what must come */

static struct sample sample;
static struct control *control;
static char dir[] = "/tmp/xlb-server-XXXXXX";
static char path[64];
static pthread_t thread;
static int stop_fd;
static unsigned burst; /* events that a poll publishes */
static size_t event_size = 10;

/* ---- the daemon ---------------------------------------------------------------------------- */
static const struct model *op_model(void *data)
{
	return &sample.model;
}

static struct dataplane *op_dataplane(void *data)
{
	return NULL;
}

static struct net *op_net(void *data)
{
	return NULL;
}

static void op_info(void *data, struct control_info *ret)
{
	*ret = (struct control_info){ .config_file = "/etc/xlb/xlb.conf", .bpffs = "/b" };
}

static int op_poll(void *data, struct control_error *error)
{
	static char text[4096];

	memset(text, 'x', event_size);
	text[event_size] = '\0';
	for (unsigned i = 0; i < burst; i++)
		control_event(control, json_pack("{s:s, s:i, s:s}", "type", "test", "number", i,
						 "text", text));
	return 0;
}

static int op_log(void *data, bool verbose, struct control_error *error)
{
	return 0;
}

static const struct control_ops ops = {
	.model = op_model,
	.dataplane = op_dataplane,
	.net = op_net,
	.info = op_info,
	.poll = op_poll,
	.log_level = op_log,
};

static int on_stop(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void *serve(void *data)
{
	pthread_barrier_t *ready = data;
	sd_event *event;

	cr_assert_geq(sd_event_new(&event), 0);
	cr_assert_geq(sd_event_add_io(event, NULL, stop_fd, POLLIN, on_stop, NULL), 0);
	cr_assert_eq(control_open(event, path, &ops, NULL, &control), 0);
	pthread_barrier_wait(ready);
	sd_event_loop(event);
	control_close(control);
	sd_event_unref(event);
	return NULL;
}

static void setup(void)
{
	pthread_barrier_t ready;

	sample_make(&sample);
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/xlbd.sock", dir);
	stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_barrier_init(&ready, NULL, 2);
	cr_assert_eq(pthread_create(&thread, NULL, serve, &ready), 0);
	pthread_barrier_wait(&ready);
	pthread_barrier_destroy(&ready);
}

static void teardown(void)
{
	uint64_t one = 1;

	cr_assert_eq(write(stop_fd, &one, sizeof(one)), (ssize_t)sizeof(one));
	pthread_join(thread, NULL);
	cr_assert_eq(access(path, F_OK), -1, "the socket is gone");
	close(stop_fd);
	rmdir(dir);
}

TestSuite(server, .init = setup, .fini = teardown, .timeout = 60);

/* ---- clients ------------------------------------------------------------------------------- */
static int connect_client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What comes until the peer closes, or the text `end` is there. */
static size_t receive(int fd, char *buf, size_t size, const char *end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	buf[0] = '\0';
	while (n < size - 1 && poll(&p, 1, PATIENCE_MS) == 1) {
		ssize_t r = recv(fd, buf + n, size - 1 - n, 0);

		if (r <= 0)
			break;
		n += (size_t)r;
		buf[n] = '\0';
		if (end && strstr(buf, end))
			break;
	}
	return n;
}

static bool answers_within(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static unsigned status_of(const char *answer)
{
	unsigned status = 0;

	sscanf(answer, "HTTP/1.1 %u", &status);
	return status;
}

/* One request on a connection of its own; the answer with headers. */
static unsigned request(const char *text, char *buf, size_t size)
{
	int fd = connect_client();

	send_text(fd, text);
	receive(fd, buf, size, NULL);
	close(fd);
	return status_of(buf);
}

#define CLOSE "Host: xlb\r\nConnection: close\r\n\r\n"

static void assert_alive(void)
{
	char buf[4096];

	cr_assert_eq(request("GET /v1/version HTTP/1.1\r\n" CLOSE, buf, sizeof(buf)), 200, "%s",
		     buf);
}

Test(server, answers_in_json)
{
	char buf[65536];
	json_t *body;

	cr_assert_eq(request("GET /v1/summary HTTP/1.1\r\n" CLOSE, buf, sizeof(buf)), 200);
	cr_assert_not_null(strstr(buf, "Content-Type: application/json\r\n"));
	body = json_loads(strstr(buf, "\r\n\r\n") + 4, 0, NULL);
	cr_assert_eq(json_array_size(json_object_get(body, "rows")), 10);
	json_decref(body);
}

Test(server, head_has_no_body)
{
	char buf[4096];

	cr_assert_eq(request("HEAD /v1/summary HTTP/1.1\r\n" CLOSE, buf, sizeof(buf)), 200);
	cr_assert_str_eq(strstr(buf, "\r\n\r\n"), "\r\n\r\n");
}

Test(server, a_connection_takes_several_requests)
{
	char buf[4096];
	int fd = connect_client();

	for (int i = 0; i < 3; i++) {
		send_text(fd, "GET /v1/version HTTP/1.1\r\nHost: xlb\r\n\r\n");
		receive(fd, buf, sizeof(buf), "}\n");
		cr_assert_eq(status_of(buf), 200);
	}
	close(fd);
}

Test(server, errors_are_json_too)
{
	char buf[4096];

	cr_assert_eq(request("GET /v1/nothing HTTP/1.1\r\n" CLOSE, buf, sizeof(buf)), 404);
	cr_assert_not_null(strstr(buf, "{\"error\":\"no such resource: /v1/nothing\"}"));
	cr_assert_eq(request("GET /v1/poll HTTP/1.1\r\n" CLOSE, buf, sizeof(buf)), 405);
	cr_assert_not_null(strstr(buf, "\r\nAllow: POST\r\n"));
	cr_assert_eq(request("GET /v1/hosts?limit=5 HTTP/1.1\r\n" CLOSE, buf, sizeof(buf)), 400);
	cr_assert_not_null(strstr(buf, "unknown parameter: limit"));
}

Test(server, encoded_slashes_belong_to_the_name)
{
	char buf[4096];

	request("POST /v1/tables/a%2Fb%3A1/enable HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE, buf,
		sizeof(buf));
	cr_assert_not_null(strstr(buf, "no table \\\"a/b:1\\\""), "%s", buf);
}

Test(server, malformed_requests)
{
	static const char *const requests[] = {
		"GARBAGE\r\n\r\n",
		"GET\r\n\r\n",
		"GET /v1/summary HTTP/9.9\r\n" CLOSE,
		"GET /v1/summary HTTP/1.1\r\n\r\n", /* no Host */
		"GET /v1/summary HTTP/1.1\r\nno colon here\r\n" CLOSE,
		"POST /v1/log HTTP/1.1\r\nContent-Length: -5\r\n" CLOSE,
		"POST /v1/log HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n" CLOSE,
		"POST /v1/log HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "zz\r\n",
	};
	char buf[4096];

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int fd = connect_client();

		send_text(fd, requests[i]);
		cr_expect(answers_within(fd, PATIENCE_MS), "%zu: refused at once", i);
		receive(fd, buf, sizeof(buf), "\r\n\r\n");
		cr_expect_neq(status_of(buf), 200, "%zu: %s", i, buf);
		close(fd);
		assert_alive();
	}
}

/* What isn't a request yet and never becomes one. */
Test(server, clients_that_leave_in_the_middle)
{
	static const char *const requests[] = {
		"",
		"\r\n\r\n\r\n",
		"GET /v1/summary HTTP/1.1\r\nHo",
		"POST /v1/log HTTP/1.1\r\nContent-Length: 100\r\n" CLOSE "{",
		"\x16\x03\x01", /* TLS */
	};

	for (size_t round = 0; round < 2 * HTTP_MAX_CONNECTIONS; round++) {
		int fd = connect_client();

		send_text(fd, requests[round % 5]);
		close(fd);
	}
	assert_alive();
}

Test(server, headers_have_a_bound)
{
	size_t size = 256 * 1024;
	char buf[4096], *text = malloc(size);
	int n = sprintf(text, "GET /v1/summary HTTP/1.1\r\nX-Long: ");
	int fd = connect_client();

	memset(text + n, 'x', size - (size_t)n);
	(void)!send(fd, text, size, MSG_NOSIGNAL);
	receive(fd, buf, sizeof(buf), NULL);
	cr_expect(status_of(buf) == 0 || status_of(buf) / 100 == 4, "%s", buf);
	close(fd);
	free(text);
	assert_alive();
}

/* ---- bodies -------------------------------------------------------------------------------- */
static unsigned post_log(const char *headers, const char *body, size_t size, char *buf,
			 size_t buf_size)
{
	char head[256];
	int fd = connect_client();

	snprintf(head, sizeof(head), "POST /v1/log HTTP/1.1\r\n%s" CLOSE, headers);
	send_text(fd, head);
	for (size_t n = 0; n < size;) {
		ssize_t r = send(fd, body + n, size - n, MSG_NOSIGNAL);

		if (r < 0)
			break; /* it has heard enough */
		n += (size_t)r;
	}
	receive(fd, buf, buf_size, NULL);
	close(fd);
	return status_of(buf);
}

Test(server, bodies)
{
	char buf[4096];

	cr_expect_eq(post_log("Content-Length: 16\r\n", "{\"verbose\":true}", 16, buf, sizeof(buf)),
		     200, "%s", buf);
	cr_expect_eq(post_log("Content-Length: 15\r\n", "{\"verbose\":true", 15, buf, sizeof(buf)),
		     400, "%s", buf);
	cr_expect_not_null(strstr(buf, "line 1, column 15"), "%s", buf);
	cr_expect_eq(post_log("Transfer-Encoding: chunked\r\n",
			      "8\r\n{\"verbos\r\n8\r\ne\":true}\r\n0\r\n\r\n", 31, buf,
			      sizeof(buf)),
		     200, "%s", buf);
}

Test(server, a_body_of_the_largest_size)
{
	char *body = malloc(HTTP_MAX_BODY), buf[4096], head[64];

	memset(body, ' ', HTTP_MAX_BODY);
	memcpy(body, "{\"verbose\":true}", 16);
	snprintf(head, sizeof(head), "Content-Length: %zu\r\n", HTTP_MAX_BODY);
	cr_expect_eq(post_log(head, body, HTTP_MAX_BODY, buf, sizeof(buf)), 200, "%s", buf);
	free(body);
}

Test(server, larger_bodies_are_refused)
{
	size_t size = 2 * HTTP_MAX_BODY, chunk = HTTP_MAX_BODY / 2 * 3;
	char *body = malloc(size), buf[4096], head[64];
	size_t n;

	/* announced: before it is sent */
	snprintf(head, sizeof(head), "Content-Length: %zu\r\n", HTTP_MAX_BODY + 1);
	cr_expect_eq(post_log(head, NULL, 0, buf, sizeof(buf)), 413, "%s", buf);

	/* not announced: one chunk of half as much again */
	n = (size_t)sprintf(body, "%zx\r\n", chunk);
	memset(body + n, ' ', chunk);
	memcpy(body + n + chunk, "\r\n0\r\n\r\n", 7);
	cr_expect_eq(post_log("Transfer-Encoding: chunked\r\n", body, n + chunk + 7, buf,
			      sizeof(buf)),
		     413, "%s", buf);
	free(body);
	assert_alive();
}

/* ---- clients that don't hurry -------------------------------------------------------------- */
Test(server, a_slow_client_keeps_nobody_waiting)
{
	static const char text[] = "GET /v1/version HTTP/1.1\r\n" CLOSE;
	char buf[4096];
	int slow = connect_client();

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		cr_assert_eq(send(slow, text + i, 1, MSG_NOSIGNAL), 1);
		if (i % 8 == 0)
			assert_alive();
	}
	receive(slow, buf, sizeof(buf), NULL);
	cr_assert_eq(status_of(buf), 200);
	close(slow);
}

Test(server, connections_are_bounded)
{
	int idle[HTTP_MAX_CONNECTIONS], waiting;
	char buf[4096];

	for (int i = 0; i < HTTP_MAX_CONNECTIONS; i++) {
		idle[i] = connect_client();
		send_text(idle[i], "GET /v1/version HTTP/1.1\r\nHost: xlb\r\n\r\n");
		receive(idle[i], buf, sizeof(buf), "}\n");
		cr_assert_eq(status_of(buf), 200);
	}
	waiting = connect_client();
	send_text(waiting, "GET /v1/version HTTP/1.1\r\n" CLOSE);
	cr_assert(!answers_within(waiting, 200), "more than %d connections", HTTP_MAX_CONNECTIONS);
	close(idle[0]);
	receive(waiting, buf, sizeof(buf), NULL);
	cr_assert_eq(status_of(buf), 200, "served when another one has left");
	close(waiting);
	for (int i = 1; i < HTTP_MAX_CONNECTIONS; i++)
		close(idle[i]);
}

/* ---- events -------------------------------------------------------------------------------- */
static int subscribe(char *buf, size_t size)
{
	int fd = connect_client();

	send_text(fd, "GET /v1/events HTTP/1.0\r\n\r\n"); /* 1.0: not chunked, easy to read */
	receive(fd, buf, size, "\r\n\r\n");
	return fd;
}

static void publish(unsigned n)
{
	char buf[4096];

	burst = n;
	cr_assert_eq(request("POST /v1/poll HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE, buf,
			     sizeof(buf)),
		     200, "%s", buf);
}

Test(server, events_reach_all_readers)
{
	char buf[4096];
	int fd[3];
	json_t *event;

	for (int i = 0; i < 3; i++) {
		fd[i] = subscribe(buf, sizeof(buf));
		cr_assert_not_null(strstr(buf, "200 OK"));
		cr_assert_not_null(strstr(buf, "application/x-ndjson"));
	}
	publish(2);
	for (int i = 0; i < 3; i++) {
		receive(fd[i], buf, sizeof(buf), "\"number\":1");
		event = json_loads(buf, JSON_DISABLE_EOF_CHECK, NULL);
		cr_assert_str_eq(json_string_value(json_object_get(event, "type")), "test");
		cr_assert_eq(json_integer_value(json_object_get(event, "number")), 0);
		/* 2026-01-31T12:00:00.123Z */
		cr_assert_eq(strlen(json_string_value(json_object_get(event, "time"))), 24);
		json_decref(event);
		close(fd[i]);
	}
}

Test(server, events_without_readers)
{
	publish(100);
	assert_alive();
}

/* Counts what a reader gets: events, and the sum of the notices of dropped ones. */
struct tally {
	unsigned events, dropped, notices;
	int last; /* number of the last event */
};

static void count_line(struct tally *t, const char *line)
{
	json_t *event = json_loads(line, 0, NULL);
	const char *type = json_string_value(json_object_get(event, "type"));

	cr_assert_not_null(type, "%s", line);
	if (strcmp(type, "dropped") == 0) {
		t->dropped += (unsigned)json_integer_value(json_object_get(event, "count"));
		t->notices++;
	} else {
		int number = (int)json_integer_value(json_object_get(event, "number"));

		cr_assert_gt(number, t->last, "in order");
		t->last = number;
		t->events++;
	}
	json_decref(event);
}

static void count_all(int fd, unsigned expected, struct tally *t)
{
	FILE *in = fdopen(fd, "r");
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	char *line = NULL;
	size_t size = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (t->events + t->dropped < expected && getline(&line, &size, in) > 0)
		count_line(t, line);
	free(line);
	fclose(in);
}

Test(server, a_reader_that_falls_behind_is_told_how_much_it_missed)
{
	struct tally tally = { .last = -1 };
	char buf[4096];
	int fd = subscribe(buf, sizeof(buf));

	event_size = 2000;
	publish(5000); /* 10 MB, at once, to a reader that doesn't read */
	assert_alive();
	count_all(fd, 5000, &tally);
	cr_expect_eq(tally.events + tally.dropped, 5000);
	cr_expect_eq(tally.notices, 1);
	cr_expect_geq(tally.events, EVENTS_QUEUE);
	cr_expect_gt(tally.dropped, 0);
}

Test(server, after_a_gap_events_come_again)
{
	struct tally tally = { .last = -1 };
	char buf[4096];
	int fd = subscribe(buf, sizeof(buf));

	publish(EVENTS_QUEUE + 10);
	count_all(dup(fd), EVENTS_QUEUE + 10, &tally);
	cr_expect_eq(tally.dropped, 10);
	tally = (struct tally){ .last = -1 };
	publish(5);
	count_all(fd, 5, &tally);
	cr_expect_eq(tally.events, 5);
}

Test(server, readers_of_events_are_bounded_and_missed_when_they_leave)
{
	int fd[EVENTS_MAX_STREAMS], more;
	char buf[4096];

	for (int i = 0; i < EVENTS_MAX_STREAMS; i++)
		fd[i] = subscribe(buf, sizeof(buf));
	more = subscribe(buf, sizeof(buf));
	cr_assert_not_null(strstr(buf, " 503 "), "%s", buf);
	close(more);
	close(fd[3]);
	/* Nothing is published: that it has left must be noticed by itself. */
	for (int i = 0; i < 500; i++) {
		more = subscribe(buf, sizeof(buf));
		if (strstr(buf, "200 OK"))
			break;
		close(more);
		poll(NULL, 0, 10);
	}
	cr_assert_not_null(strstr(buf, "200 OK"), "%s", buf);
	close(more);
	for (int i = 0; i < EVENTS_MAX_STREAMS; i++)
		if (i != 3)
			close(fd[i]);
}

Test(server, readers_of_events_end_with_the_daemon)
{
	char buf[4096];
	int fd = subscribe(buf, sizeof(buf));
	uint64_t one = 1;

	cr_assert_eq(write(stop_fd, &one, sizeof(one)), (ssize_t)sizeof(one));
	cr_assert_eq(receive(fd, buf, sizeof(buf), NULL), 0);
	close(fd);
}
