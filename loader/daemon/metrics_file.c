/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The metrics as a file, for the textfile collector of Prometheus' node exporter. It is removed
 * when the daemon ends: old numbers would be taken for today's.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/replace.h"

#define PERIOD_USEC 15000000u

static void tell(struct daemon *d, int r)
{
	struct metrics_file_state *m = &d->metrics_file;

	if (r < 0)
		m->failures++;
	if (r < 0 && r != m->trouble)
		log_error("%s: %s; tried again", d->options.metrics_file, strerror(-r));
	else if (r == 0 && m->trouble)
		log_info("%s: written again", d->options.metrics_file);
	m->trouble = r;
}

static void write_metrics(struct daemon *d)
{
	struct shared *answer;
	const char *text;
	size_t len;
	int r = page_metrics(d->page, &answer);

	d->metrics_file.waits = r == -EAGAIN;
	if (r == -EAGAIN)
		return;
	if (r == 0) {
		text = shared_text(answer, &len);
		r = replace_file(d->options.metrics_file, text, len);
		shared_unref(answer);
	}
	tell(d, r);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	write_metrics(data);
	sd_event_source_set_time_relative(source, PERIOD_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void metrics_file_ready(struct daemon *d)
{
	if (d->metrics_file.waits)
		write_metrics(d);
}

/* The first one soon, when hosts have been checked. */
int metrics_file_open(struct daemon *d)
{
	if (!d->options.metrics_file)
		return 0;
	return sd_event_add_time_relative(d->event, &d->metrics_file.timer, CLOCK_MONOTONIC,
					  PERIOD_USEC / 10, 0, on_timer, d);
}

void metrics_file_close(struct daemon *d)
{
	if (!d->metrics_file.timer)
		return;
	d->metrics_file.timer = sd_event_source_disable_unref(d->metrics_file.timer);
	d->metrics_file.waits = false;
	unlink(d->options.metrics_file);
}
