// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * How cost grows with services, hosts and flows: a packet's, that of planning and applying a whole
 * configuration, and that of following one host which fails; and what memory the maps take.
 * Everything goes through the data plane as the daemon uses it.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <linux/bpf.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench_wrap.skel.h"
#include "bpffs.h"
#include "dataplane/dataplane.h"
#include "dataplane/plan.h"
#include "nat_frame.h"
#include "netdev.h"
#include "timing.h"
#include "wanted.h"
#include "wrap.h"

#define SKIPPED 77
#define MANY_FLOWS 65536

struct size {
	unsigned services;
	unsigned hosts; /* of each */
	uint32_t flows; /* over all services; powers of two, as are the services */
};

/* Along each of the three, and to the corners. What the ABI has no room for is left out. */
static const struct size sizes[] = {
	{ 1, 10, 1 },
	{ 1, 10, MANY_FLOWS },
	{ 1, 10, 1u << 20 },
	{ 1, 10, 1u << 24 },
	{ 1, 1, MANY_FLOWS },
	{ 1, 100, MANY_FLOWS },
	{ 1, 250, MANY_FLOWS },
	{ 1, 1000, MANY_FLOWS },
	{ 4, 250, MANY_FLOWS },
	{ 16, 10, MANY_FLOWS },
	{ 128, 10, MANY_FLOWS },
	{ 1024, 10, MANY_FLOWS },
	{ 1024, 1, MANY_FLOWS },
	{ 2048, 8, MANY_FLOWS },
	{ 4096, 4, MANY_FLOWS },
	{ 8192, 2, MANY_FLOWS },
	{ 64, 250, MANY_FLOWS },
};

struct bench {
	struct bench_wrap_bpf *wrap;
	char bpffs[BPFFS_PATH_SIZE];
	uint32_t ifindex[2];
	uint32_t packets;
	unsigned rounds;
};

struct measured {
	struct size size;
	double plan_ms;    /* to say what would be done, from empty maps */
	double apply_ms;   /* to plan it, and to do it */
	double change_ms;  /* one host of one service fails: plan, rebuild its table, publish */
	double packet_ns;  /* net, stable rows */
	double memory_mib; /* of all maps */
};

