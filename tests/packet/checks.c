// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "checks.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xlb/hash.h"

static const struct variant V4 = { .family = AF_INET, .proto = IPPROTO_TCP, .epoch = 1000 };
static const struct variant V6 = { .family = AF_INET6, .proto = IPPROTO_TCP, .epoch = 1000 };

static void begin(struct fixture *fx, const struct world *world, const struct variant *v)
{
	fixture_reset(fx);
	fixture_apply(fx, world, v);
	fixture_set_tick(fx, v->epoch);
}

/* The thread, from now on. */
static void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Host slot that the frame was sent to by XDP_TX; 0 if it wasn't. */
static uint32_t host_of(struct fixture *fx, const struct packet *p, int family)
{
	struct frame in, out;
	uint32_t verdict;

	frame_build(p, family, &in);
	if (frame_run(fx->prog, &in, fx->ifindex[0], &out, &verdict) || verdict != XDP_TX)
		return 0;
	return out.data[4] << 8 | out.data[5];
}

/* ---- frames that end anywhere -------------------------------------------------------------------
 */
#define SHORTEST 14 /* an Ethernet header: the kernel gives programs no less */

static const struct packet truncated[] = {
	{ .proto = IPPROTO_TCP, .payload = 40 },
	{ .proto = IPPROTO_UDP, .payload = 40 },
	{ .proto = IPPROTO_TCP, .tcp_flags = TH_SYN },
	{ .proto = IPPROTO_TCP, .options = 5, .payload = 8 },
	{ .proto = IPPROTO_UDP, .options = 3 },
	{ .proto = IPPROTO_UDP, .fragment = FRAGMENT_FIRST, .fragment_id = 3, .payload = 64 },
	{ .proto = IPPROTO_UDP, .fragment = FRAGMENT_LAST, .fragment_id = 3, .payload = 64 },
	{ .proto = IPPROTO_TCP, .kind = PACKET_ERROR },
	{ .proto = IPPROTO_UDP, .kind = PACKET_ERROR, .options = 2, .inner_options = 2 },
	{ .proto = IPPROTO_TCP, .kind = PACKET_ECHO },
	{ .proto = IPPROTO_TCP, .kind = PACKET_OTHER },
	{ .proto = IPPROTO_TCP, .kind = PACKET_ARP },
	{ .proto = IPPROTO_TCP, .vlans = 2 },
};

/* Is the frame passed as it came, and counted under one reason? */
static bool passes_untouched(struct fixture *fx, const struct frame *in)
{
	struct counters before, after;
	struct frame out;
	uint64_t counted = 0;
	uint32_t verdict;
	size_t entries;

	fixture_count(fx, &before);
	if (frame_run(fx->prog, in, fx->ifindex[0], &out, &verdict))
		return false;
	fixture_count(fx, &after);
	for (int i = 0; i < XLB_REASON_COUNT; i++)
		counted += after.reasons[i] - before.reasons[i];
	free(fixture_entries(fx, AF_INET, &entries));
	return verdict == XDP_PASS && counted == 1 && !entries && out.size == in->size &&
	       memcmp(out.data, in->data, in->size) == 0 &&
	       memcmp(before.hosts, after.hosts, sizeof(before.hosts)) == 0;
}

static bool check_truncated(struct fixture *fx)
{
	static const struct world tracked = { .choose = XLB_CHOOSE_ROUNDROBIN,
					      .flags = XLB_SERVICE_TRACK };
	const size_t n = sizeof(truncated) / sizeof(*truncated);

	for (size_t i = 0; i < 2 * n; i++) {
		const struct variant *v = i < n ? &V4 : &V6;
		struct packet p = truncated[i % n];
		struct frame whole;

		begin(fx, &tracked, v);
		p.client = 1;
		p.vip = MAIN_VIP;
		frame_build(&p, v->family, &whole);
		for (size_t size = SHORTEST; size < whole.size; size++) {
			struct frame cut = whole;

			cut.size = size;
			if (passes_untouched(fx, &cut))
				continue;
			printf("# packet %zu, family %d, cut to %zu bytes\n", i % n, v->family,
			       size);
			return false;
		}
	}
	return true;
}

