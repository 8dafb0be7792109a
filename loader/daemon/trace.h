/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that services' logs and captures are told of: read in the event loop, handed to whoever
 * has registered for them. The kernel's side is only there while somebody wants some, see
 * dataplane/trace.h: of a service if struct service.trace says so, of all while a capture runs.
 */
#ifndef XLB_DAEMON_TRACE_H
#define XLB_DAEMON_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "dataplane/trace.h"

struct daemon;

#define TRACE_CONSUMERS 8

struct trace_consumer {
	unsigned wants; /* XLB_TRACE_* */
	trace_fn *fn;   /* NULL: the place is free */
	void *data;
};

struct trace_state {
	struct trace_consumer consumers[TRACE_CONSUMERS];
	sd_event_source *io;     /* the buffer fills up */
	sd_event_source *timer;  /* it is looked at */
	bool capturing;          /* somebody gets all packets, which has been said */
	bool failed;             /* the last look, which has been said */
	sd_event_source *loaded; /* programs are, which a thread has waited for */
};

/*
 * fn is told of each event that has one of `wants`, from the event loop: at most some 50 ms after
 * the packet. Registering by itself makes the kernel tell nothing. -ENOSPC: too many.
 */
int trace_register(struct daemon *d, unsigned wants, trace_fn *fn, void *data);
void trace_unregister(struct daemon *d, trace_fn *fn, void *data);

/* dataplane_capture(), for a consumer of XLB_TRACE_CAPTURE. Errors as there. */
int trace_capture(struct daemon *d, bool on, uint32_t snaplen, bool services_only);

/* To be called when the data plane has come, and after each sync: follows whether the kernel tells
 * anything. */
void trace_follow(struct daemon *d);

/* … before the data plane is closed. */
void trace_unfollow(struct daemon *d);

#endif
