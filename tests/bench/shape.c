// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "shape.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_shape.skel.h"

/* Of a plain frame of IPv4 and TCP. */
#define DST_AT 30
#define PORT_AT 36

static int set(const struct bpf_map *map, const void *key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY);
}

static int fill(struct shape *s, const struct frame *frame)
{
	const uint32_t cpu = sched_getcpu(), first = 0;
	struct shape_vip vip = { 0 };
	uint32_t address;
	uint16_t port;
	int err;

	memcpy(&address, frame->data + DST_AT, sizeof(address));
	memcpy(&port, frame->data + PORT_AT, sizeof(port));
	vip.word = (__u64)port << 32 | address;
	err = set(s->skel->maps.vips, &vip, &first);
	if (!err)
		err = set(s->skel->maps.flows, &cpu, &s->table);
	for (uint32_t i = 0; i < SHAPE_HOSTS && !err; i++) {
		struct shape_host host = { { 0x01000002 + (i << 8), 0x00020000, 0x01000000 } };

		err = set(s->skel->maps.hosts, &i, &host);
	}
	for (uint32_t i = 0; i < SHAPE_RING && !err; i++) {
		uint32_t host = i % SHAPE_HOSTS;

		err = set(s->skel->maps.ring, &i, &host);
	}
	return err;
}

int shape_open(struct shape *s, const struct frame *frame)
{
	int err = 0;

	s->table = -1;
	s->skel = bench_shape_bpf__open_and_load();
	if (!s->skel)
		err = -errno;
	if (!err) {
		s->table = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "flows_of_cpu", 16, 8, SHAPE_FLOWS,
					  NULL);
		err = s->table < 0 ? s->table : fill(s, frame);
	}
	if (err)
		fprintf(stderr, "bench: the program of the others' shape: %s\n", strerror(-err));
	return err;
}

void shape_close(struct shape *s)
{
	if (s->skel && s->table >= 0)
		close(s->table);
	bench_shape_bpf__destroy(s->skel);
}

int shape_program(const struct shape *s)
{
	return bpf_program__fd(s->skel->progs.shape);
}

long long shape_sent(const struct shape *s)
{
	const int cpus = libbpf_num_possible_cpus();
	struct shape_count *counts = calloc(cpus > 0 ? cpus : 1, sizeof(*counts));
	const uint32_t first = 0;
	long long n = 0;
	int err = counts && cpus > 0 ?
			  bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.counts), &first, counts) :
			  -ENOMEM;

	for (int i = 0; i < cpus && !err; i++)
		n += counts[i].packets;
	free(counts);
	return err ? err : n;
}
