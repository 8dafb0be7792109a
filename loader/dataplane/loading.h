/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Loading programs takes as long as the kernel's verifier does: some 100 ms, on a busy box seconds.
 * A thread waits for it, which has nothing but the programs in hand; it is told of by an eventfd.
 */
#ifndef XLB_DATAPLANE_LOADING_H
#define XLB_DATAPLANE_LOADING_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/tracing.h"

struct load_job;

struct loading {                 /* all 0 at first */
	struct tracing *tracing; /* NULL: not loaded */
	struct load_job *job;    /* NULL: nothing is under way */
	int err;                 /* of the last attempt: -errno, and a sentence */
	char error[256];
	uint64_t failed_at; /* monotonic ms */
};

/* Takes over programs that are open, also on failure. event_fd, borrowed, becomes readable when
 * loading_collect() is to be called; -1: they are loaded here and now. 0 or -errno, with a
 * sentence. */
int loading_begin(struct loading *l, struct tracing *tracing, int event_fd);

/* true: it is over, and `tracing` or `err` is set. */
bool loading_collect(struct loading *l);

/* It has just failed: trying again would only keep the kernel busy. */
bool loading_has_failed(const struct loading *l);

/* Whatever is there, or on its way. Waits for nobody. */
void loading_free(struct loading *l);

#endif
