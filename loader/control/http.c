/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#include "control/captures.h"
#include "control/events.h"
#include "control/view.h"

#define CONNECTION_MEMORY (32 * 1024) /* request line and headers; more is 414 or 431 */
#define DISCARD_FACTOR 4              /* of HTTP_MAX_BODY is read and thrown away to say why */

struct http {
	sd_event *event;
	struct MHD_Daemon *daemon;
	sd_event_source *io;
	sd_event_source *timer;
	sd_event_source *wake;  /* without a thread of its own, MHD doesn't notice what we resume */
	sd_event_source *turn;  /* the first request in the queue is to be answered */
	sd_event_source *clock; /* ends what takes too long */
	struct client *clients;
	unsigned n_clients;
	struct exchange *queue;
	struct exchange *put_off; /* answered when http_again() is called */
	struct http_counts counts;
	size_t body_bytes; /* of all requests */
	bool closing;
	struct events events;
	struct captures captures;
	struct http_options options;
};

struct client {                     /* a connection */
	int fd;                     /* MHD's */
	uint64_t since;             /* monotonic s: its request began, or the one before ended */
	bool streams;               /* has no end */
	bool busy;                  /* between a request's begin and its answer's end */
	bool ended;                 /* by us */
	const struct shared *reads; /* a shared answer */
	struct client *prev, *next;
};

enum exchange_state { RECEIVING, QUEUED, PUT_OFF, ANSWERED };

struct exchange { /* one request */
	enum exchange_state state;
	unsigned refused; /* status: the body is thrown away */
	char *body;
	size_t len;
	size_t received;
	char *url;
	char *method;
	struct MHD_Connection *connection;
	struct api_reply reply;
	struct exchange *prev, *next; /* QUEUED, PUT_OFF */
};

static uint64_t monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* ---- answering ----------------------------------------------------------------------------- */
static enum MHD_Result send_response(const struct http *http, struct MHD_Connection *connection,
				     unsigned status, struct MHD_Response *response,
				     const char *type)
{
	const struct http_header *h = http->options.headers;
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	for (; h && h->name; h++)
		MHD_add_response_header(response, h->name, h->value);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static char *dump(const json_t *body, size_t *ret_len)
{
	char *text = body ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
	size_t len = text ? strlen(text) : 0;
	char *line = text ? realloc(text, len + 2) : NULL;

	if (!line) {
		free(text);
		return NULL;
	}
	line[len++] = '\n';
	line[len] = '\0';
	*ret_len = len;
	return line;
}

static enum MHD_Result send_json(const struct http *http, struct MHD_Connection *connection,
				 struct api_reply *reply)
{
	static char no_memory[] = "{\"error\":\"out of memory\"}\n";
	struct MHD_Response *response;
	char *text;
	size_t len;

	text = dump(reply->body, &len);
	json_decref(reply->body);
	if (text) {
		response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	} else {
		reply->status = 500;
		response = MHD_create_response_from_buffer(strlen(no_memory), no_memory,
							   MHD_RESPMEM_PERSISTENT);
	}
	if (response && reply->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	return send_response(http, connection, reply->status, response, "application/json");
}

static enum MHD_Result send_error(const struct http *http, struct MHD_Connection *connection,
				  unsigned status, const char *message)
{
	struct api_reply reply = { .status = status, .body = view_error(message, NULL) };

	return send_json(http, connection, &reply);
}

static enum MHD_Result send_again(const struct http *http, struct MHD_Connection *connection,
				  const char *message)
{
	struct api_reply reply = { .status = 503, .body = view_again(message) };

	return send_json(http, connection, &reply);
}

static enum MHD_Result send_stream(const struct http *http, struct MHD_Connection *connection,
				   struct MHD_Response *response, const char *type)
{
	struct client *client = client_of(connection);

	if (client)
		client->streams = true;
	return send_response(http, connection, 200, response, type);
}

static enum MHD_Result send_events(struct http *http, struct MHD_Connection *connection)
{
	struct MHD_Response *response;
	int r = events_subscribe(&http->events, connection, &response);

	if (r == -EBUSY)
		return send_error(http, connection, 503, "too many readers of events");
	if (r < 0)
		return send_error(http, connection, 500, strerror(-r));
	return send_stream(http, connection, response, "application/x-ndjson");
}

static enum MHD_Result send_capture(struct http *http, struct MHD_Connection *connection,
				    struct api_reply *reply)
{
	struct capture_session *session = reply->capture;
	struct control_error error = { 0 };
	struct MHD_Response *response;
	int r;

	reply->capture = NULL; /* captures_subscribe() has it */
	r = captures_subscribe(&http->captures, connection, session, &error, &response);
	if (r == -EBUSY)
		return send_error(http, connection, 503, "too many captures at once");
	if (r == -EAGAIN)
		return send_again(http, connection, error.message);
	if (r < 0)
		return send_error(http, connection, r == -ENODEV ? 503 : 500,
				  error.message[0] ? error.message : strerror(-r));
	return send_stream(http, connection, response, "application/octet-stream");
}

/* ---- reading requests ---------------------------------------------------------------------- */
static enum MHD_Result add_query(void *cls, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	json_t *query = cls;

	/* what is not UTF-8 must not look as if it were not there */
	if (json_object_set_new(query, key, json_string(value ? value : "")) < 0)
		json_object_set_new_nocheck(query, key, json_null());
	return MHD_YES;
}

static void answer(struct http *http, struct exchange *x)
{
	json_t *query = json_object();
	const struct api_request request = {
		.method = x->method,
		.path = x->url,
		.host = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND,
						    MHD_HTTP_HEADER_HOST),
		.query = query,
		.body = x->body,
		.body_len = x->len,
	};

	if (MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, add_query, query) < 0)
		x->reply = (struct api_reply){
			.status = 400,
			.body = view_error("malformed query", NULL),
		};
	else
		http->options.handler(http->options.data, &request, &x->reply);
	json_decref(query);
}

