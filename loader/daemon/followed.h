/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A host of the model as the daemon follows it; hosts.c, dsr.c and signs.c share it. */
#ifndef XLB_DAEMON_FOLLOWED_H
#define XLB_DAEMON_FOLLOWED_H

#include "daemon/daemon.h"

struct followed_host {
	struct daemon *daemon;
	struct host *host;
	struct probe *probe;
	struct net_watch *watch;
	bool probed;          /* has a result */
	bool looks_inverted;  /* the first one was a script's that said "down" by exit status 0 */
	uint32_t mark;        /* of the probe's sockets, */
	uint32_t ifindex;     /* and the interface that they are bound to: checks with dsr */
	uint64_t hastened_at; /* monotonic ms: when signs last made it be checked */
};

/* ---- dsr.c --------------------------------------------------------------------------------- */
/* Puts in place what all checks with `dsr` need. A failure is logged. */
void dsr_attach(struct daemon *d);

/* Completes the target of a check with `dsr`; others it leaves alone. false: it cannot be made
 * now; *ret_why is a reason to show, or NULL if the next hop, which is not known yet, says more. */
bool dsr_prepare(const struct followed_host *f, struct probe_target *target, const char **ret_why);

#endif
