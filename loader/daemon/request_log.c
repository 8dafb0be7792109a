/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/request_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "requests/escape.h"

/* Some 700 bytes each at most; both are bounds for the worst, not what is usual. */
#define MAX_FLOWS 32768
#define MAX_BYTES (16u << 20)

/* ---- the line ------------------------------------------------------------------------------ */
#define ENDPOINT_SIZE (INET6_ADDRSTRLEN + 8)

static const char *address_text(const struct cfg_addr *addr, char text[INET6_ADDRSTRLEN])
{
	if (addr->family == AF_UNSPEC ||
	    !inet_ntop(addr->family, &addr->v6, text, INET6_ADDRSTRLEN))
		snprintf(text, INET6_ADDRSTRLEN, "-");
	return text;
}

static const char *endpoint_text(const struct cfg_addr *addr, uint16_t port,
				 char text[ENDPOINT_SIZE])
{
	const bool v6 = addr->family == AF_INET6;
	char address[INET6_ADDRSTRLEN];

	snprintf(text, ENDPOINT_SIZE, "%s%s%s:%u", v6 ? "[" : "", address_text(addr, address),
		 v6 ? "]" : "", port);
	return text;
}

/* Where the host is spoken to: at the table's port, or else at the listener's. */
static uint16_t host_port(const struct service *s, const struct request_flow *flow)
{
	for (struct table **t = s && s->nat ? s->tables : NULL; t && *t; t++)
		for (unsigned i = 0; i < (*t)->n_hosts; i++) {
			const struct cfg_addr *addr = &(*t)->hosts[i].conf->addr;

			if (addr->family == flow->host.family && (*t)->port &&
			    !memcmp(&addr->v6, &flow->host.v6,
				    addr->family == AF_INET ? sizeof(addr->v4) : sizeof(addr->v6)))
				return (*t)->port;
		}
	return flow->listen_port;
}

const char *request_log_text(const struct service *service, const struct request_flow *flow,
			     const char *text, char buf[REQUEST_LOG_LINE])
{
	char client[ENDPOINT_SIZE], host[ENDPOINT_SIZE];
	const char *kind = service_kind_name(service ? service->kind : SERVICE_RELAY);

	snprintf(buf, REQUEST_LOG_LINE, "%s %s, %s -> %s, %s", kind, flow->service,
		 endpoint_text(&flow->client, flow->client_port, client),
		 endpoint_text(&flow->host, host_port(service, flow), host), text);
	return buf;
}

/* ---- services ------------------------------------------------------------------------------ */
static const struct service *find_service(const struct model *m, const char *name, bool nat)
{
	for (unsigned i = 0; i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		if (s->served && s->nat == nat && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static const struct cfg_protocol *protocol_of(const struct service *s)
{
	return s->relay ? s->relay->protocol : NULL;
}

static unsigned wants_of(const struct service *s)
{
	const struct cfg_protocol *protocol = protocol_of(s);
	unsigned wants = 0;

	if (protocol && protocol->logs)
		wants |= REQUESTS_HTTP;
	if (s->redirect ? s->redirect->sni_log : protocol && protocol->sni_log)
		wants |= REQUESTS_SNI;
	return wants;
}

/* ---- writing it ---------------------------------------------------------------------------- */
/* relayd's form, with what it has no word for as the key: "[sni: www.example.com]". */
static void sni_text(const char *name, char *buf, size_t size)
{
	char escaped[RULES_WORD];

	escape(name, escaped, sizeof(escaped));
	snprintf(buf, size, "[sni%s%s]", name[0] ? ": " : "", escaped);
}

/* false: it is not logged. */
static bool event_text(const struct service *s, const struct request_event *event,
		       char text[RULES_TEXT])
{
	const struct cfg_protocol *protocol = s ? protocol_of(s) : NULL;

	if (event->http)
		return protocol && rules_text(protocol->rules, event, text);
	sni_text(event->server_name, text, RULES_TEXT);
	return true;
}

static void write_line(const struct service *s, const struct request_event *event, const char *text)
{
	const struct request_flow *flow = event->flow;
	char line[REQUEST_LOG_LINE], client[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN];
	char port[8], name[RULES_WORD];

	snprintf(port, sizeof(port), "%u", flow->client_port);
	if (event->server_name)
		escape(event->server_name, name, sizeof(name));
	log_fields(LOG_INFO, request_log_text(s, flow, text, line), "XLB_SERVICE", flow->service,
		   "XLB_CLIENT", address_text(&flow->client, client), "XLB_CLIENT_PORT", port,
		   "XLB_HOST", address_text(&flow->host, host), "XLB_REQUEST",
		   event->http ? text : NULL, "XLB_METHOD",
		   event->http ? event->http->method : NULL, "XLB_SNI",
		   event->server_name ? name : NULL, NULL);
}

static void on_request(const struct request_event *event, void *data)
{
	struct daemon *d = data;
	const struct service *s = find_service(d->model, event->flow->service, event->flow->nat);
	char text[RULES_TEXT];

	if (!event_text(s, event, text))
		return;
	if (d->model->conf->log_connection)
		requests_keep(d->request_log.requests, text);
	if (line_limit_allows(&d->request_log.limit, monotonic_ms()))
		write_line(s, event, text);
}

const char *request_log_kept(const struct daemon *d, const struct session *session)
{
	const struct request_ends ends = { .proto = session->proto,
					   .client = session->client,
					   .client_port = session->client_port,
					   .listen = session->listen,
					   .listen_port = session->port };

	return requests_kept(d->request_log.requests, &ends);
}

/* ---- packets ------------------------------------------------------------------------------- */
static void on_trace(const struct trace_event *e, void *data)
{
	struct daemon *d = data;
	const struct service *s = e->service ? find_service(d->model, e->service, e->nat) : NULL;
	const struct requests_origin origin = {
		.service = e->service,
		.nat = e->nat,
		.wants = s ? wants_of(s) : 0,
		.host = e->host,
	};

	if (origin.wants && !e->from_host)
		requests_frame(d->request_log.requests, &origin, e->before, e->before_len,
			       e->frame_len, e->time_ns);
}

void request_log_tick(struct daemon *d)
{
	uint64_t left_out = line_limit_take(&d->request_log.limit);

	requests_tick(d->request_log.requests, monotonic_us() * 1000);
	if (left_out)
		log_warning("log of requests: %" PRIu64
			    " lines are left out, as there are more than %d a second",
			    left_out, LINE_LIMIT);
}

int request_log_open(struct daemon *d)
{
	struct requests_options options = {
		.max_flows = MAX_FLOWS, .max_bytes = MAX_BYTES, .fn = on_request, .data = d
	};
	int r;

	if (getrandom(options.keys, sizeof(options.keys), 0) != sizeof(options.keys))
		return -EIO;
	r = requests_open(&options, &d->request_log.requests);
	return r ? r : trace_register(d, XLB_TRACE_REQUEST, on_trace, d);
}

void request_log_close(struct daemon *d)
{
	trace_unregister(d, on_trace, d);
	requests_close(d->request_log.requests);
	d->request_log.requests = NULL;
}