/* ---- turns --------------------------------------------------------------------------------- */
static enum MHD_Result wait_for_turn(struct http *http, struct exchange *x,
				     struct MHD_Connection *connection, const char *url,
				     const char *method)
{
	if (http->closing)
		return MHD_NO;
	x->url = strdup(url);
	x->method = strdup(method);
	if (!x->url || !x->method)
		return MHD_NO;
	x->connection = connection;
	x->state = QUEUED;
	DL_APPEND(http->queue, x);
	MHD_suspend_connection(connection);
	sd_event_source_set_enabled(http->turn, SD_EVENT_ONESHOT);
	return MHD_YES;
}

static void leave_queue(struct http *http, struct exchange *x)
{
	DL_DELETE(http->queue, x);
	x->state = ANSWERED;
	MHD_resume_connection(x->connection);
	sd_event_source_set_enabled(http->wake, SD_EVENT_ONESHOT);
}

/* The connection stays as it is. */
static void put_off(struct http *http, struct exchange *x)
{
	DL_DELETE(http->queue, x);
	x->state = PUT_OFF;
	DL_APPEND(http->put_off, x);
}

void http_again(struct http *http)
{
	struct exchange *x;

	while ((x = http->put_off)) {
		DL_DELETE(http->put_off, x);
		x->state = QUEUED;
		DL_APPEND(http->queue, x);
		sd_event_source_set_enabled(http->turn, SD_EVENT_ONESHOT);
	}
}

/* The daemon ends. */
static void give_up(struct http *http, struct exchange *x)
{
	x->reply = (struct api_reply){
		.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		.body = view_error("the daemon ends", NULL),
	};
	leave_queue(http, x);
}

/* The next one is at the end of the loop's queue, after all that has come meanwhile. */
static int on_turn(sd_event_source *source, void *data)
{
	struct http *http = data;
	struct exchange *x = http->queue;

	if (!x)
		return 0;
	answer(http, x);
	if (x->reply.later)
		put_off(http, x);
	else
		leave_queue(http, x);
	return http->queue ? sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) : 0;
}

static enum MHD_Result send_answer(struct http *http, struct MHD_Connection *connection,
				   struct exchange *x)
{
	struct client *client = client_of(connection);

	http->counts.requests++;
	if (x->reply.capture)
		return send_capture(http, connection, &x->reply);
	if (x->reply.shared) {
		if (client)
			client->reads = x->reply.shared;
		return MHD_queue_response(connection, x->reply.status,
					  shared_response(x->reply.shared));
	}
	if (!x->reply.stream) {
		struct api_reply reply = x->reply;

		x->reply.body = NULL; /* send_json() has it */
		return send_json(http, connection, &reply);
	}
	return send_events(http, connection);
}

/* ---- bodies -------------------------------------------------------------------------------- */

static bool announces_too_much(const struct http *http, struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > http->options.max_body;
}

/* A body without an announced length that is too big is read to some bound, so that the client
 * gets to see why. */
