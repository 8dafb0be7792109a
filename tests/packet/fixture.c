// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/tables.h"
#include "xlb/hash.h"
#include "xlb_xdp.skel.h"
#include "xlb_xdp_trace.skel.h"

static const __u64 HASH_KEY[8] = { 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
				   0xd6e8feb86659fd93, 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53,
				   0x2545f4914f6cdd1d, 0xda942042e4dd58b5 };

#define FIRST_TX_PORT 5

/* ---- opening ------------------------------------------------------------------------------------
 */
static void *map_memory(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)((bpf_map__value_size(map) + 7) & ~7u) * bpf_map__max_entries(map);
	void *p = mmap(NULL, (size + page - 1) & ~(page - 1), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

static int rows_new(struct fixture *fx, int *ret_fd, struct xlb_rows **ret)
{
	const struct bpf_map *type = fx->skel->maps.no_rows;
	/* Linux 6.1 takes a map with BTF for another one's like only if that has BTF, too */
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE,
		    .btf_fd = bpf_object__btf_fd(fx->skel->obj),
		    .btf_key_type_id = bpf_map__btf_key_type_id(type),
		    .btf_value_type_id = bpf_map__btf_value_type_id(type));
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_rows", sizeof(__u32),
				sizeof(struct xlb_rows), 1, &opts);
	void *p;

	if (fd < 0)
		return fd;
	p = mmap(NULL, sizeof(struct xlb_rows), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	*ret = p;
	return 0;
}

static int map_all(struct fixture *fx)
{
	fx->vips = map_memory(fx->skel->maps.vips);
	fx->services = map_memory(fx->skel->maps.services);
	fx->hosts = map_memory(fx->skel->maps.hosts);
	fx->loads = map_memory(fx->skel->maps.loads);
	fx->flows4 = map_memory(fx->skel->maps.flows4);
	fx->flows6 = map_memory(fx->skel->maps.flows6);
	fx->mac_filter = map_memory(fx->skel->maps.mac_filter);
	if (!fx->vips || !fx->services || !fx->hosts || !fx->loads || !fx->flows4 || !fx->flows6 ||
	    !fx->mac_filter)
		return -errno;
	return 0;
}

static int set_map(const struct bpf_map *map, const void *key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY);
}

static int add_host_mac(struct fixture *fx, uint16_t slot, uint16_t service)
{
	union xlb_mac_key key = {};

	host_mac(slot, key.mac);
	fx->mac_filter->maybe[xlb_mac_hash(key.raw)] = 1;
	key.service = service;
	return set_map(fx->skel->maps.host_macs, &key, &slot);
}

static int fill_once(struct fixture *fx)
{
	int err = 0;

	for (uint16_t slot = A; slot <= D && !err; slot++)
		err = add_host_mac(fx, slot, MAIN);
	if (!err)
		err = add_host_mac(fx, E, OTHER);
	if (!err)
		err = rows_new(fx, &fx->rows_fd, &fx->rows);
	if (!err)
		err = rows_new(fx, &fx->other_rows_fd, &fx->other_rows);
	if (!err)
		err = set_map(fx->skel->maps.rows, &(uint32_t){ MAIN }, &fx->rows_fd);
	if (!err)
		err = set_map(fx->skel->maps.rows, &(uint32_t){ OTHER }, &fx->other_rows_fd);
	return err;
}

/* Says which step of opening failed; loading has libbpf to say so. */
static int step(const char *what, int err)
{
	if (err)
		printf("# %s: %s\n", what, strerror(-err));
	return err;
}

static uint32_t all_lines(const struct fixture_options *options)
{
	return xlb_flow_front(options->flow_lines - 1) + options->flow_lines;
}

static int load(struct fixture *fx, const struct fixture_options *options)
{
	struct xlb_xdp_bpf *skel;
	int err = tables_prepare();

	if (err)
		return err;
	skel = xlb_xdp_bpf__open();

	if (!skel)
		return -errno;
	fx->skel = skel;
	memcpy((void *)skel->rodata->hash_key, HASH_KEY, sizeof(HASH_KEY));
	skel->rodata->flow4_mask = skel->rodata->flow6_mask = options->flow_lines - 1;
	skel->rodata->use_test_clock = !options->real_clock;
	bpf_map__set_max_entries(skel->maps.flows4, all_lines(options));
	bpf_map__set_max_entries(skel->maps.flows6, all_lines(options));
	return xlb_xdp_bpf__load(skel);
}

