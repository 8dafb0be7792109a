/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The short way for a host that has failed: one store for each service that has it, at once. The
 * rest, other rows and pools, comes with the dataplane_sync() that follows, and takes a thousand
 * times as long.
 */
#include "dataplane/apply.h"
#include "dataplane/maglev.h"
#include "dataplane/state.h"

static bool has_address(const struct xlb_host *host, const struct cfg_addr *addr)
{
	struct cfg_addr own;

	if (host->family != addr->family)
		return false;
	own = image_host_addr(host);
	return cfg_addr_compare(&own, addr) == 0;
}

unsigned dataplane_withdraw(struct dataplane *dp, const struct cfg_addr *host,
			    bool (*gone)(const char *service, void *data), void *data)
{
	struct image *image = dp->image;
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_MAX_HOSTS; i++) {
		const struct xlb_host *h = &image->hosts[i];

		if (!h->flags || !has_address(h, host) ||
		    !gone(image->services[h->service].name, data))
			continue;
		apply_withdraw(dp->maps, i);
		image_withdraw(image, i, sweep_result(dp->sweep)->done);
		n++;
	}
	return n;
}
