/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The TC program at the ingress of one interface: by a TCX link where the kernel has them (Linux
 * 6.6), else as a filter of the clsact qdisc. A TCX link is pinned; of a filter, which lives by
 * itself, the program's pin is the note that it is ours.
 */
#ifndef XLB_DATAPLANE_ATTACH_TC_H
#define XLB_DATAPLANE_ATTACH_TC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tc_hook {
	uint32_t ifindex;
	bool tcx;
	bool own_qdisc; /* clsact was made by us */
	int fd;         /* TCX: the link */
	char *path;     /* the pin's */
};

/* On failure `error` gets a sentence. */
int tc_attach(const char *bpffs, int program_fd, uint32_t ifindex, const char *name,
	      struct tc_hook *ret, char *error, size_t error_size);

/* Takes over what the pin stands for. -ENODEV: its interface has gone; the pin is removed. */
int tc_adopt(const char *path, struct tc_hook *ret);

/* Puts the program in place of a former daemon's. */
int tc_update(struct tc_hook *hook, int program_fd);

bool tc_is_alive(const struct tc_hook *hook);

/* Leaves no link, no filter, and no qdisc of ours unless somebody else uses it; releases. */
int tc_detach(struct tc_hook *hook);

/* Releases what belongs to the process; all stays attached. */
void tc_release(struct tc_hook *hook);

/* The interface a pin's path is about. */
void tc_pin_interface(const char *path, char *ret, size_t size);

#endif
