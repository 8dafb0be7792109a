/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the TC program tells of connections, by a ring buffer.
 */
#ifndef XLB_DATAPLANE_EVENTS_H
#define XLB_DATAPLANE_EVENTS_H

struct dataplane;
struct events;

/* fd is the map's, borrowed. -errno. */
int events_open(int fd, struct dataplane *dp, struct events **ret);
void events_close(struct events *events); /* NULL is fine */

#endif
