/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/relayd_rows.h"

#include "xlb/hash.h"

#define MAX_RETRIES 5 /* relayd's RELAY_MAX_HASH_RETRIES */

static uint64_t row_hash(const uint64_t key[4], uint32_t row)
{
	return xlb_mix(xlb_mix(key[0] + (key[1] | 1) * row) + key[2]) ^ key[3];
}

/* Index of the host, some host being up. */
static size_t pick(uint64_t hash, const struct relayd_host *hosts, size_t n)
{
	size_t index = hash % n;

	for (size_t i = 0; !hosts[index].up && i < MAX_RETRIES && i < n; i++) {
		hash >>= 1;
		index = hash % n;
	}
	/* the next one in the list's order, then the first one */
	for (size_t i = 0; !hosts[index].up && i < n; i++)
		index = (index + 1) % n;
	return index;
}

void relayd_fill(const uint8_t key[KEYS_SIZE], const struct relayd_host *hosts, size_t n,
		 uint16_t rows[XLB_ROWS])
{
	uint64_t words[4];
	size_t n_up = 0;

	for (int i = 0; i < 4; i++)
		words[i] = digest_u64(&key[i * 8]);
	for (size_t i = 0; i < n; i++)
		n_up += hosts[i].up;
	for (uint32_t row = 0; row < XLB_ROWS; row++)
		rows[row] = n_up ? hosts[pick(row_hash(words, row), hosts, n)].slot : XLB_HOST_NONE;
}