static int load_traced(struct fixture *fx)
{
	struct xlb_xdp_trace_bpf *trace = xlb_xdp_trace_bpf__open();
	struct bpf_map *map;
	int err = 0;

	if (!trace)
		return -errno;
	fx->trace = trace;
	bpf_object__for_each_map(map, fx->skel->obj) {
		struct bpf_map *twin = bpf_object__find_map_by_name(trace->obj, bpf_map__name(map));

		if (!bpf_map__is_internal(map) && twin && !err)
			err = bpf_map__reuse_fd(twin, bpf_map__fd(map));
	}
	memcpy((void *)trace->rodata->hash_key, HASH_KEY, sizeof(HASH_KEY));
	trace->rodata->flow4_mask = trace->rodata->flow6_mask = fx->mask;
	trace->rodata->use_test_clock = fx->skel->rodata->use_test_clock;
	trace->bss->capture.snaplen = XLB_TRACE_BYTES;
	return err ? err : xlb_xdp_trace_bpf__load(trace);
}

int fixture_open(const struct fixture_options *options, const uint32_t ifindex[2],
		 struct fixture *ret)
{
	struct fixture fx = { .lines = all_lines(options),
			      .mask = options->flow_lines - 1,
			      .rows_fd = -1,
			      .other_rows_fd = -1 };
	int err;

	memcpy(fx.ifindex, ifindex, sizeof(fx.ifindex));
	err = load(&fx, options);
	if (!err && options->traced)
		err = load_traced(&fx);
	if (!err)
		err = step("mapping the maps' memory", map_all(&fx));
	if (!err)
		err = step("filling maps", fill_once(&fx));
	if (err) {
		fixture_close(&fx);
		return err;
	}
	fx.prog = bpf_program__fd(fx.trace ? fx.trace->progs.xlb_xdp : fx.skel->progs.xlb_xdp);
	*ret = fx;
	return 0;
}

void fixture_close(struct fixture *fx)
{
	if (fx->rows_fd >= 0)
		close(fx->rows_fd);
	if (fx->other_rows_fd >= 0)
		close(fx->other_rows_fd);
	xlb_xdp_trace_bpf__destroy(fx->trace);
	xlb_xdp_bpf__destroy(fx->skel);
}

/* ---- what packets leave -------------------------------------------------------------------------
 */
static void forget_fragments(struct fixture *fx)
{
	int fd = bpf_map__fd(fx->skel->maps.fragments);
	struct xlb_fragment_key key;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0)
		bpf_map_delete_elem(fd, &key);
}

static void set_syn_budget(struct fixture *fx, struct xlb_syn_budget value)
{
	int n = libbpf_num_possible_cpus();
	struct xlb_syn_budget *all = calloc(n, sizeof(*all));

	for (int i = 0; i < n; i++)
		all[i] = value;
	set_map(fx->skel->maps.syn_budget, &(uint32_t){ 0 }, all);
	free(all);
}

void fixture_reset(struct fixture *fx)
{
	memset(fx->flows4, 0, fx->lines * sizeof(*fx->flows4));
	memset(fx->flows6, 0, fx->lines * sizeof(*fx->flows6));
	memset(fx->loads, 0, XLB_MAX_HOSTS * sizeof(*fx->loads));
	forget_fragments(fx);
	set_syn_budget(fx, (struct xlb_syn_budget){ 0 });
	set_map(fx->skel->maps.cursors, &(uint32_t){ MAIN }, &(uint64_t){ 0 });
}

void fixture_spend_syn_budget(struct fixture *fx, uint32_t tick)
{
	set_syn_budget(fx, (struct xlb_syn_budget){ .tick = tick, .used = XLB_SYN_BUDGET });
}

void fixture_set_tick(struct fixture *fx, uint32_t tick)
{
	fx->skel->bss->test_tick = tick & XLB_TICK_MASK;
	if (fx->trace)
		fx->trace->bss->test_tick = tick & XLB_TICK_MASK;
}

/* ---- a world ------------------------------------------------------------------------------------
 */
uint16_t listen_id(uint16_t id, uint8_t proto)
{
	return id * 2 + (proto == IPPROTO_UDP);
}

static uint32_t vip_home(const struct xlb_vip *vip)
{
	uint32_t l4;

	memcpy(&l4, &vip->port, sizeof(l4));
	return xlb_vip_hash(HASH_KEY, vip->addr, l4, vip->family == AF_INET6);
}