static int fail(const char *what, const char *why, int err)
{
	fprintf(stderr, "bench_scale: %s: %s %s\n", what, strerror(-err), why);
	return err;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* ---- memory -------------------------------------------------------------------------------------
 */
/* Bytes of a pinned map; 0 for whatever else is pinned. */
static unsigned long pin_memory(const char *path)
{
	int fd = bpf_obj_get(path);
	unsigned long bytes = 0;
	char line[128];
	FILE *f;

	if (fd < 0)
		return 0;
	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	f = fopen(line, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "map_type", 8))
			bytes = 1; /* else it is a program or a link */
		else if (bytes && sscanf(line, "memlock: %lu", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	close(fd);
	return bytes;
}

/* Of a directory of pins and those below; json (if not NULL) gets the first level by name. */
static unsigned long tree_memory(const char *dir, json_t *json)
{
	DIR *d = opendir(dir);
	unsigned long sum = 0;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[PATH_MAX];
		unsigned long bytes;
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (stat(path, &st))
			continue;
		bytes = S_ISDIR(st.st_mode) ? tree_memory(path, NULL) : pin_memory(path);
		sum += bytes;
		if (json && bytes)
			json_object_set_new(json, e->d_name, json_integer(bytes));
	}
	if (d)
		closedir(d);
	return sum;
}

/* ---- packets ------------------------------------------------------------------------------------
 */
static void template(struct frame *ret)
{
	const struct cfg_addr vip = wanted_vip(AF_INET, 0);
	struct nat_packet_spec p = { .family = AF_INET,
				     .proto = IPPROTO_TCP,
				     .src.port = 1024,
				     .dst.port = WANTED_PORT,
				     .ttl = 64,
				     .tcp_flags = TH_ACK,
				     .dst_mac = { 2, 0x1b, 0, 0, 0, 1 },
				     .src_mac = { 2, 0xc, 0, 0, 0, 1 } };

	p.src.addr[0] = htonl(0x0a000000);
	memcpy(p.dst.addr, &vip.v4, 4);
	nat_frame(&p, ret);
}

static int run_wrapped(const struct bench *b, int prog, const struct size *size,
		       const struct frame *frame, double *ret_ns)
{
	struct bench_wrap_bpf *w = b->wrap;
	const struct cfg_addr vip = wanted_vip(AF_INET, 0);
	const uint32_t zero = 0;
	uint32_t verdict;
	int err = bpf_map_update_elem(bpf_map__fd(w->maps.under_test), &zero, &prog, BPF_ANY);

	if (err)
		return fail("the wrapper's tail call", "", err);
	w->bss->address_at = 14 + 12;
	w->bss->port_at = 14 + 20;
	w->bss->vip_at = 14 + 16;
	w->bss->first_vip = ntohl(vip.v4.s_addr);
	w->bss->vip_mask = size->services - 1;
	w->bss->flow_mask = size->flows - 1;
	w->bss->in_sequence = 0;
	w->bss->position = 88172645463325252;
	w->bss->next_address = htonl(WRAP_CLIENT(0));
	w->bss->next_port = htons(WRAP_CLIENT_PORT(0));
	w->bss->next_vip = vip.v4.s_addr;
	return timing_run_xdp(bpf_program__fd(w->progs.wrap), frame, b->ifindex[0], b->packets,
			      &verdict, ret_ns);
}

/* Packets that the hosts of the service were sent. */
static uint64_t sent(struct dataplane *dp, const struct wanted *w)
{
	struct traffic traffic;
	uint64_t n = 0;

	for (unsigned s = 0; s < w->options.services; s++)
		if (!dataplane_service_traffic(dp, w->names[s], IPPROTO_TCP, &traffic))
			n += traffic.packets;
	return n;
}

static int time_packets(const struct bench *b, struct dataplane *dp, const struct wanted *w,
			const struct size *size, double *ret_ns)
{
	const int verdict_only = bpf_program__fd(b->wrap->progs.verdict_only);
	const uint64_t before = sent(dp, w);
	double net[ROUNDS_MAX];
	struct frame frame;

	template(&frame);
	for (unsigned i = 0; i < b->rounds; i++) {
		double bare, ns;
		int err = run_wrapped(b, verdict_only, size, &frame, &bare);

		if (!err)
			err = run_wrapped(b, dataplane_program_fd(dp), size, &frame, &ns);
		if (err)
			return fail("BPF_PROG_RUN", "", err);
		net[i] = ns - bare;
	}
	*ret_ns = spread_of(net, b->rounds).median;
	if (sent(dp, w) - before != (uint64_t)b->rounds * b->packets)
		return fail("packets were not forwarded", "", -EPROTO);
	return 0;
}

/* ---- configurations -----------------------------------------------------------------------------
 */
static int sync_timed(struct dataplane *dp, const struct wanted *w, double *ret_ms)
{
	const double began = now_ms();
	int err = dataplane_sync(dp, &w->desired, NULL);

	*ret_ms = now_ms() - began;
	return err ? fail("applying", dataplane_error(dp), err) : 0;
}

static int plan_timed(struct dataplane *dp, const struct wanted *w, double *ret_ms)
{
	const double began = now_ms();
	struct plan *plan;
	int err = dataplane_plan(dp, &w->desired, &plan);

	*ret_ms = now_ms() - began;
	if (err)
		return fail("planning", dataplane_error(dp), err);
	plan_free(plan);
	return 0;
}

/* One of them fails, and comes back: the median of a few such changes. */
static int time_change(struct dataplane *dp, struct wanted *w, double *ret_ms)
{
	struct desired_host *host = &w->hosts[w->options.services / 2 * w->options.hosts];
	double ms[6];

	for (int i = 0; i < 6; i++) {
		int err;

		host->takes_new = host->keeps_old = i % 2;
		err = sync_timed(dp, w, &ms[i]);
		if (err)
			return err;
	}
	*ret_ms = spread_of(ms, 6).median;
	return 0;
}

static int measure_open(const struct bench *b, struct dataplane *dp, const char *dir,
			struct wanted *w, struct measured *m, json_t *maps)
{
	int err = plan_timed(dp, w, &m->plan_ms);

	if (!err)
		err = sync_timed(dp, w, &m->apply_ms);
	if (!err)
		err = time_packets(b, dp, w, &m->size, &m->packet_ns);
	if (!err)
		err = time_change(dp, w, &m->change_ms);
	m->memory_mib = tree_memory(dir, maps) / 1048576.0;
	return err;
}

static int measure(const struct bench *b, const struct size *size, struct measured *m, json_t *maps)
{
	const struct wanted_options options = { .services = size->services,
						.hosts = size->hosts,
						.family = AF_INET,
						.egress = b->ifindex[1] };
	char dir[BPFFS_PATH_SIZE + 8], error[512] = "";
	const struct dataplane_options dataplane = { .bpffs = dir };
	struct dataplane *dp = NULL;
	struct wanted wanted;
	int err = wanted_make(&options, &wanted);

	*m = (struct measured){ .size = *size };
	if (err)
		return fail("services", "", err);
	snprintf(dir, sizeof(dir), "%s/xlb", b->bpffs);
	err = dataplane_open(&dataplane, error, sizeof(error), &dp);
	if (err)
		fail("loading", error, err);
	else
		err = measure_open(b, dp, dir, &wanted, m, maps);
	if (!err || dp)
		dataplane_remove(dp);
	dataplane_close(dp);
	wanted_free(&wanted);
	return err;
}

/* The product of the model may be larger than what the kernel's maps hold. */
static bool fits(const struct size *size)
{
	return size->services <= XLB_MAX_SERVICES && size->hosts <= CFG_MAX_HOSTS &&
	       size->services * size->hosts <= XLB_MAX_HOSTS;
}

/* ---- all of it ----------------------------------------------------------------------------------
 */
static json_t *measured_json(const struct measured *m)
{
	return json_pack("{s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f}", "services",
			 (int)m->size.services, "hosts", (int)m->size.hosts, "flows",
			 (int)m->size.flows, "plan_ms", m->plan_ms, "apply_ms", m->apply_ms,
			 "change_ms", m->change_ms, "packet_ns", m->packet_ns, "memory_mib",
			 m->memory_mib);
}

static int run_all(const struct bench *b, bool quick, json_t *list, json_t **ret_maps)
{
	printf("%8s %6s %9s %9s %9s %10s %10s %9s\n", "services", "hosts", "flows", "plan ms",
	       "apply ms", "1 host ms", "packet ns", "MiB");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct measured m;
		int err;

		if (!fits(&sizes[i]) || (quick && sizes[i].services * sizes[i].hosts > 1000))
			continue;
		json_decref(*ret_maps);
		*ret_maps = json_object();
		err = measure(b, &sizes[i], &m, *ret_maps);
		if (err)
			return err;
		printf("%8u %6u %9u %9.1f %9.1f %10.2f %10.1f %9.1f\n", m.size.services,
		       m.size.hosts, m.size.flows, m.plan_ms, m.apply_ms, m.change_ms, m.packet_ns,
		       m.memory_mib);
		fflush(stdout);
		json_array_append_new(list, measured_json(&m));
	}
	return 0;
}

