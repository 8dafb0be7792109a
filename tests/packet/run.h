/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One frame through a loaded program.
 */
#ifndef XLB_TESTS_RUN_H
#define XLB_TESTS_RUN_H

#include <stdint.h>

#include "frame.h"

/* ifindex: where the frame comes from. The kernel takes 14 bytes and more. -errno. */
int frame_run(int prog, const struct frame *in, uint32_t ifindex, struct frame *out,
	      uint32_t *ret_verdict);

#endif
