/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A segment that frames are sent to and heard on, by a packet socket (packet(7)). */
#ifndef XLB_DOCTOR_WIRE_H
#define XLB_DOCTOR_WIRE_H

#include "doctor/frame.h"

struct wire {
	int fd;
	uint8_t buf[FRAME_SIZE];
};

/* -EPERM without CAP_NET_RAW. */
int wire_open(struct wire *wire, uint32_t ifindex);
void wire_close(struct wire *wire);

/* -EMSGSIZE, -ENETDOWN, … */
int wire_send(struct wire *wire, const uint8_t *frame, size_t len);

/* The next frame that says something: 1. 0 when none has come by `deadline` (CLOCK_MONOTONIC, ms);
 * or -errno. Frames of our own are not heard. */
int wire_receive(struct wire *wire, uint64_t deadline, struct frame_facts *ret);

uint64_t wire_now(void); /* CLOCK_MONOTONIC, ms */

#endif
