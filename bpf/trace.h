/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets to user space: who wants this one, and its bytes, before and after. Only the tracing
 * build of the programs has this, and only it has the map "traces" filled.
 *
 * Nobody is woken for a packet: the daemon looks every few milliseconds while it has somebody who
 * wants packets, and is called when half of the buffer is used. A full buffer costs the message,
 * which is counted (trace_lost), never the packet.
 */
#ifndef XLB_BPF_TRACE_H
#define XLB_BPF_TRACE_H

#include "maps.h"
#include "packet.h"

struct trail_map trail SEC(".maps");

const volatile _Bool dry_run = 0;
__u32 dry_ifindex = 0;

/* The daemon sets it while a capture runs. */
struct xlb_capture capture = {};

/* A message is put together here. */
struct trace_room {
	struct xlb_trace head;
	__u8 bytes[2 * XLB_TRACE_BYTES];
	__u32 before; /* bytes that are there by now */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_room);
} trace_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XLB_TRACES_SIZE);
} traces SEC(".maps");

static __always_inline struct trace_room *trace_room(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&trace_scratch, &zero);
}

static __always_inline __u32 at_most(__u32 n, __u32 limit)
{
	return n < limit ? n : limit;
}

/* The frame's first n bytes, to place `at` of the room; how many. Linux 6.1 learns of a bound by
 * comparison with something else than 0 only; and one by one, or clang makes one comparison of two.
 */
static __always_inline __u32 copy_frame(XLB_CONTEXT *ctx, struct trace_room *room, __u32 at,
					__u32 n)
{
	__u64 size = at_most(n, TRACE_FRAME_LEN(ctx));

	barrier_var(size);
	barrier_var(at);
	if (size < ETH_HLEN)
		return 0;
	barrier_var(size);
	if (size > XLB_TRACE_BYTES || at > XLB_TRACE_BYTES)
		return 0;
	return TRACE_LOAD_BYTES(ctx, 0, room->bytes + at, size) ? 0 : size;
}

__noinline int trace_packet_begins(XLB_CONTEXT *ctx)
{
	struct xlb_trail *t = trail_get();
	struct trace_room *room = trace_room();

	if (!t || !room)
		return 0;
	*t = (struct xlb_trail){ .ifindex = ingress_of(ctx),
				 .frame_len = TRACE_FRAME_LEN(ctx),
				 .reason = XLB_REASON_COUNT,
				 .service = XLB_TRACE_NONE,
				 .listen = XLB_TRACE_NONE,
				 .host = XLB_TRACE_NONE,
				 .row = XLB_ROWS,
				 .hook = TRACE_HOOK };
	/* who else wants it, and how much of it, is not known yet */
	room->before = capture.snaplen ? copy_frame(ctx, room, 0, XLB_TRACE_BYTES) : 0;
	return 0;
}

/* Bytes of a frame that those want. */
static __always_inline __u32 wanted_bytes(__u32 wants)
{
	__u32 n = 0;

	if (wants & (XLB_TRACE_CONN | XLB_TRACE_PFLOG))
		n = XLB_TRACE_HEADERS;
	if (wants & XLB_TRACE_CAPTURE && n < capture.snaplen)
		n = capture.snaplen;
	return wants & XLB_TRACE_REQUEST ? XLB_TRACE_BYTES : n;
}

__noinline int trace_packet_changes(XLB_CONTEXT *ctx)
{
	struct xlb_trail *t = trail_get();
	struct trace_room *room = trace_room();

	if (t && room && t->trace && !room->before)
		room->before = copy_frame(ctx, room, 0, wanted_bytes(t->trace));
	return 0;
}

/* ---- who wants it -------------------------------------------------------------------------- */
static __always_inline __u8 verdict_of(const struct xlb_trail *t, int verdict)
{
	/* the sender is told, but the packet is gone */
	if (verdict == TRACE_DROP || t->reason == XLB_REASON_FRAG_NEEDED)
		return XLB_TRACED_DROP;
	return verdict == TRACE_PASS ? XLB_TRACED_PASS : XLB_TRACED_FORWARD;
}

static __always_inline _Bool has_payload(XLB_CONTEXT *ctx, const struct xlb_trail *t)
{
	__u8 size;

	if (!t->l4 || TRACE_LOAD_BYTES(ctx, t->l4 + 12, &size, 1))
		return 0;
	return t->l4 + (size >> 4) * 4 < t->end;
}