static enum MHD_Result collect(struct http *http, struct exchange *x, const char *data, size_t size)
{
	char *body;

	x->received += size;
	if (!x->refused && x->received > http->options.max_body)
		x->refused = MHD_HTTP_CONTENT_TOO_LARGE;
	else if (!x->refused && http->body_bytes + size > HTTP_MAX_BODIES)
		x->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
	if (x->refused)
		return x->received > DISCARD_FACTOR * http->options.max_body ? MHD_NO : MHD_YES;
	body = realloc(x->body, x->received);
	if (!body)
		return MHD_NO;
	memcpy(body + x->len, data, size);
	http->body_bytes += size;
	x->body = body;
	x->len = x->received;
	return MHD_YES;
}

static enum MHD_Result refuse(const struct http *http, struct MHD_Connection *connection,
			      unsigned status)
{
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		return send_error(http, connection, status, "too many large requests at once");
	return send_error(http, connection, status,
			  http->options.max_body ? "request body is larger than 8 MiB" :
						   "requests have no body here");
}

static void set_busy(struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);

	if (client)
		client->busy = true;
}

/* MHD calls this when the headers are there, for each piece of the body, at its end, and when we
 * resume the connection. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct exchange *x = *state;

	if (!x) {
		*state = x = calloc(1, sizeof(*x));
		if (!x)
			return MHD_NO;
		set_busy(connection);
		if (announces_too_much(cls, connection))
			return refuse(cls, connection, MHD_HTTP_CONTENT_TOO_LARGE);
		return MHD_YES;
	}
	if (*data_size) {
		size_t size = *data_size;

		*data_size = 0;
		return collect(cls, x, data, size);
	}
	if (x->refused)
		return refuse(cls, connection, x->refused);
	if (x->state == RECEIVING)
		return wait_for_turn(cls, x, connection, url, method);
	return send_answer(cls, connection, x);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct client *client = client_of(connection);
	struct exchange *x = *state;
	struct http *http = cls;

	if (code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED)
		http->counts.slow++;
	if (client) {
		client->since = monotonic_s();
		client->busy = false;
		client->reads = NULL;
	}
	*state = NULL;
	if (!x)
		return;
	http->body_bytes -= x->len;
	json_decref(x->reply.body);
	capture_session_free(x->reply.capture);
	shared_unref(x->reply.shared);
	free(x->body);
	free(x->url);
	free(x->method);
	free(x);
}

/* ---- connections --------------------------------------------------------------------------- */
/* MHD sees the end and closes. */
static void end(struct client *client)
{
	client->ended = true;
	shutdown(client->fd, SHUT_RDWR);
}

/* Who waits for nothing goes before who reads. */
static bool goes_before(const struct client *a, const struct client *b)
{
	return !b || a->busy < b->busy || (a->busy == b->busy && a->since < b->since);
}

/* The last place has been taken: nobody is to keep others out. */
static void make_room(struct http *http)
{
	struct client *client, *first = NULL;

	DL_FOREACH(http->clients, client) {
		if (client->ended)
			return; /* a place is about to be free */
		if (goes_before(client, first))
			first = client;
	}
	if (!first)
		return;
	http->counts.pushed++;
	end(first);
	sd_event_source_set_enabled(http->wake, SD_EVENT_ONESHOT);
}

void http_drop(struct http *http, const struct shared *shared)
{
	struct client *client;

	DL_FOREACH(http->clients, client)
		if (client->reads == shared && !client->ended) {
			http->counts.slow++;
			end(client);
		}
	sd_event_source_set_enabled(http->wake, SD_EVENT_ONESHOT);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct client *client = *context;
	const union MHD_ConnectionInfo *info;
	struct http *http = cls;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (client) {
			DL_DELETE(http->clients, client);
			http->n_clients--;
		}
		free(client);
		*context = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	client = info ? calloc(1, sizeof(*client)) : NULL;
	if (!client)
		return; /* it is bounded by its silence only */
	client->fd = info->connect_fd;
	client->since = monotonic_s();
	DL_APPEND(http->clients, client);
	*context = client;
	http->n_clients++;
	if (http->options.make_room && http->n_clients == HTTP_MAX_CONNECTIONS)
		make_room(http);
}

