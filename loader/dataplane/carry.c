/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/carry.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "dataplane/inner.h"
#include "dataplane/layout.h"
#include "dataplane/maps_nat.h"
#include "dataplane/pinned.h"
#include "dataplane/pins.h"
#include "dataplane/vips.h"
#include "xlb_tc.skel.h"
#include "xlb_xdp.skel.h"

struct carry {
	char dir[PATH_MAX];
	struct btf *old; /* NULL: nobody knows */
	const struct btf *ours;
	uint32_t version; /* 0: unknown */
	bool places;      /* services, hosts, listens, targets can be copied */
	bool conns;       /* NAT's connections are shared */
	char lost[256];
	char note[512];
};

/* Whose places flows and connections name, and what a value needs to mean the same. */
static const struct {
	const char *map;
	const char *must[9];
} copied[] = {
	{ "services", { "name", "proto" } },
	{ "hosts", { "addr", "family", "service" } },
	{ "vips", { "addr", "port", "proto", "family", "ifindex", "service", "listen", "flags" } },
	{ "ranges", { "n", "range" } },
	{ "listens", { "addr", "port", "proto", "family", "service" } },
	{ "targets", { "host_addr", "host_port", "proto", "family", "nat_addr" } },
};

#define N_COPIED (sizeof(copied) / sizeof(copied[0]))

/* Follow from what is copied. */
static const char *const made_anew[] = { "settings", "pools",     "rows",       "no_rows", "conns",
					 "no_conns", "host_macs", "mac_filter", "tx_ports" };

/* One is of no use without the others. */
static const char *const nat_group[] = { "nat_index", "ports", "port_index" };

static const struct {
	const char *map, *what;
} losses[] = {
	{ "flows4", "IPv4 flows" },
	{ "flows6", "IPv6 flows" },
	{ "host_counters", "the hosts' counters" },
	{ "reasons", "the counters of reasons" },
};

static bool is_listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

#define IS_LISTED(list, name) is_listed(list, sizeof(list) / sizeof(list[0]), name)

static bool is_copied(const char *name)
{
	for (size_t i = 0; i < N_COPIED; i++)
		if (!strcmp(copied[i].map, name))
			return true;
	return false;
}

static void lose(struct carry *c, const char *what)
{
	size_t n = strlen(c->lost);

	snprintf(c->lost + n, sizeof(c->lost) - n, "%s%s", n ? ", " : "", what);
}

/* ---- the layout's description -------------------------------------------------------------- */
int carry_pin_layout(const char *dir, const struct maps *maps)
{
	__u32 size, zero = 0;
	const void *data = btf__raw_data(bpf_object__btf(maps->tc->obj), &size);
	int fd, err;

	if (!data)
		return -ENOMEM;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, PINS_LAYOUT, sizeof(zero), size, 1, NULL);
	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(fd, &zero, data, BPF_ANY);
	if (!err)
		err = pinned_pin(dir, PINS_LAYOUT, fd);
	close(fd);
	return err;
}

static struct btf *parse_layout(int fd, __u32 size)
{
	void *data = malloc(size);
	struct btf *btf = NULL;
	__u32 zero = 0;

	if (data && !bpf_map_lookup_elem(fd, &zero, data))
		btf = btf__new(data, size);
	free(data);
	return btf; /* NULL on failure, with libbpf 1.0's rules */
}

/* NULL: there is none. */
static struct btf *read_layout(const char *dir)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = pinned_open(dir, PINS_LAYOUT);
	struct btf *btf = NULL;

	if (fd < 0)
		return NULL;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == BPF_MAP_TYPE_ARRAY)
		btf = parse_layout(fd, info.value_size);
	close(fd);
	return btf;
}

static bool is_same(const struct btf *old, const struct btf *ours, const struct bpf_object *obj)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
		if (!bpf_map__is_internal(map) && !layout_same(old, ours, bpf_map__name(map)))
			return false;
	return true;
}

