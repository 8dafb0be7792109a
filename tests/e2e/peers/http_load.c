// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Downloads that go on, and requests at a rate, until SIGTERM; counts what fails.
 *
 * Downloads are slow on purpose: each takes --seconds for what is at --path, read as fast as that
 * needs, and is begun anew when it is done. Requests ask for some bytes of the same, each on a
 * connection of its own, --rate a second spread evenly, --at-once of them at most; a late one is
 * made nevertheless. Every byte is compared with --file.
 *
 * REPORT.ready has one line of JSON with the numbers so far, renewed each half second; REPORT the
 * last one. "errors" says what happened in which phase of a connection. "downloads_waiting" for
 * more than 100 ms have no next byte now; "longest_pause_ms" is the longest time that one had to
 * wait for it, beyond what it slept itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 4096
#define REQUEST_SIZE 512u /* bytes of the file */
#define TIMEOUT 20.0      /* seconds without a byte */
#define LONG_WAIT 0.1
#define TICK 0.005
#define REPORT_EVERY 0.5
#define SPREAD 2.0  /* in which all downloads begin */
#define LAST_CALL 3 /* seconds for the requests that run at the end */
#define N_EVENTS 256
#define N_ERRORS 64

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

enum phase { CONNECT, HEAD, BODY };

struct connection {
	int fd; /* -1: not in use */
	enum phase phase;
	bool is_download;
	char head[2 * CHUNK];
	size_t head_size;
	size_t from, at,
		end;  /* of the file: where it begins, what is there, and what is asked for */
	double begun; /* when its head was there */
	double due;   /* no byte is read before */
	double waits; /* since when it has, 0: it does not */
	struct connection *next;
};

static struct {
	union address to, sources[256];
	size_t n_sources, n_downloads, at_once, size;
	const char *path, *file, *report;
	char *bytes;
	double seconds, rate;
} options = { .at_once = 2000, .seconds = 10 };

static struct {
	unsigned long downloads_open, downloads_done, downloads_broken;
	unsigned long requests, requests_failed;
	double longest_pause;
	struct {
		char what[96];
		unsigned long count;
	} errors[N_ERRORS];
} counters;

static int epoll_fd;
static double now; /* seconds, as of the last wait */
static struct connection *downloads, *requests, *idle;
static size_t running; /* requests */
static volatile sig_atomic_t ending;

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the report ---------------------------------------------------------------------------- */
static void count_error(const struct connection *c, const char *reason)
{
	static const char *const phases[] = { "connecting", "head", "body" };
	char what[sizeof(counters.errors[0].what)];
	size_t i;

	snprintf(what, sizeof(what), "%s, %s: %s", c->is_download ? "download" : "request",
		 phases[c->phase], reason);
	for (i = 0; i < N_ERRORS - 1 && counters.errors[i].count; i++)
		if (!strcmp(counters.errors[i].what, what))
			break;
	strcpy(counters.errors[i].what, what);
	counters.errors[i].count++;
}

static unsigned downloads_waiting(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < options.n_downloads; i++)
		n += downloads[i].fd >= 0 && downloads[i].waits > 0 &&
		     downloads[i].waits + LONG_WAIT < now;
	return n;
}

static void print_report(FILE *file)
{
	fprintf(file,
		"{\"downloads_open\": %lu, \"downloads_done\": %lu, \"downloads_broken\": %lu, "
		"\"downloads_waiting\": %u, \"requests\": %lu, \"requests_failed\": %lu, "
		"\"longest_pause_ms\": %.0f, "
		"\"errors\": {",
		counters.downloads_open, counters.downloads_done, counters.downloads_broken,
		downloads_waiting(), counters.requests, counters.requests_failed,
		counters.longest_pause * 1000);
	for (size_t i = 0; i < N_ERRORS && counters.errors[i].count; i++)
		fprintf(file, "%s\"%s\": %lu", i ? ", " : "", counters.errors[i].what,
			counters.errors[i].count);
	fputs("}}\n", file);
}

static int write_report(const char *suffix)
{
	char path[4096], new[4096 + 4];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", options.report, suffix);
	snprintf(new, sizeof(new), "%s.new", path);
	file = fopen(new, "we");
	if (!file)
		return -errno;
	print_report(file);
	return fclose(file) || rename(new, path) ? -errno : 0;
}