/* Who sends a byte now and then is never silent. */
static int on_clock(sd_event_source *source, uint64_t usec, void *data)
{
	struct http *http = data;
	uint64_t now = monotonic_s();
	struct client *client;

	DL_FOREACH(http->clients, client)
		if (!client->streams && !client->ended &&
		    now - client->since > http->options.max_request_s) {
			http->counts.slow += client->busy;
			end(client);
		}
	sd_event_source_set_time_relative(source, 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Paths are decoded segment by segment: a name may hold an encoded slash. */
static size_t keep_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

/* ---- event loop ---------------------------------------------------------------------------- */
static int arm_timer(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;
	uint64_t now;
	int r;

	if (MHD_get_timeout(http->daemon, &ms) != MHD_YES)
		return sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
	r = sd_event_now(http->event, CLOCK_MONOTONIC, &now);
	if (r >= 0)
		r = sd_event_source_set_time(http->timer, now + ms * 1000);
	if (r >= 0)
		r = sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT);
	return r;
}

static unsigned count_connections(const struct http *http)
{
	const union MHD_DaemonInfo *info;

	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	return info ? info->num_connections : 0;
}

/* At the limit MHD doesn't listen, and when somebody has left it starts again with the next run. */
static int run(struct http *http)
{
	unsigned before;

	do {
		before = count_connections(http);
		if (MHD_run(http->daemon) != MHD_YES)
			return -EIO;
	} while (before == HTTP_MAX_CONNECTIONS && count_connections(http) < before);
	return arm_timer(http);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	return run(data);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	return run(data);
}

static int on_wake(sd_event_source *source, void *data)
{
	return run(data);
}

static int watch(struct http *http)
{
	const union MHD_DaemonInfo *info;
	int r;

	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	r = sd_event_add_io(http->event, &http->io, info->epoll_fd, EPOLLIN, on_io, http);
	if (r >= 0)
		r = sd_event_add_time(http->event, &http->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000,
				      on_timer, http);
	if (r >= 0)
		r = sd_event_add_defer(http->event, &http->wake, on_wake, http);
	if (r >= 0)
		r = sd_event_add_defer(http->event, &http->turn, on_turn, http);
	if (r >= 0)
		r = sd_event_source_set_enabled(http->turn, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(http->event, &http->clock, CLOCK_MONOTONIC, 1000000,
					       0, on_clock, http);
	http->events.loop = http->captures.loop =
		(struct stream_loop){ .event = http->event, .wake = http->wake };
	return r;
}

static struct MHD_Daemon *start(struct http *http, int listen_fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
				http, MHD_OPTION_LISTEN_SOCKET, listen_fd,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_MAX_CONNECTIONS,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_TIMEOUT_S,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
				MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL,
				MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

int http_open(sd_event *event, int listen_fd, const struct http_options *options, struct http **ret)
{
	struct http *http = calloc(1, sizeof(*http));
	int r;

	if (!http) {
		close(listen_fd);
		return -ENOMEM;
	}
	http->event = sd_event_ref(event);
	http->options = *options;
	http->daemon = start(http, listen_fd);
	if (!http->daemon)
		close(listen_fd);
	r = http->daemon ? watch(http) : -EIO;
	if (r < 0) {
		http_close(http);
		return r;
	}
	*ret = http;
	return 0;
}

unsigned http_count(const struct http *http, struct http_counts *sum)
{
	sum->requests += http->counts.requests;
	sum->slow += http->counts.slow;
	sum->pushed += http->counts.pushed;
	return http->n_clients;
}

void http_publish(struct http *http, json_t *event)
{
	events_publish(&http->events, event);
}

void http_serve_captures(struct http *http, const struct control_ops *ops, void *data)
{
	http->captures.ops = ops;
	http->captures.data = data;
}

void http_captured(struct http *http, const struct capture_packet *p)
{
	captures_packet(&http->captures, p);
}

struct capture_counts http_capture_counts(const struct http *http)
{
	return http->captures.counts;
}

void http_refresh_captures(struct http *http)
{
	captures_refresh(&http->captures);
}

void http_close(struct http *http)
{
	if (!http)
		return;
	sd_event_source_disable_unref(http->io);
	sd_event_source_disable_unref(http->timer);
	if (http->daemon) {
		http->closing = true;
		events_end(&http->events);
		captures_end(&http->captures);
		http_again(http);
		while (http->queue)
			give_up(http, http->queue);
		MHD_run(http->daemon);
		MHD_stop_daemon(http->daemon);
	}
	sd_event_source_disable_unref(http->turn);
	sd_event_source_disable_unref(http->clock);
	sd_event_source_disable_unref(http->wake);
	sd_event_unref(http->event);
	free(http);
}
