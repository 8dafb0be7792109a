/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps of the data path; keys and values are declared in include/xlb/abi.h.
 *
 * What the fast path reads is in tables (XLB_TABLE) or in arrays, whose look-up the JIT turns into
 * some instructions. BPF_F_MMAPABLE puts both on page borders, so that a 64-byte line of ours is
 * one of the CPU's, and lets the daemon store single words.
 */
#ifndef XLB_BPF_MAPS_H
#define XLB_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xlb/abi.h"
#include "xlb/reasons.h"
#include "trail.h"

/* Set before the program is loaded; the verifier sees constants. */
const volatile __u64 hash_key[8] = {};
const volatile __u32 flow4_mask = XLB_FLOW4_LINES - 1; /* see xlb_flow_line() */
const volatile __u32 flow6_mask = XLB_FLOW6_LINES - 1;
const volatile _Bool use_test_clock = 0;

__u32 test_tick = 0; /* the time of tests that make it pass themselves */
__u64 tick_seen = 0; /* jiffies << 28 | the tick then; see now_ticks() */

#define XLB_ARRAY(map, value_type, entries, flags)                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, entries);                                                      \
		__uint(map_flags, flags);                                                          \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} map SEC(".maps")

/* A table in which every packet is looked up: a map of one value, an array, whose address the
 * program knows. So an index need not lie in memory, and is no key. The loader makes addresses of
 * maps addresses of their values: see loader/dataplane/tables.h, which names these maps, too. */
#define XLB_TABLE(map, value_type, entries)                                                        \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__type(key, __u32);                                                                \
		value_type (*value)[entries];                                                      \
	} map SEC(".maps")

/* The entry, whose index must be seen to be in bounds. The barriers keep the compiler from thinking
 * of &map as what it is declared as, and from computing the address twice. */
#define TABLE_AT(map, index)                                                                       \
	({                                                                                         \
		typeof(&(*(map).value)[0]) entry_ = (void *)&(map);                                \
		barrier_var(entry_);                                                               \
		entry_ += (index);                                                                 \
		barrier_var(entry_);                                                               \
		entry_;                                                                            \
	})

#define TABLE_ENTRIES(map) (sizeof(*(map).value) / sizeof((*(map).value)[0]))

/* The same for any index: NULL where the table ends. The index is cut where it is used, as the
 * verifier may have lost sight of its bound. */
#define TABLE_FIND(map, index)                                                                     \
	({                                                                                         \
		const __u32 entries_ = TABLE_ENTRIES(map);                                         \
		__u32 index_ = (index);                                                            \
		typeof(TABLE_AT(map, 0)) found_ = NULL;                                            \
		_Static_assert(!(TABLE_ENTRIES(map) & (TABLE_ENTRIES(map) - 1)),                   \
			       "a power of two");                                                  \
		if (index_ < entries_) {                                                           \
			barrier_var(index_);                                                       \
			found_ = TABLE_AT(map, index_ & (entries_ - 1));                           \
		}                                                                                  \
		found_;                                                                            \
	})

XLB_TABLE(settings, struct xlb_settings, 1);
XLB_TABLE(vips, struct xlb_vip, XLB_VIP_SLOTS);
XLB_ARRAY(ranges, struct xlb_ranges, XLB_MAX_RANGES, 0);
XLB_TABLE(services, struct xlb_service, XLB_MAX_SERVICES);
XLB_ARRAY(pools, struct xlb_pool, XLB_MAX_SERVICES, 0);
XLB_ARRAY(cursors, __u64, XLB_MAX_SERVICES, 0);
XLB_TABLE(hosts, struct xlb_host, XLB_MAX_HOSTS);
XLB_ARRAY(loads, __u64, XLB_MAX_HOSTS, BPF_F_MMAPABLE);
XLB_ARRAY(flows4, struct xlb_flow4_line, XLB_FLOW_FRONT_LINES + XLB_FLOW4_LINES, BPF_F_MMAPABLE);
XLB_ARRAY(flows6, struct xlb_flow6_line, XLB_FLOW_FRONT_LINES + XLB_FLOW6_LINES, BPF_F_MMAPABLE);
XLB_TABLE(mac_filter, struct xlb_mac_filter, 1);

/*
 * Row tables of the services. The inner map's type stands by itself: as an anonymous one it would
 * reach BTF without its value's definition. `no_rows` is what an unused slot could look like.
 */
struct rows_of_service {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xlb_rows);
} no_rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XLB_MAX_SERVICES);
	__type(key, __u32);
	__array(values, struct rows_of_service);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XLB_MAX_HOSTS);
	__type(key, union xlb_mac_key);
	__type(value, __u16);
} host_macs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XLB_FRAGMENTS);
	__type(key, struct xlb_fragment_key);
	__type(value, struct xlb_fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XLB_MAX_HOSTS);
	__type(key, __u32);
	__type(value, struct xlb_host_counters);
} host_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XLB_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlb_syn_budget);
} syn_budget SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, XLB_MAX_TX_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} tx_ports SEC(".maps");

static __always_inline const struct xlb_host *host_at(__u32 slot) /* NULL: nobody's */
{
	return TABLE_FIND(hosts, slot);
}

static __always_inline const struct xlb_service *service_at(__u16 service)
{
	return TABLE_AT(services, service & (XLB_MAX_SERVICES - 1));
}

static __always_inline void count_up(__u32 reason)
{
	__u64 *n = bpf_map_lookup_elem(&reasons, &reason);

	if (n && !is_dry())
		(*n)++;
}

/* Counts an outcome that is not the plain fast path. */
static __always_inline void count(__u32 reason)
{
	count_up(reason);
	trail_reason(reason);
}

/* … where the stack has no room for one call more. */
static __always_inline void count_deep(__u32 reason)
{
	count_up(reason);
	if (XLB_TRACING)
		trail_note(trail_find(), reason);
}

static __always_inline int pass(__u32 reason)
{
	count(reason);
	return XDP_PASS;
}

/* Ticks since boot, modulo 2^28 as flow entries have them. The clock goes on when jiffies do, so it
 * is asked once in each, by whichever CPU is first: that is a call, and reading jiffies is none. */
static __always_inline __u32 now_ticks(void)
{
	__u64 seen = *(volatile __u64 *)&tick_seen, jiffies;

	if (use_test_clock)
		return test_tick & XLB_TICK_MASK;
	jiffies = bpf_jiffies64() << 28;
	if ((seen & ~(__u64)XLB_TICK_MASK) != jiffies) {
		seen = jiffies | (bpf_ktime_get_coarse_ns() >> XLB_TICK_SHIFT & XLB_TICK_MASK);
		*(volatile __u64 *)&tick_seen = seen;
	}
	return seen & XLB_TICK_MASK;
}

#endif