/* ---- hashing ------------------------------------------------------------------------------------
 */
#define CLIENTS 2000

static uint32_t row_of(const struct xlb_service *s, const struct packet *p, int family)
{
	uint32_t ports = xlb_ports(htons(packet_client_port(p)), htons(packet_port(p)));
	__be32 client[4];

	client_address(p->client, family, client);
	return xlb_row_hash(s, client, ports, family == AF_INET6);
}

/* Does the program hash as xlb/hash.h says, and how even is it? */
static bool spreads(struct fixture *fx, const struct world *world, const struct variant *v)
{
	unsigned share[4] = {};

	begin(fx, world, v);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct packet p = { .client = 1 + i / 2,
				    .client_port = 1024 + i % 2,
				    .vip = MAIN_VIP,
				    .proto = IPPROTO_TCP,
				    .tcp_flags = TH_ACK };
		uint32_t row = row_of(&fx->services[MAIN], &p, v->family);
		uint32_t host = host_of(fx, &p, v->family);

		if (host != A + row % 4) {
			printf("# client %u of family %d: host %u, its row %u is %u's\n", i,
			       v->family, host, row, A + row % 4);
			return false;
		}
		share[row % 4]++;
	}
	for (int i = 0; i < 4; i++) {
		if (share[i] < CLIENTS / 5 || share[i] > CLIENTS * 3 / 10) {
			printf("# host %d has %u of %u clients\n", i, share[i], CLIENTS);
			return false;
		}
	}
	return true;
}

static bool check_rows(struct fixture *fx)
{
	static const struct world by_port = { .spread = true };

	return spreads(fx, &by_port, &V4) && spreads(fx, &by_port, &V6);
}

static bool check_source_hash(struct fixture *fx)
{
	static const struct world by_address = { .spread = true, .by_address = true };
	struct packet p = { .client = 7, .vip = MAIN_VIP, .proto = IPPROTO_TCP };

	if (!spreads(fx, &by_address, &V4) || !spreads(fx, &by_address, &V6))
		return false;
	for (uint16_t port = 1; port < 200; port++) {
		struct packet q = p;

		q.client_port = port;
		if (host_of(fx, &p, AF_INET6) != host_of(fx, &q, AF_INET6)) {
			printf("# port %u has another host\n", port);
			return false;
		}
	}
	return true;
}

static bool check_random(struct fixture *fx)
{
	static const struct world random_choice = { .choose = XLB_CHOOSE_RANDOM,
						    .flags = XLB_SERVICE_TRACK,
						    .ring = { A, B, C, D } };
	unsigned share[LAST_HOST + 1] = {};

	begin(fx, &random_choice, &V4);
	for (uint32_t i = 0; i < 400; i++) { /* fails by chance once in a billion times */
		struct packet p = {
			.client = 1 + i, .vip = MAIN_VIP, .proto = IPPROTO_TCP, .tcp_flags = TH_SYN
		};
		uint32_t host = host_of(fx, &p, AF_INET);

		if (i % 32 == 0)
			fixture_reset(fx); /* there is room for all */
		if (host < A || host > D) {
			printf("# host %u\n", host);
			return false;
		}
		share[host]++;
	}
	for (uint32_t host = A; host <= D; host++) {
		if (share[host] < 45 || share[host] > 155) {
			printf("# host %u has %u of 400\n", host, share[host]);
			return false;
		}
	}
	return true;
}

/* ---- bounds
 * -------------------------------------------------------------------------------------- */
/* SYNs on moving rows make no more entries per CPU and tick than the bound, and that in each tick.
 */
