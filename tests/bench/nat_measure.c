// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_measure.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench_wrap_tc.skel.h"
#include "nat_shape.h"
#include "netdev.h"
#include "wrap_tc.h"

/* `return TC_ACT_OK` by BPF_PROG_RUN on the machine that loxilb's figures are from. */
#define PEER_BARE_NS 21.6

#define USUAL_HOSTS 4
#define MANY_HOSTS 48 /* each takes 31,744 connections */
#define MANY_LINES (1u << 20)
#define LOST_MAX(n) ((n) / 50) /* at a million, some find no room */

/* ---- opening ------------------------------------------------------------------------------------
 */
static int fail(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
	return err;
}

static int open_world(const struct nat_bench *b, const char *name, const uint32_t ifindex[2],
		      const struct nat_world_options *options, struct nat_world *ret)
{
	struct nat_world_options o = *options;
	char dir[BPFFS_PATH_SIZE + 16];

	snprintf(dir, sizeof(dir), "%s/%s", b->bpffs, name);
	o.bpffs = dir;
	memcpy(o.ifindex, ifindex, sizeof(o.ifindex));
	return nat_world_open(&o, ret);
}

/* Each has an interface of its own: an interface takes one data plane's program. */
/* Its connections are those of the usual world's clients. */
static int open_shape(struct nat_bench *b)
{
	const struct nat_packet_spec spec = nat_from_client(&b->usual, AF_INET, 0, TH_ACK);
	struct frame frame;

	nat_frame(&spec, &frame);
	b->shape = nat_shape_open(&frame, flow_counts[FLOWS_64K], b->usual.options.ifindex[1]);
	return b->shape ? 0 : -EIO;
}

static int open_worlds(struct nat_bench *b, bool large)
{
	const struct nat_world_options usual = { .hosts = USUAL_HOSTS };
	const struct nat_world_options many = { .hosts = MANY_HOSTS, .index_lines = MANY_LINES };
	const struct nat_world_options fleeting = { .hosts = MANY_HOSTS,
						    .index_lines = MANY_LINES,
						    .test_clock = true };
	uint32_t a[2], c[2], d[2];
	int err = netdev_veth("one", "two", a);

	if (!err)
		err = netdev_veth("three", "four", c);
	if (!err)
		err = netdev_veth("five", "six", d);
	if (err)
		return fail("veth pairs", err);
	err = open_world(b, "usual", a, &usual, &b->usual);
	if (!err && large)
		err = open_world(b, "large", c, &many, &b->large);
	return err ? err : open_world(b, "fleeting", d, &fleeting, &b->fleeting);
}

int nat_bench_open(struct nat_bench *b, bool large)
{
	int err = netdev_namespace();

	if (!err)
		err = bpffs_mount(b->bpffs);
	if (err)
		return fail("namespaces", err);
	b->wrap = bench_wrap_tc_bpf__open_and_load();
	if (!b->wrap)
		return fail("loading the wrapper", -errno);
	b->listed = mmap(NULL, WRAP_FLOWS * sizeof(*b->listed), PROT_READ | PROT_WRITE, MAP_SHARED,
			 bpf_map__fd(b->wrap->maps.flows), 0);
	if (b->listed == MAP_FAILED)
		return fail("the wrapper's flows", -errno);
	err = open_worlds(b, large);
	return err ? err : open_shape(b);
}

void nat_bench_close(struct nat_bench *b)
{
	nat_shape_close(b->shape);
	nat_world_close(&b->fleeting);
	nat_world_close(&b->large);
	nat_world_close(&b->usual);
	bench_wrap_tc_bpf__destroy(b->wrap);
	bpffs_unmount(b->bpffs);
}

/* ---- running ------------------------------------------------------------------------------------
 */
/* One scenario being measured. */
struct job {
	struct nat_bench *b;
	struct nat_world *w;
	const struct nat_scenario *s;
	int family;
	uint32_t flows;
	struct nat_conn *conns;
	size_t n_conns;
};

static int wrong(const struct job *j, const char *what, unsigned long long n)
{
	fprintf(stderr, "bench: %s, IPv%d, %u flows: %s (%llu)\n", j->s->name,
		j->family == AF_INET6 ? 6 : 4, j->flows, what, n);
	return -EPROTO;
}