/* ---- connections --------------------------------------------------------------------------- */
static socklen_t address_size(const union address *a)
{
	return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

/* Closed by a reset, so that nothing of it is left: the client's ports are for the next ones. */
static int open_socket(const union address *from, bool is_download)
{
	const struct linger reset = { .l_onoff = 1 };
	const int small = CHUNK, on = 1;
	int fd = socket(from->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (is_download) /* what is on its way does not hide a pause */
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (bind(fd, &from->any, address_size(from)) ||
	    (connect(fd, &options.to.any, address_size(&options.to)) && errno != EINPROGRESS)) {
		int e = errno;

		close(fd);
		return -e;
	}
	return fd;
}

static void end(struct connection *c, const char *reason)
{
	if (reason)
		count_error(c, reason);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->due = now;
	if (c->is_download) {
		counters.downloads_open--;
		counters.downloads_broken += reason != NULL;
		counters.downloads_done += !reason;
		return;
	}
	counters.requests++;
	counters.requests_failed += reason != NULL;
	running--;
	c->next = idle;
	idle = c;
}

/* Bytes from FROM to END of the file; the next address is its source. */
static void begin(struct connection *c, size_t from, size_t to)
{
	static size_t n;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	c->phase = CONNECT;
	c->head_size = 0;
	c->from = c->at = from;
	c->end = to;
	c->due = 0;
	c->waits = now;
	*(c->is_download ? &counters.downloads_open : &running) += 1;
	c->fd = open_socket(&options.sources[n++ % options.n_sources], c->is_download);
	if (c->fd < 0)
		end(c, strerror(-c->fd));
	else if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event))
		end(c, strerror(errno));
}

/* Until there is a connection there is no room. */
static ssize_t ask(struct connection *c)
{
	char text[512];
	int size = c->is_download ?
			   snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", options.path) :
			   snprintf(text, sizeof(text),
				    "GET %s HTTP/1.0\r\nRange: bytes=%zu-%zu\r\n\r\n", options.path,
				    c->from, c->end - 1);
	ssize_t sent = send(c->fd, text, (size_t)size, MSG_NOSIGNAL);

	if (sent > 0)
		c->phase = HEAD;
	return sent;
}

/* Returns what is wrong, or NULL. */
static const char *take_body(struct connection *c, const char *data, size_t size)
{
	if (size > c->end - c->at)
		return "more than was asked for";
	if (memcmp(data, options.bytes + c->at, size) != 0)
		return "other bytes than the file's";
	c->at += size;
	if (c->is_download)
		c->due = c->begun + options.seconds * (double)c->at / (double)options.size;
	return NULL;
}

static const char *take_head(struct connection *c)
{
	static char status[sizeof("status 000")];
	const char *body;

	c->head[c->head_size] = '\0';
	body = strstr(c->head, "\r\n\r\n");
	if (!body)
		return c->head_size < sizeof(c->head) - CHUNK ? NULL : "it is too long";
	if (strncmp(c->head, "HTTP/1.", 7) != 0 || c->head_size < 12)
		return "it is none of HTTP";
	if (atoi(c->head + 9) != (c->is_download ? 200 : 206)) {
		snprintf(status, sizeof(status), "status %03d", abs(atoi(c->head + 9)) % 1000);
		return status;
	}
	c->phase = BODY;
	c->begun = now;
	body += 4;
	return take_body(c, body, c->head_size - (size_t)(body - c->head));
}

static ssize_t receive(struct connection *c, const char **ret_error)
{
	char data[CHUNK];
	char *to = c->phase == HEAD ? c->head + c->head_size : data;
	ssize_t size = recv(c->fd, to, CHUNK, 0);

	if (size <= 0)
		return size;
	if (c->phase == BODY) {
		if (c->is_download && c->waits > 0)
			counters.longest_pause = fmax(counters.longest_pause, now - c->waits);
		*ret_error = take_body(c, data, (size_t)size);
	} else {
		c->head_size += (size_t)size;
		*ret_error = take_head(c);
	}
	c->waits = 0;
	return size;
}

/* Goes on as far as it can. A download is done with its last byte, a request with the host's FIN.
 */
static void advance(struct connection *c)
{
	const char *error = NULL;
	ssize_t n;

	while (c->fd >= 0 && c->due <= now) {
		n = c->phase == CONNECT ? ask(c) : receive(c, &error);
		if (error)
			end(c, error);
		else if (n == 0 && (c->phase != BODY || c->at < c->end))
			end(c, "ended early");
		else if (n == 0 || (n > 0 && c->is_download && c->at == c->end))
			end(c, NULL);
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			end(c, strerror(errno));
		else if (n < 0)
			break;
	}
	if (c->fd >= 0 && c->due <= now && c->waits <= 0)
		c->waits = now;
}

/* ---- the load ------------------------------------------------------------------------------ */
static void begin_requests(double since)
{
	static size_t n;
	size_t due = (size_t)((now - since) * options.rate);
	size_t size = options.size < REQUEST_SIZE ? options.size : REQUEST_SIZE;

	for (; n < due && idle; n++) {
		struct connection *c = idle;
		size_t from = n * REQUEST_SIZE % (options.size - size + 1);

		idle = c->next;
		begin(c, from, from + size);
	}
}

static void tend_downloads(void)
{
	for (size_t i = 0; i < options.n_downloads; i++) {
		struct connection *c = &downloads[i];

		if (c->due > now)
			continue;
		if (c->fd < 0)
			begin(c, 0, options.size);
		else if (c->waits <= 0)
			advance(c);
	}
}

