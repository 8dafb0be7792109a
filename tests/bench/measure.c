// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "measure.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_wrap.skel.h"
#include "netdev.h"
#include "wrap.h"

/* `return XDP_TX` by BPF_PROG_RUN on the machine that the peer's figures are from. */
#define PEER_BARE_NS 11.5

/* ---- opening ------------------------------------------------------------------------------------
 */
static int fail(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
	return err;
}

int bench_open(struct bench *b)
{
	const struct fixture_options usual = { .flow_lines = XLB_FLOW4_LINES, .real_clock = true };
	const struct fixture_options large = { .flow_lines = 1u << 19, .real_clock = true };
	const struct packet plain = { .vip = MAIN_VIP, .proto = IPPROTO_TCP };
	struct frame frame;
	int err = netdev_namespace();

	if (!err)
		err = netdev_veth("one", "two", b->ifindex);
	if (err)
		return fail("network namespace with a veth pair", err);
	b->wrap = bench_wrap_bpf__open_and_load();
	if (!b->wrap)
		return fail("loading the wrapper", -errno);
	err = fixture_open(&usual, b->ifindex, &b->usual);
	if (err)
		return fail("loading the program", err);
	err = fixture_open(&large, b->ifindex, &b->large);
	if (err)
		return fail("loading the program with large tables", err);
	frame_build(&plain, AF_INET, &frame);
	return shape_open(&b->shape, &frame);
}

void bench_close(struct bench *b)
{
	shape_close(&b->shape);
	fixture_close(&b->large);
	fixture_close(&b->usual);
	bench_wrap_bpf__destroy(b->wrap);
}

/* ---- running ------------------------------------------------------------------------------------
 */
/* One scenario being measured. */
struct job {
	struct bench *b;
	const struct scenario *s;
	struct fixture *fx;
	struct variant variant;
	uint32_t flow_mask;
	struct frame frame;
};

/* Runs the program through the wrapper, which makes the flows. */
static int run_wrapped(const struct job *j, int prog, const struct frame *frame, bool in_sequence,
		       uint32_t n, uint32_t *ret_verdict, double *ret_ns)
{
	struct bench_wrap_bpf *w = j->b->wrap;
	const uint32_t zero = 0;
	int err = bpf_map_update_elem(bpf_map__fd(w->maps.under_test), &zero, &prog, BPF_ANY);

	if (err)
		return fail("the wrapper's tail call", err);
	w->bss->flow_mask = j->flow_mask;
	w->bss->clutter_lines = j->b->clutter;
	w->bss->in_sequence = in_sequence;
	w->bss->position = in_sequence ? 1 : 88172645463325252;
	w->bss->next_address = htonl(WRAP_CLIENT(0));
	w->bss->next_port = htons(WRAP_CLIENT_PORT(0));
	return timing_run_xdp(bpf_program__fd(w->progs.wrap), frame, j->b->ifindex[0], n,
			      ret_verdict, ret_ns);
}

/* ---- does it do what it should? -----------------------------------------------------------------
 */
static uint64_t sent(const struct counters *before, const struct counters *after)
{
	uint64_t n = 0;

	for (uint32_t h = FIRST_HOST; h <= LAST_HOST; h++)
		n += after->hosts[h].packets - before->hosts[h].packets;
	return n;
}

static int wrong(const struct job *j, const char *what, unsigned long long n)
{
	fprintf(stderr, "bench: %s, IPv%d, %u flows: %s (%llu)\n", j->s->name,
		j->variant.family == AF_INET6 ? 6 : 4, j->flow_mask + 1, what, n);
	return -EPROTO;
}

