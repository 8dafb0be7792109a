/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/why.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/reason.h"

#define ASSUMED_PORT 49152 /* of a client that did not tell: RFC 6335's first dynamic one */

/* ---- what to do ---------------------------------------------------------------------------- */
static const char *const hints[XLB_REASON_COUNT] = {
	[XLB_REASON_NO_SERVICE] =
		"no service in use listens there: \"xlbctl show redirects\", "
		"\"xlbctl show relays\"; address, port, protocol and interface of "
		"its listen line count, and a disabled service listens nowhere",
	[XLB_REASON_NOT_IP] = "only IPv4 and IPv6 are balanced",
	[XLB_REASON_VLAN] = "attach to the VLAN's own interface, too",
	[XLB_REASON_BAD_HEADER] = "whoever sends such packets is broken",
	[XLB_REASON_BAD_L4] = "whoever sends such packets is broken",
	[XLB_REASON_EXT_HEADERS] = "the client uses more IPv6 extension headers than are read",
	[XLB_REASON_FRAG_UNKNOWN] = "the first fragment went another way, or was lost",
	[XLB_REASON_RELAY] = "the TC program is to take it, but is not on this interface: "
			     "\"xlbctl show interfaces\"",
	[XLB_REASON_ICMP_OTHER] = "the local stack answers it",
	[XLB_REASON_NO_HOST] =
		"no host of the service takes it: \"xlbctl show hosts\" tells which "
		"are down, disabled or draining, and why; \"xlbctl doctor\" tests them",
	[XLB_REASON_NO_EGRESS] = "the interface towards the host has gone: \"xlbctl doctor\"",
	[XLB_REASON_FLOODED] =
		"a switch sends frames for the hosts to this interface, too: it does not "
		"know their MACs, or mirrors them",
	[XLB_REASON_LOOP] =
		"it comes from a host of the service itself, which needs the address on "
		"its loopback: \"xlbctl node-setup\"",
	[XLB_REASON_NO_CONNECTION] =
		"there is no such connection any more; it ended, or was silent "
		"for longer than the session timeout. A new one would do",
	[XLB_REASON_HOST_DOWN] = "its host went down; a new connection would go to another one",
	[XLB_REASON_NO_PORT] =
		"all NAT ports towards the host are in use: more addresses (\"nat to\") "
		"or hosts, or a shorter session timeout",
	[XLB_REASON_INDEX_FULL] = "the table of connections is full: a shorter session timeout",
	[XLB_REASON_TTL] = "the packet has come too far; or is there a loop?",
	[XLB_REASON_MIN_TTL] = "the client is farther away than the protocol's \"minttl\" allows",
	[XLB_REASON_REWRITE] = "the kernel was short of memory",
	[XLB_REASON_TOO_BIG] = "a smaller MTU on the way out than on the way in",
	[XLB_REASON_FRAG_NEEDED] = "the sender is told of the smaller MTU",
	[XLB_REASON_NO_INTERFACE] = "attach to the interface it came in by: \"xlbctl attach\"",
};

const char *why_hint(enum xlb_reason reason)
{
	return reason < XLB_REASON_COUNT ? hints[reason] : NULL;
}

/* ---- the question -------------------------------------------------------------------------- */
__attribute__((format(printf, 3, 4))) static int refuse(struct control_error *error, int err,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return err;
}

static int parse_address(const char *text, struct cfg_addr *ret, struct control_error *error)
{
	struct cfg_addr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(addr.family, text, &addr.v6) != 1)
		return refuse(error, -EINVAL, "\"%.100s\" is no IPv4 or IPv6 address", text);
	*ret = addr;
	return 0;
}

static int parse_proto(const char *text, uint8_t *ret, struct control_error *error)
{
	if (!strcmp(text, "tcp"))
		*ret = IPPROTO_TCP;
	else if (!strcmp(text, "udp"))
		*ret = IPPROTO_UDP;
	else
		return refuse(error, -EINVAL, "proto must be tcp or udp");
	return 0;
}

