/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/vips.h"

#define SLOT_MASK (XLB_VIP_SLOTS - 1)

static const __u64 key[8] = { 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			      0xd6e8feb86659fd93, 0xa0761d6478bd642f, 0xe7037ed1a0b428db,
			      0x8ebc6af09c88c6e3, 0x589965cc75374cc3 };

static struct xlb_vip *table;

static void setup(void)
{
	table = calloc(XLB_VIP_SLOTS, sizeof(*table));
	cr_assert_not_null(table);
}

static void teardown(void)
{
	free(table);
}

TestSuite(vips, .init = setup, .fini = teardown);

static struct xlb_vip vip4(uint32_t number)
{
	struct xlb_vip v = { .addr = { htonl(0x0a000000 + number / 4) },
			     .port = htons(80 + number % 4),
			     .proto = IPPROTO_TCP,
			     .family = AF_INET,
			     .service = number % XLB_MAX_SERVICES,
			     .listen = number };

	return v;
}

static struct xlb_vip vip6(uint32_t number)
{
	struct xlb_vip v = vip4(number);

	v.family = AF_INET6;
	v.addr[3] = v.addr[0];
	v.addr[0] = htonl(0x20010db8);
	return v;
}

/* As the program looks it up. */
static const struct xlb_vip *probe(const struct xlb_vip *want)
{
	uint32_t slot = vip_home(key, want);

	for (int i = 0; i < XLB_VIP_PROBES; i++, slot = (slot + 1) & SLOT_MASK) {
		if (!memcmp(&table[slot].port, &want->port, 4) &&
		    !memcmp(table[slot].addr, want->addr, sizeof(want->addr)) &&
		    !(table[slot].flags & XLB_VIP_DELETED))
			return &table[slot];
		if (!table[slot].family)
			return NULL;
	}
	return NULL;
}

static unsigned count_used(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++)
		n += table[i].family != 0;
	return n;
}

Test(vips, find_what_is_there)
{
	struct xlb_vip a = vip4(1), b = vip6(1), other = vip4(2), on_em0 = vip4(1);

	on_em0.ifindex = 4;
	cr_assert_geq(vips_insert(table, key, &a), 0);
	cr_assert_geq(vips_insert(table, key, &b), 0);
	cr_assert_geq(vips_find(table, key, &a), 0);
	cr_assert_geq(vips_find(table, key, &b), 0);
	cr_assert_eq(vips_find(table, key, &other), -ENOENT);
	cr_assert_eq(vips_find(table, key, &on_em0), -ENOENT);
}

/* A quarter full is what the loader goes to. */
Test(vips, all_within_the_probe_bound)
{
	const uint32_t n = XLB_VIP_SLOTS / 4;

	for (uint32_t i = 0; i < n; i++) {
		struct xlb_vip v = i % 2 ? vip4(i) : vip6(i);

		cr_assert_geq(vips_insert(table, key, &v), 0, "entry %u", i);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct xlb_vip v = i % 2 ? vip4(i) : vip6(i);
		const struct xlb_vip *found = probe(&v);

		cr_assert(found && found->listen == v.listen, "entry %u", i);
	}
	cr_assert_eq(count_used(), n);
}

Test(vips, too_many_for_one_place_move_others)
{
	struct xlb_vip near[64];
	uint32_t n = 0, home = vip_home(key, &(struct xlb_vip){ .family = AF_INET });

	/* entries that begin in neighbouring slots, more than fit without moving any */
	for (uint32_t i = 0; n < 2 * XLB_VIP_PROBES - 2; i++) {
		struct xlb_vip v = vip4(i);

		if (((vip_home(key, &v) - home) & SLOT_MASK) < XLB_VIP_PROBES)
			near[n++] = v;
	}
	for (uint32_t i = 0; i < n; i++)
		cr_assert_geq(vips_insert(table, key, &near[i]), 0, "entry %u", i);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_not_null(probe(&near[i]), "entry %u", i);
}

Test(vips, no_room_is_said)
{
	struct xlb_vip v = vip4(7);
	int err = 0;

	/* the same home for all: the probe bound is the limit */
	for (uint32_t i = 0; i <= XLB_VIP_PROBES && err >= 0; i++) {
		v.ifindex = i + 1;
		err = vips_insert(table, key, &v);
		cr_assert_eq(err >= 0, i < XLB_VIP_PROBES, "entry %u", i);
	}
	cr_assert_eq(err, -ENOSPC);
}

Test(vips, coming_and_going)
{
	bool there[2000] = { false };

	srand(1);
	for (int step = 0; step < 50000; step++) {
		uint32_t i = rand() % 2000;
		struct xlb_vip v = vip4(i);
		int slot = vips_find(table, key, &v);

		cr_assert_eq(slot >= 0, there[i], "step %d", step);
		if (slot >= 0)
			vips_remove(table, slot);
		else
			cr_assert_geq(vips_insert(table, key, &v), 0);
		there[i] = !there[i];
		cr_assert_eq(probe(&v) != NULL, there[i], "step %d", step);
		if (step % 1000 == 0)
			vips_tidy(table);
	}
}

Test(vips, tidy_leaves_nothing_of_an_empty_table)
{
	for (uint32_t i = 0; i < 4000; i++) {
		struct xlb_vip v = vip4(i);

		vips_insert(table, key, &v);
	}
	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++)
		if (vip_is_live(&table[i]))
			vips_remove(table, i);
	vips_tidy(table);
	cr_assert_eq(count_used(), 0);
}

Test(vips, tidy_keeps_what_a_probe_passes)
{
	struct xlb_vip v[3];
	uint32_t n = 0;

	for (uint32_t i = 0; n < 3; i++) { /* three with the same home */
		v[n] = vip4(i);
		if (!n || vip_home(key, &v[n]) == vip_home(key, &v[0]))
			n++;
	}
	for (int i = 0; i < 3; i++)
		vips_insert(table, key, &v[i]);
	vips_remove(table, vips_find(table, key, &v[0]));
	vips_remove(table, vips_find(table, key, &v[1]));
	vips_tidy(table);
	cr_assert_not_null(probe(&v[2]));
	cr_assert_eq(count_used(), 3);
}