/* The entries of the flows; at a million, some find no room (and are forwarded by hash). */
static int enter_flows(const struct job *j)
{
	const struct scenario *s = j->s;
	const uint32_t flows = j->flow_mask + 1;
	struct counters before, after;
	uint32_t verdict, address, port;
	struct frame frame;
	uint64_t full;
	double ns;
	int err;

	if (!s->enter)
		return 0;
	fixture_apply(j->fx, s->enter_world ? s->enter_world : &s->world, &j->variant);
	frame_build(s->enter, j->variant.family, &frame);
	scenario_offsets(s->enter, j->variant.family, &address, &port);
	j->b->wrap->bss->address_at = address;
	j->b->wrap->bss->port_at = port;
	fixture_count(j->fx, &before);
	err = run_wrapped(j, j->fx->prog, &frame, true, flows, &verdict, &ns);
	if (err)
		return err;
	fixture_count(j->fx, &after);
	full = after.reasons[XLB_REASON_TABLE_FULL] - before.reasons[XLB_REASON_TABLE_FULL];
	if (sent(&before, &after) != flows)
		return wrong(j, "packets that enter flows were not sent", flows);
	return full > flows / 50 ? wrong(j, "flows found no room", full) : 0;
}

/* One packet, by itself: verdict and frame. */
static int verify_packet(const struct job *j)
{
	const struct scenario *s = j->s;
	const uint32_t wanted = s->passed ? XDP_PASS : s->two_arms ? XDP_REDIRECT : XDP_TX;
	struct frame out, expected = j->frame;
	uint32_t verdict, host;
	int err = frame_run(j->fx->prog, &j->frame, j->b->ifindex[0], &out, &verdict);

	if (err)
		return fail("BPF_PROG_RUN", err);
	host = out.data[4] << 8 | out.data[5];
	if (verdict != wanted)
		return wrong(j, "unexpected verdict", verdict);
	if (!s->passed) {
		if (host < A || host > D)
			return wrong(j, "unexpected host", host);
		host_mac(host, expected.data);
		egress_mac(j->b->ifindex[s->two_arms], expected.data + 6);
	}
	if (out.size != expected.size || memcmp(out.data, expected.data, out.size) != 0)
		return wrong(j, "frame is not as it should be", out.size);
	return 0;
}

/* A run's packets: all by the path that is to be measured. */
static int verify_counts(const struct job *j, const struct counters *before, uint32_t n)
{
	struct counters after;
	const struct scenario *s = j->s;

	fixture_count(j->fx, &after);
	if (sent(before, &after) != (s->passed ? 0 : n))
		return wrong(j, "packets sent", sent(before, &after));
	for (uint32_t i = 0; i < XLB_REASON_COUNT; i++) {
		uint64_t counted = after.reasons[i] - before->reasons[i];

		if (i == XLB_REASON_TABLE_FULL ? counted > n / 50 :
						 counted != (i == s->reason ? n : 0))
			return wrong(j, "packets by another path than the one to be measured",
				     counted);
	}
	return 0;
}

static int verify(const struct job *j)
{
	const uint32_t n = j->flow_mask < 4096 ? j->flow_mask + 1 : 4096;
	struct counters before;
	uint32_t verdict;
	double ns;
	int err = verify_packet(j);

	if (err)
		return err;
	fixture_count(j->fx, &before);
	err = run_wrapped(j, j->fx->prog, &j->frame, false, n, &verdict, &ns);
	return err ? err : verify_counts(j, &before, n);
}

/* ---- measuring ----------------------------------------------------------------------------------
 */
/* ns of the program, verified by its counters. */
static int time_program(const struct job *j, double *ret_ns)
{
	struct counters before;
	uint32_t verdict;
	int err;

	if (j->s->always_new)
		fixture_reset(j->fx);
	fixture_count(j->fx, &before);
	err = run_wrapped(j, j->fx->prog, &j->frame, j->s->always_new, j->b->packets, &verdict,
			  ret_ns);
	return err ? err : verify_counts(j, &before, j->b->packets);
}

/* By the program of the peer's shape; all packets must be sent. */
static int run_shape(const struct job *j, bool in_sequence, uint32_t n, double *ret_ns)
{
	const struct shape *shape = &j->b->shape;
	const long long before = shape_sent(shape);
	uint32_t verdict;
	int err = run_wrapped(j, shape_program(shape), &j->frame, in_sequence, n, &verdict, ret_ns);

	if (err)
		return err;
	return shape_sent(shape) - before == n ? 0 : wrong(j, "packets by the others' shape", n);
}

static bool has_shape(const struct job *j)
{
	return j->s->peer == PEER_HIT && j->variant.family == AF_INET;
}