/* Of what varies in each packet: the client's end, or the host's address and the NAT port. */
static void set_offsets(struct bench_wrap_tc_bpf *w, int family, enum nat_direction direction)
{
	const uint32_t header = family == AF_INET6 ? 40 : 20;

	w->bss->address_at = 14 + (family == AF_INET6 ? 20 : 12);
	w->bss->ports_at = 14 + header;
	w->bss->port_shift = direction == NAT_BACK ? 16 : 0;
	w->bss->listed = direction == NAT_BACK;
}

/* The template is the first flow's. */
static void begin_with(struct bench_wrap_tc_bpf *w, const uint8_t *frame)
{
	memcpy(&w->bss->next_address, frame + w->bss->address_at, sizeof(w->bss->next_address));
	memcpy(&w->bss->next_ports, frame + w->bss->ports_at, sizeof(w->bss->next_ports));
	w->bss->fixed_port = w->bss->next_ports & ~(0xffffu << w->bss->port_shift);
}

static struct nat_packet_spec template(const struct job *j, enum nat_direction direction,
				       uint8_t tcp_flags)
{
	struct nat_packet_spec p = direction == NAT_BACK ?
					   nat_from_host(j->family, &j->conns[0], tcp_flags) :
					   nat_from_client(j->w, j->family, 0, tcp_flags);

	if (j->s->passed)
		p.dst.port++;
	return p;
}

static int run_wrapped(const struct job *j, int prog, enum nat_direction direction,
		       uint8_t tcp_flags, bool in_sequence, uint32_t n, double *ret_ns)
{
	struct bench_wrap_tc_bpf *w = j->b->wrap;
	const struct nat_packet_spec spec = template(j, direction, tcp_flags);
	const uint32_t zero = 0;
	uint32_t verdict;
	struct frame frame;
	int err = bpf_map_update_elem(bpf_map__fd(w->maps.under_test), &zero, &prog, BPF_ANY);

	if (err)
		return fail("the wrapper's tail call", err);
	nat_frame(&spec, &frame);
	memcpy(w->bss->header, frame.data, WRAP_HEADER);
	set_offsets(w, j->family, direction);
	begin_with(w, frame.data);
	w->bss->flow_mask = j->flows - 1;
	w->bss->clutter_lines = j->b->clutter;
	w->bss->in_sequence = in_sequence;
	w->bss->position = in_sequence ? 1 : 88172645463325252; /* the template is flow 0's */
	err = timing_run_tc(bpf_program__fd(w->progs.wrap), &frame, j->w->options.ifindex[0], n,
			    &verdict, ret_ns);
	return err ? fail("BPF_PROG_RUN", err) : 0;
}

static int program(const struct job *j)
{
	return dataplane_tc_program_fd(j->w->dp);
}

/* ---- connections --------------------------------------------------------------------------------
 */
static uint64_t lost(struct nat_world *w)
{
	uint64_t reasons[XLB_REASON_COUNT], n = 0;

	if (dataplane_reasons(w->dp, reasons))
		return ~0ull;
	for (int i = 0; i < XLB_REASON_COUNT; i++)
		n += i == XLB_REASON_EVENT_LOST ? 0 : reasons[i];
	return n;
}

/* What the wrapper needs to make the hosts' answers. */
static int list_conns(struct job *j)
{
	const unsigned word = j->family == AF_INET6 ? 3 : 0;
	int err = nat_world_conns(j->w, j->family, j->flows, j->conns, &j->n_conns);

	if (err)
		return fail("reading the connections", err);
	if (j->n_conns + LOST_MAX(j->flows) < j->flows)
		return wrong(j, "connections are missing", j->flows - j->n_conns);
	for (uint32_t i = 0; i < j->flows; i++) {
		const struct nat_conn *c = &j->conns[i % j->n_conns];

		j->b->listed[i].address =
			j->family == AF_INET6 ? c->host.v6.s6_addr32[word] : c->host.v4.s_addr;
		j->b->listed[i].port = htons(c->nat_port);
	}
	return 0;
}

