/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/signs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/state.h"

#define MIN_SESSIONS 4 /* fewer may just have begun */
#define MIN_PACKETS 3  /* of each session */
#define MAX_LOOKS 5    /* a handful of sessions spread over more says nothing */

bool sign_of_stall(struct sign_sample *sample, const struct traffic *now)
{
	uint64_t packets = now->packets - sample->packets;
	uint64_t sessions = now->sessions - sample->sessions;
	bool restarted = now->packets < sample->packets || now->sessions < sample->sessions;

	if (!restarted && sessions < MIN_SESSIONS && ++sample->looks < MAX_LOOKS)
		return false;
	*sample = (struct sign_sample){ .packets = now->packets, .sessions = now->sessions };
	return !restarted && sessions >= MIN_SESSIONS && packets < MIN_PACKETS * sessions;
}

/* UDP has no such signs: one packet and one answer are a session. */
static bool is_watched(const struct image *image, uint32_t slot)
{
	const struct xlb_host *host = &image->hosts[slot];

	return host->family && host->flags & XLB_HOST_NEW &&
	       image->services[host->service].proto == IPPROTO_TCP;
}

static struct cfg_addr address_of(const struct xlb_host *host)
{
	struct cfg_addr addr = { .family = host->family };

	memcpy(&addr.v6, host->addr, sizeof(addr.v6));
	return addr;
}

int dataplane_look_for_stalls(struct dataplane *dp,
			      void (*each)(const struct cfg_addr *host, void *data), void *data)
{
	if (!dp->signs)
		dp->signs = calloc(XLB_MAX_HOSTS, sizeof(*dp->signs));
	if (!dp->signs)
		return -ENOMEM;
	for (uint32_t i = 0; i < XLB_MAX_HOSTS; i++) {
		struct cfg_addr addr;
		struct traffic now;
		int err;

		if (!is_watched(dp->image, i))
			continue;
		err = host_traffic(dp->maps, i, &now);
		if (err)
			return err;
		addr = address_of(&dp->image->hosts[i]);
		if (sign_of_stall(&dp->signs[i], &now))
			each(&addr, data);
	}
	return 0;
}