static int find_way_in(const struct view *v, const char *interface, struct why_request *ret,
		       struct control_error *error)
{
	const struct net_link *link;
	int r;

	if (interface) {
		if (!v->net || net_link_by_name(v->net, interface, &link))
			return refuse(error, -ENODEV, "no interface \"%.100s\"", interface);
		ret->query.ifindex = link->ifindex;
		return 0;
	}
	ret->any_way_in = true;
	r = v->net ? net_way(v->net, &ret->query.client, &ret->query.ifindex) : -ENETUNREACH;
	if (!r)
		return 0;
	snprintf(error->hint, sizeof(error->hint), "name the interface it comes in by: -i IFACE");
	return refuse(error, -EINVAL, "no interface leads to the client: %s", strerror(-r));
}

static int check(struct why_request *r, json_int_t port, json_int_t client_port,
		 struct control_error *error)
{
	if (r->query.client.family != r->query.vip.family)
		return refuse(error, -EINVAL, "client and vip must be of one family");
	if (port < 1 || port > 65535)
		return refuse(error, -EINVAL, "port must be a number from 1 to 65535");
	if (client_port < 0 || client_port > 65535)
		return refuse(error, -EINVAL, "client_port must be a number from 1 to 65535");
	if (r->query.mid_stream && r->query.proto != IPPROTO_TCP)
		return refuse(error, -EINVAL, "only TCP has a stream to be in the middle of");
	r->query.port = port;
	r->query.client_port = client_port ? client_port : ASSUMED_PORT;
	r->assumed_port = !client_port;
	return 0;
}

int why_request_parse(const struct view *v, json_t *body, struct why_request *ret,
		      struct control_error *error)
{
	const char *client, *vip, *proto = "tcp", *interface = NULL;
	struct why_request request = { .assumed_port = false };
	json_int_t port, client_port = 0;
	int mid_stream = 0, r;
	json_error_t why;

	if (json_unpack_ex(body, &why, 0, "{s:s, s:s, s:I, s?:I, s?:s, s?:s, s?:b!}", "client",
			   &client, "vip", &vip, "port", &port, "client_port", &client_port,
			   "proto", &proto, "interface", &interface, "mid_stream", &mid_stream) < 0)
		return refuse(error, -EINVAL, "request body: %s", why.text);
	request.query.mid_stream = mid_stream;
	r = parse_address(client, &request.query.client, error);
	if (!r)
		r = parse_address(vip, &request.query.vip, error);
	if (!r)
		r = parse_proto(proto, &request.query.proto, error);
	if (!r)
		r = check(&request, port, client_port, error);
	if (!r)
		r = find_way_in(v, interface, &request, error);
	if (!r)
		*ret = request;
	return r;
}

/* ---- the answer ---------------------------------------------------------------------------- */
static json_t *interface_name(const struct view *v, uint32_t ifindex)
{
	const struct net_link *link;

	return v->net && !net_link_by_index(v->net, ifindex, &link) ? json_text(link->name) :
								      json_null();
}

static const char *packet_name(const struct why_query *q)
{
	if (q->proto == IPPROTO_UDP)
		return "udp";
	return q->mid_stream ? "ack" : "syn";
}

/* The model's, of which the kernel's record has name and protocol. */
static const struct service *find_service(const struct model *m, const char *name)
{
	for (unsigned i = 0; i < m->n_services; i++)
		if (m->services[i].served && !strcmp(m->services[i].name, name))
			return &m->services[i];
	return NULL;
}

static json_t *service(const struct view *v, const struct why *w)
{
	const struct service *s = w->service ? find_service(v->model, w->service->name) : NULL;
	const char *way = "route";

	if (!w->service)
		return json_null();
	if (w->service->flags & XLB_SERVICE_NAT)
		way = w->service->flags & XLB_SERVICE_TRANSPARENT ? "transparent" : "nat";
	return json_pack("{s:o, s:o, s:i, s:s, s:o, s:b}", "kind",
			 s ? json_text(service_kind_name(s->kind)) : json_null(), "name",
			 json_text(w->service->name), "id", w->service->id, "forward", way, "mode",
			 s ? json_text(cfg_mode_name(s->target->mode)) : json_null(), "sticky",
			 (w->service->flags & XLB_SERVICE_STICKY) != 0);
}