/* Three ways to shake hands. */
static int open_connections(struct job *j)
{
	const uint64_t before = lost(j->w);
	double ns;
	int err = run_wrapped(j, program(j), NAT_IN, TH_SYN, true, j->flows, &ns);

	if (!err)
		err = list_conns(j);
	if (!err)
		err = run_wrapped(j, program(j), NAT_BACK, TH_SYN | TH_ACK, true, j->flows, &ns);
	if (!err)
		err = run_wrapped(j, program(j), NAT_IN, TH_ACK, true, j->flows, &ns);
	if (err)
		return err;
	if (lost(j->w) - before > LOST_MAX(2 * j->flows))
		return wrong(j, "flows found no room", lost(j->w) - before);
	return 0;
}

/* ---- does it do what it should? -----------------------------------------------------------------
 */
static int run_once(const struct job *j, const struct nat_packet_spec *spec, struct frame *out,
		    uint32_t *ret_verdict)
{
	struct __sk_buff ctx = { .ifindex = j->w->options.ifindex[0],
				 .ingress_ifindex = j->w->options.ifindex[0] };
	struct frame in;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in.data, .data_out = out->data,
		    .data_size_out = sizeof(out->data), .ctx_in = &ctx, .ctx_size_in = sizeof(ctx),
		    .repeat = 1);
	int err;

	nat_frame(spec, &in);
	run.data_size_in = in.size;
	err = bpf_prog_test_run_opts(program(j), &run);
	out->size = run.data_size_out;
	*ret_verdict = run.retval;
	return err;
}

static int compare(const struct job *j, const struct frame *out,
		   const struct nat_packet_spec *expected)
{
	struct frame wanted;

	nat_frame(expected, &wanted);
	if (out->size != wanted.size || memcmp(out->data, wanted.data, out->size) != 0)
		return wrong(j, "frame is not as it should be", out->size);
	return 0;
}

/* What the packet has to be afterwards; the connection of a new one is known by then. */
static int expected_of(const struct job *j, const struct nat_packet_spec *in,
		       struct nat_packet_spec *ret)
{
	const uint8_t flags = j->s->tcp_flags;
	size_t n;
	int err = 0;

	*ret = *in;
	if (j->s->passed)
		return 0;
	if (j->s->always_new)
		err = nat_world_conns(j->w, j->family, 1, j->conns, &n);
	if (err)
		return fail("reading the connections", err);
	if (j->s->direction == NAT_IN)
		*ret = nat_to_host(j->family, &j->conns[0], flags);
	else
		*ret = nat_to_client(j->w, j->family, j->conns[0].client, flags);
	return 0;
}

/* One packet, by itself: verdict and frame. */
static int verify_packet(const struct job *j)
{
	const uint32_t wanted = j->s->passed ? (uint32_t)TC_ACT_UNSPEC : TC_ACT_REDIRECT;
	struct nat_packet_spec in = template(j, j->s->direction, j->s->tcp_flags), expected;
	struct frame out;
	uint32_t verdict;
	int err;

	if (j->s->open && j->s->direction == NAT_IN)
		in = nat_from_client(j->w, j->family, j->conns[0].client, j->s->tcp_flags);
	err = run_once(j, &in, &out, &verdict);
	if (err)
		return fail("BPF_PROG_RUN", err);
	if (verdict != wanted)
		return wrong(j, "unexpected verdict", verdict);
	err = expected_of(j, &in, &expected);
	return err ? err : compare(j, &out, &expected);
}

/* ---- measuring ----------------------------------------------------------------------------------
 */
/* ns of the program, verified by what it counts. */
static int time_program(const struct job *j, uint32_t n, double *ret_ns)
{
	const struct nat_scenario *s = j->s;
	uint64_t before;
	int err;

	if (s->always_new)
		nat_world_forget(j->w);
	before = lost(j->w);
	err = run_wrapped(j, program(j), s->direction, s->tcp_flags, s->always_new, n, ret_ns);
	if (err)
		return err;
	before = lost(j->w) - before;
	if (s->passed ? before != n : before > LOST_MAX(n))
		return wrong(j, "packets by another path than the one to be measured", before);
	return 0;
}

/* Of NAT of the peer's shape, where both were measured; 0: not. */
static double printed_shape(const struct job *j, enum flow_count flows)
{
	static const double ns[FLOW_COUNTS] = { [FLOWS_1] = 25, [FLOWS_64K] = 112 };

	return j->family == AF_INET && j->s->open && j->s->peer_ns[flows] ? ns[flows] : 0;
}

