/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One flow of direct server return: what its entry says. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dataplane/state.h"
#include "dataplane/vips.h"
#include "xlb/hash.h"

#define TICK_NS (1ull << XLB_TICK_SHIFT)

/* The words of a map's key. */
static void fill_addr(const struct cfg_addr *addr, __be32 ret[4])
{
	memset(ret, 0, 16);
	memcpy(ret, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
}

static bool listens_there(const struct image *image, int id, int service,
			  const struct cfg_addr *addr)
{
	const struct image_listen *listen = &image->listens[id];

	return listen->state.phase != SLOT_FREE && listen->service == service &&
	       listen->addr.family == addr->family &&
	       !memcmp(&listen->addr.v6, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
}

/* The listen id in the flow's entry, or -ENOENT. By its address and port at once, unless that is
 * one of a range or bound to an interface. */
static int find_listen(const struct image *image, int service, const struct session *flow)
{
	struct xlb_vip key = { .port = htons(flow->port),
			       .proto = flow->proto,
			       .family = (__u8)flow->listen.family };
	int slot;

	fill_addr(&flow->listen, key.addr);
	slot = vips_find(image->vips, image->settings.hash_key, &key);
	if (slot >= 0 && listens_there(image, image->vips[slot].listen, service, &flow->listen))
		return image->vips[slot].listen;
	for (int id = 0; id < IMAGE_MAX_LISTENS; id++)
		if (listens_there(image, id, service, &flow->listen))
			return id;
	return -ENOENT;
}

/* As bpf/flow.h finds it. */
static bool find_entry(const struct dataplane *dp, const struct session *flow, int listen,
		       uint32_t now, union xlb_flow_meta *ret)
{
	const bool v6 = flow->client.family == AF_INET6;
	const uint32_t ports = xlb_ports(htons(flow->client_port), htons(flow->port));
	const __u64 *key = dp->image->settings.hash_key;
	struct flow_copy copy;
	__be32 client[4];
	uint64_t hash;

	fill_addr(&flow->client, client);
	hash = xlb_flow_hash(key, client, ports, listen, v6);
	for (uint32_t i = 0; i < XLB_FLOW_CANDIDATES * XLB_FLOW_WAYS; i++) {
		uint32_t line = xlb_flow_line(hash, i / XLB_FLOW_WAYS,
					      v6 ? dp->tables.v6_mask : dp->tables.v4_mask);

		if (!flow_read(&dp->tables, v6, line, (int)(i % XLB_FLOW_WAYS), now, &copy) ||
		    copy.meta.listen != listen || xlb_ports(copy.client_port, copy.port) != ports ||
		    memcmp(copy.client, client, sizeof(client)))
			continue;
		*ret = copy.meta;
		return true;
	}
	return false;
}

int dataplane_flow(struct dataplane *dp, const struct session *flow, struct flow_entry *ret)
{
	const int service = find_service(dp, flow->service, flow->proto);
	const uint32_t now = dataplane_now(dp);
	union xlb_flow_meta meta;
	uint32_t left, timeout;
	int listen;

	if (service < 0 || !(dp->image->services[service].flags & XLB_SERVICE_TRACK))
		return -ENOENT;
	listen = find_listen(dp->image, service, flow);
	if (listen < 0 || !find_entry(dp, flow, listen, now, &meta))
		return 0;
	left = (meta.expires - now) & XLB_TICK_MASK;
	timeout = dp->image->services[service].timeout[meta.state];
	*ret = (struct flow_entry){ .state = meta.state,
				    .idle_ns = (timeout > left ? timeout - left : 0) * TICK_NS,
				    .left_ns = (left + 1) * TICK_NS };
	return 1;
}
