/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/carry.h"
#include "dataplane/complaint.h"
#include "dataplane/inner.h"
#include "dataplane/maps_nat.h"
#include "dataplane/pinned.h"
#include "dataplane/pins.h"
#include "dataplane/tables.h"
#include "xlb/hash.h"
#include "xlb_tc.skel.h"
#include "xlb_xdp.skel.h"

/* ---- pinned maps --------------------------------------------------------------------------- */
static int read_settings(const char *dir, struct xlb_settings *ret)
{
	int fd = pinned_open(dir, "settings"), err;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, ret);
	close(fd);
	return err;
}

struct look {
	bool any;   /* something is pinned */
	bool other; /* not all of it, or not as we know it */
};

static void look_at_object(const char *dir, const struct bpf_object *obj, struct look *look)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		enum pinned pin;

		if (bpf_map__is_internal(map))
			continue;
		pin = pinned_look(dir, map);
		look->any |= pin != PINNED_NONE;
		look->other |= pin != PINNED_WHOLE;
	}
}

/* The maps are pinned one by one, settings last: without these, whoever made them died over it. */
static enum pinned look_at_pins(const char *dir, const struct maps *maps, struct xlb_settings *ret)
{
	struct look look = { 0 };
	int fd = pinned_open(dir, "settings");

	if (fd >= 0)
		close(fd);
	look_at_object(dir, maps->skel->obj, &look);
	look_at_object(dir, maps->tc->obj, &look);
	if (fd < 0)
		return look.any ? PINNED_PARTS : PINNED_NONE;
	if (look.other || !carry_is_ours(dir, maps) || read_settings(dir, ret))
		return PINNED_OTHER_LAYOUT;
	return ret->abi_version == XLB_ABI_VERSION ? PINNED_WHOLE : PINNED_OTHER_LAYOUT;
}

static int reuse_maps(const char *dir, struct bpf_object *obj)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj)
		if (!err && !bpf_map__is_internal(map))
			err = pinned_reuse(dir, map);
	return err;
}

/* What a map of today is not called, and no program: maps that another version has had. */
static int drop_unknown(const char *path, void *data)
{
	const char *name = strrchr(path, '/') + 1;
	const struct maps *maps = data;

	if (bpf_object__find_map_by_name(maps->skel->obj, name) ||
	    bpf_object__find_map_by_name(maps->tc->obj, name) || pins_is_known(name))
		return 0;
	return pins_unlink(path);
}

/* ---- before loading ------------------------------------------------------------------------ */
static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* A table has a front before its lines, of at most so many; see xlb_table_line(). */
static int size_table(struct bpf_map *map, uint32_t wanted, uint32_t otherwise, uint32_t most)
{
	uint32_t lines = wanted ? wanted : otherwise;

	if (bpf_map__fd(map) >= 0) /* a pinned one, which keeps its size */
		return 0;
	if (!is_power_of_two(lines))
		return -EINVAL;
	return bpf_map__set_max_entries(map, xlb_table_front(lines - 1, most) + lines);
}

uint32_t maps_table_mask(const struct bpf_map *map, uint32_t most)
{
	uint32_t all = bpf_map__max_entries(map);

	return (all <= 2 * most ? all / 2 : all - most) - 1;
}

static int size_tables(struct maps *maps, const struct dataplane_options *options, char *error,
		       size_t error_size)
{
	int err = size_table(maps->skel->maps.flows4, options->flow4_lines, XLB_FLOW4_LINES,
			     XLB_FLOW_FRONT_LINES);

	if (!err)
		err = size_table(maps->skel->maps.flows6, options->flow6_lines, XLB_FLOW6_LINES,
				 XLB_FLOW_FRONT_LINES);
	if (!err)
		err = size_table(maps->tc->maps.nat_index, options->nat_lines, XLB_NAT_LINES,
				 XLB_NAT_FRONT_LINES);
	if (err)
		snprintf(error, error_size, "sizes of flow tables must be powers of two");
	return err;
}

