/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The probe programs on one interface: by TCX links, which go with the process, where the kernel
 * has them (Linux 6.6), else as filters of the clsact qdisc.
 */
#ifndef XLB_DATAPLANE_PROBE_HOOK_H
#define XLB_DATAPLANE_PROBE_HOOK_H

#include <stdbool.h>
#include <stdint.h>

struct probe_hook {
	uint32_t ifindex;
	int in; /* TCX links; -1: filters */
	int out;
	bool own_qdisc; /* clsact was made by us */
};

/* Answers are exchanged before the first packet goes out. */
int probe_hook_attach(uint32_t ifindex, int in_fd, int out_fd, struct probe_hook *ret);

/* Leaves no link, no filter, and no qdisc of ours unless somebody else uses it. */
void probe_hook_detach(struct probe_hook *hook);

/* Removes filters of a daemon that was killed, and the qdisc if nothing else is in it. */
void probe_hook_clean(uint32_t ifindex);

#endif
