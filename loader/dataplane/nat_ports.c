/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/nat_ports.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "xlb/abi.h"

struct nat_ports nat_ports_outside(unsigned local_lo, unsigned local_hi)
{
	struct nat_ports all = { XLB_NAT_PORT_LO, XLB_NAT_PORT_HI }, none = { 0 }, below, above;
	unsigned n_below = 0, n_above = 0;

	if (local_hi < local_lo || local_lo > all.hi || local_hi < all.lo)
		return all;
	below = (struct nat_ports){ all.lo, local_lo - 1 };
	above = (struct nat_ports){ local_hi + 1, all.hi };
	if (local_lo > all.lo)
		n_below = local_lo - all.lo;
	if (local_hi < all.hi)
		n_above = all.hi - local_hi;
	if (!n_below && !n_above)
		return none;
	return n_below >= n_above ? below : above;
}

static bool listens_at(const struct desired_listen *l, const struct cfg_addr *addr)
{
	return l->addr.family == addr->family &&
	       !memcmp(&l->addr.v6, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
}

static void mark_listens(const struct desired_service *s, const struct cfg_addr *addr,
			 struct nat_ports range, bool taken[XLB_NAT_PORTS])
{
	for (size_t i = 0; i < s->n_listens; i++) {
		const struct desired_listen *l = &s->listens[i];

		if (!listens_at(l, addr))
			continue;
		for (uint32_t port = l->port_lo; port <= l->port_hi && port <= range.hi; port++)
			taken[port] = true;
	}
}

static struct nat_ports largest_free(struct nat_ports range, const bool taken[XLB_NAT_PORTS])
{
	struct nat_ports best = { 0 };
	uint32_t lo = range.lo;

	for (uint32_t port = range.lo; port <= range.hi + 1u; port++) {
		if (port <= range.hi && !taken[port])
			continue;
		if (port > lo && (!best.lo || port - lo > best.hi - best.lo + 1u))
			best = (struct nat_ports){ lo, port - 1 };
		lo = port + 1;
	}
	return best;
}

struct nat_ports nat_ports_beside(struct nat_ports range, const struct desired *desired,
				  const struct cfg_addr *addr, uint8_t proto)
{
	bool taken[XLB_NAT_PORTS] = { false };

	if (!range.lo)
		return range;
	for (size_t i = 0; i < desired->n_services; i++)
		if (desired->services[i].proto == proto)
			mark_listens(&desired->services[i], addr, range, taken);
	return largest_free(range, taken);
}

int nat_ports_read(struct nat_ports *ret)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned lo, hi;
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%u %u", &lo, &hi);
	fclose(f);
	if (n != 2)
		return -EIO;
	*ret = nat_ports_outside(lo, hi);
	return 0;
}