static void set_constants(struct maps *maps, const struct dataplane_options *options,
			  const struct xlb_settings *settings)
{
	struct xlb_xdp_bpf *skel = maps->skel;

	maps->flow4_lines = bpf_map__max_entries(skel->maps.flows4);
	maps->flow6_lines = bpf_map__max_entries(skel->maps.flows6);
	maps->flow4_mask = maps_table_mask(skel->maps.flows4, XLB_FLOW_FRONT_LINES);
	maps->flow6_mask = maps_table_mask(skel->maps.flows6, XLB_FLOW_FRONT_LINES);
	memcpy((void *)skel->rodata->hash_key, settings->hash_key, sizeof(settings->hash_key));
	skel->rodata->flow4_mask = maps->flow4_mask;
	skel->rodata->flow6_mask = maps->flow6_mask;
	skel->rodata->use_test_clock = options->test_clock;
	skel->bss->test_tick = options->test_tick;
}

static int adopt_maps(struct maps *maps, const char *dir)
{
	int err = reuse_maps(dir, maps->skel->obj);

	maps->adopted = true;
	if (!err)
		err = reuse_maps(dir, maps->tc->obj);
	return err ? err : pins_each(dir, "", drop_unknown, maps);
}

/* Beside the others; see carry.h. */
static int begin_beside(struct maps *maps, const char *dir, struct xlb_settings *settings)
{
	int err = pins_make_next(dir, maps->bpffs);

	maps->beside = !err;
	if (!err)
		err = carry_open(dir, maps, settings, &maps->carry);
	return err ? err : carry_share(maps->carry, maps);
}

static int begin_anew(const char *dir, struct xlb_settings *settings)
{
	int err = pins_remove_objects(dir);

	return err ? err : carry_draw_key(settings);
}

static int check_object(const char *dir, const struct bpf_object *obj)
{
	const struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj)
		if (!err && !bpf_map__is_internal(map))
			err = pins_check(dir, bpf_map__name(map));
	return err;
}

/* What is there and cannot be opened is not for us to replace: connections are in it. */
static int check_pins(const char *dir, const struct maps *maps)
{
	int err = check_object(dir, maps->skel->obj);

	if (!err)
		err = check_object(dir, maps->tc->obj);
	if (!err)
		err = pins_check(dir, PINS_LAYOUT);
	return err;
}

static int choose_maps(struct maps *maps, const struct dataplane_options *options,
		       struct xlb_settings *settings, char *error, size_t error_size)
{
	const char *dir = options->bpffs;
	int err = check_pins(dir, maps);

	if (!err)
		err = pins_settle(dir);
	if (err)
		return complaint_fail(error, error_size, "cannot put the pins in order", err);
	switch (look_at_pins(dir, maps, settings)) {
	case PINNED_WHOLE:
		err = adopt_maps(maps, dir);
		return err ? complaint_fail(error, error_size, "cannot adopt the pinned maps",
					    err) :
			     0;
	case PINNED_OTHER_LAYOUT:
		err = begin_beside(maps, dir, settings);
		break;
	default:
		err = begin_anew(dir, settings);
	}
	if (err)
		return complaint_fail(error, error_size, "cannot make new maps", err);
	return size_tables(maps, options, error, error_size);
}

/* ---- pinning ------------------------------------------------------------------------------- */
static int pin_maps(struct maps *maps, const char *dir, const struct xlb_settings *settings)
{
	int settings_fd = bpf_map__fd(maps->skel->maps.settings), err;
	struct bpf_map *map;
	__u32 zero = 0;

	err = bpf_map_update_elem(settings_fd, &zero, settings, BPF_ANY);
	if (err)
		return err;
	bpf_object__for_each_map(map, maps->skel->obj) {
		if (bpf_map__is_internal(map) || map == maps->skel->maps.settings)
			continue;
		err = pinned_pin(dir, bpf_map__name(map), bpf_map__fd(map));
		if (err)
			return err;
	}
	bpf_object__for_each_map(map, maps->tc->obj) {
		if (bpf_map__is_internal(map) ||
		    bpf_object__find_map_by_name(maps->skel->obj, bpf_map__name(map)))
			continue;
		err = pinned_pin(dir, bpf_map__name(map), bpf_map__fd(map));
		if (err)
			return err;
	}
	err = carry_pin_layout(dir, maps);
	return err ? err : pinned_pin(dir, "settings", settings_fd);
}

