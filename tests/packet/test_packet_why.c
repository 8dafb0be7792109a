// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What dataplane_why() says of a packet, against what then becomes of a real one; and that asking
 * leaves every map as it was. Prints TAP; exits with 77 where it cannot run.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/why.h"
#include "nat_fixture.h"
#include "netdev.h"

#define SKIPPED 77
#define CLIENT_PORT 40000 /* nat_fixture's */

static struct nat_fixture fx;
static char where[160];

static bool is(const char *what, long have, long wanted)
{
	if (have != wanted)
		printf("# %s: %s is %ld instead of %ld\n", where, what, have, wanted);
	return have == wanted;
}

static bool says(const char *what, const char *have, const char *wanted)
{
	const bool same = have && !strcmp(have, wanted);

	if (!same)
		printf("# %s: %s is %s instead of %s\n", where, what, have ? have : "nothing",
		       wanted);
	return same;
}

/* ---- all that is in the maps -------------------------------------------------------------------
 */
/* size is a multiple of 8. */
static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
	const uint64_t *words = data;

	for (size_t i = 0; i < size / 8; i++)
		sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ull;
	return sum;
}

static bool is_readable(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_LRU_HASH;
}

static uint64_t sum_hash(int fd, const struct bpf_map_info *info)
{
	const size_t size = (info->value_size + 7) & ~7u;
	uint8_t *value = calloc(1, size), *before = NULL;
	uint8_t key[64] __attribute__((aligned(8))) = { 0 };
	uint64_t sum = 0;

	while (!bpf_map_get_next_key(fd, before, key)) {
		before = key;
		if (!bpf_map_lookup_elem(fd, key, value))
			sum += mix(mix(1, key, sizeof(key)), value, size);
	}
	free(value);
	return sum;
}

/* At once: a call for each of some ten thousand entries would take its time. */
static uint64_t sum_array(int fd, const struct bpf_map_info *info)
{
	const size_t parts = info->type == BPF_MAP_TYPE_PERCPU_ARRAY ?
				     libbpf_num_possible_cpus() : 1;
	const size_t size = parts * ((info->value_size + 7) & ~7u) * info->max_entries;
	void *values = calloc(1, size), *keys = calloc(info->max_entries, sizeof(__u32));
	__u32 batch, count = info->max_entries;
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint64_t sum = 0;

	if (values && keys) {
		bpf_map_lookup_batch(fd, NULL, &batch, keys, values, &count, &opts);
		sum = count == info->max_entries ? mix(1, values, size) : 0;
	}
	free(values);
	free(keys);
	if (!sum)
		printf("# %s: map %s cannot be read\n", where, info->name);
	return sum;
}

static uint64_t sum_memory(int fd, const struct bpf_map_info *info)
{
	const size_t size = ((info->value_size + 7) & ~7u) * (size_t)info->max_entries;
	void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t sum;

	if (memory == MAP_FAILED)
		return 0;
	sum = mix(1, memory, size);
	munmap(memory, size);
	return sum;
}

static uint64_t sum_pin(const char *path)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(path);
	uint64_t sum = 0;

	if (fd < 0)
		return 0;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && is_readable(info.type))
		sum = info.map_flags & BPF_F_MMAPABLE	    ? sum_memory(fd, &info) :
		      info.type == BPF_MAP_TYPE_ARRAY ||
				      info.type == BPF_MAP_TYPE_PERCPU_ARRAY ? sum_array(fd, &info) :
									       sum_hash(fd, &info);
	close(fd);
	return sum;
}

static uint64_t sum_maps(const char *sub)
{
	char dir[160], path[512];
	const struct dirent *entry;
	uint64_t sum = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/xlb%s", fx.bpffs, sub);
	d = opendir(dir);
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || !strncmp(entry->d_name, "xlb_", 4) ||
		    !strncmp(entry->d_name, "show_", 5) || entry->d_type == DT_DIR)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		sum += sum_pin(path);
	}
	if (d)
		closedir(d);
	return sum;
}

static uint64_t sum_all(void)
{
	return sum_maps("") + sum_maps("/rows") + sum_maps("/conns");
}

/* ---- asking ------------------------------------------------------------------------------------
 */