static void vip_put(struct fixture *fx, const struct xlb_vip *vip, const struct world_listen *l)
{
	const struct xlb_vip other = { .addr = { 1, 2, 3, 4 },
				       .family = vip->family,
				       .flags = l->over_tombstones ? XLB_VIP_DELETED : 0 };
	uint32_t slot = vip_home(vip);

	for (int i = 0; i < l->displaced; i++) {
		fx->vips[slot] = other;
		slot = (slot + 1) & (XLB_VIP_SLOTS - 1);
	}
	while (fx->vips[slot].family)
		slot = (slot + 1) & (XLB_VIP_SLOTS - 1);
	fx->vips[slot] = *vip;
}

static uint32_t interface_of(const struct fixture *fx, enum on_interface on)
{
	return on == ANYWHERE ? 0 : fx->ifindex[on == ELSEWHERE];
}

static void put_range(struct fixture *fx, const struct world_listen *l, int family, uint8_t proto,
		      struct xlb_ranges *list)
{
	struct xlb_vip vip = { .proto = proto,
			       .family = family,
			       .listen = proto == IPPROTO_UDP,
			       .flags = XLB_VIP_RANGES };
	const uint32_t index = vip.listen;

	list->range[list->n++] = (struct xlb_range){ .port_lo = l->port,
						     .port_hi = l->port_hi,
						     .service = MAIN,
						     .listen = listen_id(l->id, proto),
						     .ifindex = interface_of(fx, l->on) };
	set_map(fx->skel->maps.ranges, &index, list);
	vip_address(l->vip, family, vip.addr);
	if (list->n == 1) /* one entry leads to all ranges of the address */
		vip_put(fx, &vip, l);
}

static void put_listen(struct fixture *fx, const struct world_listen *l, int family, uint8_t proto,
		       uint16_t service)
{
	struct xlb_vip vip = { .port = htons(l->port),
			       .proto = proto,
			       .family = family,
			       .ifindex = interface_of(fx, l->on),
			       .service = service,
			       .listen = listen_id(l->id, proto),
			       .flags = l->removed ? XLB_VIP_DELETED : 0 };

	vip_address(l->vip, family, vip.addr);
	vip_put(fx, &vip, l);
}

static void apply_listens(struct fixture *fx, const struct world *w, const struct variant *v)
{
	static const struct world_listen usual[] = { { MAIN_LISTEN, MAIN_VIP, DEFAULT_PORT }, {} };
	static const struct world_listen other = { OTHER_LISTEN, OTHER_VIP, DEFAULT_PORT };
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct xlb_settings settings = { .abi_version = XLB_ABI_VERSION };

	memset(fx->vips, 0, XLB_VIP_SLOTS * sizeof(*fx->vips));
	for (int i = 0; i < 2; i++) {
		struct xlb_ranges list = {};

		for (const struct world_listen *l = w->listens[0].id ? w->listens : usual; l->id;
		     l++) {
			if (l->port_hi)
				put_range(fx, l, v->family, protos[i], &list);
			else
				put_listen(fx, l, v->family, protos[i], MAIN);
		}
		if (list.n && !w->no_ranges_hint)
			settings.has_ranges = 1;
		put_listen(fx, &other, v->family, protos[i], OTHER);
	}
	memcpy(settings.hash_key, HASH_KEY, sizeof(HASH_KEY));
	set_map(fx->skel->maps.settings, &(uint32_t){ 0 }, &settings);
}

static void apply_services(struct fixture *fx, const struct world *w)
{
	struct xlb_service s = { .row_key = { 0x8ebc6af09c88c6e3, 0x589965cc75374cc3,
					      0x1d8e4e27c47d124f, 0xeb44accab455d165,
					      0x9c6e6877736c46e3, 0xa0761d6478bd642f },
				 .port_mask = w->by_address ? 0 : ~0u,
				 .choose = w->choose,
				 .flags = w->flags,
				 .timeout = { [XLB_FLOW_SYN] = T_SYN,
					      [XLB_FLOW_OPEN] = T_OPEN,
					      [XLB_FLOW_CLOSING] = T_CLOSING,
					      [XLB_FLOW_FINWAIT] = T_FINWAIT,
					      [XLB_FLOW_CLOSED] = T_CLOSED,
					      [XLB_FLOW_CLIENT] = T_CLIENT,
					      [XLB_FLOW_CLIENT_MOVED] = T_CLIENT,
					      [XLB_FLOW_FORMER] = T_FORMER },
				 .name = "main" };

	fx->services[MAIN] = s;
	s.choose = XLB_CHOOSE_ROW;
	s.flags = 0;
	s.port_mask = ~0u;
	strcpy(s.name, "other");
	fx->services[OTHER] = s;
}

