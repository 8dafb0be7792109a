// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Offers frames to forwarders and counts what arrives behind them. tests/bench/wire makes the
 * forwarders and calls this twice: to load the programs of both ends, and to measure.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_wire.skel.h"
#include "timing.h"
#include "wire.h"

#define PATHS_MAX 16
#define COUNTS 2 /* numbers of flows */

static const uint32_t flow_counts[COUNTS] = { 64, 65536 };

/* What has to be different in a frame that arrives. */
enum translation { KEEPS, ROUTES, TRANSLATES };

struct path {
	char name[24];
	uint32_t ifindex;    /* where frames are offered */
	uint8_t mac[6];      /* the forwarder's */
	struct in_addr addr; /* the frames' destination */
	uint8_t expected[6]; /* MAC of what arrives, but for the last byte */
	enum translation translation;
	bool begins; /* a connection has to begin with a SYN; others are picked up midway */
	int thread;  /* that forwards */
	double mpps[COUNTS][ROUNDS_MAX];      /* that arrive */
	double core_mpps[COUNTS][ROUNDS_MAX]; /* … in a second of the thread's CPU time */
};

struct ends {
	struct bench_wire_bpf *skel;
	int arrivals;
	int offer;
	struct path paths[PATHS_MAX];
	size_t n_paths;
	uint32_t packets; /* per timed run */
	unsigned rounds;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(-err));
	return err;
}

/* ---- frames -------------------------------------------------------------------------------------
 */
static uint32_t sum(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint32_t total = 0;

	for (size_t i = 0; i < size; i += 2) {
		uint16_t word;

		memcpy(&word, p + i, 2);
		total += word;
	}
	return (total & 0xffff) + (total >> 16);
}

/* Sum of the TCP packet and its pseudo header; 0xffff after folding if the checksum is right. */
static uint32_t tcp_sum(const struct iphdr *ip)
{
	const size_t size = ntohs(ip->tot_len) - sizeof(*ip);

	return sum(ip + 1, size) + sum(&ip->saddr, 8) + htons(IPPROTO_TCP) + htons(size);
}

static bool sums_are_right(const struct iphdr *ip)
{
	const uint32_t a = sum(ip, sizeof(*ip)), b = tcp_sum(ip);

	return (a & 0xffff) + (a >> 16) == 0xffff && (b & 0xffff) + (b >> 16) == 0xffff;
}

static void write_template(struct bench_wire_bpf *skel, const struct path *p, uint8_t tcp_flags)
{
	uint8_t frame[WIRE_FRAME] = { 0 };
	struct ethhdr *eth = (void *)frame;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	const uint8_t from[6] = { 2, 0xc, 0, 0, 0, 1 };

	memcpy(eth->h_dest, p->mac, 6);
	memcpy(eth->h_source, from, 6);
	eth->h_proto = htons(ETH_P_IP);
	*ip = (struct iphdr){ .version = 4,
			      .ihl = 5,
			      .tot_len = htons(WIRE_FRAME - sizeof(*eth)),
			      .ttl = 64,
			      .protocol = IPPROTO_TCP,
			      .daddr = p->addr.s_addr };
	tcp->dest = htons(443);
	tcp->seq = htonl(1);
	tcp->ack_seq = htonl(tcp_flags & TH_ACK ? 1 : 0);
	tcp->doff = 5;
	tcp->th_flags = tcp_flags;
	tcp->window = htons(64240);
	memcpy(skel->bss->template, frame, sizeof(frame));
	skel->bss->ip_sum = sum(ip, sizeof(*ip));
	skel->bss->tcp_sum = tcp_sum(ip);
}

/* ---- running ------------------------------------------------------------------------------------
 */
struct order {
	uint8_t tcp_flags;
	uint32_t flows;
	bool in_sequence;
	uint32_t pause_ns;
	uint32_t packets;
};

struct arrived {
	uint64_t good, bad;
	double mpps;
	uint8_t frame[WIRE_FRAME];
};

static int forget_arrivals(const struct ends *e)
{
	struct wire_arrivals *all = calloc(libbpf_num_possible_cpus(), sizeof(*all));
	const uint32_t zero = 0;
	int err = all ? bpf_map_update_elem(e->arrivals, &zero, all, BPF_ANY) : -ENOMEM;

	free(all);
	return err;
}

static int read_arrivals(const struct ends *e, struct arrived *ret)
{
	const int cpus = libbpf_num_possible_cpus();
	struct wire_arrivals *all = calloc(cpus, sizeof(*all));
	const uint32_t zero = 0;
	uint64_t first = ~0ull, last = 0, counted = 0;
	int err = all ? bpf_map_lookup_elem(e->arrivals, &zero, all) : -ENOMEM;

	*ret = (struct arrived){ 0 };
	for (int i = 0; i < cpus && !err; i++) {
		ret->good += all[i].good;
		ret->bad += all[i].bad;
		if (!all[i].good)
			continue;
		if (all[i].first_ns < first) {
			first = all[i].first_ns;
			memcpy(ret->frame, all[i].frame, WIRE_FRAME);
		}
		last = all[i].last_ns > last ? all[i].last_ns : last;
		counted += all[i].good_at_last;
	}
	if (last > first)
		ret->mpps = counted * 1e3 / (last - first);
	free(all);
	return err;
}

