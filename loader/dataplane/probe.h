/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The programs that take checks with `dsr` to the VIP (bpf/xlb_probe.bpf.c), as far as some check
 * needs them: loaded, and on the interfaces that such hosts are reached through. They serve the
 * sockets of this process only, so nothing of them is pinned, and they go with it.
 */
#ifndef XLB_DATAPLANE_PROBE_H
#define XLB_DATAPLANE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/dataplane.h"

struct probes;

int probes_open(struct probes **ret);     /* nothing is loaded yet */
void probes_close(struct probes *probes); /* detaches; NULL is fine */

/* See dataplane_probes() and dataplane_probe_mark(). */
int probes_sync(struct probes *probes, const struct probe_need *needs, size_t n, char *error,
		size_t error_size);
int probes_mark(const struct probes *probes, const struct probe_need *need, uint32_t *ret);

/* Removes filters of a daemon that was killed; TCX links went with it. */
void probes_clean(void);

#endif
