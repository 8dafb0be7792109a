/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What has become unusable leaves the kernel first, before the model is brought up to date, other
 * hosts take over, or anything is logged. sync.c does the rest.
 */
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/log.h"

struct search {
	const struct model *model;
	const struct cfg_addr *addr;
	unsigned at; /* services come in the kernel much as they do in the file */
};

static const struct service *find_service(struct search *search, const char *name)
{
	const struct model *m = search->model;

	for (unsigned i = 0; i < m->n_services; i++) {
		const struct service *s = &m->services[(search->at + i) % m->n_services];

		if (strcmp(s->name, name))
			continue;
		search->at += i;
		return s;
	}
	return NULL;
}

/* Services of the kernel that are on their way out are not the model's any more. */
static bool is_lost(const char *name, void *data)
{
	struct search *search = data;
	const struct service *s = find_service(search, name);

	return s && service_has_lost(s, search->addr);
}

static unsigned us_since_event(const struct daemon *d)
{
	uint64_t woke = 0;

	sd_event_now(d->event, CLOCK_MONOTONIC, &woke);
	return (unsigned)(monotonic_us() - woke);
}

void withdraw_host(struct daemon *d, struct host *h)
{
	struct search search = { .model = d->model, .addr = &h->conf->addr };
	unsigned n, us;

	if (!sync_is_possible(d))
		return;
	table_update(h->table);
	n = dataplane_withdraw(d->dataplane, search.addr, is_lost, &search);
	us = us_since_event(d);
	log_debug("host %s: withdrawn from %u services, %u us after the event loop woke",
		  h->conf->name, n, us);
}