/* Reads when what is under way has arrived: all that were sent, or no more for 60 ms, in which a
 * thread that others keep from running should have had its turn. */
static int settle(const struct ends *e, uint32_t sent, struct arrived *ret)
{
	uint64_t before = ~0ull;
	unsigned same = 0;

	for (int i = 0; i < 100 && same < 3; i++) {
		int err = read_arrivals(e, ret);

		if (err || ret->good + ret->bad >= sent)
			return err;
		same = ret->good + ret->bad == before ? same + 1 : 0;
		before = ret->good + ret->bad;
		usleep(20000);
	}
	return same == 3 ? 0 : -ETIMEDOUT;
}

static int offer(const struct ends *e, const struct path *p, const struct order *o,
		 struct arrived *ret)
{
	struct xdp_md ctx = { .data_end = WIRE_FRAME, .ingress_ifindex = p->ifindex };
	uint8_t frame[WIRE_FRAME] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = o->packets,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	int err;

	write_template(e->skel, p, o->tcp_flags);
	memcpy(e->skel->bss->expected, p->expected, 6);
	e->skel->bss->flow_mask = o->flows - 1;
	e->skel->bss->in_sequence = o->in_sequence;
	e->skel->bss->position = o->in_sequence ? 0 : 88172645463325252;
	e->skel->bss->pause_ns = o->pause_ns;
	err = forget_arrivals(e);
	if (!err)
		err = bpf_prog_test_run_opts(e->offer, &opts);
	if (!err)
		err = settle(e, o->packets, ret);
	return err ? fail("live frames", err) : 0;
}

/* ---- does it do what it should? -----------------------------------------------------------------
 */
static int wrong(const struct path *p, const char *what, unsigned long long n)
{
	fprintf(stderr, "wire: %s: %s (%llu)\n", p->name, what, n);
	return -EPROTO;
}

/* The frame that arrived first, field by field. */
static int verify_frame(const struct path *p, const uint8_t *frame)
{
	const struct iphdr *ip = (const void *)(frame + ETH_HLEN);
	const struct tcphdr *tcp = (const void *)(ip + 1);
	const bool from_client =
		ntohl(ip->saddr) >= WIRE_CLIENT(0) && ntohl(ip->saddr) < WIRE_CLIENT(1 << 16);
	const bool same_end = ip->daddr == p->addr.s_addr && ntohs(tcp->dest) == 443;

	if (from_client == (p->translation == TRANSLATES))
		return wrong(p, "source address of what arrives", ntohl(ip->saddr));
	if (same_end == (p->translation == TRANSLATES))
		return wrong(p, "destination of what arrives", ntohl(ip->daddr));
	if (ip->ttl != (p->translation == KEEPS ? 64 : 63))
		return wrong(p, "TTL of what arrives", ip->ttl);
	return sums_are_right(ip) ? 0 : wrong(p, "checksum of what arrives", tcp->check);
}

/* A frame of each flow, so slowly that all should arrive; slower when a busy box loses some. */
static int send_each(const struct ends *e, const struct path *p, uint32_t flows, uint8_t tcp_flags)
{
	struct order o = {
		.tcp_flags = tcp_flags, .flows = flows, .in_sequence = true, .packets = flows
	};
	struct arrived a = { 0 };

	for (o.pause_ns = 2000; o.pause_ns < 200000 && a.good < flows - flows / 50;
	     o.pause_ns *= 2) {
		int err = offer(e, p, &o, &a);

		if (!err && a.good)
			err = verify_frame(p, a.frame);
		if (err)
			return err;
		if (a.bad)
			return wrong(p, "frames to another MAC", a.bad);
	}
	if (a.good < flows - flows / 10)
		return wrong(p, "frames that arrived, of one per flow", a.good);
	return 0;
}

static int verify(const struct ends *e, const struct path *p, uint32_t flows)
{
	int err = p->begins ? send_each(e, p, flows, TH_SYN) : 0;

	return err ? err : send_each(e, p, flows, TH_ACK);
}