static void apply_rows(struct fixture *fx, const struct world *w)
{
	const struct xlb_row same = { .cur = w->cur ? w->cur : A,
				      .prev = w->prev ? w->prev : XLB_HOST_NONE };

	if (w->no_rows != fx->no_rows) {
		if (w->no_rows)
			bpf_map_delete_elem(bpf_map__fd(fx->skel->maps.rows), &(uint32_t){ MAIN });
		else
			set_map(fx->skel->maps.rows, &(uint32_t){ MAIN }, &fx->rows_fd);
		fx->no_rows = w->no_rows;
	}
	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		fx->rows->row[i] = same;
		if (w->spread)
			fx->rows->row[i].cur = A + i % 4;
		fx->other_rows->row[i] = (struct xlb_row){ E, XLB_HOST_NONE };
	}
}

static void apply_pool(struct fixture *fx, const struct world *w)
{
	static const uint16_t usual[] = { A, B, C, D, 0 };
	const uint16_t *ring = w->ring[0] ? w->ring : usual;
	struct xlb_pool pool = {};

	for (; ring[pool.n_ring] && ring[pool.n_ring] != NOBODY; pool.n_ring++) {
		uint16_t slot = ring[pool.n_ring];
		uint32_t i = 0;

		pool.ring[pool.n_ring] = slot;
		while (i < pool.n_hosts && pool.host[i].host != slot)
			i++;
		if (i < pool.n_hosts)
			continue;
		pool.host[pool.n_hosts++] =
			(struct xlb_pool_host){ slot,
						slot == A && w->weight_of_a ? w->weight_of_a : 1 };
	}
	set_map(fx->skel->maps.pools, &(uint32_t){ MAIN }, &pool);
}

static void apply_hosts(struct fixture *fx, const struct world *w, const struct variant *v)
{
	static const uint8_t flags[] = {
		[UP] = XLB_HOST_NEW | XLB_HOST_OLD, [DRAINING] = XLB_HOST_OLD, [DOWN] = 0
	};

	for (uint32_t slot = FIRST_HOST; slot <= LAST_HOST; slot++) {
		struct xlb_host h = { .ifindex = fx->ifindex[v->two_arms],
				      .tx_port = FIRST_TX_PORT + slot - FIRST_HOST,
				      .flags = flags[slot == E ? UP : w->hosts[slot - A]],
				      .family = v->family,
				      .service = slot == E ? OTHER : MAIN,
				      .weight = 1 };

		host_mac(slot, h.dst_mac);
		egress_mac(h.ifindex, h.src_mac);
		fx->hosts[slot] = h;
	}
}

void fixture_apply(struct fixture *fx, const struct world *world, const struct variant *v)
{
	apply_listens(fx, world, v);
	apply_services(fx, world);
	apply_rows(fx, world);
	apply_pool(fx, world);
	apply_hosts(fx, world, v);
}

void fixture_egress(struct fixture *fx, uint32_t slot)
{
	const uint32_t port = FIRST_TX_PORT + slot - FIRST_HOST;

	set_map(fx->skel->maps.tx_ports, &port, &fx->ifindex[1]);
}

void fixture_only_egress(struct fixture *fx, uint32_t slot)
{
	for (uint32_t port = FIRST_TX_PORT; port <= FIRST_TX_PORT + LAST_HOST - FIRST_HOST; port++)
		bpf_map_delete_elem(bpf_map__fd(fx->skel->maps.tx_ports), &port);
	if (slot)
		fixture_egress(fx, slot);
}

/* ---- counters -----------------------------------------------------------------------------------
 */
static void sum(const struct bpf_map *map, uint32_t key, uint64_t *ret, size_t words)
{
	int n = libbpf_num_possible_cpus();
	uint64_t *all = calloc(n, words * sizeof(*all));

	bpf_map_lookup_elem(bpf_map__fd(map), &key, all);
	memset(ret, 0, words * sizeof(*ret));
	for (int cpu = 0; cpu < n; cpu++)
		for (size_t i = 0; i < words; i++)
			ret[i] += all[cpu * words + i];
	free(all);
}