static json_t *host(const struct why_host *h)
{
	if (!h->name)
		return json_null();
	return json_pack("{s:o, s:o, s:b, s:b}", "name", json_text(h->name), "address",
			 json_address(&h->addr), "takes_new", (h->flags & XLB_HOST_NEW) != 0,
			 "keeps_old", h->flags != 0);
}

static json_t *row(const struct why *w)
{
	if (!w->row_state)
		return json_null();
	return json_pack("{s:I, s:s, s:o, s:o}", "number", (json_int_t)w->row, "state",
			 why_row_name(w->row_state), "host", host(&w->cur), "former",
			 host(&w->prev));
}

static json_t *egress(const struct view *v, const struct why *w)
{
	if (!w->egress)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "interface", interface_name(v, w->egress), "dst_mac",
			 json_mac(w->dst_mac), "src_mac", json_mac(w->src_mac));
}

static json_t *nat(const struct why *w)
{
	if (w->nat_addr.family == AF_UNSPEC)
		return json_null();
	return json_pack("{s:o, s:i, s:o, s:i}", "address", json_address(&w->nat_addr), "port",
			 w->nat_port, "host_address", json_address(&w->host_addr), "host_port",
			 w->host_port);
}

static const char *verdict(const struct why *w)
{
	if (!w->hook || w->verdict == XLB_TRACED_PASS)
		return "pass";
	return w->verdict == XLB_TRACED_DROP ? "drop" : "forward";
}

static json_t *reasons(const struct why *w)
{
	json_t *list = json_array();

	for (int i = 0; i < XLB_REASON_COUNT; i++)
		if (w->reasons >> i & 1)
			json_array_append_new(list, json_string(packet_reason(i)->name));
	return list;
}

static const char *hint(const struct why *w)
{
	if (!w->hook)
		return "no program is on this interface: \"xlbctl attach\", or another one with -i";
	return w->reason >= 0 && w->verdict != XLB_TRACED_FORWARD ? why_hint(w->reason) : NULL;
}

static json_t *programs(const struct why *w)
{
	json_t *list = json_array();

	if (w->xdp)
		json_array_append_new(list, json_string("xdp"));
	if (w->tc)
		json_array_append_new(list, json_string("tc"));
	return list;
}

static json_t *question(const struct view *v, const struct why_request *r)
{
	const struct why_query *q = &r->query;

	return json_pack("{s:o, s:i, s:b, s:o, s:i, s:s, s:s, s:o, s:b}", "client",
			 json_address(&q->client), "client_port", q->client_port,
			 "client_port_assumed", r->assumed_port, "vip", json_address(&q->vip),
			 "port", q->port, "proto", protocol_name(q->proto), "packet",
			 packet_name(q), "interface", interface_name(v, q->ifindex),
			 "interface_assumed", r->any_way_in);
}

json_t *view_why(const struct view *v, const struct why_request *request, const struct why *w)
{
	const struct packet_reason *reason = packet_reason(w->reason);
	json_t *object = question(v, request);
	json_t *rest = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}",
		"programs", programs(w), "program",
		w->hook ? json_string(w->hook == XLB_HOOK_TC ? "tc" : "xdp") : json_null(),
		"service", service(v, w), "row", row(w), "host", host(&w->host), "by",
		json_text(w->host.name ? why_how_name(w->how) : NULL), "state",
		json_text(w->state_name), "egress", egress(v, w), "nat", nat(w), "verdict",
		verdict(w), "reason", json_text(reason ? reason->name : NULL), "text",
		json_text(reason ? reason->text : NULL), "reasons", reasons(w), "hint",
		json_text(hint(w)));

	if (json_object_update_new(object, rest) < 0) {
		json_decref(object);
		return NULL;
	}
	return json_answer("why", object);
}
