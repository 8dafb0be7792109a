/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The ring buffer of the tracing programs. It is pinned while they are attached, so that the next
 * daemon reads on where this one has stopped.
 */
#ifndef XLB_DATAPLANE_TRACE_RING_H
#define XLB_DATAPLANE_TRACE_RING_H

/* The one that is pinned, if its records are ours; its descriptor, -ENOENT, -errno. One of other
 * records is unpinned. */
int trace_ring_adopt(const char *bpffs);

/* A new one; its descriptor or -errno. */
int trace_ring_new(void);

/* 0 or -errno; there already, or not there any more, is fine. */
int trace_ring_pin(const char *bpffs, int fd);
int trace_ring_unpin(const char *bpffs);

#endif
