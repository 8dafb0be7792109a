/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/nat_ports.h"

#include <errno.h>
#include <stdio.h>

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
