/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Turns of each host in one round of the ring; returns their sum. */
static unsigned count_turns(unsigned turns[XLB_POOL_HOSTS], const struct xlb_pool_host *hosts,
			    size_t n)
{
	unsigned divisor = 0, sum = 0, scaled = 0;

	for (size_t i = 0; i < n; i++)
		divisor = gcd(hosts[i].weight, divisor);
	for (size_t i = 0; i < n; i++) {
		turns[i] = hosts[i].weight / divisor;
		sum += turns[i];
	}
	if (sum <= XLB_POOL_RING)
		return sum;
	/* One turn for everybody, and a share of what is left by weight: that always fits. */
	for (size_t i = 0; i < n; i++) {
		turns[i] = 1 + (uint64_t)turns[i] * (XLB_POOL_RING - n) / sum;
		scaled += turns[i];
	}
	return scaled;
}

/* nginx's smooth weighted round robin: the same host is never taken twice when it can be helped. */
static void spread(uint16_t *ring, unsigned length, const unsigned *turns,
		   const struct xlb_pool_host *hosts, size_t n)
{
	int credit[XLB_POOL_HOSTS] = { 0 };

	for (unsigned at = 0; at < length; at++) {
		size_t best = 0;

		for (size_t i = 0; i < n; i++) {
			credit[i] += turns[i];
			if (credit[i] > credit[best])
				best = i;
		}
		credit[best] -= length;
		ring[at] = hosts[best].host;
	}
}

void pool_fill(struct xlb_pool *pool, const struct xlb_pool_host *hosts, size_t n)
{
	unsigned turns[XLB_POOL_HOSTS], length;

	memset(pool, 0xff, sizeof(*pool)); /* XLB_HOST_NONE everywhere */
	pool->n_ring = pool->n_hosts = 0;
	if (!n)
		return;
	length = count_turns(turns, hosts, n);
	spread(pool->ring, length, turns, hosts, n);
	pool->n_ring = length;
	pool->n_hosts = n;
	/* The kernel's copy is not atomic: what lies past the end must be valid, too. */
	for (unsigned i = length; i < XLB_POOL_RING; i++)
		pool->ring[i] = pool->ring[i - length];
	for (unsigned i = 0; i < XLB_POOL_HOSTS; i++)
		pool->host[i] = hosts[i % n];
}
