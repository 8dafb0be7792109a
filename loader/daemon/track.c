/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A file with one number, for keepalived's track_file: how many redirects and relays there are that
 * no host serves. It stays what it was when the daemon ends, as the kernel forwards as it did.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/log.h"

#define PATH_SIZE 4096

static unsigned count_unserved(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		n += s->served && !s->disabled && !s->n_usable;
	}
	return n;
}

static int write_text(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));

	return n < 0 ? -errno : (size_t)n == strlen(text) ? 0 : -ENOSPC;
}

/* Readers see the old number or the new one, never half of it or none. */
static int replace(const char *path, const char *text)
{
	char draft[PATH_SIZE];
	int n = snprintf(draft, sizeof(draft), "%s.new", path), fd, r;

	if (n < 0 || (size_t)n >= sizeof(draft))
		return -ENAMETOOLONG;
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	r = write_text(fd, text);
	close(fd);
	if (r == 0 && rename(draft, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(draft);
	return r;
}

void track_update(struct daemon *d)
{
	unsigned unserved = count_unserved(d->model);
	char text[16];
	int r;

	if (!d->options.track_file || (d->tracked && d->unserved == unserved))
		return;
	snprintf(text, sizeof(text), "%u\n", unserved);
	r = replace(d->options.track_file, text);
	if (r < 0 && !d->track_failed)
		log_warning("%s: %s; it is not kept up to date", d->options.track_file,
			    strerror(-r));
	d->track_failed = r < 0;
	d->tracked = r == 0;
	d->unserved = unserved;
}
