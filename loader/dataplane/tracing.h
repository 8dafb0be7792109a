/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tracing build of both programs (bpf/trail.h): loaded when somebody first wants to see
 * packets, with the maps of the plain one, and put in its place on all interfaces by a link update,
 * which no packet misses.
 */
#ifndef XLB_DATAPLANE_TRACING_H
#define XLB_DATAPLANE_TRACING_H

#include <stdint.h>

#include "dataplane/maps.h"

struct tracing;

/* Not loaded yet. ring: of trace_ring.h, borrowed; -1: programs that change nothing, for
 * tracing_dry_run() alone. maps is borrowed for the call. -errno. */
int tracing_open(const struct maps *maps, int ring, struct tracing **ret);

/* By any thread, as it needs nothing else. -errno; `error` gets a sentence with what the kernel
 * said. */
int tracing_load(struct tracing *t, char *error, size_t error_size);
void tracing_free(struct tracing *t); /* NULL is fine */

/* Borrowed descriptors. */
int tracing_xdp_fd(const struct tracing *t);
int tracing_tc_fd(const struct tracing *t);

/* What a capture wants from now on. */
void tracing_set_capture(struct tracing *t, const struct xlb_capture *capture);

/* Runs a program that changes nothing on the frame, which becomes what would be sent, as if it had
 * come in by that interface. *ret is what it has noted. -errno. */
int tracing_dry_run(struct tracing *t, enum xlb_hook hook, uint32_t ifindex, uint8_t *frame,
		    size_t size, struct xlb_trail *ret);

/* Time, for tests with test_clock. */
void tracing_set_test_tick(struct tracing *t, uint32_t tick);

#endif