/* In whatever direction: packets from clients. */
static int run_shape(const struct job *j, double *ret_ns)
{
	const struct nat_packet_spec spec = nat_from_client(j->w, j->family, 0, TH_ACK);
	struct frame frame;

	nat_frame(&spec, &frame);
	if (!nat_shape_works(j->b->shape, &frame))
		return wrong(j, "NAT of the others' shape does not work", 0);
	return run_wrapped(j, nat_shape_program(j->b->shape), NAT_IN, TH_ACK, false, j->b->packets,
			   ret_ns);
}

static int time_all(const struct job *j, struct result *ret)
{
	const struct nat_scenario *s = j->s;
	const int verdict_only = bpf_program__fd(j->b->wrap->progs.verdict_only);
	const bool with_shape = ret->peer_by_shape > 0;
	double net[ROUNDS_MAX], shapes[ROUNDS_MAX];

	for (unsigned i = 0; i < j->b->rounds; i++) {
		double bare, ns, shape = 0;
		int err = run_wrapped(j, verdict_only, s->direction, s->tcp_flags, s->always_new,
				      j->b->packets, &bare);

		if (!err)
			err = time_program(j, j->b->packets, &ns);
		if (!err && with_shape)
			err = run_shape(j, &shape);
		if (err)
			return err;
		net[i] = ns - bare;
		shapes[i] = shape - bare;
	}
	ret->net = spread_of(net, j->b->rounds);
	if (with_shape) {
		ret->shape = spread_of(shapes, j->b->rounds);
		ret->peer_by_shape *= ret->shape.median;
	}
	return 0;
}

static int verify_and_time(struct job *j, struct result *ret)
{
	double ns;
	int err = j->s->open ? open_connections(j) : 0;

	if (!err)
		err = verify_packet(j);
	if (!err)
		err = time_program(j, j->flows < 4096 ? j->flows : 4096, &ns);
	return err ? err : time_all(j, ret);
}

static struct nat_world *world_of(struct nat_bench *b, const struct nat_scenario *s,
				  enum flow_count flows)
{
	if (s->always_new)
		return &b->fleeting;
	return flow_counts[flows] > 65536 ? &b->large : &b->usual;
}

int nat_bench_run(struct nat_bench *b, const struct nat_scenario *s, int family,
		  enum flow_count flows, struct result *ret)
{
	const double scale = b->bare_ns / PEER_BARE_NS;
	struct job j = { .b = b,
			 .w = world_of(b, s, flows),
			 .s = s,
			 .family = family,
			 .flows = flow_counts[flows] };
	int err;

	*ret = (struct result){ .scenario = s->name,
				.family = family,
				.flows = flow_counts[flows],
				.always_new = s->always_new,
				.peer = family == AF_INET ? s->peer_ns[flows] * scale : 0 };
	ret->target = s->target_ns ? s->target_ns * scale : s->target[flows] * ret->peer;
	if (printed_shape(&j, flows))
		ret->peer_by_shape = s->peer_ns[flows] / printed_shape(&j, flows);
	j.conns = calloc(j.flows, sizeof(*j.conns));
	err = j.conns ? verify_and_time(&j, ret) : -ENOMEM;
	free(j.conns);
	return err;
}

int nat_bench_bare(struct nat_bench *b, struct report *ret)
{
	const struct nat_packet_spec spec = nat_from_client(&b->usual, AF_INET, 0, TH_ACK);
	double ns[ROUNDS_MAX];
	struct frame frame;
	uint32_t verdict;

	nat_frame(&spec, &frame);
	for (unsigned i = 0; i < b->rounds; i++) {
		int err = timing_run_tc(bpf_program__fd(b->wrap->progs.verdict_only), &frame,
					b->usual.options.ifindex[0], b->packets, &verdict, &ns[i]);

		if (err)
			return fail("BPF_PROG_RUN", err);
	}
	b->bare_ns = spread_of(ns, b->rounds).median;
	*ret = (struct report){ .program = "tc",
				.verdict = "TC_ACT_OK",
				.peer = "loxilb",
				.bare_ns = b->bare_ns,
				.peer_bare_ns = PEER_BARE_NS,
				.packets = b->packets,
				.rounds = b->rounds };
	return 0;
}
