/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Connections as they come and go: each is told to the log (conn_log.c) and to pflow (pflow.c). */
#ifndef XLB_DAEMON_CONNS_H
#define XLB_DAEMON_CONNS_H

#include "dataplane/dataplane.h"

struct daemon;

/* Follows the connections of d->dataplane, which has just been opened, and until
 * conns_unfollow(). 0 or -errno. */
int conns_follow(struct daemon *d);
void conns_unfollow(struct daemon *d);

/* One has come or gone: of NAT by itself, of direct server return by flows.c. */
void conns_event(struct daemon *d, const struct conn_event *event);

#endif
