/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checks with `dsr` go to the redirect's address in frames for the host. A program at the interface
 * does that to packets of marked sockets; while it is not there no such check is made, for without
 * it the check would go to the host's own address and say too much.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/followed.h"
#include "daemon/log.h"
#include "model/identity.h"

/* A host that is not reachable any more is checked the way it was. */
static bool need_of(const struct followed_host *f, struct probe_need *ret)
{
	const struct host *h = f->host;
	const struct cfg_vip *vip = cfg_check_vip(&h->table->target->check, h->conf->addr.family);

	ret->ifindex = h->next_hop.ifindex ? h->next_hop.ifindex : f->ifindex;
	if (!vip || !ret->ifindex)
		return false;
	ret->vip = *vip;
	return true;
}

static bool uses_dsr(const struct followed_host *f)
{
	return f->host->table->target->check.dsr && host_is_checked(f->host);
}

void dsr_attach(struct daemon *d)
{
	struct probe_need *needs;
	char error[512] = "";
	size_t n = 0;
	int r;

	if (!d->dataplane)
		return;
	needs = calloc(d->n_followed + 1, sizeof(*needs));
	for (unsigned i = 0; needs && i < d->n_followed; i++)
		if (uses_dsr(&d->followed[i]) && need_of(&d->followed[i], &needs[n]))
			n++;
	r = needs ? dataplane_probes(d->dataplane, needs, n, error, sizeof(error)) : -ENOMEM;
	if (r)
		log_error("checks with dsr: %s", error[0] ? error : strerror(-r));
	free(needs);
}

bool dsr_prepare(const struct followed_host *f, struct probe_target *target, const char **ret_why)
{
	struct probe_need need;

	*ret_why = NULL;
	if (!target->check->dsr)
		return true;
	if (!cfg_check_vip(target->check, target->addr.family)) {
		*ret_why = "no listen address for dsr";
		return false;
	}
	if (!need_of(f, &need))
		return false;
	/* the node would take the packets for its own, and drop them */
	if (same_addr(&need.vip.addr, &f->host->next_hop.src_addr)) {
		*ret_why = "dsr: the VIP is our own source";
		return false;
	}
	if (!f->daemon->dataplane ||
	    dataplane_probe_mark(f->daemon->dataplane, &need, &target->mark)) {
		*ret_why = "dsr not attached";
		return false;
	}
	target->ifindex = need.ifindex;
	return true;
}
