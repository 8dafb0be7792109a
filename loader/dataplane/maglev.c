/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/maglev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ROW_MASK (XLB_ROWS - 1)

/*
 * A host's permutation of the rows: the j-th choice is an affine walk, scrambled by steps that can
 * each be undone on XLB_ROWS_BITS bits, so hosts whose walks are alike don't follow each other.
 */
struct permutation {
	uint32_t offset;
	uint32_t skip;   /* odd: the walk visits every row of a power of two */
	uint32_t factor; /* odd, for the same reason */
	uint32_t turn;   /* next j */
	unsigned credit;
};

static size_t addr_size(const struct cfg_addr *a)
{
	return a->family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

int cfg_addr_compare(const struct cfg_addr *a, const struct cfg_addr *b)
{
	if (a->family != b->family)
		return a->family == AF_INET ? -1 : 1;
	return memcmp(&a->v6, &b->v6, addr_size(a));
}

static int compare_hosts(const void *a, const void *b)
{
	const struct maglev_host *x = a, *y = b;

	return cfg_addr_compare(&x->addr, &y->addr);
}

static int permutation_init(struct permutation *p, const uint8_t key[KEYS_SIZE],
			    const struct cfg_addr *addr)
{
	const struct digest_part parts[] = { { key, KEYS_SIZE }, { &addr->v6, addr_size(addr) } };
	uint8_t seed[KEYS_SIZE];
	int err = digest(parts, 2, seed);

	if (err)
		return err;
	*p = (struct permutation){ .offset = digest_u64(seed) & ROW_MASK,
				   .skip = (digest_u64(seed + 8) & ROW_MASK) | 1,
				   .factor = (digest_u64(seed + 16) & ROW_MASK) | 1 };
	return 0;
}

static uint32_t permutation_next(struct permutation *p)
{
	uint32_t row = (p->offset + p->turn++ * p->skip) & ROW_MASK;

	row ^= row >> XLB_ROWS_BITS / 2;
	row = row * p->factor & ROW_MASK;
	return row ^ row >> XLB_ROWS_BITS / 2;
}

/* The host takes the first row of its list that is still free; there is one. */
static void take_row(struct permutation *p, uint16_t slot, uint16_t rows[XLB_ROWS])
{
	uint32_t row;

	do {
		row = permutation_next(p);
	} while (rows[row] != XLB_HOST_NONE);
	rows[row] = slot;
}

/* In each round a host of the highest weight takes a row, the others now and then. */
static void take_turns(const struct maglev_host *hosts, struct permutation *p, size_t n,
		       uint16_t rows[XLB_ROWS])
{
	unsigned highest = 1;
	uint32_t taken = 0;

	for (size_t i = 0; i < n; i++)
		if (hosts[i].weight > highest)
			highest = hosts[i].weight;
	for (size_t i = 0; taken < XLB_ROWS; i = (i + 1) % n) {
		p[i].credit += hosts[i].weight;
		if (p[i].credit < highest)
			continue;
		p[i].credit -= highest;
		take_row(&p[i], hosts[i].slot, rows);
		taken++;
	}
}

int maglev_fill(const uint8_t key[KEYS_SIZE], struct maglev_host *hosts, size_t n,
		uint16_t rows[XLB_ROWS])
{
	struct permutation *p;
	int err = 0;

	memset(rows, 0xff, XLB_ROWS * sizeof(*rows)); /* XLB_HOST_NONE */
	if (!n)
		return 0;
	p = calloc(n, sizeof(*p));
	if (!p)
		return -ENOMEM;
	qsort(hosts, n, sizeof(*hosts), compare_hosts);
	for (size_t i = 0; i < n && !err; i++)
		err = permutation_init(&p[i], key, &hosts[i].addr);
	if (!err)
		take_turns(hosts, p, n, rows);
	free(p);
	return err;
}
