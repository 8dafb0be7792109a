/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The program may read any of this at any moment. Words that matter are stored whole; what takes
 * several words is made ready first and made visible by the last of them.
 */
#include "dataplane/apply.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/maps_nat.h"
#include "dataplane/vips.h"
#include "xlb/hash.h"
#include "xlb_tc.skel.h"
#include "xlb_xdp.skel.h"

/* dst[i] = src[i] for n words of 64 bits, each in one store. */
static void store_words(void *dst, const void *src, size_t n)
{
	uint64_t *to = dst;

	for (size_t i = 0; i < n; i++) {
		uint64_t word;

		memcpy(&word, (const char *)src + i * sizeof(word), sizeof(word));
		__atomic_store_n(&to[i], word, __ATOMIC_RELAXED);
	}
}

static int write_settings(struct apply *a)
{
	__u32 zero = 0;

	return bpf_map_update_elem(bpf_map__fd(a->maps->skel->maps.settings), &zero,
				   &a->next->settings, BPF_ANY);
}

/* ---- interfaces and MACs ------------------------------------------------------------------- */
static int write_tx_port(struct apply *a, __u32 port)
{
	int fd = bpf_map__fd(a->maps->skel->maps.tx_ports), err;
	__u32 ifindex = a->next->tx_ports[port];

	if (!ifindex) {
		err = bpf_map_delete_elem(fd, &port);
		return err == -ENOENT ? 0 : err; /* the kernel does so when the interface goes */
	}
	err = bpf_map_update_elem(fd, &port, &ifindex, BPF_ANY);
	if (err)
		a->no_egress = ifindex;
	return err;
}

static void let_pass(struct xlb_mac_filter *filter, union xlb_mac_key key)
{
	key.service = 0;
	__atomic_store_n(&filter->maybe[xlb_mac_hash(key.raw)], 1, __ATOMIC_RELAXED);
}

static int add_mac(struct apply *a, uint32_t index)
{
	const struct image_mac *mac = &a->next->macs[index];
	int err = bpf_map_update_elem(bpf_map__fd(a->maps->skel->maps.host_macs), &mac->key,
				      &mac->host, BPF_ANY);

	if (!err)
		let_pass(a->maps->mac_filter, mac->key);
	return err;
}

static int delete_mac(struct apply *a, uint32_t index)
{
	int err = bpf_map_delete_elem(bpf_map__fd(a->maps->skel->maps.host_macs),
				      &a->prev->macs[index].key);

	return err == -ENOENT ? 0 : err;
}

/* Bytes that no MAC needs any more only cost time. */
static void tidy_filter(struct apply *a)
{
	struct xlb_mac_filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return;
	for (size_t i = 0; i < a->next->n_macs; i++)
		let_pass(filter, a->next->macs[i].key);
	store_words(a->maps->mac_filter, filter, sizeof(*filter) / sizeof(__u64));
	free(filter);
}

/* ---- hosts --------------------------------------------------------------------------------- */
static int zero_counters(struct apply *a, __u32 slot)
{
	struct xlb_host_counters *zero = calloc(a->maps->n_cpus, sizeof(*zero));
	int err;

	if (!zero)
		return -ENOMEM;
	__atomic_store_n(&a->maps->loads[slot], 0, __ATOMIC_RELAXED);
	err = bpf_map_update_elem(bpf_map__fd(a->maps->skel->maps.host_counters), &slot, zero,
				  BPF_ANY);
	free(zero);
	return err;
}

