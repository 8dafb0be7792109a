/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps of NAT, beside those of maps.h, which both programs share. A connection's record lies
 * where its NAT port says: see include/xlb/abi.h.
 */
#ifndef XLB_BPF_NAT_MAPS_H
#define XLB_BPF_NAT_MAPS_H

#include "maps.h"

const volatile __u32 nat_mask = XLB_NAT_LINES - 1; /* see xlb_nat_line() */

XLB_TABLE(listens, struct xlb_listen, XLB_MAX_LISTENS);
XLB_TABLE(targets, struct xlb_target, XLB_TARGET_SLOTS);
XLB_ARRAY(target_cursors, __u32, XLB_TARGET_SLOTS, 0);
XLB_ARRAY(nat_index, struct xlb_nat_line, XLB_NAT_FRONT_LINES + XLB_NAT_LINES, BPF_F_MMAPABLE);
XLB_ARRAY(ports, struct xlb_port, XLB_PORTS, 0);

/* Connections of one target, by NAT port. */
struct conns_of_target {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XLB_NAT_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xlb_conn);
} no_conns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XLB_TARGET_SLOTS);
	__type(key, __u32);
	__array(values, struct conns_of_target);
} conns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XLB_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} port_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XLB_FRAGMENTS);
	__type(key, struct xlb_fragment_key);
	__type(value, struct xlb_nat_fragment);
} nat_fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

static __always_inline const struct xlb_target *target_at(__u32 index) /* NULL: there is none */
{
	return TABLE_FIND(targets, index);
}

static __always_inline const struct xlb_listen *listen_at(__u32 listen)
{
	return TABLE_FIND(listens, listen);
}

#endif
