/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pflow/records.h"

static struct pflow_record from_client(const struct conn_event *e)
{
	const struct session *s = &e->session;

	return (struct pflow_record){
		.kind = PFLOW_HOST,
		.proto = s->proto,
		.src = s->client,
		.dst = s->listen,
		.src_port = s->client_port,
		.dst_port = s->port,
		.in_ifindex = e->in_ifindex,
		.out_ifindex = e->out_ifindex,
		.packets = s->packets_in,
		.octets = s->bytes_in,
		.start_ns = e->began_ns,
		.end_ns = e->ended_ns,
		.host = s->host,
	};
}

static void add_nat(const struct session *s, struct pflow_record *r)
{
	r->kind = PFLOW_NAT;
	r->nat_src = s->transparent ? s->client : s->nat_addr;
	r->nat_src_port = s->transparent ? s->client_port : s->nat_port;
	r->nat_dst = s->host;
	r->nat_dst_port = s->host_port;
}

static struct pflow_record to_client(const struct conn_event *e)
{
	const struct session *s = &e->session;

	return (struct pflow_record){
		.kind = PFLOW_PLAIN,
		.proto = s->proto,
		.src = s->listen,
		.dst = s->client,
		.src_port = s->port,
		.dst_port = s->client_port,
		.in_ifindex = e->out_ifindex,
		.out_ifindex = e->in_ifindex,
		.packets = s->packets_out,
		.octets = s->bytes_out,
		.start_ns = e->began_ns,
		.end_ns = e->ended_ns,
	};
}

unsigned pflow_records(const struct conn_event *e, struct pflow_record ret[2])
{
	unsigned n = 0;

	if (e->end == CONN_OPEN)
		return 0;
	if (e->session.bytes_in) {
		ret[n] = from_client(e);
		if (e->session.nat)
			add_nat(&e->session, &ret[n]);
		n++;
	}
	if (e->session.bytes_out)
		ret[n++] = to_client(e);
	return n;
}