static bool check_syn_budget(struct fixture *fx)
{
	static const struct world moving = { .cur = B, .prev = A };
	struct packet p = { .vip = MAIN_VIP, .proto = IPPROTO_TCP, .tcp_flags = TH_SYN };
	struct counters before, after;
	uint64_t limited;

	begin(fx, &moving, &V4);
	stay_on_cpu(0);
	for (uint32_t tick = V4.epoch; tick < V4.epoch + 2; tick++) {
		fixture_set_tick(fx, tick);
		fixture_count(fx, &before);
		for (p.client = 1; p.client <= XLB_SYN_BUDGET + 10; p.client++) {
			if (host_of(fx, &p, AF_INET) != B) {
				printf("# SYN %u was not sent to the new host\n", p.client);
				return false;
			}
		}
		fixture_count(fx, &after);
		limited =
			after.reasons[XLB_REASON_SYN_LIMIT] - before.reasons[XLB_REASON_SYN_LIMIT];
		if (limited != 10) {
			printf("# %llu SYNs above the bound, tick %u\n",
			       (unsigned long long)limited, tick);
			return false;
		}
		memset(fx->flows4, 0, fx->lines * sizeof(*fx->flows4));
	}
	return true;
}

/* ---- two CPUs in one table ----------------------------------------------------------------------
 */
struct sender {
	pthread_t thread;
	struct fixture *fx;
	int cpu;
	unsigned failed;
};

/* Flows of few clients in all stages of their lives; both CPUs have the same ones. */
static void *send_many(void *data)
{
	static const uint8_t flags[] = { TH_SYN, TH_ACK, TH_ACK, TH_FIN | TH_ACK, TH_ACK, TH_RST };
	struct sender *s = data;
	unsigned seed = s->cpu;

	stay_on_cpu(s->cpu);
	for (int i = 0; i < 20000; i++) {
		struct packet p = { .client = 1 + rand_r(&seed) % 64,
				    .vip = MAIN_VIP,
				    .proto = IPPROTO_TCP,
				    .tcp_flags = flags[rand_r(&seed) % sizeof(flags)] };

		if (!host_of(s->fx, &p, AF_INET))
			s->failed++;
	}
	return NULL;
}

/* Do the hosts' loads agree with the table after a fight over it? */
static bool check_two_cpus(struct fixture *fx)
{
	static const struct world least = { .choose = XLB_CHOOSE_LEAST_STATES,
					    .flags = XLB_SERVICE_TRACK };
	struct sender senders[2] = { { .fx = fx, .cpu = 0 }, { .fx = fx, .cpu = 1 } };
	uint64_t counted[LAST_HOST + 1] = {};
	struct entry *entries;
	bool good = true;
	size_t n;

	begin(fx, &least, &V4);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&senders[i].thread, NULL, send_many, &senders[i]))
			return false;
	for (int i = 0; i < 2; i++)
		pthread_join(senders[i].thread, NULL);
	entries = fixture_entries(fx, AF_INET, &n);
	for (size_t i = 0; i < n; i++) {
		if (entries[i].meta.state == XLB_FLOW_BUSY)
			good = false;
		if (XLB_FLOW_COUNTED(entries[i].meta.state) && entries[i].meta.host <= LAST_HOST)
			counted[entries[i].meta.host]++;
	}
	free(entries);
	for (uint32_t host = A; host <= D; host++) {
		if (fx->loads[host] == counted[host])
			continue;
		printf("# load of host %u is %llu, its entries are %llu\n", host,
		       (unsigned long long)fx->loads[host], (unsigned long long)counted[host]);
		good = false;
	}
	if (senders[0].failed || senders[1].failed || n < 64) {
		printf("# %u packets were not sent, %zu entries\n",
		       senders[0].failed + senders[1].failed, n);
		good = false;
	}
	return good;
}

const struct check checks[] = {
	{ "frames cut to every length are passed untouched", check_truncated },
	{ "rows are found by address and port", check_rows },
	{ "source-hash: rows are found by address", check_source_hash },
	{ "random spreads", check_random },
	{ "entries made by SYNs on moving rows are bounded", check_syn_budget },
	{ "two CPUs keep loads and entries in step", check_two_cpus },
	{}
};