bool carry_is_ours(const char *dir, const struct maps *maps)
{
	const struct btf *ours = bpf_object__btf(maps->tc->obj);
	struct btf *old = read_layout(dir);
	bool same = old && is_same(old, ours, maps->tc->obj);

	btf__free(old);
	return same;
}

/* ---- what there is ------------------------------------------------------------------------- */
int carry_draw_key(struct xlb_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->abi_version = XLB_ABI_VERSION;
	if (getrandom(settings->hash_key, sizeof(settings->hash_key), 0) !=
	    sizeof(settings->hash_key))
		return -errno;
	return 0;
}

/* Values in a map: an entry for each, or all in one entry (XLB_TABLE in bpf/maps.h). */
struct values {
	int fd;
	uint32_t n;
	size_t size; /* of each */
	bool table;
};

static int describe(int fd, size_t size, struct values *ret)
{
	struct bpf_map_info info = { 0 };
	__u32 info_size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &info_size);

	if (err)
		return err;
	*ret = (struct values){ fd, info.max_entries, size, false };
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size % size)
		return -ENOTSUP;
	if (info.value_size == size)
		return 0;
	ret->n = info.value_size / size;
	ret->table = true;
	return info.max_entries == 1 ? 0 : -ENOTSUP;
}

/* Pinned ones, of that size, and no more than so many. The caller closes ret->fd. -errno. */
static int open_values(const char *dir, const char *map, size_t size, uint32_t max,
		       struct values *ret)
{
	int fd = pinned_open(dir, map), err;

	if (fd < 0)
		return fd;
	err = describe(fd, size, ret);
	if (!err && ret->n > max)
		err = -ENOTSUP;
	if (err)
		close(fd);
	return err;
}

/* All, one after the other. */
static int read_values(const struct values *v, uint8_t *ret)
{
	int err = 0;

	for (uint32_t i = 0; i < (v->table ? 1 : v->n) && !err; i++)
		err = bpf_map_lookup_elem(v->fd, &i, ret + i * v->size);
	return err;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	return !n || (!bytes[0] && !memcmp(bytes, bytes + 1, n - 1));
}

/* Into values that are 0. */
static int write_values(const struct values *v, const uint8_t *values)
{
	int err = 0;

	for (uint32_t i = 0; i < (v->table ? 1 : v->n) && !err; i++)
		if (v->table || !is_zero(values + i * v->size, v->size))
			err = bpf_map_update_elem(v->fd, &i, values + i * v->size, BPF_ANY);
	return err;
}

static int read_old_settings(struct carry *c, struct xlb_settings *ret)
{
	static const char *const must[] = { "abi_version", "hash_key", NULL };
	struct layout *layout;
	struct values from;
	void *old = NULL;
	int err = layout_open(c->old, c->ours, "settings", must, &layout);

	if (err)
		return err;
	err = open_values(c->dir, "settings", layout_from_size(layout), 1, &from);
	if (!err) {
		old = malloc(from.size);
		err = old ? read_values(&from, old) : -ENOMEM;
		close(from.fd);
	}
	if (!err)
		layout_convert(layout, old, ret);
	free(old);
	layout_free(layout);
	return err;
}

/* The key stays, as rows, the addresses' places and flows go by it. */
static int take_key(struct carry *c, struct xlb_settings *settings)
{
	struct xlb_settings old;

	if (!c->old || read_old_settings(c, &old))
		return carry_draw_key(settings);
	c->version = old.abi_version;
	c->places = true;
	*settings = (struct xlb_settings){ .abi_version = XLB_ABI_VERSION };
	memcpy(settings->hash_key, old.hash_key, sizeof(old.hash_key));
	return 0;
}

int carry_open(const char *dir, const struct maps *maps, struct xlb_settings *settings,
	       struct carry **ret)
{
	struct carry *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	snprintf(c->dir, sizeof(c->dir), "%s", dir);
	c->ours = bpf_object__btf(maps->tc->obj);
	c->old = read_layout(dir);
	err = take_key(c, settings);
	if (err)
		carry_close(c);
	else
		*ret = c;
	return err;
}

