/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/nat_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "xlb/hash.h"

static bool swap(union xlb_nat_way *way, __u64 from, __u64 to)
{
	return __atomic_compare_exchange_n(&way->raw, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

static union xlb_nat_way *take(const struct nat_index *index, __u64 hash, __u64 raw)
{
	for (uint32_t candidate = 0; candidate < XLB_NAT_CANDIDATES; candidate++) {
		struct xlb_nat_line *line =
			&index->lines[xlb_nat_line(hash, candidate, index->mask)];

		for (int i = 0; i < XLB_NAT_WAYS; i++)
			if (swap(&line->way[i], raw, 0))
				return &line->way[i];
	}
	return NULL;
}

void nat_index_take(const struct nat_index *index, const struct xlb_conn *conn,
		    const struct xlb_target *t, uint32_t target, uint32_t nat_port,
		    struct nat_words *ret)
{
	const uint32_t listens[] = { conn->listen, XLB_LISTEN_BACK | target };
	const uint32_t ports[] = { xlb_ports(conn->client_port, conn->port), conn->client_port };
	const int n = XLB_TARGET_TRANSPARENT(t) ? 2 : 1;

	*ret = (struct nat_words){ 0 };
	for (int i = 0; index->lines && t->family && i < n; i++) {
		__u64 hash = xlb_flow_hash(index->hash_key, conn->client, ports[i], listens[i],
					   t->family == AF_INET6);
		const union xlb_nat_way word = { .nat_port = nat_port,
						 .target = target,
						 .tag = xlb_nat_tag(hash, listens[i]) };

		ret->raw[i] = word.raw;
		ret->way[i] = take(index, hash, word.raw);
	}
}

void nat_index_put_back(const struct nat_words *words)
{
	for (int i = 0; i < 2; i++)
		if (words->way[i])
			swap(words->way[i], 0, words->raw[i]);
}