/* ---- mapping ------------------------------------------------------------------------------- */
size_t maps_mapped_size(size_t value_size, size_t n)
{
	size_t page = sysconf(_SC_PAGESIZE), size = (value_size + 7) / 8 * 8 * n;

	return (size + page - 1) / page * page;
}

int maps_map_memory(int fd, size_t value_size, size_t n, void *ret)
{
	void *p = mmap(NULL, maps_mapped_size(value_size, n), PROT_READ | PROT_WRITE, MAP_SHARED,
		       fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*(void **)ret = p;
	return 0;
}

void maps_unmap_memory(void *p, size_t value_size, size_t n)
{
	if (p)
		munmap(p, maps_mapped_size(value_size, n));
}

static int map_all(struct maps *m)
{
	const struct {
		struct bpf_map *map;
		size_t size;
		size_t n;
		void *ret;
	} all[] = {
		{ m->skel->maps.vips, sizeof(*m->vips), XLB_VIP_SLOTS, &m->vips },
		{ m->skel->maps.services, sizeof(*m->services), XLB_MAX_SERVICES, &m->services },
		{ m->skel->maps.hosts, sizeof(*m->hosts), XLB_MAX_HOSTS, &m->hosts },
		{ m->skel->maps.loads, sizeof(*m->loads), XLB_MAX_HOSTS, &m->loads },
		{ m->skel->maps.mac_filter, sizeof(*m->mac_filter), 1, &m->mac_filter },
		{ m->skel->maps.flows4, sizeof(*m->flows4), m->flow4_lines, &m->flows4 },
		{ m->skel->maps.flows6, sizeof(*m->flows6), m->flow6_lines, &m->flows6 },
		{ m->tc->maps.listens, sizeof(*m->listens), XLB_MAX_LISTENS, &m->listens },
		{ m->tc->maps.targets, sizeof(*m->targets), XLB_TARGET_SLOTS, &m->targets },
		{ m->tc->maps.nat_index, sizeof(*m->nat_index), m->nat_lines, &m->nat_index },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !err; i++)
		err = maps_map_memory(bpf_map__fd(all[i].map), all[i].size, all[i].n, all[i].ret);
	return err;
}

/* ---- rows ---------------------------------------------------------------------------------- */
/* Owns the descriptor, also on failure. */
static int take_rows(struct maps *maps, uint32_t service, int fd)
{
	int err = maps_map_memory(fd, sizeof(struct xlb_rows), 1, &maps->rows[service]);

	if (err)
		close(fd);
	else
		maps->rows_fd[service] = fd;
	return err;
}

static void release_rows(struct maps *maps, uint32_t service)
{
	maps_unmap_memory(maps->rows[service], sizeof(struct xlb_rows), 1);
	if (maps->rows_fd[service] >= 0)
		close(maps->rows_fd[service]);
	maps->rows[service] = NULL;
	maps->rows_fd[service] = -1;
	maps->rows_entered[service] = false;
}

int maps_make_rows(struct maps *maps, uint16_t service)
{
	/* libbpf forgets the inner map's own types once the outer one is made */
	struct bpf_map *inner = maps->skel->maps.no_rows;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE,
		    .btf_fd = bpf_object__btf_fd(maps->skel->obj),
		    .btf_key_type_id = bpf_map__btf_key_type_id(inner),
		    .btf_value_type_id = bpf_map__btf_value_type_id(inner));
	int fd, err;

	if (maps->rows[service])
		return 0;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rows_of_one", sizeof(__u32),
			    sizeof(struct xlb_rows), 1, &opts);
	if (fd < 0)
		return fd;
	err = take_rows(maps, service, fd);
	if (err)
		return err;
	memset(maps->rows[service], 0xff, sizeof(struct xlb_rows)); /* XLB_HOST_NONE */
	err = inner_pin(maps->bpffs, PINS_ROWS, service, fd);
	if (err)
		release_rows(maps, service);
	return err;
}