static int time_all(const struct job *j, struct result *ret)
{
	const int verdict_only = bpf_program__fd(j->b->wrap->progs.verdict_only);
	const int floor = bpf_program__fd(j->b->wrap->progs.parse_and_swap);
	double net[ROUNDS_MAX], floors[ROUNDS_MAX], shapes[ROUNDS_MAX];
	const bool in_sequence = j->s->always_new;
	int entered = has_shape(j) ? run_shape(j, true, j->flow_mask + 1, &shapes[0]) : 0;

	if (entered)
		return entered;
	for (unsigned i = 0; i < j->b->rounds; i++) {
		double bare, low, ns, shape = 0;
		uint32_t verdict;
		int err = run_wrapped(j, verdict_only, &j->frame, in_sequence, j->b->packets,
				      &verdict, &bare);

		if (!err)
			err = time_program(j, &ns);
		if (!err)
			err = run_wrapped(j, floor, &j->frame, in_sequence, j->b->packets, &verdict,
					  &low);
		if (!err && has_shape(j))
			err = run_shape(j, in_sequence, j->b->packets, &shape);
		if (err)
			return err;
		net[i] = ns - bare;
		floors[i] = low - bare;
		shapes[i] = shape - bare;
	}
	ret->net = spread_of(net, j->b->rounds);
	ret->floor = spread_of(floors, j->b->rounds);
	if (has_shape(j)) {
		ret->shape = spread_of(shapes, j->b->rounds);
		ret->peer_by_shape *= ret->shape.median;
	}
	return 0;
}

int bench_run(struct bench *b, const struct scenario *s, int family, enum flow_count flows,
	      struct result *ret)
{
	struct job j = { .b = b,
			 .s = s,
			 .fx = flow_counts[flows] > 65536 ? &b->large : &b->usual,
			 .variant = { .family = family, .two_arms = s->two_arms },
			 .flow_mask = s->always_new ? ~0u : flow_counts[flows] - 1 };
	const double scale = b->bare_ns / PEER_BARE_NS;
	struct packet first = s->packet;
	uint32_t address, port;
	int err;

	*ret = (struct result){ .scenario = s->name,
				.family = family,
				.flows = flow_counts[flows],
				.always_new = s->always_new };
	ret->peer = peer_ns(s->peer, family, flows) * scale;
	ret->peer_by_shape = peer_of_shape(s->peer, family, flows);
	ret->target = s->target_ns ? s->target_ns * scale : s->target[flows] * ret->peer;
	first.client = family == AF_INET6 ? 0x0a000000 : 0; /* the wrapper's flow 0 */
	first.client_port = 1024;
	frame_build(&first, family, &j.frame);
	fixture_reset(j.fx);
	for (uint32_t host = A; host <= D; host++)
		fixture_egress(j.fx, host);
	err = enter_flows(&j);
	if (err)
		return err;
	fixture_apply(j.fx, &s->world, &j.variant);
	scenario_offsets(&s->packet, family, &address, &port);
	b->wrap->bss->address_at = address;
	b->wrap->bss->port_at = port;
	err = verify(&j);
	return err ? err : time_all(&j, ret);
}

int bench_bare(struct bench *b, struct report *ret)
{
	const struct packet p = { .vip = MAIN_VIP, .proto = IPPROTO_TCP };
	double ns[ROUNDS_MAX];
	struct frame frame;
	uint32_t verdict;

	frame_build(&p, AF_INET, &frame);
	for (unsigned i = 0; i < b->rounds; i++) {
		int err = timing_run_xdp(bpf_program__fd(b->wrap->progs.verdict_only), &frame,
					 b->ifindex[0], b->packets, &verdict, &ns[i]);

		if (err)
			return fail("BPF_PROG_RUN", err);
	}
	b->bare_ns = spread_of(ns, b->rounds).median;
	*ret = (struct report){ .program = "xdp",
				.verdict = "XDP_TX",
				.peer = "Katran",
				.bare_ns = b->bare_ns,
				.peer_bare_ns = PEER_BARE_NS,
				.packets = b->packets,
				.rounds = b->rounds };
	return 0;
}
