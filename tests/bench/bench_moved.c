// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Two load balancers with the same configuration, and the same 100,000 TCP connections through
 * both, while one of 10 hosts is added, removed or fails. Nothing that has a host may move; what
 * balancers of other kinds would have moved is printed beside it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <linux/bpf.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpffs.h"
#include "dataplane/dataplane.h"
#include "nat_frame.h"
#include "netdev.h"
#include "run.h"
#include "wanted.h"

#define SKIPPED 77
#define FLOWS 100000
#define HOSTS 10
#define NOBODY (-1)

#define SECONDS(n) ((uint32_t)((n)*1000000000ull >> XLB_TICK_SHIFT))
#define TIMEOUT 600 /* the services' session timeout, s */

enum change { ADD, REMOVE, FAIL, CHANGES };
static const char *const change_names[CHANGES] = { "add", "remove", "fail" };

struct lb {
	struct dataplane *dp;
	char dir[BPFFS_PATH_SIZE + 16];
};

struct test {
	char bpffs[BPFFS_PATH_SIZE];
	uint32_t ifindex[2];
	uint32_t tick;
	int family;
	enum change change;
	struct lb lbs[2];
	int16_t *owner; /* of each flow, before the change */
};

/* How many flows of hosts that are still there went elsewhere. */
struct moved {
	unsigned survivors;
	unsigned by_lb[2]; /* soon after the change, and after all timeouts, together */
	unsigned rehashed; /* by a consistent hash that remembers nothing */
	unsigned modulo;   /* by hash modulo number of hosts */
};

static int fail(const char *what, const char *why, int err)
{
	fprintf(stderr, "bench_moved: %s: %s %s\n", what, strerror(-err), why);
	return err;
}

/* ---- load balancers -----------------------------------------------------------------------------
 */
static int lb_open(const struct test *t, const char *name, struct lb *lb)
{
	const struct dataplane_options options = { .bpffs = lb->dir,
						   .test_clock = true,
						   .test_tick = t->tick };
	char error[512] = "";
	int err;

	snprintf(lb->dir, sizeof(lb->dir), "%s/%s", t->bpffs, name);
	err = dataplane_open(&options, error, sizeof(error), &lb->dp);
	if (err)
		lb->dp = NULL;
	return err ? fail(name, error, err) : 0;
}

static void lb_close(struct lb *lb)
{
	if (lb->dp)
		dataplane_remove(lb->dp);
	dataplane_close(lb->dp);
	lb->dp = NULL;
}

/* The configuration before or after the change. */
static int lb_sync(const struct test *t, struct lb *lb, bool after)
{
	const bool more = t->change == ADD && after, fewer = t->change == REMOVE && after;
	const struct wanted_options options = { .services = 1,
						.hosts = HOSTS + more - fewer,
						.family = t->family,
						.has_key = true,
						.egress = t->ifindex[1] };
	struct wanted wanted;
	int err = wanted_make(&options, &wanted);

	if (err)
		return err;
	if (t->change == FAIL && after)
		wanted.hosts[HOSTS - 1].takes_new = wanted.hosts[HOSTS - 1].keeps_old = false;
	err = dataplane_sync(lb->dp, &wanted.desired, NULL);
	wanted_free(&wanted);
	return err ? fail("applying", dataplane_error(lb->dp), err) : 0;
}

/* ---- packets ------------------------------------------------------------------------------------
 */
static struct nat_packet_spec flow_packet(int family, uint32_t flow, uint8_t tcp_flags)
{
	const struct cfg_addr vip = wanted_vip(family, 0);
	struct nat_packet_spec p = { .family = family,
				     .proto = IPPROTO_TCP,
				     .src.port = 1024 + flow % 60000,
				     .dst.port = WANTED_PORT,
				     .ttl = 64,
				     .tcp_flags = tcp_flags,
				     .dst_mac = { 2, 0x1b, 0, 0, 0, 1 },
				     .src_mac = { 2, 0xc, 0, 0, 0, 1 } };

	memcpy(p.dst.addr, &vip.v6, family == AF_INET6 ? 16 : 4);
	if (family == AF_INET6) {
		p.src.addr[0] = htonl(0x20010db8);
		p.src.addr[1] = htonl(3 << 16);
	}
	p.src.addr[family == AF_INET6 ? 3 : 0] = htonl(0x0a800000 + flow);
	return p;
}

/* Which host the load balancer sends the flow's packet to. */
static int send_packet(const struct test *t, struct lb *lb, uint32_t flow, uint8_t tcp_flags,
		       int *ret_host)
{
	const struct nat_packet_spec spec = flow_packet(t->family, flow, tcp_flags);
	struct frame in, out;
	uint32_t verdict;
	int err;

	nat_frame(&spec, &in);
	err = frame_run(dataplane_program_fd(lb->dp), &in, t->ifindex[0], &out, &verdict);
	if (err)
		return fail("BPF_PROG_RUN", "", err);
	*ret_host = verdict == XDP_REDIRECT ? wanted_host_of_mac(out.data) : NOBODY;
	return 0;
}

static bool is_gone(const struct test *t, int host)
{
	return t->change != ADD && host == HOSTS - 1;
}

/* ---- the test -----------------------------------------------------------------------------------
 */
/* Each connection begins at one of the two, and goes on at the other. */
static int begin(struct test *t)
{
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		int host, other;
		int err = send_packet(t, &t->lbs[flow % 2], flow, TH_SYN, &host);

		if (!err)
			err = send_packet(t, &t->lbs[!(flow % 2)], flow, TH_ACK, &other);
		if (err)
			return err;
		if (host == NOBODY || host != other) {
			fprintf(stderr, "bench_moved: flow %u: host %d here, %d there\n", flow,
				host, other);
			return -EPROTO;
		}
		t->owner[flow] = host;
	}
	return 0;
}