int maps_enter_rows(struct maps *maps)
{
	uint32_t services[XLB_MAX_SERVICES], n = 0;
	int fds[XLB_MAX_SERVICES], err;

	for (uint32_t i = 0; i < XLB_MAX_SERVICES; i++) {
		if (!maps->rows[i] || maps->rows_entered[i])
			continue;
		services[n] = i;
		fds[n++] = maps->rows_fd[i];
	}
	if (!n)
		return 0;
	err = inner_enter(bpf_map__fd(maps->skel->maps.rows), maps->bpffs, PINS_ROWS, services, fds,
			  n);
	for (uint32_t i = 0; i < n && !err; i++)
		maps->rows_entered[services[i]] = true;
	return err;
}

/* Those of a service that has gone, or has not come yet, are not needed. */
static int adopt_rows(struct maps *maps, uint32_t service)
{
	bool entered;
	int fd = inner_open(maps->bpffs, PINS_ROWS, service, &entered), err;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (!maps->services[service].name[0]) {
		close(fd);
		return inner_remove(bpf_map__fd(maps->skel->maps.rows), maps->bpffs, PINS_ROWS,
				    service);
	}
	err = take_rows(maps, service, fd);
	maps->rows_entered[service] = entered;
	return err;
}

static int adopt_all_rows(struct maps *maps)
{
	int err = 0;

	for (uint32_t i = 0; i < XLB_MAX_SERVICES && !err; i++)
		err = adopt_rows(maps, i);
	return err ? err : maps_enter_rows(maps);
}

/* ---- open and close ------------------------------------------------------------------------ */
static int fill(struct maps *maps)
{
	int err = 0;

	if (maps->beside)
		return carry_copy(maps->carry, maps);
	if (maps->adopted)
		err = adopt_all_rows(maps);
	return err || !maps->adopted ? err : maps_nat_adopt(maps);
}

static const char *refusal(int err)
{
	if (err == -EPERM)
		return "the kernel refuses the programs; is it locked down, or this a container or "
		       "user namespace that may not use bpf(2)?";
	return err == -ENOMEM ? "the kernel has no memory for maps and programs" :
				"the kernel refuses the programs";
}

static int load(struct maps *maps, const struct dataplane_options *options, char *error,
		size_t error_size)
{
	struct xlb_settings settings;
	int err = choose_maps(maps, options, &settings, error, error_size);

	if (err)
		return err;
	set_constants(maps, options, &settings);
	maps_nat_set_constants(maps, options, &settings);
	err = xlb_xdp_bpf__load(maps->skel);
	if (!err)
		err = maps_nat_load(maps);
	if (err)
		return complaint_fail(error, error_size, refusal(err), err);
	err = maps->adopted ? 0 : pin_maps(maps, maps->bpffs, &settings);
	if (!err)
		err = pinned_pin(maps->bpffs, PINS_PROGRAM,
				 bpf_program__fd(maps->skel->progs.xlb_xdp));
	if (!err)
		err = pinned_pin(maps->bpffs, PINS_TC_PROGRAM,
				 bpf_program__fd(maps->tc->progs.xlb_tc));
	if (err)
		return complaint_fail(error, error_size, "cannot pin", err);
	err = map_all(maps);
	if (!err)
		err = fill(maps);
	return err ? complaint_fail(error, error_size, "cannot map the maps into memory", err) : 0;
}

static int open_objects(struct maps *maps)
{
	int err = tables_prepare();

	if (err)
		return err;
	maps->skel = xlb_xdp_bpf__open();
	if (!maps->skel)
		return -errno;
	maps->tc = maps_nat_open();
	return maps->tc ? 0 : -errno;
}

