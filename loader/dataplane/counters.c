/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/state.h"
#include "xlb_xdp.skel.h"

static void add_traffic(struct traffic *sum, const struct traffic *t)
{
	sum->packets += t->packets;
	sum->bytes += t->bytes;
	sum->sessions += t->sessions;
}

int host_traffic(const struct maps *maps, uint32_t slot, struct traffic *ret)
{
	struct xlb_host_counters *cpus = calloc(maps->n_cpus, sizeof(*cpus));
	struct traffic sum = { 0 };
	int err;

	if (!cpus)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(maps->skel->maps.host_counters), &slot, cpus);
	for (int i = 0; !err && i < maps->n_cpus; i++)
		add_traffic(&sum,
			    &(struct traffic){ cpus[i].packets, cpus[i].bytes, cpus[i].sessions });
	free(cpus);
	if (!err)
		*ret = sum;
	return err;
}

/* ---- all at once --------------------------------------------------------------------------- */
/* How many slots there are up to the last one in use. */
static uint32_t slots_used(const struct image *image)
{
	uint32_t n = XLB_MAX_HOSTS;

	while (n > 0 && !image->hosts[n - 1].family)
		n--;
	return n;
}

/* cpus: of n slots, one after the other. */
static int read_slots(const struct maps *maps, uint32_t n, struct xlb_host_counters *cpus)
{
	uint32_t *keys = calloc(n, sizeof(*keys)), next, count = n;
	int err = -ENOMEM;

	if (keys)
		err = bpf_map_lookup_batch(bpf_map__fd(maps->skel->maps.host_counters), NULL, &next,
					   keys, cpus, &count, NULL);
	if (err == -ENOENT) /* the last of all was among them */
		err = 0;
	if (!err && count < n)
		err = -EIO;
	free(keys);
	return err;
}

static void sum_slots(const struct xlb_host_counters *cpus, int n_cpus, uint32_t n,
		      struct traffic *ret)
{
	for (uint32_t i = 0; i < n; i++)
		for (int cpu = 0; cpu < n_cpus; cpu++, cpus++)
			add_traffic(&ret[i], &(struct traffic){ cpus->packets, cpus->bytes,
								cpus->sessions });
}

int dataplane_hold_counters(struct dataplane *dp)
{
	uint32_t n = slots_used(dp->image);
	struct xlb_host_counters *cpus;
	struct traffic *held;
	int err = -ENOMEM;

	dataplane_release_counters(dp);
	if (!n)
		return 0;
	cpus = calloc((size_t)n * dp->maps->n_cpus, sizeof(*cpus));
	held = calloc(n, sizeof(*held));
	if (cpus && held)
		err = read_slots(dp->maps, n, cpus);
	if (!err) {
		sum_slots(cpus, dp->maps->n_cpus, n, held);
		dp->held = held;
		dp->n_held = n;
	} else {
		free(held);
	}
	free(cpus);
	return err;
}

void dataplane_release_counters(struct dataplane *dp)
{
	free(dp->held);
	dp->held = NULL;
	dp->n_held = 0;
}

static int slot_traffic(const struct dataplane *dp, uint32_t slot, struct traffic *ret)
{
	if (!dp->held || slot >= dp->n_held)
		return host_traffic(dp->maps, slot, ret);
	*ret = dp->held[slot];
	return 0;
}

/* ---- by name ------------------------------------------------------------------------------- */
int find_service(struct dataplane *dp, const char *name, uint8_t proto)
{
	if (!dp->lookup.valid)
		lookup_make(&dp->lookup, dp->image);
	return lookup_service(&dp->lookup, dp->image, name, proto);
}

int find_host(struct dataplane *dp, const char *service, uint8_t proto, const struct cfg_addr *host)
{
	int slot = find_service(dp, service, proto);

	return slot < 0 ? slot : lookup_host(&dp->lookup, dp->image, slot, host);
}

int dataplane_service_traffic(struct dataplane *dp, const char *name, uint8_t proto,
			      struct traffic *ret)
{
	int service = find_service(dp, name, proto);
	const struct slot_chains *chains = &dp->lookup.chains;
	struct traffic sum;