/* All go on at both. A removed host keeps what it has, like one that stays. */
static int go_on(struct test *t, struct moved *m)
{
	m->survivors = 0;
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		if (is_gone(t, t->owner[flow]))
			continue;
		m->survivors++;
		for (int i = 0; i < 2; i++) {
			int host;
			int err = send_packet(t, &t->lbs[i], flow, TH_ACK, &host);

			if (err)
				return err;
			m->by_lb[i] += host != t->owner[flow];
		}
	}
	return 0;
}

/* Until rows have settled, with the connections talking once in a while. */
static int let_time_pass(struct test *t, struct moved *m)
{
	for (int i = 0; i < 3; i++) {
		int err;

		t->tick += SECONDS(TIMEOUT / 2);
		for (int lb = 0; lb < 2; lb++) {
			dataplane_set_test_tick(t->lbs[lb].dp, t->tick);
			err = dataplane_tick(t->lbs[lb].dp);
			if (err)
				return fail("tick", dataplane_error(t->lbs[lb].dp), err);
		}
		err = go_on(t, m);
		if (err)
			return err;
	}
	return 0;
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x45d9f3b;
	x = (x ^ x >> 16) * 0x45d9f3b;
	return x ^ x >> 16;
}

/* What others would do: a third load balancer that begins with the new hosts, and so has only the
 * hash to go by; and the hash modulo the number of hosts. */
static int compare_others(struct test *t, struct moved *m)
{
	const unsigned hosts = HOSTS + (t->change == ADD ? 1 : -1);
	struct lb third = {};
	int err = lb_open(t, "third", &third);

	if (!err)
		err = lb_sync(t, &third, true);
	for (uint32_t flow = 0; flow < FLOWS && !err; flow++) {
		int host;

		if (!is_gone(t, t->owner[flow])) {
			err = send_packet(t, &third, flow, TH_ACK, &host);
			m->rehashed += !err && host != t->owner[flow];
		}
		if (!is_gone(t, mix(flow) % HOSTS))
			m->modulo += mix(flow) % HOSTS != mix(flow) % hosts;
	}
	lb_close(&third);
	return err;
}

static int change_hosts(struct test *t, struct moved *m)
{
	int err = begin(t);

	for (int i = 0; i < 2 && !err; i++)
		err = lb_sync(t, &t->lbs[i], true);
	if (!err)
		err = go_on(t, m);
	if (!err)
		err = let_time_pass(t, m);
	return err ? err : compare_others(t, m);
}

static int run(struct test *t, struct moved *m)
{
	static const char *const names[] = { "first", "second" };
	int err = 0;

	*m = (struct moved){ 0 };
	for (int i = 0; i < 2 && !err; i++) {
		err = lb_open(t, names[i], &t->lbs[i]);
		if (!err)
			err = lb_sync(t, &t->lbs[i], false);
	}
	if (!err)
		err = change_hosts(t, m);
	for (int i = 0; i < 2; i++)
		lb_close(&t->lbs[i]);
	return err;
}

/* ---- all changes --------------------------------------------------------------------------------
 */
static json_t *moved_json(const struct test *t, const struct moved *m)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "change", change_names[t->change],
			 "family", t->family == AF_INET6 ? 6 : 4, "survivors", (int)m->survivors,
			 "first", (int)m->by_lb[0], "second", (int)m->by_lb[1], "rehashed",
			 (int)m->rehashed, "modulo", (int)m->modulo);
}

static int run_all(struct test *t, json_t *list)
{
	static const int families[] = { AF_INET, AF_INET6 };
	bool still = true;

	printf("%-8s %-4s %10s %8s %8s %18s %14s\n", "change", "IP", "survivors", "LB 1", "LB 2",
	       "a hash and no more", "hash modulo n");
	for (int i = 0; i < 2 * CHANGES; i++) {
		struct moved m;
		int err;

		t->family = families[i / CHANGES];
		t->change = i % CHANGES;
		t->tick += SECONDS(10 * TIMEOUT);
		err = run(t, &m);
		if (err)
			return err;
		printf("%-8s v%-3d %10u %8u %8u %18u %14u\n", change_names[t->change],
		       t->family == AF_INET6 ? 6 : 4, m.survivors, m.by_lb[0], m.by_lb[1],
		       m.rehashed, m.modulo);
		fflush(stdout);
		json_array_append_new(list, moved_json(t, &m));
		still = still && !m.by_lb[0] && !m.by_lb[1];
	}
	return still ? 0 : -EPROTO;
}

static int prepare(struct test *t)
{
	int err = netdev_namespace();

	if (!err)
		err = netdev_veth("one", "two", t->ifindex);
	if (!err)
		err = bpffs_mount(t->bpffs);
	if (err)
		return fail("namespaces", "", err);
	t->owner = calloc(FLOWS, sizeof(*t->owner));
	return t->owner ? 0 : -ENOMEM;
}

int main(int argc, char **argv)
{
	struct test t = { .tick = 1000 };
	json_t *list = json_array();
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP the test loads BPF programs: run as root\n");
		return SKIPPED;
	}
	err = prepare(&t);
	if (!err)
		err = run_all(&t, list);
	if (argc > 1 && json_dump_file(list, argv[1], JSON_INDENT(2)))
		err = fail(argv[1], "", -EIO);
	json_decref(list);
	free(t.owner);
	bpffs_unmount(t.bpffs);
	return err != 0;
}