int maps_open(const struct dataplane_options *options, char *error, size_t error_size,
	      struct maps **ret)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	int err;

	if (!maps)
		return -ENOMEM;
	memset(maps->rows_fd, 0xff, sizeof(maps->rows_fd));
	memset(maps->conns_fd, 0xff, sizeof(maps->conns_fd));
	complaint_begin();
	maps->n_cpus = libbpf_num_possible_cpus();
	maps->bpffs = malloc(PATH_MAX);
	if (maps->bpffs)
		snprintf(maps->bpffs, PATH_MAX, "%s", options->bpffs);
	err = maps->bpffs ? open_objects(maps) : -ENOMEM;
	err = err ? complaint_fail(error, error_size, "cannot open the BPF objects", err) :
		    load(maps, options, error, error_size);
	if (err) {
		maps_close(maps);
		return err;
	}
	*ret = maps;
	return 0;
}

int maps_take_place(struct maps *maps)
{
	int err;

	if (!maps->beside)
		return 0;
	*strrchr(maps->bpffs, '/') = 0;
	maps->beside = false;
	err = pins_take_place(maps->bpffs);
	return err ? err : pins_each(maps->bpffs, "", drop_unknown, maps);
}

const char *maps_note(const struct maps *maps)
{
	return maps->carry ? carry_note(maps->carry) : NULL;
}

void maps_close(struct maps *maps)
{
	if (!maps)
		return;
	maps_unmap_memory(maps->vips, sizeof(*maps->vips), XLB_VIP_SLOTS);
	maps_unmap_memory(maps->services, sizeof(*maps->services), XLB_MAX_SERVICES);
	maps_unmap_memory(maps->hosts, sizeof(*maps->hosts), XLB_MAX_HOSTS);
	maps_unmap_memory(maps->loads, sizeof(*maps->loads), XLB_MAX_HOSTS);
	maps_unmap_memory(maps->mac_filter, sizeof(*maps->mac_filter), 1);
	maps_unmap_memory(maps->flows4, sizeof(*maps->flows4), maps->flow4_lines);
	maps_unmap_memory(maps->flows6, sizeof(*maps->flows6), maps->flow6_lines);
	maps_unmap_memory(maps->listens, sizeof(*maps->listens), XLB_MAX_LISTENS);
	maps_unmap_memory(maps->targets, sizeof(*maps->targets), XLB_TARGET_SLOTS);
	maps_unmap_memory(maps->nat_index, sizeof(*maps->nat_index), maps->nat_lines);
	for (uint32_t i = 0; i < XLB_MAX_SERVICES; i++)
		release_rows(maps, i);
	maps_nat_close(maps);
	carry_close(maps->carry);
	xlb_tc_bpf__destroy(maps->tc);
	xlb_xdp_bpf__destroy(maps->skel);
	free(maps->bpffs);
	free(maps);
}

/* ---- reading back -------------------------------------------------------------------------- */
static int read_pools(struct maps *maps, struct image *image)
{
	int fd = bpf_map__fd(maps->skel->maps.pools);

	for (__u32 i = 0; i < XLB_MAX_SERVICES; i++) {
		struct image_pool *pool;

		if (!image->services[i].name[0])
			continue;
		pool = calloc(1, sizeof(*pool));
		if (!pool)
			return -ENOMEM;
		pool->refs = 1;
		image->pools[i] = pool;
		if (bpf_map_lookup_elem(fd, &i, &pool->pool))
			return -errno;
		if (pool->pool.n_hosts)
			continue;
		image_pool_unref(pool);
		image->pools[i] = NULL;
	}
	return 0;
}

