/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A file with one number, for keepalived's track_file: how many redirects and relays there are that
 * no host serves. It stays what it was when the daemon ends, as the kernel forwards as it did; and
 * until this one is attached for the first time, as nothing may be forwarded before.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/replace.h"

static unsigned count_unserved(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		n += s->served && !s->disabled && !s->n_usable;
	}
	return n;
}

void track_update(struct daemon *d)
{
	unsigned unserved = count_unserved(d->model);
	char text[16];
	int r;

	if (!d->options.track_file || !d->synced || (d->tracked && d->unserved == unserved))
		return;
	snprintf(text, sizeof(text), "%u\n", unserved);
	r = replace_file(d->options.track_file, text, strlen(text));
	if (r < 0 && !d->track_failed)
		log_warning("%s: %s; it is not kept up to date", d->options.track_file,
			    strerror(-r));
	d->track_failed = r < 0;
	d->tracked = r == 0;
	d->unserved = unserved;
}