static void end_overdue(struct connection *all, size_t n, double limit)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].fd >= 0 && all[i].waits > 0 && all[i].waits + limit < now)
			end(&all[i], "nothing comes");
}

static void wait_and_advance(void)
{
	struct epoll_event events[N_EVENTS];
	int n = epoll_wait(epoll_fd, events, N_EVENTS, (int)(TICK * 1000));

	now = clock_now();
	for (int i = 0; i < n; i++)
		advance(events[i].data.ptr);
}

static int run(void)
{
	double since, tick = 0, report = 0;

	since = now = clock_now();
	for (size_t i = 0; i < options.n_downloads; i++)
		downloads[i].due = now + SPREAD * (double)i / (double)options.n_downloads;
	while (!ending) {
		wait_and_advance();
		begin_requests(since);
		if (now < tick)
			continue;
		tick = now + TICK;
		tend_downloads();
		if (now < report)
			continue;
		report = now + REPORT_EVERY;
		end_overdue(downloads, options.n_downloads, TIMEOUT);
		end_overdue(requests, options.at_once, TIMEOUT);
		if (write_report(".ready"))
			return -errno;
	}
	for (since = now; running && now < since + LAST_CALL;)
		wait_and_advance();
	end_overdue(requests, options.at_once, 0);
	return write_report("");
}

/* ---- the beginning ------------------------------------------------------------------------- */
static int read_file(void)
{
	FILE *file = fopen(options.file, "re");
	long size;

	if (!file)
		return -errno;
	if (fseek(file, 0, SEEK_END) || (size = ftell(file)) <= 0)
		return -EINVAL;
	rewind(file);
	options.size = (size_t)size;
	options.bytes = malloc(options.size);
	if (!options.bytes || fread(options.bytes, 1, options.size, file) != options.size)
		return -EIO;
	fclose(file);
	return 0;
}

static bool parse_address(const char *text, union address *ret)
{
	*ret = (union address){ 0 };
	ret->any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(ret->any.sa_family, text,
			 ret->any.sa_family == AF_INET6 ? (void *)&ret->v6.sin6_addr :
							  (void *)&ret->v4.sin_addr) == 1;
}

static bool parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "address", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "source", required_argument, NULL, 's' },
		{ "path", required_argument, NULL, 'P' },
		{ "file", required_argument, NULL, 'f' },
		{ "seconds", required_argument, NULL, 't' },
		{ "downloads", required_argument, NULL, 'd' },
		{ "rate", required_argument, NULL, 'r' },
		{ "at-once", required_argument, NULL, 'o' },
		{ "report", required_argument, NULL, 'R' },
		{ 0 },
	};
	in_port_t port = 0;
	bool good = true;
	int c;

	while (good && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'a':
			good = parse_address(optarg, &options.to);
			break;
		case 'p':
			port = htons((uint16_t)atoi(optarg));
			break;
		case 's':
			good = options.n_sources <
				       sizeof(options.sources) / sizeof(options.sources[0]) &&
			       parse_address(optarg, &options.sources[options.n_sources++]);
			break;
		case 'P':
			options.path = optarg;
			break;
		case 'f':
			options.file = optarg;
			break;
		case 't':
			options.seconds = strtod(optarg, NULL);
			break;
		case 'd':
			options.n_downloads = strtoul(optarg, NULL, 10);
			break;
		case 'r':
			options.rate = strtod(optarg, NULL);
			break;
		case 'o':
			options.at_once = strtoul(optarg, NULL, 10);
			break;
		case 'R':
			options.report = optarg;
			break;
		default:
			good = false;
		}
	}
	if (options.to.any.sa_family == AF_INET6)
		options.to.v6.sin6_port = port;
	else
		options.to.v4.sin_port = port;
	return good && optind == argc && port && options.n_sources && options.path &&
	       options.file && options.report;
}

static bool make_connections(void)
{
	downloads = calloc(options.n_downloads + 1, sizeof(*downloads));
	requests = calloc(options.at_once + 1, sizeof(*requests));
	if (!downloads || !requests)
		return false;
	for (size_t i = 0; i < options.n_downloads; i++) {
		downloads[i].fd = -1;
		downloads[i].is_download = true;
	}
	for (size_t i = 0; i < options.at_once; i++) {
		requests[i].fd = -1;
		requests[i].next = idle;
		idle = &requests[i];
	}
	return true;
}

static void on_signal(int signal)
{
	(void)signal;
	ending = 1;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct rlimit files;
	int r;

	if (!parse_options(argc, argv)) {
		fputs("usage: http_load --address A --port N --source A... --path P --file F "
		      "--report R [--seconds N] [--downloads N] [--rate N] [--at-once N]\n",
		      stderr);
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = epoll_fd < 0 || !make_connections() ? -errno : read_file();
	if (!r)
		r = run();
	if (r)
		fprintf(stderr, "http_load: %s\n", strerror(-r));
	return r != 0;
}
