/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A host whose counters look bad is checked at once; the check decides. */
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/followed.h"
#include "daemon/log.h"

/* Clients that only send SYNs must not make us check all the time. */
#define PAUSE_MS 5000

static bool has_address(const struct host *h, const struct cfg_addr *addr)
{
	return h->conf->addr.family == addr->family &&
	       !memcmp(&h->conf->addr.v6, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
}

static void check_at_once(const struct cfg_addr *addr, void *data)
{
	struct daemon *d = data;
	uint64_t now = monotonic_ms();

	for (unsigned i = 0; i < d->n_followed; i++) {
		struct followed_host *f = &d->followed[i];

		if (!f->probe || !has_address(f->host, addr) || now < f->hastened_at + PAUSE_MS)
			continue;
		f->hastened_at = now;
		log_debug("host %s of table %s: connections come to nothing, checked at once",
			  f->host->conf->name, f->host->table->name);
		probe_now(f->probe);
	}
}

int signs_look(struct daemon *d)
{
	return d->dataplane ? dataplane_look_for_stalls(d->dataplane, check_at_once, d) : 0;
}
