/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel says of this process: proc(5). */
#ifndef XLB_METRICS_PROCESS_H
#define XLB_METRICS_PROCESS_H

#include "metrics/snapshot.h"

/* What cannot be found out is 0. */
void process_read(struct snapshot_process *ret);

#endif