/* CPU time of the thread that forwards, with all that it does for others on the way. */
static double thread_ns(const struct path *p)
{
	unsigned long long ns = 0;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/schedstat", p->thread);
	f = fopen(name, "r");
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

static int time_path(const struct ends *e, struct path *p, int count, unsigned round)
{
	const struct order o = { .tcp_flags = TH_ACK,
				 .flows = flow_counts[count],
				 .packets = e->packets };
	struct arrived a;
	/* connections that have seen no answer do not last until the next round */
	int err = round && !p->begins ? 0 : verify(e, p, o.flows);
	double ns = thread_ns(p);

	if (!err)
		err = offer(e, p, &o, &a);
	if (err)
		return err;
	ns = thread_ns(p) - ns;
	if (a.bad)
		return wrong(p, "frames to another MAC", a.bad);
	p->mpps[count][round] = a.mpps;
	p->core_mpps[count][round] = ns > 0 ? a.good * 1e3 / ns : 0;
	return 0;
}

/* ---- all of it ----------------------------------------------------------------------------------
 */
static int measure(struct ends *e)
{
	for (unsigned round = 0; round < e->rounds; round++)
		for (int count = 0; count < COUNTS; count++)
			for (size_t i = 0; i < e->n_paths; i++) {
				int err = time_path(e, &e->paths[i], count, round);

				if (err)
					return err;
			}
	return 0;
}

static json_t *spread_json(const struct spread *s)
{
	return json_pack("{s:f, s:f, s:f}", "median", s->median, "low", s->low, "high", s->high);
}

static json_t *result_json(struct ends *e, struct path *p, int count)
{
	struct spread wall = spread_of(p->mpps[count], e->rounds);
	struct spread core = spread_of(p->core_mpps[count], e->rounds);

	printf("%-16s %6u flows %8.2f Mpps (%.2f-%.2f), %8.2f (%.2f-%.2f) in a second of CPU "
	       "time\n",
	       p->name, flow_counts[count], wall.median, wall.low, wall.high, core.median, core.low,
	       core.high);
	return json_pack("{s:s, s:i, s:o, s:o}", "path", p->name, "flows", (int)flow_counts[count],
			 "mpps", spread_json(&wall), "core_mpps", spread_json(&core));
}

static int report(struct ends *e, const char *json)
{
	json_t *list = json_array(), *all;
	int err;

	for (size_t i = 0; i < e->n_paths; i++)
		for (int count = 0; count < COUNTS; count++)
			json_array_append_new(list, result_json(e, &e->paths[i], count));
	all = json_pack("{s:i, s:i, s:o}", "packets", (int)e->packets, "rounds", (int)e->rounds,
			"results", list);
	err = json_dump_file(all, json, JSON_INDENT(2) | JSON_REAL_PRECISION(5)) ? -EIO : 0;
	json_decref(all);
	return err ? fail(json, err) : 0;
}

/* NAME INTERFACE MAC ADDRESS EXPECTED-MAC keeps|routes|translates syn|ack THREAD, a path a
 * line. */
static int read_paths(struct ends *e, FILE *f)
{
	char interface[IF_NAMESIZE], mac[18], address[16], expected[18], what[12], line[160],
		first[4];

	while (fgets(line, sizeof(line), f)) {
		struct path *p = &e->paths[e->n_paths];
		const char *m = mac, *x = expected;

		if (e->n_paths == PATHS_MAX ||
		    sscanf(line, "%23s %15s %17s %15s %17s %11s %3s %d", p->name, interface, mac,
			   address, expected, what, first, &p->thread) != 8)
			return fail(line, -EINVAL);
		for (int i = 0; i < 6; i++, m += 3, x += 3) {
			p->mac[i] = strtoul(m, NULL, 16);
			p->expected[i] = strtoul(x, NULL, 16);
		}
		p->ifindex = if_nametoindex(interface);
		p->begins = first[0] == 's';
		p->translation = what[0] == 'k' ? KEEPS : what[0] == 'r' ? ROUTES : TRANSLATES;
		if (!p->ifindex || inet_aton(address, &p->addr) != 1)
			return fail(line, -EINVAL);
		e->n_paths++;
	}
	return 0;
}

static int load(struct ends *e, const char *pins)
{
	char path[256];
	int err;

	e->skel = bench_wire_bpf__open_and_load();
	if (!e->skel)
		return fail("loading", -errno);
	e->arrivals = bpf_map__fd(e->skel->maps.arrivals);
	e->offer = bpf_program__fd(e->skel->progs.offer);
	err = bpf_object__pin_programs(e->skel->obj, pins);
	snprintf(path, sizeof(path), "%s/redirect_to", pins);
	if (!err)
		err = bpf_map__pin(e->skel->maps.redirect_to, path);
	return err ? fail(pins, err) : 0;
}

int main(int argc, char **argv)
{
	static struct ends e;
	int err;

	if (argc != 5) {
		fprintf(stderr, "usage: wire_ends PINS PACKETS ROUNDS JSON <PATHS\n");
		return 2;
	}
	e.packets = strtoul(argv[2], NULL, 10);
	e.rounds = strtoul(argv[3], NULL, 10);
	if (!e.packets || !e.rounds || e.rounds > ROUNDS_MAX) {
		fprintf(stderr, "wire_ends: packets, or 1 to %d rounds\n", ROUNDS_MAX);
		return 2;
	}
	err = load(&e, argv[1]);
	if (err)
		return 1;
	printf("loaded\n"); /* tests/bench/wire attaches what is pinned, and says where */
	fflush(stdout);
	err = read_paths(&e, stdin);
	if (!err)
		err = measure(&e);
	if (!err)
		err = report(&e, argv[4]);
	bench_wire_bpf__destroy(e.skel);
	return err != 0;
}
