// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_shape.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "bench_nat_shape.skel.h"
#include "wrap_tc.h"

/* In a plain frame of IPv4 and TCP. */
#define DST_AT 30
#define PORTS_AT 34

#define NAT_ADDRESS 0xc0a80102 /* 192.168.1.2 */
#define HOST_ADDRESS 0xc0a80103

static int add(struct bench_nat_shape_bpf *shape, const struct frame *frame, uint32_t flow,
	       uint32_t ifindex)
{
	const uint16_t client = htons(WRAP_CLIENT_PORT(flow));
	const uint16_t nat[2] = { htons(1024 + (flow & 0x7fff)), htons(80) };
	struct nat_shape_flow is = { .src = htonl(WRAP_CLIENT(flow)), .proto = IPPROTO_TCP };
	struct nat_shape_to to = { .src = htonl(NAT_ADDRESS),
				   .dst = htonl(HOST_ADDRESS),
				   .ifindex = ifindex,
				   .macs = { 0x00000002, 0x00020100, 0x02000000 } };

	memcpy(&is.dst, frame->data + DST_AT, sizeof(is.dst));
	memcpy(&is.ports, frame->data + PORTS_AT, sizeof(is.ports));
	memcpy(&is.ports, &client, sizeof(client));
	memcpy(&to.ports, nat, sizeof(nat));
	return bpf_map_update_elem(bpf_map__fd(shape->maps.shape_conns), &is, &to, BPF_ANY);
}

struct bench_nat_shape_bpf *nat_shape_open(const struct frame *frame, uint32_t flows,
					   uint32_t ifindex)
{
	struct bench_nat_shape_bpf *shape = bench_nat_shape_bpf__open_and_load();
	int err = shape ? 0 : -errno;

	for (uint32_t i = 0; i < flows && !err; i++)
		err = add(shape, frame, i, ifindex);
	if (!err)
		return shape;
	fprintf(stderr, "bench: NAT of the others' shape: %s\n", strerror(-err));
	nat_shape_close(shape);
	return NULL;
}

void nat_shape_close(struct bench_nat_shape_bpf *shape)
{
	bench_nat_shape_bpf__destroy(shape);
}

int nat_shape_program(const struct bench_nat_shape_bpf *shape)
{
	return bpf_program__fd(shape->progs.nat_shape);
}

bool nat_shape_works(const struct bench_nat_shape_bpf *shape, const struct frame *frame)
{
	const uint32_t host = htonl(HOST_ADDRESS);
	struct frame out;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->data, .data_size_in = frame->size,
		    .data_out = out.data, .data_size_out = sizeof(out.data), .repeat = 1);

	return !bpf_prog_test_run_opts(nat_shape_program(shape), &run) &&
	       run.retval == TC_ACT_REDIRECT && !memcmp(out.data + DST_AT, &host, sizeof(host));
}
