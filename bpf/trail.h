/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the program notes of the packet at hand, for whoever wants to see packets.
 *
 * Each program is built twice: as it is, and with XLB_TRACING 1 (xlb_xdp_trace.bpf.c,
 * xlb_tc_trace.bpf.c). It is the compiler that leaves the notes out of the plain build, which is,
 * instruction by instruction, what it would be without this file: a switch in read-only data would
 * leave its loads behind, and keep registers busy.
 */
#ifndef XLB_BPF_TRAIL_H
#define XLB_BPF_TRAIL_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xlb/abi.h"
#include "xlb/reasons.h"

#ifndef XLB_TRACING
#define XLB_TRACING 0
#endif

#ifndef XLB_CONTEXT
#define XLB_CONTEXT struct xdp_md
#endif

/* Both in trace.h, which only the tracing build has. */
struct trail_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xlb_trail);
};
extern struct trail_map trail;
int trace_packet_begins(XLB_CONTEXT *ctx);
int trace_packet_changes(XLB_CONTEXT *ctx);
int trace_packet_ends(XLB_CONTEXT *ctx, int verdict);

static __always_inline struct xlb_trail *trail_find(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&trail, &zero);
}

/* A function for the sake of its callers' stacks: on Linux 6.1 they have 512 bytes together. */
static __noinline struct xlb_trail *trail_get(void)
{
	return trail_find();
}

/*
 * Where this is 1 the program goes all its ways, but leaves nothing behind: no counter, entry,
 * record, cursor or event. It is for BPF_PROG_RUN alone, on a packet made up for the question what
 * would become of it.
 */
extern const volatile _Bool dry_run;
extern __u32 dry_ifindex; /* the interface that packet came in by */

static __always_inline _Bool is_dry(void)
{
	return XLB_TRACING && dry_run;
}

static __always_inline __u32 ingress_of(XLB_CONTEXT *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;

	if (XLB_TRACING) {
		barrier_var(ifindex); /* else: one load of either address, which isn't allowed */
		if (dry_run)
			ifindex = dry_ifindex;
	}
	return ifindex;
}

static __always_inline void trail_note(struct xlb_trail *t, __u32 reason)
{
	if (!t)
		return;
	t->reason = reason;
	t->reasons |= 1ull << (reason & 63);
}

static __always_inline void trail_reason(__u32 reason)
{
	if (XLB_TRACING)
		trail_note(trail_get(), reason);
}

/* The packet is for, or of, that service; trace: its flags. */
static __always_inline void trail_service(__u32 service, __u32 listen, __u8 trace)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return;
	t->service = service;
	t->listen = listen;
	t->trace = trace;
}

/* l4, end: offsets in the frame, of the transport header and of the IP packet's end. */
static __always_inline void trail_packet(__u8 proto, __u8 tcp_flags, __u32 l4, __u32 end)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return;
	t->proto = proto;
	t->tcp_flags = tcp_flags;
	t->l4 = l4;
	t->end = end;
}

static __always_inline void trail_host(__u32 slot)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (t)
		t->host = slot;
}

static __always_inline void trail_egress(__u32 ifindex)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (t)
		t->egress = ifindex;
}

static __always_inline void trail_conn(__u32 host, _Bool is_new, _Bool from_host)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return;
	t->host = host;
	t->flags |= (is_new ? XLB_TRACE_NEW : 0) | (from_host ? XLB_TRACE_FROM_HOST : 0);
}

static __always_inline void trail_sent(__u32 host, __u32 ifindex, _Bool is_new)
{
	trail_conn(host, is_new, 0);
	trail_egress(ifindex);
}

/* What names the host, as far as is known; what comes later knows better. */
static __always_inline void trail_how(__u32 how, __u32 state)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return;
	t->how = how;
	t->state = state;
}

static __always_inline void trail_row(__u32 index, struct xlb_row row)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return;
	t->row = index;
	t->at_row = row;
	t->how = XLB_HOW_ROW;
	t->state = 0;
}

static __always_inline void trail_place(__u32 target, __u32 nat_port)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return;
	t->target = target;
	t->nat_port = nat_port;
}

/* Instead of a record in a map, when nothing may change. */
static __always_inline struct xlb_conn *dry_conn(void)
{
	struct xlb_trail *t = XLB_TRACING ? trail_get() : NULL;

	if (!t)
		return NULL;
	barrier_var(t); /* else: an address computed before the test, which Linux 6.12 refuses */
	return &t->conn;
}

/* ---- of the packet's bytes ----------------------------------------------------------------- */
static __always_inline void trace_begin(XLB_CONTEXT *ctx)
{
	if (XLB_TRACING)
		trace_packet_begins(ctx);
}

/* To be called before the frame is written to. */
static __always_inline void trace_before(XLB_CONTEXT *ctx)
{
	if (XLB_TRACING)
		trace_packet_changes(ctx);
}

/* The program's last act; returns its verdict. */
static __always_inline int trace_end(XLB_CONTEXT *ctx, int verdict)
{
	return XLB_TRACING ? trace_packet_ends(ctx, verdict) : verdict;
}

#endif