void carry_close(struct carry *carry)
{
	if (!carry)
		return;
	btf__free(carry->old);
	free(carry);
}

/* ---- sharing ------------------------------------------------------------------------------- */
static struct bpf_map *find_map(const struct maps *maps, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(maps->skel->obj, name);

	return map ? map : bpf_object__find_map_by_name(maps->tc->obj, name);
}

/* So many values has one of our maps. */
static uint32_t places(const struct bpf_map *map, size_t size)
{
	return bpf_map__max_entries(map) * (bpf_map__value_size(map) / size);
}

/* Can every value be read, and has every place a place here? */
static bool can_copy(const struct carry *c, const struct maps *maps, size_t i)
{
	const struct bpf_map *map = find_map(maps, copied[i].map);
	struct layout *layout;
	struct values from;
	int err;

	if (layout_open(c->old, c->ours, copied[i].map, copied[i].must, &layout))
		return false;
	err = open_values(c->dir, copied[i].map, layout_from_size(layout),
			  places(map, layout_to_size(layout)), &from);
	layout_free(layout);
	if (!err)
		close(from.fd);
	return !err;
}

static bool can_share(const struct carry *c, const struct bpf_map *map)
{
	return c->places && layout_same(c->old, c->ours, bpf_map__name(map)) &&
	       pinned_look(c->dir, map) == PINNED_WHOLE;
}

static bool can_share_conns(const struct carry *c, const struct maps *maps)
{
	for (size_t i = 0; i < sizeof(nat_group) / sizeof(nat_group[0]); i++)
		if (!can_share(c, find_map(maps, nat_group[i])))
			return false;
	return can_share(c, maps->tc->maps.no_conns);
}

static int share(struct carry *c, struct bpf_map *map)
{
	const char *name = bpf_map__name(map);

	if (bpf_map__is_internal(map) || is_copied(name) || IS_LISTED(made_anew, name) ||
	    (IS_LISTED(nat_group, name) && !c->conns))
		return 0;
	if (can_share(c, map))
		return pinned_reuse(c->dir, map);
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (!strcmp(losses[i].map, name))
			lose(c, losses[i].what);
	return 0;
}

int carry_share(struct carry *carry, struct maps *maps)
{
	struct bpf_map *map;
	int err = 0;

	for (size_t i = 0; i < N_COPIED; i++)
		carry->places &= carry->places && can_copy(carry, maps, i);
	carry->conns = carry->places && can_share_conns(carry, maps);
	bpf_object__for_each_map(map, maps->skel->obj)
		if (!err)
			err = share(carry, map);
	bpf_object__for_each_map(map, maps->tc->obj)
		if (!err && find_map(maps, bpf_map__name(map)) == map)
			err = share(carry, map);
	if (!carry->conns)
		lose(carry, "connections of NAT");
	return err;
}

/* ---- copying ------------------------------------------------------------------------------- */
static int copy_values(const struct values *from, const struct values *to,
		       const struct layout *layout)
{
	uint8_t *old = calloc(from->n, from->size), *new = calloc(to->n, to->size);
	int err = old && new ? read_values(from, old) : -ENOMEM;

	for (uint32_t i = 0; i < from->n && !err; i++)
		if (!is_zero(old + i * from->size, from->size))
			layout_convert(layout, old + i * from->size, new + i * to->size);
	if (!err)
		err = write_values(to, new);
	free(new);
	free(old);
	return err;
}

static int copy_map(struct carry *c, struct maps *maps, size_t i)
{
	const struct bpf_map *map = find_map(maps, copied[i].map);
	struct values from, to;
	struct layout *layout;
	int err = layout_open(c->old, c->ours, copied[i].map, copied[i].must, &layout);

	if (err)
		return err;
	err = describe(bpf_map__fd(map), layout_to_size(layout), &to);
	if (!err)
		err = open_values(c->dir, copied[i].map, layout_from_size(layout), to.n, &from);
	if (!err) {
		err = copy_values(&from, &to, layout);
		close(from.fd);
	}
	layout_free(layout);
	return err;
}