void fixture_count(struct fixture *fx, struct counters *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < XLB_REASON_COUNT; i++)
		sum(fx->skel->maps.reasons, i, &ret->reasons[i], 1);
	ret->reasons[XLB_REASON_TRACE_LOST] = 0; /* nobody reads the messages */
	for (uint32_t i = FIRST_HOST; i <= LAST_HOST; i++)
		sum(fx->skel->maps.host_counters, i, (uint64_t *)&ret->hosts[i], 3);
}

/* ---- flow table ---------------------------------------------------------------------------------
 */
static void entry_read(const struct fixture *fx, int family, size_t i, struct entry *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (family == AF_INET6) {
		const struct xlb_flow6 *w = &fx->flows6[i / XLB_FLOW_WAYS].way[i % XLB_FLOW_WAYS];

		memcpy(ret->client, w->client, sizeof(ret->client));
		ret->client_port = ntohs(w->client_port);
		ret->port = ntohs(w->port);
		ret->meta = w->meta;
	} else {
		const struct xlb_flow4 *w = &fx->flows4[i / XLB_FLOW_WAYS].way[i % XLB_FLOW_WAYS];

		ret->client[0] = w->client;
		ret->client_port = ntohs(w->client_port);
		ret->port = ntohs(w->port);
		ret->meta = w->meta;
	}
}

static void entry_write(struct fixture *fx, int family, size_t i, const struct entry *e)
{
	if (family == AF_INET6) {
		struct xlb_flow6 w = { .client_port = htons(e->client_port),
				       .port = htons(e->port),
				       .meta = e->meta };

		memcpy(w.client, e->client, sizeof(w.client));
		fx->flows6[i / XLB_FLOW_WAYS].way[i % XLB_FLOW_WAYS] = w;
	} else {
		fx->flows4[i / XLB_FLOW_WAYS].way[i % XLB_FLOW_WAYS] =
			(struct xlb_flow4){ e->client[0], htons(e->client_port), htons(e->port),
					    e->meta };
	}
}

struct entry *fixture_entries(struct fixture *fx, int family, size_t *ret_n)
{
	const size_t ways = fx->lines * XLB_FLOW_WAYS;
	struct entry *all = calloc(ways, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < ways; i++) {
		entry_read(fx, family, i, &all[n]);
		if (all[n].meta.state != XLB_FLOW_FREE && all[n].meta.listen != FILLER_LISTEN)
			n++;
	}
	*ret_n = n;
	return all;
}

/* First way of a candidate line. */
static size_t first_way(const struct fixture *fx, int family, const struct entry *e, int candidate)
{
	uint32_t ports = xlb_ports(htons(e->client_port), htons(e->port));
	uint64_t hash =
		xlb_flow_hash(HASH_KEY, e->client, ports, e->meta.listen, family == AF_INET6);

	return (size_t)xlb_flow_line(hash, candidate, fx->mask) * XLB_FLOW_WAYS;
}

void fixture_add_entry(struct fixture *fx, int family, const struct entry *e)
{
	fixture_add_entry_at(fx, family, e, e);
}

void fixture_add_entry_at(struct fixture *fx, int family, const struct entry *key,
			  const struct entry *e)
{
	size_t way = first_way(fx, family, key, 0);
	struct entry there;

	for (entry_read(fx, family, way, &there); there.meta.state != XLB_FLOW_FREE; way++)
		entry_read(fx, family, way + 1, &there);
	entry_write(fx, family, way, e);
	if (XLB_FLOW_COUNTED(e->meta.state))
		fx->loads[e->meta.host]++;
}

void fixture_fill_line(struct fixture *fx, int family, const struct entry *key, int candidate,
		       uint32_t expires)
{
	struct entry filler = { .client_port = 1, .port = 1 };
	size_t first = first_way(fx, family, key, candidate);

	filler.meta.listen = FILLER_LISTEN;
	filler.meta.host = E;
	filler.meta.expires = expires & XLB_TICK_MASK;
	filler.meta.state = XLB_FLOW_FINWAIT; /* not counted in loads */
	for (size_t i = first; i < first + XLB_FLOW_WAYS; i++) {
		struct entry there;

		entry_read(fx, family, i, &there);
		filler.client[0] = i + 1;
		if (there.meta.state == XLB_FLOW_FREE)
			entry_write(fx, family, i, &filler);
	}
}
