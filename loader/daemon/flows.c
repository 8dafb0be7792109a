/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/flows.h"

#include <errno.h>

#include "daemon/conns.h"
#include "daemon/daemon.h"
#include "requests/l4_packet.h"

#define TCP_ACK 0x10

static int ask(const struct session *flow, struct flow_entry *ret, void *data)
{
	struct daemon *d = data;

	return d->dataplane ? dataplane_flow(d->dataplane, flow, ret) : -ENOENT;
}

static void tell(const struct conn_event *event, void *data)
{
	conns_event(data, event);
}

static void on_trace(const struct trace_event *e, void *data)
{
	struct daemon *d = data;
	struct l4_packet p;

	if (e->nat || e->verdict != XLB_TRACED_FORWARD || e->host.family == AF_UNSPEC ||
	    !e->service || l4_packet_parse(e->before, e->before_len, e->frame_len, &p))
		return;
	flows_see(d->flows, &(struct flow_segment){
				    .time_ns = e->time_ns,
				    .service = e->service,
				    .proto = p.proto,
				    .client = p.src,
				    .vip = p.dst,
				    .client_port = p.src_port,
				    .port = p.dst_port,
				    .syn = (p.tcp_flags & (L4_TCP_SYN | TCP_ACK)) == L4_TCP_SYN,
				    .fin = p.tcp_flags & L4_TCP_FIN,
				    .rst = p.tcp_flags & L4_TCP_RST,
				    .seq = p.seq,
				    .len = p.len,
				    .host = e->host,
				    .in_ifindex = e->ifindex,
				    .out_ifindex = e->egress,
			    });
}

int flows_follow(struct daemon *d)
{
	d->flows = flows_new(FLOWS_MAX, tell, ask, d);
	if (!d->flows)
		return -ENOMEM;
	return trace_register(d, XLB_TRACE_CONN, on_trace, d);
}

/* Does any service want its connections told? */
static bool is_wanted(const struct model *m)
{
	for (unsigned i = 0; i < m->n_services; i++)
		if (m->services[i].trace & XLB_TRACE_CONN)
			return true;
	return false;
}

void flows_pass_time(struct daemon *d)
{
	if (is_wanted(d->model))
		flows_tick(d->flows, monotonic_us() * 1000);
	else
		flows_forget(d->flows);
}

void flows_unfollow(struct daemon *d)
{
	trace_unregister(d, on_trace, d);
	flows_free(d->flows);
	d->flows = NULL;
}

struct flows_counters flows_counted(const struct daemon *d)
{
	return d->flows ? *flows_counters(d->flows) : (struct flows_counters){ 0 };
}