static int open_bench(struct bench *b)
{
	int err = netdev_namespace();

	if (!err)
		err = netdev_veth("one", "two", b->ifindex);
	if (!err)
		err = bpffs_mount(b->bpffs);
	if (err)
		return fail("namespaces", "", err);
	b->wrap = bench_wrap_bpf__open_and_load();
	return b->wrap ? 0 : fail("loading the wrapper", "", -errno);
}

int main(int argc, char **argv)
{
	const bool quick = argc > 1 && !strcmp(argv[1], "-q");
	const char *path = argc > 1 + quick ? argv[1 + quick] : NULL;
	struct bench b = { .packets = quick ? 1u << 16 : 1u << 19, .rounds = quick ? 1 : 5 };
	json_t *list = json_array(), *maps = NULL, *all;
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP the benchmark loads BPF programs: run as root\n");
		return SKIPPED;
	}
	timing_stay_on_this_cpu();
	err = open_bench(&b);
	if (!err)
		err = run_all(&b, quick, list, &maps);
	all = json_pack("{s:o, s:o}", "results", list, "maps_of_last_bytes",
			maps ? maps : json_object());
	if (!err && path && json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(5)))
		err = fail(path, "", -EIO);
	json_decref(all);
	bench_wrap_bpf__destroy(b.wrap);
	bpffs_unmount(b.bpffs);
	return err != 0;
}