static struct cfg_addr addr_of(int family, struct nat_end end)
{
	struct cfg_addr a = { .family = family };

	memcpy(&a.v6, end.addr, family == AF_INET6 ? 16 : 4);
	return a;
}

static struct why_query query_of(const struct nat_case *c, bool mid_stream)
{
	return (struct why_query){ .client = addr_of(c->family, client_end(c->family, 0)),
				   .vip = addr_of(c->family, vip_end(c->family, 0)),
				   .client_port = CLIENT_PORT,
				   .port = c->port,
				   .proto = c->proto,
				   .mid_stream = mid_stream,
				   .ifindex = fx.ifindex[0] };
}

/* Asks, and sees that nothing has changed. */
static bool ask(const struct why_query *q, struct why *ret)
{
	const uint64_t before = sum_all();
	int err = dataplane_why(fx.dp, q, ret);

	if (err) {
		printf("# %s: %s (%s)\n", where, strerror(-err), dataplane_error(fx.dp));
		return false;
	}
	return is("change of maps", sum_all() != before, false);
}

static bool same_address(const struct cfg_addr *a, struct nat_end end)
{
	return !memcmp(&a->v6, end.addr, a->family == AF_INET6 ? 16 : 4);
}

static bool goes_to_host(const struct nat_case *c, const struct why *w)
{
	return is("verdict", w->verdict, XLB_TRACED_FORWARD) && is("reason", w->reason, -1) &&
	       is("hook", w->hook, c->port == DIRECT ? XLB_HOOK_XDP : XLB_HOOK_TC) &&
	       is("service", w->service && w->service->id == c->port, true) &&
	       says("host", w->host.name, "host") &&
	       is("egress", w->egress, fx.ifindex[1]) &&
	       is("MAC", memcmp(w->dst_mac, HOST_MAC, 6), 0) &&
	       (c->port == DIRECT ||
		(is("host's port", w->host_port, HOST_PORT) &&
		 is("host's address", same_address(&w->host_addr, host_end(c->family)), true)));
}

static int send_packet(const struct nat_case *c, uint8_t tcp_flags)
{
	struct nat_packet_spec p = from_client(c);
	struct frame in, out;

	p.tcp_flags = tcp_flags;
	nat_frame(&p, &in);
	return c->port == DIRECT ? direct_run(&fx, &in, &out) : nat_run(&fx, &in, &out);
}

/* ---- cases -------------------------------------------------------------------------------------
 */
static const char *how_of_new(const struct nat_case *c)
{
	return c->port == STICKY ? "pool" : "row";
}

static const char *how_of_old(const struct nat_case *c)
{
	if (c->port != DIRECT)
		return "connection";
	return c->proto == IPPROTO_UDP ? "flow entry" : "row";
}

/* Asked before, and while it lasts. */
static bool new_and_old(const struct nat_case *c)
{
	struct why_query q = query_of(c, false);
	struct session s;
	struct why w;

	nat_reset(&fx);
	if (!ask(&q, &w) || !goes_to_host(c, &w) || !says("how", why_how_name(w.how), how_of_new(c)))
		return false;
	if (!is("real packet", send_packet(c, TH_SYN), SENT))
		return false;
	if (c->port != DIRECT && c->port != KEPT &&
	    !(is("connections", nat_session(&fx, &s), true) &&
	      is("NAT port", w.nat_port, s.nat_port)))
		return false;
	if (c->port == KEPT && !is("client's port", w.nat_port, CLIENT_PORT))
		return false;
	q.mid_stream = true;
	return ask(&q, &w) && goes_to_host(c, &w) && says("how", why_how_name(w.how), how_of_old(c)) &&
	       (c->port == DIRECT || c->port == KEPT || is("NAT port", w.nat_port, s.nat_port));
}

static bool row_is_told(const struct nat_case *c)
{
	const struct why_query q = query_of(c, false);
	struct why w;

	nat_reset(&fx);
	if (c->port == STICKY || (c->port == DIRECT && c->proto == IPPROTO_UDP))
		return ask(&q, &w);
	return ask(&q, &w) && says("row", why_row_name(w.row_state), "stable") &&
	       is("row's number", w.row < XLB_ROWS, true) && says("row's host", w.cur.name, "host");
}

