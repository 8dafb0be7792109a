/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <string.h>

#include "dataplane/pool.h"

struct row {
	const char *name;
	struct xlb_pool_host hosts[4]; /* weight 0 ends it */
	unsigned n_ring;
	const char *ring; /* one digit per turn, or NULL */
};

static const struct row table[] = {
	{ "one host", { { 7, 9 } }, 1, "7" },
	{ "equal weights take turns", { { 1, 1 }, { 2, 1 }, { 3, 1 } }, 3, "123" },
	{ "a common factor is no weight", { { 1, 50 }, { 2, 50 } }, 2, "12" },
	{ "weights are spread", { { 1, 5 }, { 2, 1 }, { 3, 1 } }, 7, "1121311" },
	{ "too long a ring is scaled", { { 1, 256 }, { 2, 255 }, { 3, 254 } }, 511, NULL },
};

static size_t count(const struct xlb_pool_host *hosts)
{
	size_t n = 0;

	while (n < 4 && hosts[n].weight)
		n++;
	return n;
}

static void check_ring(const struct row *r, const struct xlb_pool *pool)
{
	cr_assert_eq(pool->n_ring, r->n_ring, "%s: ring of %u", r->name, pool->n_ring);
	for (unsigned i = 0; r->ring && i < pool->n_ring; i++)
		cr_assert_eq(pool->ring[i], r->ring[i] - '0', "%s: turn %u is host %u's", r->name,
			     i, pool->ring[i]);
}

Test(pool, rings)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct xlb_pool pool;

		pool_fill(&pool, table[i].hosts, count(table[i].hosts));
		cr_assert_eq(pool.n_hosts, count(table[i].hosts), "%s", table[i].name);
		check_ring(&table[i], &pool);
	}
}

Test(pool, empty_names_nobody)
{
	struct xlb_pool pool;

	pool_fill(&pool, NULL, 0);
	cr_assert_eq(pool.n_ring, 0);
	cr_assert_eq(pool.n_hosts, 0);
	for (int i = 0; i < XLB_POOL_RING; i++)
		cr_assert_eq(pool.ring[i], XLB_HOST_NONE);
}

/* A reader may see the length of another pool together with this one's ring. */
Test(pool, every_entry_is_valid)
{
	const struct xlb_pool_host hosts[] = { { 100, 3 }, { 200, 2 }, { 300, 1 } };
	struct xlb_pool pool;

	pool_fill(&pool, hosts, 3);
	for (int i = 0; i < XLB_POOL_RING; i++)
		cr_assert(pool.ring[i] == 100 || pool.ring[i] == 200 || pool.ring[i] == 300);
	for (int i = 0; i < XLB_POOL_HOSTS; i++)
		cr_assert(pool.host[i].host % 100 == 0 && pool.host[i].weight);
}

Test(pool, full_house_of_any_weights)
{
	struct xlb_pool_host hosts[XLB_POOL_HOSTS];
	unsigned turns[XLB_POOL_HOSTS] = { 0 };
	struct xlb_pool pool;

	for (int i = 0; i < XLB_POOL_HOSTS; i++)
		hosts[i] = (struct xlb_pool_host){ .host = i, .weight = i + 1 };
	pool_fill(&pool, hosts, XLB_POOL_HOSTS);
	cr_assert_leq(pool.n_ring, XLB_POOL_RING);
	cr_assert_gt(pool.n_ring, XLB_POOL_RING / 2);
	for (unsigned i = 0; i < pool.n_ring; i++)
		turns[pool.ring[i]]++;
	for (int i = 0; i < XLB_POOL_HOSTS; i++)
		cr_assert(turns[i] >= 1 && (!i || turns[i] >= turns[i - 1]), "host %d", i);
}
