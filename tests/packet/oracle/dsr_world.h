/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One configuration, told twice: to the program's maps and to the oracle. Both families at once,
 * rows in every state, port ranges, another interface's listeners, hosts on either side.
 */
#ifndef XLB_TESTS_DSR_WORLD_H
#define XLB_TESTS_DSR_WORLD_H

#include "dsr.h"
#include "fixture.h"
#include "random.h"

#define RANGE_LO 8000
#define RANGE_HI 8009
#define ELSEWHERE_VIP 5

/* What is random in it comes from r. Forgets what packets have left in both. */
void dsr_world(struct fixture *fx, struct oracle *o, struct random *r);

/* A frame that is right: TCP, UDP, ICMP, fragments, options, VLAN tags, padding. */
void dsr_packet(struct frame *f, struct random *r);

#endif
