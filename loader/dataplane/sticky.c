/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/sticky.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "xlb/hash.h"

#define FILTER_BITS 20

/* Which clients have flows elsewhere, as far as one look has seen; one bit for several. */
struct client_filter {
	bool finished;
	uint32_t began; /* tick */
	uint64_t word[(1u << FILTER_BITS) / 64];
};

struct sticky {
	struct client_filter *filter[3]; /* [0] is being filled, the others are of former looks */
};

struct sticky *sticky_new(void)
{
	struct sticky *sticky = calloc(1, sizeof(*sticky));

	for (int i = 0; sticky && i < 3; i++) {
		sticky->filter[i] = calloc(1, sizeof(*sticky->filter[i]));
		if (!sticky->filter[i]) {
			sticky_free(sticky);
			return NULL;
		}
	}
	return sticky;
}

void sticky_free(struct sticky *sticky)
{
	for (int i = 0; sticky && i < 3; i++)
		free(sticky->filter[i]);
	free(sticky);
}

void sticky_begin(struct sticky *sticky, uint32_t now)
{
	struct client_filter *oldest = sticky->filter[2];

	sticky->filter[2] = sticky->filter[1];
	sticky->filter[1] = sticky->filter[0];
	sticky->filter[0] = oldest;
	memset(oldest, 0, sizeof(*oldest));
	oldest->began = now;
}

void sticky_finish(struct sticky *sticky)
{
	sticky->filter[0]->finished = true;
}

/* ---- entries of a client ------------------------------------------------------------------- */
static uint64_t flow_hash(const struct image *image, const struct flow_copy *flow, uint32_t ports)
{
	const __u64 *key = image->settings.hash_key;

	return xlb_flow_hash(key, flow->client, ports, flow->meta.listen, flow->v6);
}

static bool is_entry(const struct flow_copy *copy, const struct flow_copy *of, uint32_t ports)
{
	return copy->meta.listen == of->meta.listen &&
	       xlb_ports(copy->client_port, copy->port) == ports &&
	       !memcmp(copy->client, of->client, sizeof(of->client));
}

/* The live entry of the client with these ports. */
static bool find_entry(const struct flow_tables *tables, const struct image *image,
		       const struct flow_copy *of, uint32_t ports, uint32_t now,
		       struct flow_copy *ret)
{
	uint64_t hash = flow_hash(image, of, ports);

	for (int candidate = 0; candidate < XLB_FLOW_CANDIDATES; candidate++) {
		uint32_t line =
			xlb_flow_line(hash, candidate, of->v6 ? tables->v6_mask : tables->v4_mask);

		for (int i = 0; i < XLB_FLOW_WAYS; i++)
			if (flow_read(tables, of->v6, line, i, now, ret) &&
			    is_entry(ret, of, ports))
				return true;
	}
	return false;
}

/* Is the flow where its client is? */
static bool is_at_home(const struct flow_tables *tables, const struct image *image,
		       const struct flow_copy *flow, uint32_t now)
{
	struct flow_copy client;

	return find_entry(tables, image, flow, xlb_ports(0, 0), now, &client) &&
	       client.meta.host == flow->meta.host;
}

static uint32_t filter_bit(const struct image *image, const struct flow_copy *flow)
{
	return flow_hash(image, flow, 0) >> (64 - FILTER_BITS);
}

void sticky_visit(struct sticky *sticky, const struct flow_tables *tables,
		  const struct image *image, const struct flow_copy *flow, uint32_t now)
{
	uint32_t bit = filter_bit(image, flow);

	if (flow->meta.state == XLB_FLOW_CLIENT || flow->meta.state == XLB_FLOW_CLIENT_MOVED)
		return;
	if (flow->meta.state == XLB_FLOW_FORMER || !is_at_home(tables, image, flow, now))
		sticky->filter[0]->word[bit / 64] |= 1ull << bit % 64;
}

static bool is_clear(const struct client_filter *filter, uint32_t bit)
{
	return filter->finished && !(filter->word[bit / 64] >> bit % 64 & 1);
}

bool sticky_is_settled(const struct sticky *sticky, const struct flow_tables *tables,
		       const struct image *image, const struct flow_copy *flow, uint32_t now)
{
	const struct xlb_service *s = &image->services[image->listens[flow->meta.listen].service];
	uint32_t bit = filter_bit(image, flow);
	struct flow_copy former;

	return is_clear(sticky->filter[1], bit) && is_clear(sticky->filter[2], bit) &&
	       now - sticky->filter[2]->began < s->timeout[XLB_FLOW_FORMER] &&
	       !find_entry(tables, image, flow, xlb_ports(0, htons(1)), now, &former);
}
