/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which ports NAT may use: XLB_NAT_PORT_LO to XLB_NAT_PORT_HI, without those that the box itself
 * takes for connections of its own (net.ipv4.ip_local_port_range), and those that a service listens
 * on at the same address: an answer to these would be taken for a client's packet.
 */
#ifndef XLB_DATAPLANE_NAT_PORTS_H
#define XLB_DATAPLANE_NAT_PORTS_H

#include <stdint.h>

#include "dataplane/desired.h"

struct nat_ports {
	uint16_t lo; /* inclusive; 0: none is left */
	uint16_t hi;
};

/* What [local_lo, local_hi] leaves: the larger piece, if it cuts the range in two. */
struct nat_ports nat_ports_outside(unsigned local_lo, unsigned local_hi);

/* The largest piece of `range` without a port that a service listens on at this address. */
struct nat_ports nat_ports_beside(struct nat_ports range, const struct desired *desired,
				  const struct cfg_addr *addr, uint8_t proto);

/* As the network namespace of this process says. -errno. */
int nat_ports_read(struct nat_ports *ret);

#endif
