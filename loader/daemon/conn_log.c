/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/conn_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/request_log.h"

/* The buffer is read again after so long at the soonest: a flood must not take the daemon's time.
 */
#define PAUSE_USEC 50000

/* ---- the line ------------------------------------------------------------------------------ */
struct reason {
	const char *text; /* relayd's, where it has one (relay.c) */
	int error;        /* errno that it would print; 0: no error */
};

/* A SYN, and a reset: nobody listens there. */
static bool was_refused(const struct session *s)
{
	return s->packets_in == 1 && s->packets_out == 1;
}

static struct reason reason_of(const struct conn_event *e)
{
	const bool udp = e->session.proto == IPPROTO_UDP;

	switch (e->end) {
	case CONN_OPEN:
		return (struct reason){ "open", 0 };
	case CONN_CLOSED:
		break;
	case CONN_RESET:
		return was_refused(&e->session) ?
			       (struct reason){ "connect failed", ECONNREFUSED } :
			       (struct reason){ "buffer event error", ECONNRESET };
	case CONN_TIMEOUT: /* the way that UDP ends */
		if (udp)
			break;
		return (struct reason){ "hard timeout", ETIMEDOUT };
	case CONN_NO_ANSWER:
		return (struct reason){ udp ? "udp timeout" : "connect timeout", ETIMEDOUT };
	case CONN_HOST_DOWN:
		return (struct reason){ "session aborted", EHOSTDOWN };
	}
	return (struct reason){ "done", 0 };
}

static const char *address_text(const struct cfg_addr *addr, char text[INET6_ADDRSTRLEN])
{
	if (addr->family == AF_UNSPEC ||
	    !inet_ntop(addr->family, &addr->v6, text, INET6_ADDRSTRLEN))
		snprintf(text, INET6_ADDRSTRLEN, "-");
	return text;
}

/* The address that the host sees, if it isn't the client's. */
static void nat_text(const struct session *s, char *buf, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	const bool v6 = s->nat_addr.family == AF_INET6;

	buf[0] = '\0';
	if (s->nat_addr.family != AF_UNSPEC)
		snprintf(buf, size, "%s%s%s:%u", v6 ? "[" : "", address_text(&s->nat_addr, address),
			 v6 ? "]" : "", s->nat_port);
}