static int read_rows(struct maps *maps, struct image *image, uint32_t now)
{
	for (int i = 0; i < XLB_MAX_SERVICES; i++) {
		struct image_rows *rows;

		if (!maps->rows[i] || !image->services[i].name[0])
			continue;
		rows = calloc(1, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		rows->refs = 1;
		image->rows[i] = rows;
		rows_adopt(&rows->table, maps->rows[i], now, image_row_timeout(&image->services[i]),
			   &rows->count);
	}
	return 0;
}

static int read_ranges(struct maps *maps, struct image *image)
{
	int fd = bpf_map__fd(maps->skel->maps.ranges);

	for (__u32 i = 0; i < XLB_MAX_RANGES; i++)
		if (bpf_map_lookup_elem(fd, &i, &image->ranges[i]))
			return -errno;
	return 0;
}

static int read_tx_ports(struct maps *maps, struct image *image)
{
	int fd = bpf_map__fd(maps->skel->maps.tx_ports);

	for (__u32 i = 0; i < XLB_MAX_TX_PORTS; i++)
		if (bpf_map_lookup_elem(fd, &i, &image->tx_ports[i]))
			image->tx_ports[i] = 0; /* its interface may have gone */
	return 0;
}

static int compare_macs(const void *a, const void *b)
{
	const struct image_mac *x = a, *y = b;

	return x->key.raw < y->key.raw ? -1 : x->key.raw > y->key.raw;
}

static int read_macs(struct maps *maps, struct image *image)
{
	int fd = bpf_map__fd(maps->skel->maps.host_macs);
	union xlb_mac_key key, *after = NULL;

	image->macs = calloc(XLB_MAX_HOSTS, sizeof(*image->macs));
	if (!image->macs)
		return -ENOMEM;
	while (image->n_macs < XLB_MAX_HOSTS && !bpf_map_get_next_key(fd, after, &key)) {
		struct image_mac *mac = &image->macs[image->n_macs];

		after = &mac->key;
		mac->key = key;
		if (!bpf_map_lookup_elem(fd, &key, &mac->host))
			image->n_macs++;
	}
	qsort(image->macs, image->n_macs, sizeof(*image->macs), compare_macs);
	return 0;
}

static void adopt_listen(struct image *image, uint16_t id, uint16_t service,
			 const struct xlb_vip *vip)
{
	struct image_listen *l;

	if (id >= IMAGE_MAX_LISTENS || service >= XLB_MAX_SERVICES)
		return;
	l = &image->listens[id];
	l->state.phase = SLOT_WANTED;
	l->service = service;
	l->addr.family = vip->family;
	memcpy(&l->addr.v6, vip->addr, vip->family == AF_INET6 ? 16 : 4);
}

static void read_listens(struct image *image)
{
	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++) {
		const struct xlb_vip *vip = &image->vips[i];
		const struct xlb_ranges *ranges;

		if (!vip->family || vip->flags & XLB_VIP_DELETED)
			continue;
		if (!(vip->flags & XLB_VIP_RANGES)) {
			adopt_listen(image, vip->listen, vip->service, vip);
			continue;
		}
		ranges = &image->ranges[vip->listen % XLB_MAX_RANGES];
		for (__u32 j = 0; j < ranges->n && j < XLB_RANGE_SIZE; j++)
			adopt_listen(image, ranges->range[j].listen, ranges->range[j].service, vip);
	}
}

/* Whoever is there is wanted until the desired state says otherwise. */
static void adopt_slots(struct image *image)
{
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (image->services[i].name[0])
			image->service_state[i].phase = SLOT_WANTED;
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (image->hosts[i].family)
			image->host_state[i].phase = SLOT_WANTED;
}

int maps_read_image(struct maps *maps, uint32_t now, struct image **ret)
{
	struct xlb_settings settings;
	struct image *image;
	__u32 zero = 0;
	int err;

	if (bpf_map_lookup_elem(bpf_map__fd(maps->skel->maps.settings), &zero, &settings))
		return -errno;
	image = image_new(&settings);
	if (!image)
		return -ENOMEM;
	memcpy(image->vips, maps->vips, sizeof(image->vips));
	memcpy(image->services, maps->services, sizeof(image->services));
	memcpy(image->hosts, maps->hosts, sizeof(image->hosts));
	err = read_pools(maps, image);
	if (!err)
		err = read_rows(maps, image, now);
	if (!err)
		err = read_ranges(maps, image);
	if (!err)
		err = read_tx_ports(maps, image);
	if (!err)
		err = read_macs(maps, image);
	if (err) {
		image_free(image);
		return err;
	}
	maps_nat_read(maps, image);
	read_listens(image);
	adopt_slots(image);
	*ret = image;
	return 0;
}
