/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How much of the tables is in use, and by whom; cheap enough to be asked for all the time. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dataplane/state.h"

int dataplane_service_use(struct dataplane *dp, const char *name, uint8_t proto,
			  void (*each)(const struct host_use *use, void *data), void *data,
			  struct traffic *ret_former)
{
	const struct scan_result *scan = sweep_result(dp->sweep);
	const struct slot_chains *chains = &dp->lookup.chains;
	int service = find_service(dp, name, proto);

	if (service < 0)
		return service;
	for (uint16_t i = chains->first_host[service]; i != CHAIN_END; i = chains->next_host[i]) {
		struct host_use use = { .addr = image_host_addr(&dp->image->hosts[i]),
					.flows = scan->hosts[i] };
		int err = host_traffic(dp->maps, i, &use.traffic);

		if (err)
			return err;
		each(&use, data);
	}
	*ret_former = dp->retired[service];
	return 0;
}

/* A transparent connection has two words in the index. */
static unsigned index_entries(const struct xlb_target *target)
{
	return XLB_TARGET_TRANSPARENT(target) ? 2 : 1;
}

static uint64_t count_index(const struct dataplane *dp)
{
	const struct scan_result *scan = sweep_result(dp->sweep);
	uint64_t n = 0;

	for (int i = 0; i < XLB_TARGET_SLOTS; i++)
		if (dp->image->targets[i].family)
			n += (uint64_t)scan->targets[i] * index_entries(&dp->image->targets[i]);
	return n;
}

void dataplane_table_use(const struct dataplane *dp, struct table_use ret[TABLE_USES])
{
	const struct scan_result *scan = sweep_result(dp->sweep);

	ret[0] = (struct table_use){ "flows4", scan->flows4,
				     (uint64_t)dp->tables.v4_lines * XLB_FLOW_WAYS };
	ret[1] = (struct table_use){ "flows6", scan->flows6,
				     (uint64_t)dp->tables.v6_lines * XLB_FLOW_WAYS };
	ret[2] = (struct table_use){ "connections", count_index(dp),
				     (uint64_t)dp->maps->nat_lines * XLB_NAT_WAYS };
}

static struct cfg_addr address(const struct xlb_target *target, const __be32 addr[4])
{
	struct cfg_addr a = { .family = target->family };

	memcpy(&a.v6, addr, target->family == AF_INET6 ? 16 : 4);
	return a;
}

void dataplane_nat_use(const struct dataplane *dp,
		       void (*each)(const struct nat_use *use, void *data), void *data)
{
	const struct scan_result *scan = sweep_result(dp->sweep);

	for (int i = 0; i < XLB_TARGET_SLOTS; i++) {
		const struct xlb_target *t = &dp->image->targets[i];
		struct nat_use use;

		if (!t->family || t->flags & XLB_TARGET_DELETED || index_entries(t) != 1)
			continue;
		use = (struct nat_use){ .host = address(t, t->host_addr),
					.port = ntohs(t->host_port),
					.proto = t->proto,
					.nat_addr = address(t, t->nat_addr),
					.used = scan->targets[i],
					.max = t->port_hi - t->port_lo + 1u };
		each(&use, data);
	}
}