/* They lie where our hash says, whatever the other layout's said. */
static int place_vips(struct maps *maps)
{
	struct xlb_vip *copies = malloc(XLB_VIP_SLOTS * sizeof(*copies));
	const __u64 *key = (const __u64 *)maps->skel->rodata->hash_key;
	int slot = copies ? 0 : -ENOMEM;

	if (copies) {
		memcpy(copies, maps->vips, XLB_VIP_SLOTS * sizeof(*copies));
		memset(maps->vips, 0, XLB_VIP_SLOTS * sizeof(*copies));
	}
	for (uint32_t i = 0; i < XLB_VIP_SLOTS && slot >= 0; i++)
		if (vip_is_live(&copies[i]))
			slot = vips_insert(maps->vips, key, &copies[i]);
	free(copies);
	return slot < 0 ? slot : 0;
}

/* Hosts name these. One whose interface has gone is not there. */
static void copy_tx_ports(struct carry *c, struct maps *maps)
{
	int fd = pinned_open(c->dir, "tx_ports");

	for (__u32 i = 0; i < XLB_MAX_TX_PORTS && fd >= 0; i++) {
		__u32 ifindex;

		if (!bpf_map_lookup_elem(fd, &i, &ifindex))
			bpf_map_update_elem(bpf_map__fd(maps->skel->maps.tx_ports), &i, &ifindex,
					    BPF_ANY);
	}
	if (fd >= 0)
		close(fd);
}

/* A copy, as ours changes before the others' is out of use. -ENOENT: there are none. */
static int copy_rows_of(struct carry *c, struct maps *maps, uint16_t service)
{
	bool entered;
	struct xlb_rows *old;
	int fd = inner_open(c->dir, PINS_ROWS, service, &entered), err;

	if (fd < 0)
		return fd;
	err = maps_map_memory(fd, sizeof(*old), 1, &old);
	close(fd);
	if (err)
		return err;
	err = maps_make_rows(maps, service);
	if (!err)
		memcpy(maps->rows[service], old, sizeof(*old));
	maps_unmap_memory(old, sizeof(*old), 1);
	return err;
}

static int copy_rows(struct carry *c, struct maps *maps)
{
	int err = 0;

	if (!layout_same(c->old, c->ours, "no_rows"))
		return 0; /* they are computed from nothing, then */
	for (uint32_t i = 0; i < XLB_MAX_SERVICES && (!err || err == -ENOENT); i++)
		if (maps->services[i].name[0])
			err = copy_rows_of(c, maps, i);
	return err && err != -ENOENT ? err : maps_enter_rows(maps);
}

int carry_copy(struct carry *carry, struct maps *maps)
{
	int err = 0;

	if (!carry->places)
		return 0;
	for (size_t i = 0; i < N_COPIED && !err; i++)
		err = copy_map(carry, maps, i);
	if (err)
		return err;
	err = place_vips(maps);
	if (err)
		return err;
	copy_tx_ports(carry, maps);
	err = copy_rows(carry, maps);
	return err ? err : maps_nat_take(maps, carry->conns ? carry->dir : NULL);
}

/* ---- the note ------------------------------------------------------------------------------ */
static const char *who_made(const struct carry *c, char *text, size_t size)
{
	if (!c->version)
		return "of an unknown layout";
	if (c->version == XLB_ABI_VERSION)
		return "of another layout";
	snprintf(text, size, "of layout version %u, %s", c->version,
		 c->version > XLB_ABI_VERSION ? "newer than ours" : "older than ours");
	return text;
}

const char *carry_note(const struct carry *carry)
{
	char *note = (char *)carry->note, text[64];

	snprintf(note, sizeof(carry->note),
		 "the pinned maps are %s: made anew beside those; %s%s%s",
		 who_made(carry, text, sizeof(text)),
		 carry->places ? "hosts keep their flows" : "nothing of them can be kept",
		 carry->lost[0] ? ", lost: " : ", nothing is lost", carry->lost);
	return note;
}