static bool host_is_down(const struct nat_case *c)
{
	const struct why_query q = query_of(c, false);
	struct why w;
	bool good;

	nat_reset(&fx);
	fx.up = false;
	nat_sync(&fx);
	good = ask(&q, &w) && is("verdict", w.verdict, XLB_TRACED_PASS) &&
	       is("reason", w.reason, XLB_REASON_NO_HOST) &&
	       is("service", w.service && w.service->id == c->port, true) &&
	       is("real packet", send_packet(c, TH_SYN), TO_STACK);
	nat_reset(&fx);
	return good;
}

static bool mid_stream_of_none(const struct nat_case *c)
{
	const struct why_query q = query_of(c, true);
	struct why w;

	nat_reset(&fx);
	if (c->proto != IPPROTO_TCP || c->port == DIRECT)
		return true;
	return ask(&q, &w) && is("verdict", w.verdict, XLB_TRACED_PASS) &&
	       is("reason", w.reason, XLB_REASON_NO_CONNECTION);
}

static bool nobodys(const struct nat_case *c)
{
	struct why_query q = query_of(c, false);
	struct why w;

	q.port = 9;
	return ask(&q, &w) && is("verdict", w.verdict, XLB_TRACED_PASS) &&
	       is("service", w.service != NULL, false) &&
	       is("reason", w.reason, XLB_REASON_NO_SERVICE);
}

static bool from_a_host(const struct nat_case *c)
{
	struct why_query q = query_of(c, false);
	struct why w;

	q.client = addr_of(c->family, host_end(c->family));
	if (c->port != DIRECT)
		return true;
	return ask(&q, &w) && is("verdict", w.verdict, XLB_TRACED_DROP) &&
	       is("reason", w.reason, XLB_REASON_LOOP);
}

static bool no_program(const struct nat_case *c)
{
	struct why_query q = query_of(c, false);
	struct why w;

	q.ifindex = fx.ifindex[1];
	return ask(&q, &w) && is("hook", w.hook, 0) && is("XDP", w.xdp, false) &&
	       is("TC", w.tc, false);
}

static const struct {
	const char *name;
	bool (*run)(const struct nat_case *c);
} checks[] = {
	{ "a new connection, then the same one", new_and_old },
	{ "the row", row_is_told },
	{ "the host is down", host_is_down },
	{ "mid-stream, of no connection", mid_stream_of_none },
	{ "for nobody", nobodys },
	{ "the client is a host of the service", from_a_host },
	{ "an interface without a program", no_program },
};

static bool run_cases(size_t check)
{
	static const uint16_t ports[] = { FULL, KEPT, STICKY, DIRECT };
	bool good = true;

	for (unsigned i = 0; i < 16; i++) {
		const struct nat_case c = { .family = i & 1 ? AF_INET6 : AF_INET,
					    .proto = i & 2 ? IPPROTO_UDP : IPPROTO_TCP,
					    .port = ports[i / 4] };

		snprintf(where, sizeof(where), "%s: %s %s port %u", checks[check].name,
			 i & 1 ? "IPv6" : "IPv4", i & 2 ? "UDP" : "TCP", c.port);
		good &= checks[check].run(&c);
	}
	return good;
}

static int prepare(void)
{
	char error[256] = "";
	int err = nat_open(&fx);

	if (!err)
		err = dataplane_attach(fx.dp, fx.ifindex[0], "one", XDP_MODE_AUTO, NULL, error,
				       sizeof(error));
	if (error[0])
		printf("# %s\n", error);
	return err;
}

int main(void)
{
	const size_t n = sizeof(checks) / sizeof(*checks);
	unsigned failed = 0;
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP packet tests load BPF programs: run as root\n");
		return SKIPPED;
	}
	err = prepare();
	if (err) {
		printf("Bail out! data plane with services: %s\n", strerror(-err));
		nat_close(&fx);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		const bool good = run_cases(i);

		printf("%sok %zu - %s\n", good ? "" : "not ", i + 1, checks[i].name);
		fflush(stdout);
		failed += !good;
	}
	nat_close(&fx);
	printf("1..%zu\n", n);
	return failed != 0;
}
