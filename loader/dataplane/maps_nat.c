/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/maps_nat.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "dataplane/image.h"
#include "dataplane/inner.h"
#include "dataplane/pins.h"
#include "xlb_tc.skel.h"
#include "xlb_tc_old.skel.h"
#include "xlb_xdp.skel.h"

#define CSUM_IPV6 (1ull << 7) /* BPF_F_IPV6 of bpf_l4_csum_replace(), Linux 6.16 */

/* ---- loading ------------------------------------------------------------------------------- */
/*
 * Does the kernel take the flag? A program of five instructions asks it, on a packet of zeros: it
 * refuses flags that it doesn't know.
 */
static bool knows_csum_ipv6(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 50 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_5,
		  .imm = BPF_F_PSEUDO_HDR | CSUM_IPV6 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_l4_csum_replace },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	uint8_t packet[128] = { [12] = 0x86, [13] = 0xdd, [14] = 0x60 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "xlb_probe", "Dual BSD/GPL", insns,
			       sizeof(insns) / sizeof(insns[0]), NULL);
	int err;

	if (fd < 0)
		return false;
	err = bpf_prog_test_run_opts(fd, &run);
	close(fd);
	return !err && !run.retval;
}

/* Has the kernel the function that shows its own socket buffer to a program? Linux 6.2. */
static bool shows_skb(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has = btf && btf__find_by_name_kind(btf, "bpf_cast_to_kern_ctx", BTF_KIND_FUNC) > 0;

	btf__free(btf);
	return has;
}

/* Both builds have the same maps and constants, so that they are two images of one skeleton. */
struct xlb_tc_bpf *maps_nat_open(void)
{
	struct xlb_tc_bpf *tc = calloc(1, sizeof(*tc));
	int err = tc ? xlb_tc_bpf__create_skeleton(tc) : -ENOMEM;

	if (!err && !shows_skb())
		tc->skeleton->data = (void *)xlb_tc_old_bpf__elf_bytes(&tc->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(tc->skeleton, NULL);
	if (err) {
		xlb_tc_bpf__destroy(tc);
		errno = -err;
		return NULL;
	}
	return tc;
}

void maps_nat_set_constants(struct maps *maps, const struct dataplane_options *options,
			    const struct xlb_settings *settings)
{
	struct xlb_tc_bpf *tc = maps->tc;

	memcpy((void *)tc->rodata->hash_key, settings->hash_key, sizeof(settings->hash_key));
	tc->rodata->flow4_mask = maps->flow4_mask;
	tc->rodata->flow6_mask = maps->flow6_mask;
	maps->nat_lines = bpf_map__max_entries(tc->maps.nat_index);
	maps->nat_mask = maps_table_mask(tc->maps.nat_index, XLB_NAT_FRONT_LINES);
	tc->rodata->nat_mask = maps->nat_mask;
	tc->rodata->csum_ipv6_flag = knows_csum_ipv6() ? CSUM_IPV6 : 0;
	tc->rodata->use_test_clock = options->test_clock;
	tc->bss->test_tick = options->test_tick;
}

int maps_nat_load(struct maps *maps)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, maps->tc->obj) {
		struct bpf_map *twin =
			bpf_object__find_map_by_name(maps->skel->obj, bpf_map__name(map));
		int err;

		if (!twin || bpf_map__is_internal(map))
			continue;
		err = bpf_map__reuse_fd(map, bpf_map__fd(twin));
		if (err)
			return err;
	}
	return xlb_tc_bpf__load(maps->tc);
}

/* ---- connections --------------------------------------------------------------------------- */
static int draw_cursor(struct maps *maps, __u32 target)
{
	__u32 cursor;

	if (getrandom(&cursor, sizeof(cursor), 0) != sizeof(cursor))
		return -errno;
	return bpf_map_update_elem(bpf_map__fd(maps->tc->maps.target_cursors), &target, &cursor,
				   BPF_ANY);
}

/* Owns the descriptor, also on failure. */
static int take_conns(struct maps *maps, uint32_t target, int fd)
{
	int err = maps_map_memory(fd, sizeof(struct xlb_conn), XLB_NAT_PORTS, &maps->conns[target]);

	if (err)
		close(fd);
	else
		maps->conns_fd[target] = fd;
	return err;
}

int maps_make_conns(struct maps *maps, uint32_t target)
{
	/* libbpf forgets the inner map's own types once the outer one is made */
	struct bpf_map *inner = maps->tc->maps.no_conns;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE,
		    .btf_fd = bpf_object__btf_fd(maps->tc->obj),
		    .btf_key_type_id = bpf_map__btf_key_type_id(inner),
		    .btf_value_type_id = bpf_map__btf_value_type_id(inner));
	int err, fd;

	if (maps->conns[target])
		return 0;
	err = draw_cursor(maps, target);
	if (err)
		return err;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "conns_of_one", sizeof(__u32),
			    sizeof(struct xlb_conn), XLB_NAT_PORTS, &opts);
	if (fd < 0)
		return fd;
	err = inner_pin(maps->bpffs, PINS_CONNS, target, fd);
	if (err)
		close(fd);
	else
		err = take_conns(maps, target, fd);
	maps->n_conns_made += !err;
	return err;
}

