/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon tells of itself: to systemd, and to the readers of events. */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"

static void append(char *text, size_t size, const char *what)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "; %s", what);
}

static void append_confirm(const struct daemon *d, char *text, size_t size)
{
	char what[96];
	struct tm tm;

	localtime_r(&d->confirm_until, &tm);
	strftime(what, sizeof(what), "rolled back at %H:%M:%S unless confirmed", &tm);
	append(text, size, what);
}

void status_notify(const struct daemon *d)
{
	unsigned up = 0, hosts = 0;
	char text[1024];

	for (unsigned i = 0; i < d->model->n_tables; i++) {
		up += d->model->tables[i].n_up;
		hosts += d->model->tables[i].n_hosts;
	}
	snprintf(text, sizeof(text), "%u services, %u of %u hosts up", d->model->n_services, up,
		 hosts);
	if (!d->dataplane)
		append(text, sizeof(text), "detached");
	if (d->former)
		append_confirm(d, text, sizeof(text));
	if (d->rolled_back)
		append(text, sizeof(text), "rolled back: nobody confirmed the last reload");
	if (d->reload_trouble[0])
		append(text, sizeof(text), d->reload_trouble);
	sd_notifyf(0, "STATUS=%s", text);
}

void publish(const struct daemon *d, json_t *event)
{
	if (d->control)
		control_event(d->control, event);
	else
		json_decref(event);
}
