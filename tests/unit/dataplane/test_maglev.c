/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/maglev.h"

static const uint8_t key[KEYS_SIZE] = "thirty-two bytes make a good key";

static struct maglev_host host(uint32_t number, unsigned weight, uint16_t slot)
{
	struct maglev_host h = { .addr = { .family = AF_INET }, .weight = weight, .slot = slot };

	h.addr.v4.s_addr = htonl(0xc0a80100 + number);
	return h;
}

static void fill(uint16_t rows[XLB_ROWS], const struct maglev_host *hosts, size_t n)
{
	struct maglev_host copy[512];

	memcpy(copy, hosts, n * sizeof(*hosts));
	cr_assert_eq(maglev_fill(key, copy, n, rows), 0);
}

static unsigned share(const uint16_t rows[XLB_ROWS], uint16_t slot)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++)
		n += rows[i] == slot;
	return n;
}

/* Rows that changed although neither their former nor their present owner came or went. */
static unsigned needless_moves(const uint16_t *a, const uint16_t *b, uint16_t changed)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++)
		n += a[i] != b[i] && a[i] != changed && b[i] != changed;
	return n;
}

Test(maglev, nobody)
{
	uint16_t rows[XLB_ROWS];

	cr_assert_eq(maglev_fill(key, NULL, 0, rows), 0);
	cr_assert_eq(share(rows, XLB_HOST_NONE), XLB_ROWS);
}

Test(maglev, shares_are_equal)
{
	static const unsigned counts[] = { 1, 2, 3, 4, 7, 64, 256 };

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		struct maglev_host hosts[256];
		uint16_t rows[XLB_ROWS];
		unsigned n = counts[c];

		for (unsigned i = 0; i < n; i++)
			hosts[i] = host(i, 1, i);
		fill(rows, hosts, n);
		for (unsigned i = 0; i < n; i++) {
			unsigned s = share(rows, i);

			cr_assert(s == XLB_ROWS / n || s == XLB_ROWS / n + 1,
				  "%u hosts: number %u has %u rows", n, i, s);
		}
	}
}

Test(maglev, shares_follow_weights)
{
	const struct maglev_host hosts[] = { host(3, 1, 0), host(4, 2, 1), host(5, 5, 2),
					     host(6, 100, 3) };
	uint16_t rows[XLB_ROWS];

	fill(rows, hosts, 4);
	for (int i = 0; i < 4; i++) {
		double want = (double)XLB_ROWS * hosts[i].weight / 108;
		double got = share(rows, i);

		cr_assert(got > want - 3 && got < want + 3, "weight %u: %g rows, not %g",
			  hosts[i].weight, got, want);
	}
}

Test(maglev, order_and_slots_do_not_matter)
{
	struct maglev_host a[16], b[16];
	uint16_t rows_a[XLB_ROWS], rows_b[XLB_ROWS];

	for (unsigned i = 0; i < 16; i++) {
		a[i] = host(i, i % 3 + 1, i);
		b[15 - i] = host(i, i % 3 + 1, 1000 + i);
	}
	fill(rows_a, a, 16);
	fill(rows_b, b, 16);
	for (uint32_t i = 0; i < XLB_ROWS; i++)
		cr_assert_eq(rows_a[i] + 1000, rows_b[i]);
}

Test(maglev, another_key_is_another_table)
{
	const struct maglev_host hosts[] = { host(1, 1, 0), host(2, 1, 1), host(3, 1, 2),
					     host(4, 1, 3) };
	uint8_t other[KEYS_SIZE] = "another thirty-two bytes of key!";
	struct maglev_host copy[4];
	uint16_t a[XLB_ROWS], b[XLB_ROWS];
	unsigned same = 0;

	fill(a, hosts, 4);
	memcpy(copy, hosts, sizeof(copy));
	cr_assert_eq(maglev_fill(other, copy, 4, b), 0);
	for (uint32_t i = 0; i < XLB_ROWS; i++)
		same += a[i] == b[i];
	cr_assert(same > XLB_ROWS / 5 && same < XLB_ROWS * 3 / 10, "%u rows alike", same);
}

/* Two boxes, or two versions of the program, must agree: whoever changes the table breaks that. */
Test(maglev, table_is_what_it_always_was)
{
	struct maglev_host hosts[5] = { host(3, 1, 3), host(4, 1, 4), host(5, 2, 5),
					host(6, 1, 6) };
	uint16_t rows[XLB_ROWS];
	const struct digest_part all_rows = { rows, sizeof(rows) };
	uint8_t sum[KEYS_SIZE];

	hosts[4] = (struct maglev_host){ .addr.family = AF_INET6, .weight = 3, .slot = 7 };
	inet_pton(AF_INET6, "2001:db8::7", &hosts[4].addr.v6);
	fill(rows, hosts, 5);
	cr_assert_eq(digest(&all_rows, 1, sum), 0);
	cr_assert_eq(digest_u64(sum), 0xb36ac0cd98da0f68ull, "%#llx", (unsigned long long)digest_u64(sum));
}

struct change {
	const char *name;
	unsigned hosts;
	unsigned changed;     /* host that comes, goes or changes its weight */
	unsigned weight_from; /* 0: it comes */
	unsigned weight_to;   /* 0: it goes */
	double bound;	      /* of rows moved needlessly, in percent */
};

static const struct change changes[] = {
	{ "4 hosts, one goes", 4, 2, 1, 0, 2 },
	{ "4 hosts, one comes", 4, 2, 0, 1, 2 },
	{ "64 hosts, one goes", 64, 17, 1, 0, 2 },
	{ "256 hosts, one goes", 256, 99, 1, 0, 2 },
	{ "10 hosts, one doubles", 10, 5, 1, 2, 2 },
	{ "10 hosts of weight 100, one has 99", 10, 5, 100, 99, 2 },
};

Test(maglev, few_rows_move)
{
	for (size_t c = 0; c < sizeof(changes) / sizeof(changes[0]); c++) {
		const struct change *ch = &changes[c];
		unsigned weight = ch->weight_from > 1 ? ch->weight_from : 1, n_a = 0, n_b = 0;
		struct maglev_host a[256], b[256];
		uint16_t rows_a[XLB_ROWS], rows_b[XLB_ROWS];
		double moved;

		for (unsigned i = 0; i < ch->hosts; i++) {
			unsigned from = i == ch->changed ? ch->weight_from : weight;
			unsigned to = i == ch->changed ? ch->weight_to : weight;

			if (from)
				a[n_a++] = host(i, from, i);
			if (to)
				b[n_b++] = host(i, to, i);
		}
		fill(rows_a, a, n_a);
		fill(rows_b, b, n_b);
		moved = 100.0 * needless_moves(rows_a, rows_b, ch->changed) / XLB_ROWS;
		cr_assert_leq(moved, ch->bound, "%s: %.1f %% moved", ch->name, moved);
	}
}