int maps_enter_conns(struct maps *maps)
{
	uint32_t targets[XLB_TARGET_SLOTS], n = 0;
	int fds[XLB_TARGET_SLOTS], err;

	for (uint32_t i = 0; i < XLB_TARGET_SLOTS && n < maps->n_conns_made; i++) {
		if (!maps->conns[i] || maps->conns_entered[i])
			continue;
		targets[n] = i;
		fds[n++] = maps->conns_fd[i];
	}
	if (!n)
		return 0;
	err = inner_enter(bpf_map__fd(maps->tc->maps.conns), maps->bpffs, PINS_CONNS, targets, fds,
			  n);
	if (err)
		return err;
	for (uint32_t i = 0; i < n; i++)
		maps->conns_entered[targets[i]] = true;
	maps->n_conns_made = 0;
	return 0;
}

static void release_conns(struct maps *maps, uint32_t target)
{
	maps_unmap_memory(maps->conns[target], sizeof(struct xlb_conn), XLB_NAT_PORTS);
	if (maps->conns_fd[target] >= 0)
		close(maps->conns_fd[target]);
	maps->conns[target] = NULL;
	maps->conns_fd[target] = -1;
	maps->conns_entered[target] = false;
}

int maps_drop_conns(struct maps *maps, uint32_t target)
{
	maps->n_conns_made -= maps->conns[target] && !maps->conns_entered[target];
	release_conns(maps, target);
	return inner_remove(bpf_map__fd(maps->tc->maps.conns), maps->bpffs, PINS_CONNS, target);
}

void maps_nat_close(struct maps *maps)
{
	for (uint32_t i = 0; i < XLB_TARGET_SLOTS; i++)
		release_conns(maps, i);
}

/* ---- adopting ------------------------------------------------------------------------------ */
static bool is_used(const struct xlb_target *target)
{
	return target->family && !(target->flags & XLB_TARGET_DELETED);
}

static int adopt_conns(struct maps *maps, uint32_t target)
{
	bool used = is_used(&maps->targets[target]), entered;
	int fd = inner_open(maps->bpffs, PINS_CONNS, target, &entered), err;

	if (fd == -ENOENT)
		return used ? maps_make_conns(maps, target) : 0;
	if (fd < 0)
		return fd;
	if (!used) {
		close(fd);
		return maps_drop_conns(maps, target);
	}
	err = take_conns(maps, target, fd);
	maps->conns_entered[target] = entered;
	maps->n_conns_made += !err && !entered;
	return err;
}

int maps_nat_adopt(struct maps *maps)
{
	int err = 0;

	for (uint32_t i = 0; i < XLB_TARGET_SLOTS && !err; i++)
		err = adopt_conns(maps, i);
	return err ? err : maps_enter_conns(maps);
}

/* The connections are shared with whoever pinned them in `dir`. */
static int take_conns_of(struct maps *maps, uint32_t target, const char *dir)
{
	bool entered;
	int fd = inner_open(dir, PINS_CONNS, target, &entered), err;

	if (fd < 0)
		return fd == -ENOENT ? maps_make_conns(maps, target) : fd;
	err = inner_pin(maps->bpffs, PINS_CONNS, target, fd);
	if (err)
		close(fd);
	else
		err = take_conns(maps, target, fd);
	maps->n_conns_made += !err;
	return err;
}

int maps_nat_take(struct maps *maps, const char *dir)
{
	int err = 0;

	for (uint32_t i = 0; i < XLB_TARGET_SLOTS && !err; i++) {
		if (!is_used(&maps->targets[i]))
			continue;
		err = dir ? take_conns_of(maps, i, dir) : maps_make_conns(maps, i);
	}
	return err ? err : maps_enter_conns(maps);
}

static void adopt_nat_listen(struct image *image, uint32_t id, const struct xlb_listen *listen)
{
	struct image_listen *l = &image->listens[id];

	image->nat_listens[id] = *listen;
	l->state.phase = SLOT_WANTED;
	l->service = listen->service % XLB_MAX_SERVICES;
	l->addr = (struct cfg_addr){ .family = listen->family };
	memcpy(&l->addr.v6, listen->addr, listen->family == AF_INET6 ? 16 : 4);
}

static void read_nat_listens(const struct maps *maps, struct image *image)
{
	for (uint32_t i = 0; i < XLB_MAX_LISTENS; i++)
		if (maps->listens[i].family)
			adopt_nat_listen(image, i, &maps->listens[i]);
}

void maps_nat_read(const struct maps *maps, struct image *image)
{
	memcpy(image->targets, maps->targets, sizeof(image->targets));
	for (uint32_t i = 0; i < XLB_TARGET_SLOTS; i++) {
		const struct xlb_target *t = &image->targets[i];

		if (is_used(t))
			image->target_state[i].phase = SLOT_WANTED;
	}
	read_nat_listens(maps, image);
}