static void add(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

const char *conn_log_text(enum service_kind kind, const struct conn_event *event, char *buf,
			  size_t size, bool *ret_error)
{
	const struct session *s = &event->session;
	const struct reason reason = reason_of(event);
	char client[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN], nat[INET6_ADDRSTRLEN + 8];

	*ret_error = reason.error != 0;
	/* relay_close() of relayd; there is no tag */
	snprintf(buf, size, "%s %s, session %" PRIu32 " (%" PRIu32 " active), 0, %s -> %s:%u, %s",
		 service_kind_name(kind), s->service, s->id, event->active,
		 address_text(&s->client, client), address_text(&s->host, host), s->host_port,
		 reason.text);
	if (event->requests)
		add(buf, size, ", %s", event->requests);
	add(buf, size, ", client port %u", s->client_port);
	nat_text(s, nat, sizeof(nat));
	if (nat[0])
		add(buf, size, ", nat %s", nat);
	if (event->end != CONN_OPEN)
		add(buf, size,
		    ", in %" PRIu64 " packets %" PRIu64 " bytes, out %" PRIu64 " packets %" PRIu64
		    " bytes, %" PRIu32 " s",
		    s->packets_in, s->bytes_in, s->packets_out, s->bytes_out, event->duration_s);
	if (reason.error)
		add(buf, size, ": %s", strerror(reason.error));
	return buf;
}

/* ---- writing it ---------------------------------------------------------------------------- */
static bool is_wanted(const struct cfg *conf, const struct conn_event *event, bool error)
{
	if (event->end == CONN_OPEN)
		return conf->log_connection_opens;
	return error ? conf->log_connection_errors : conf->log_connection;
}

/* A redirect and a relay of one name are not both served. */
static enum service_kind kind_of(const struct model *m, const char *name)
{
	for (unsigned i = 0; i < m->n_services; i++)
		if (m->services[i].served && !strcmp(m->services[i].name, name))
			return m->services[i].kind;
	return SERVICE_RELAY;
}

static void write_line(const struct daemon *d, const struct conn_event *event)
{
	const struct session *s = &event->session;
	char line[512 + REQUESTS_KEPT], client[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN];
	char nat[INET6_ADDRSTRLEN + 8], id[12], in[24], out[24], seconds[12];
	bool error;

	conn_log_text(kind_of(d->model, s->service), event, line, sizeof(line), &error);
	nat_text(s, nat, sizeof(nat));
	snprintf(id, sizeof(id), "%" PRIu32, s->id);
	snprintf(in, sizeof(in), "%" PRIu64, s->bytes_in);
	snprintf(out, sizeof(out), "%" PRIu64, s->bytes_out);
	snprintf(seconds, sizeof(seconds), "%" PRIu32, event->duration_s);
	log_fields(error ? LOG_WARNING : LOG_INFO, line, "XLB_SERVICE", s->service, "XLB_SESSION",
		   id, "XLB_CLIENT", address_text(&s->client, client), "XLB_HOST",
		   address_text(&s->host, host), "XLB_NAT", nat[0] ? nat : NULL, "XLB_END",
		   conn_end_name(event->end), "XLB_BYTES_IN", in, "XLB_BYTES_OUT", out,
		   "XLB_DURATION_S", seconds, NULL);
}

/* relayd has what was asked in the connection's line. */
static void write_line_with_requests(const struct daemon *d, const struct conn_event *event)
{
	struct conn_event e = *event;

	if (event->end != CONN_OPEN)
		e.requests = request_log_kept(d, &event->session);
	write_line(d, &e);
}

static void on_conn(const struct conn_event *event, void *data)
{
	struct daemon *d = data;

	if (is_wanted(d->model->conf, event, reason_of(event).error != 0) &&
	    line_limit_allows(&d->conn_log.limit, monotonic_ms()))
		write_line_with_requests(d, event);
}

void conn_log_tick(struct daemon *d)
{
	uint64_t left_out = line_limit_take(&d->conn_log.limit);

	if (left_out)
		log_warning("log connection: %" PRIu64
			    " lines are left out, as there are more than %d a second",
			    left_out, LINE_LIMIT);
}

/* ---- when the buffer fills up sooner than the next tick ------------------------------------ */
static int on_pause_over(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *d = data;

	return sd_event_source_set_enabled(d->conn_log.io, SD_EVENT_ON);
}

/* The buffer stays readable as long as there is something in it. */
static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct daemon *d = data;
	int r = dataplane_read_events(d->dataplane);

	if (r)
		log_warning("reading the event buffer: %s", strerror(-r));
	r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_time_relative(d->conn_log.pause, PAUSE_USEC);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->conn_log.pause, SD_EVENT_ONESHOT);
	return r;
}

int conn_log_follow(struct daemon *d)
{
	int r;

	dataplane_on_conn(d->dataplane, on_conn, d);
	r = sd_event_add_io(d->event, &d->conn_log.io, dataplane_events_fd(d->dataplane), EPOLLIN,
			    on_readable, d);
	if (r >= 0)
		r = sd_event_add_time_relative(d->event, &d->conn_log.pause, CLOCK_MONOTONIC,
					       PAUSE_USEC, 0, on_pause_over, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->conn_log.pause, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void conn_log_unfollow(struct daemon *d)
{
	d->conn_log.io = sd_event_source_disable_unref(d->conn_log.io);
	d->conn_log.pause = sd_event_source_disable_unref(d->conn_log.pause);
}
