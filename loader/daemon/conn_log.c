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
	case CONN_UNSEEN:
		return (struct reason){ "end not seen", 0 };
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
	return (struct reason){ udp ? "session closed" : "done", 0 };
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

static void add_counts(const struct conn_event *event, char *buf, size_t size)
{
	const struct session *s = &event->session;

	if (s->nat)
		add(buf, size,
		    ", in %" PRIu64 " packets %" PRIu64 " bytes, out %" PRIu64 " packets %" PRIu64
		    " bytes",
		    s->packets_in, s->bytes_in, s->packets_out, s->bytes_out);
	else if (event->has_octets)
		add(buf, size, ", in %" PRIu64 " bytes of data", s->bytes_in);
	if (event->begin_unseen)
		add(buf, size, ", begin not seen");
	else
		add(buf, size, ", %" PRIu32 " s", event->duration_s);
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
	if (reason.error)
		add(buf, size, ": %s", strerror(reason.error));
	add(buf, size, ", client port %u", s->client_port);
	nat_text(s, nat, sizeof(nat));
	if (nat[0])
		add(buf, size, ", nat %s", nat);
	if (event->end != CONN_OPEN)
		add_counts(event, buf, size);
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

/* Numbers as text; what is not known has none. */
struct numbers {
	char session[12], client_port[8], host_port[8], seconds[12];
	char packets_in[24], bytes_in[24], packets_out[24], bytes_out[24];
};

static void fill_numbers(const struct conn_event *event, struct numbers *n)
{
	const struct session *s = &event->session;

	memset(n, 0, sizeof(*n));
	snprintf(n->session, sizeof(n->session), "%" PRIu32, s->id);
	snprintf(n->client_port, sizeof(n->client_port), "%u", s->client_port);
	snprintf(n->host_port, sizeof(n->host_port), "%u", s->host_port);
	if (event->end == CONN_OPEN)
		return;
	if (!event->begin_unseen)
		snprintf(n->seconds, sizeof(n->seconds), "%" PRIu32, event->duration_s);
	if (event->has_octets)
		snprintf(n->bytes_in, sizeof(n->bytes_in), "%" PRIu64, s->bytes_in);
	if (!s->nat)
		return;
	snprintf(n->packets_in, sizeof(n->packets_in), "%" PRIu64, s->packets_in);
	snprintf(n->packets_out, sizeof(n->packets_out), "%" PRIu64, s->packets_out);
	snprintf(n->bytes_out, sizeof(n->bytes_out), "%" PRIu64, s->bytes_out);
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void write_line(const struct daemon *d, const struct conn_event *event)
{
	const struct session *s = &event->session;
	char line[512 + REQUESTS_KEPT], client[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN];
	char nat[INET6_ADDRSTRLEN + 8];
	struct numbers n;
	bool error;

	conn_log_text(kind_of(d->model, s->service), event, line, sizeof(line), &error);
	nat_text(s, nat, sizeof(nat));
	fill_numbers(event, &n);
	log_fields(error ? LOG_WARNING : LOG_INFO, line, "XLB_SERVICE", s->service, "XLB_SESSION",
		   n.session, "XLB_CLIENT", address_text(&s->client, client), "XLB_CLIENT_PORT",
		   n.client_port, "XLB_HOST", address_text(&s->host, host), "XLB_HOST_PORT",
		   n.host_port, "XLB_NAT", or_null(nat), "XLB_END", conn_end_name(event->end),
		   "XLB_REASON", reason_of(event).text, "XLB_PACKETS_IN", or_null(n.packets_in),
		   "XLB_BYTES_IN", or_null(n.bytes_in), "XLB_PACKETS_OUT", or_null(n.packets_out),
		   "XLB_BYTES_OUT", or_null(n.bytes_out), "XLB_DURATION_S", or_null(n.seconds),
		   NULL);
}

/* relayd has what was asked in the connection's line. */
static void write_line_with_requests(const struct daemon *d, const struct conn_event *event)
{
	struct conn_event e = *event;

	if (event->end != CONN_OPEN)
		e.requests = request_log_kept(d, &event->session);
	write_line(d, &e);
}

void conn_log_event(struct daemon *d, const struct conn_event *event)
{
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