/* QUIC's long header, RFC 8999: what a client begins with has it. */
static __always_inline _Bool has_long_header(XLB_CONTEXT *ctx, const struct xlb_trail *t)
{
	__u8 first;

	if (!t->l4 || TRACE_LOAD_BYTES(ctx, t->l4 + sizeof(struct udphdr), &first, 1))
		return 0;
	return (first & 0xc0) == 0xc0;
}

static __always_inline _Bool wanted_as_request(XLB_CONTEXT *ctx, const struct xlb_trail *t)
{
	if (t->flags & XLB_TRACE_FROM_HOST || t->verdict != XLB_TRACED_FORWARD)
		return 0;
	if (t->proto == IPPROTO_UDP)
		return has_long_header(ctx, t);
	if (t->proto != IPPROTO_TCP)
		return 0;
	return t->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST) || has_payload(ctx, t);
}

static __always_inline __u32 who_wants(XLB_CONTEXT *ctx, const struct xlb_trail *t)
{
	const _Bool sent = t->verdict == XLB_TRACED_FORWARD, is_new = t->flags & XLB_TRACE_NEW;
	__u32 wants = 0;

	if (t->trace & XLB_TRACE_CONN && TRACE_HOOK == XLB_HOOK_XDP && sent &&
	    (t->proto == IPPROTO_TCP ? !!(t->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) : is_new))
		wants |= XLB_TRACE_CONN;
	if (t->trace & XLB_TRACE_PFLOG && (is_new || !sent))
		wants |= XLB_TRACE_PFLOG;
	if (t->trace & XLB_TRACE_REQUEST && wanted_as_request(ctx, t))
		wants |= XLB_TRACE_REQUEST;
	if (capture.snaplen && (!capture.services_only || t->service != XLB_TRACE_NONE))
		wants |= XLB_TRACE_CAPTURE;
	return wants;
}

/* ---- telling ------------------------------------------------------------------------------- */
static __always_inline void fill_head(struct xlb_trace *h, const struct xlb_trail *t, __u32 wants)
{
	h->time_ns = bpf_ktime_get_ns();
	h->wants = wants;
	h->hook = t->hook;
	h->verdict = t->verdict;
	h->reason = t->reason;
	h->service = t->service;
	h->listen = t->listen;
	h->host = t->host;
	h->ifindex = t->ifindex;
	h->egress = t->verdict == XLB_TRACED_FORWARD ? t->egress : 0;
	h->frame_len = t->frame_len;
	h->flags = t->flags;
	h->proto = t->proto;
	h->tcp_flags = t->tcp_flags;
}

static __always_inline void tell(struct trace_room *room)
{
	__u64 used = bpf_ringbuf_query(&traces, BPF_RB_AVAIL_DATA);
	__u32 size = sizeof(room->head) + room->head.before_len + room->head.after_len;

	barrier_var(size);
	if (size > sizeof(room->head) + 2 * XLB_TRACE_BYTES)
		return;
	/* once, by the message that fills the first half: a call for each after it would cost more
	 * than they do */
	if (bpf_ringbuf_output(&traces, room, size,
			       used <= XLB_TRACES_SIZE / 2 && used + size > XLB_TRACES_SIZE / 2 ?
				       BPF_RB_FORCE_WAKEUP :
				       BPF_RB_NO_WAKEUP))
		count(XLB_REASON_TRACE_LOST);
}

__noinline int trace_packet_ends(XLB_CONTEXT *ctx, int verdict)
{
	struct xlb_trail *t = trail_get();
	struct trace_room *room = trace_room();
	__u32 wants, n;

	if (!t || !room)
		return verdict;
	t->verdict = verdict_of(t, verdict);
	if (is_dry())
		return verdict;
	wants = who_wants(ctx, t);
	if (!wants)
		return verdict;
	n = wanted_bytes(wants);
	if (!room->before) /* then nobody has written to it */
		room->before = copy_frame(ctx, room, 0, n);
	fill_head(&room->head, t, wants);
	n = at_most(room->before, n);
	room->head.before_len = n;
	room->head.after_len = wants & XLB_TRACE_CAPTURE && t->verdict == XLB_TRACED_FORWARD ?
				       copy_frame(ctx, room, n, capture.snaplen) :
				       0;
	tell(room);
	return verdict;
}

#endif