	if (service < 0)
		return service;
	sum = dp->retired[service];
	for (uint16_t i = chains->first_host[service]; i != CHAIN_END; i = chains->next_host[i]) {
		struct traffic t;
		int err = slot_traffic(dp, i, &t);

		if (err)
			return err;
		add_traffic(&sum, &t);
	}
	*ret = sum;
	return 0;
}

bool service_is_used(uint16_t service, void *data)
{
	struct dataplane *dp = data;
	const struct slot_chains *chains = &dp->lookup.chains;

	if (dp->retired[service].packets)
		return true;
	if (!dp->lookup.valid)
		lookup_make(&dp->lookup, dp->image);
	for (uint16_t i = chains->first_host[service]; i != CHAIN_END; i = chains->next_host[i]) {
		struct traffic t;

		if (host_traffic(dp->maps, i, &t) || t.packets)
			return true;
	}
	return false;
}

int dataplane_host_traffic(struct dataplane *dp, const char *service, uint8_t proto,
			   const struct cfg_addr *host, struct traffic *ret)
{
	int slot = find_host(dp, service, proto, host);

	return slot < 0 ? slot : slot_traffic(dp, slot, ret);
}

int dataplane_host_flags(struct dataplane *dp, const char *service, uint8_t proto,
			 const struct cfg_addr *host, uint8_t *ret)
{
	int slot = find_host(dp, service, proto, host);

	if (slot < 0)
		return slot;
	*ret = dp->image->hosts[slot].flags;
	return 0;
}

static int count_entry(const struct flow_copy *flow, void *data)
{
	uint32_t *entries = data;

	if (flow->meta.host < XLB_MAX_HOSTS)
		entries[flow->meta.host]++;
	return 0;
}

static int count_conn(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port, void *data)
{
	uint32_t *entries = data;

	entries[conn->host % XLB_MAX_HOSTS]++;
	return 0;
}

/* Whoever shows a table asks for every host: one look at the flow tables serves a tick. */
static int count_entries(struct dataplane *dp)
{
	uint32_t now = dataplane_now(dp);
	int err;

	if (dp->host_entries && dp->counted_at == now && !dp->test_clock)
		return 0;
	if (!dp->host_entries)
		dp->host_entries = malloc(XLB_MAX_HOSTS * sizeof(*dp->host_entries));
	if (!dp->host_entries)
		return -ENOMEM;
	memset(dp->host_entries, 0, XLB_MAX_HOSTS * sizeof(*dp->host_entries));
	dp->counted_at = now;
	err = flows_each(&dp->tables, now, count_entry, dp->host_entries);
	return err ? err : conns_each(&dp->conns, now, count_conn, dp->host_entries);
}

int dataplane_host_states(struct dataplane *dp, const char *service, uint8_t proto,
			  const struct cfg_addr *host, uint64_t *ret)
{
	int slot = find_host(dp, service, proto, host);
	int err = slot < 0 ? slot : count_entries(dp);

	if (!err)
		*ret = dp->host_entries[slot];
	return err;
}

int dataplane_service_states(struct dataplane *dp, const char *name, uint8_t proto, uint64_t *ret)
{
	int service = find_service(dp, name, proto);
	const struct slot_chains *chains = &dp->lookup.chains;
	int err = service < 0 ? service : count_entries(dp);

	if (err)
		return err;
	*ret = 0;
	for (uint16_t i = chains->first_host[service]; i != CHAIN_END; i = chains->next_host[i])
		*ret += dp->host_entries[i];
	return 0;
}

int dataplane_reasons(struct dataplane *dp, uint64_t ret[XLB_REASON_COUNT])
{
	int fd = bpf_map__fd(dp->maps->skel->maps.reasons), err = 0;
	uint64_t *cpus = calloc(dp->maps->n_cpus, sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	for (__u32 i = 0; i < XLB_REASON_COUNT && !err; i++) {
		err = bpf_map_lookup_elem(fd, &i, cpus);
		ret[i] = 0;
		for (int cpu = 0; !err && cpu < dp->maps->n_cpus; cpu++)
			ret[i] += cpus[cpu];
	}
	free(cpus);
	return err;
}
