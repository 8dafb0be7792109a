/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections of direct server return: packets that the kernel tells of (trace.h) go to the table
 * of flows/table.h, and what comes out of it where connections of NAT go, too (conns.h).
 */
#ifndef XLB_DAEMON_FLOWS_H
#define XLB_DAEMON_FLOWS_H

#include "flows/table.h"

struct daemon;

/* 0 or -errno. */
int flows_follow(struct daemon *d);
/* To be called about once a second. */
void flows_pass_time(struct daemon *d);
void flows_unfollow(struct daemon *d);

struct flows_counters flows_counted(const struct daemon *d);

#endif
