/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the probe programs and the loader share: maps of checks with `dsr`, which are sent to a VIP
 * in frames for one host. Fixed width, no holes; these maps do not outlive the daemon.
 */
#ifndef XLB_PROBE_H
#define XLB_PROBE_H

#include <linux/types.h>

/* Socket marks of such checks: the base plus an index into "probe_vips". */
#define XLB_PROBE_MARK 0x58420000u
#define XLB_PROBE_VIPS 1024 /* power of two */
#define XLB_PROBE_FLOWS 16384

struct xlb_probe_vip {
	__be32 addr[4]; /* IPv4 in addr[0], the rest 0 */
	__be16 port;
	__u16 family; /* AF_INET, AF_INET6; 0: unused */
};

/* A check's connection, as its answers come in. */
struct xlb_probe_key {
	__be32 vip[4];
	__be32 local[4];
	__be16 vip_port;
	__be16 local_port;
	__u32 family;
};

/* Whom the socket believes to speak with. */
struct xlb_probe_host {
	__be32 addr[4];
	__be16 port;
	__u16 mac[3]; /* the host's, or its router's: answers come from there */
};

_Static_assert(sizeof(struct xlb_probe_vip) == 20, "struct xlb_probe_vip");
_Static_assert(sizeof(struct xlb_probe_key) == 40, "struct xlb_probe_key");
_Static_assert(sizeof(struct xlb_probe_host) == 24, "struct xlb_probe_host");

#endif