/* The MACs come before what makes the host eligible: its flags are in the fourth word. */
static void store_host(struct apply *a, uint32_t slot, const struct xlb_host *host)
{
	store_words(&a->maps->hosts[slot], host, sizeof(*host) / 8);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void apply_withdraw(struct maps *maps, uint32_t slot)
{
	__atomic_store_n(&maps->hosts[slot].flags, 0, __ATOMIC_RELEASE);
}

static int gain_host(struct apply *a, uint32_t slot)
{
	const struct xlb_host *prev = &a->prev->hosts[slot];
	struct xlb_host host = a->next->hosts[slot];

	if (!prev->family) {
		int err = zero_counters(a, slot);

		if (err)
			return err;
	} else {
		host.flags |= prev->flags;
	}
	store_host(a, slot, &host);
	return 0;
}

static int lose_host(struct apply *a, uint32_t slot)
{
	const struct xlb_host *next = &a->next->hosts[slot];

	store_host(a, slot, next);
	if (!next->family)
		a->host_leaves(slot, a->prev->hosts[slot].service, a->data);
	return 0;
}

/* ---- what the program remembers of hosts --------------------------------------------------- */
struct host_set {
	uint64_t word[XLB_MAX_HOSTS / 64];
	bool any;
};

static void host_set_add(struct host_set *set, uint32_t slot)
{
	set->word[slot / 64] |= 1ull << slot % 64;
	set->any = true;
}

static bool host_set_has(const struct host_set *set, uint32_t slot)
{
	return slot < XLB_MAX_HOSTS && set->word[slot / 64] >> slot % 64 & 1;
}

static void forget_fragment(int fd, const struct xlb_fragment_key *key,
			    const struct host_set *hosts)
{
	struct xlb_fragment fragment;

	if (!bpf_map_lookup_elem(fd, key, &fragment) && host_set_has(hosts, fragment.host))
		bpf_map_delete_elem(fd, key);
}

/* Later parts of datagrams must not follow a slot to its next owner. The table changes while it is
 * gone through, so the steps are bounded. */
static int forget_fragments(struct apply *a, const struct host_set *hosts)
{
	int fd = bpf_map__fd(a->maps->skel->maps.fragments);
	struct xlb_fragment_key key, next;
	int err = bpf_map_get_next_key(fd, NULL, &next);

	for (int i = 0; !err && i < 2 * XLB_FRAGMENTS; i++) {
		key = next;
		err = bpf_map_get_next_key(fd, &key, &next); /* while the key is still there */
		forget_fragment(fd, &key, hosts);
	}
	return err == -ENOENT ? 0 : err;
}

/* Entries of all hosts that return, and fragments of all that come, in one go. */
static int forget_hosts(struct apply *a)
{
	struct host_set returning = { 0 }, coming = { 0 };

	for (size_t i = 0; i < plan_size(a->plan); i++) {
		const struct plan_op *op = plan_get(a->plan, i);

		if (op->type == PLAN_FORGET)
			host_set_add(&returning, op->index);
		if (op->type == PLAN_FORGET ||
		    (op->type == PLAN_HOST_GAIN && !a->prev->hosts[op->index].family))
			host_set_add(&coming, op->index);
	}
	if (returning.any)
		sweep_forget(a->tables, returning.word);
	return coming.any ? forget_fragments(a, &coming) : 0;
}

/* ---- services ------------------------------------------------------------------------------ */
static int write_pool(struct apply *a, __u32 service)
{
	static const struct xlb_pool empty;
	const struct image_pool *pool = a->next->pools[service];

	return bpf_map_update_elem(bpf_map__fd(a->maps->skel->maps.pools), &service,
				   pool ? &pool->pool : &empty, BPF_ANY);
}

static int write_rows(struct apply *a, uint32_t service)
{
	const struct xlb_row none = { XLB_HOST_NONE, XLB_HOST_NONE };
	const struct image_rows *rows = a->next->rows[service];
	int err = maps_make_rows(a->maps, service);
	uint32_t *to;

	if (err)
		return err;
	to = (uint32_t *)a->maps->rows[service]->row;
	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		uint32_t word;

		memcpy(&word, rows ? &rows->table.row[i] : &none, sizeof(word));
		if (to[i] != word)
			__atomic_store_n(&to[i], word, __ATOMIC_RELAXED);
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return 0;
}

static int write_service(struct apply *a, __u32 service)
{
	const struct xlb_service *next = &a->next->services[service];
	__u64 zero = 0;
	int err = 0;

	if (!a->prev->services[service].name[0]) {
		a->service_enters(service, a->data);
		err = bpf_map_update_elem(bpf_map__fd(a->maps->skel->maps.cursors), &service, &zero,
					  BPF_ANY);
	}
	store_words(&a->maps->services[service], next, sizeof(*next) / 8);
	return err;
}

/* ---- VIPs ---------------------------------------------------------------------------------- */
static int write_ranges(struct apply *a, __u32 index)
{
	return bpf_map_update_elem(bpf_map__fd(a->maps->skel->maps.ranges), &index,
				   &a->next->ranges[index], BPF_ANY);
}

static void store_u32(void *to, const void *from)
{
	uint32_t word;

	memcpy(&word, from, sizeof(word));
	__atomic_store_n((uint32_t *)to, word, __ATOMIC_RELEASE);
}

/*
 * The word with port, protocol and family decides whether a packet matches, then the flags. While
 * an entry is a tombstone or empty its other words can be written.
 */
static int write_vip(struct apply *a, uint32_t slot)
{
	const struct xlb_vip *prev = &a->prev->vips[slot], *next = &a->next->vips[slot];
	const uint32_t deleted = next->flags | XLB_VIP_DELETED;
	struct xlb_vip *to = &a->maps->vips[slot];
	bool same_key = vip_same_key(prev, next);

	if (!next->family) {
		store_u32(&to->port, &next->port);
		store_words(to, next, sizeof(*next) / 8);
		return 0;
	}
	if (!same_key && prev->family)
		store_u32(&to->flags, &deleted);
	if (!same_key)
		store_words(to->addr, next->addr, sizeof(next->addr) / 8);
	if (!same_key)
		store_u32(&to->ifindex, &next->ifindex);
	store_u32(&to->service, &next->service); /* and listen */
	if (!prev->family)
		store_u32(&to->flags, &next->flags);
	store_u32(&to->port, &next->port);
	store_u32(&to->flags, &next->flags);
	return 0;
}

/* ---- NAT ----------------------------------------------------------------------------------- */
static int write_listen(struct apply *a, __u32 id)
{
	store_words(&a->maps->listens[id], &a->next->nat_listens[id],
		    sizeof(struct xlb_listen) / sizeof(__u64));
	return 0;
}

/* As with VIPs: a tombstone or an empty slot is written first, then becomes visible. */
static int add_target(struct apply *a, uint32_t slot)
{
	const struct xlb_target *next = &a->next->targets[slot];
	struct xlb_target *to = &a->maps->targets[slot];
	int err = maps_make_conns(a->maps, slot);

	if (err)
		return err;
	store_words(to->host_addr, next->host_addr, sizeof(next->host_addr) / 8);
	store_words(to->nat_addr, next->nat_addr, sizeof(next->nat_addr) / 8);
	store_u32(&to->port_lo, &next->port_lo); /* and port_hi */
	if (!a->prev->targets[slot].family)
		store_u32(&to->next, &next->next); /* and flags */
	store_u32(&to->host_port, &next->host_port);
	store_u32(&to->next, &next->next);
	return 0;
}

static int change_target(struct apply *a, uint32_t slot)
{
	const struct xlb_target *next = &a->next->targets[slot];

	store_u32(&a->maps->targets[slot].port_lo, &next->port_lo);
	store_u32(&a->maps->targets[slot].next, &next->next);
	return 0;
}

static int clear_target(struct apply *a, uint32_t slot)
{
	const struct xlb_target *next = &a->next->targets[slot];
	struct xlb_target *to = &a->maps->targets[slot];

	store_u32(&to->next, &next->next); /* and flags: a tombstone */
	store_u32(&to->host_port, &next->host_port);
	store_words(to, next, sizeof(*next) / 8);
	return a->maps->conns[slot] ? maps_drop_conns(a->maps, slot) : 0;
}

/* ---- all ----------------------------------------------------------------------------------- */
static int apply_op(struct apply *a, const struct plan_op *op)
{
	switch (op->type) {
	case PLAN_SETTINGS:
		return write_settings(a);
	case PLAN_TX_PORT:
		return write_tx_port(a, op->index);
	case PLAN_FORGET:
		return 0; /* done before all others */
	case PLAN_MAC_ADD:
		return add_mac(a, op->index);
	case PLAN_HOST_GAIN:
		return gain_host(a, op->index);
	case PLAN_POOL:
		return write_pool(a, op->index);
	case PLAN_ROWS:
		return write_rows(a, op->index);
	case PLAN_SERVICE:
	case PLAN_SERVICE_CLEAR:
		return write_service(a, op->index);
	case PLAN_RANGES:
	case PLAN_RANGES_CLEAR:
		return write_ranges(a, op->index);
	case PLAN_VIP:
		return write_vip(a, op->index);
	case PLAN_HOST_LOSE:
		return lose_host(a, op->index);
	case PLAN_MAC_DELETE:
		return delete_mac(a, op->index);
	case PLAN_LISTEN:
	case PLAN_LISTEN_CLEAR:
		return write_listen(a, op->index);
	case PLAN_TARGET_ADD:
		return add_target(a, op->index);
	case PLAN_TARGET:
		return change_target(a, op->index);
	case PLAN_TARGET_CLEAR:
		return clear_target(a, op->index);
	}
	return -EINVAL;
}

static int apply_ops(struct apply *a)
{
	bool macs_left = false;
	int err = 0;

	for (size_t i = 0; i < plan_size(a->plan) && !err; i++) {
		const struct plan_op *op = plan_get(a->plan, i);

		a->failed = i;
		if (op->type > PLAN_SERVICE) /* new rows have to be there by now */
			err = maps_enter_rows(a->maps);
		if (!err && op->type > PLAN_TARGET_ADD) /* and connections */
			err = maps_enter_conns(a->maps);
		if (!err)
			err = apply_op(a, op);
		macs_left |= op->type == PLAN_MAC_DELETE;
	}
	if (!err && macs_left)
		tidy_filter(a);
	return err;
}

int apply_plan(struct apply *a)
{
	int err = forget_hosts(a);

	a->failed = 0;
	a->no_egress = 0;
	if (!err)
		err = apply_ops(a);
	if (!err)
		err = maps_enter_conns(a->maps);
	return err ? err : maps_enter_rows(a->maps);
}
