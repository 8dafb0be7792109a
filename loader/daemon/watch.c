/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the status page and the metrics are made of. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control/view.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

#define PERIOD_USEC 1000000u

/* ---- how late the loop is ------------------------------------------------------------------ */
static int on_timer(sd_event_source *source, uint64_t due, void *data)
{
	struct watch_state *w = &((struct daemon *)data)->watch;
	uint64_t now = monotonic_us();

	w->delay_us = now > due ? now - due : 0;
	w->delays_us += w->delay_us;
	w->delays++;
	if (w->delay_us > w->delay_max_us)
		w->delay_max_us = w->delay_us;
	sd_event_source_set_time(source, now + PERIOD_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- for the page -------------------------------------------------------------------------- */
static void fill_daemon(const struct daemon *d, struct snapshot_daemon *ret)
{
	struct control_info info = { 0 };
	static char hostname[256]; /* the snapshot keeps a copy */

	if (gethostname(hostname, sizeof(hostname) - 1) < 0)
		hostname[0] = '\0';
	daemon_control_ops.info((void *)d, &info);
	*ret = (struct snapshot_daemon){
		.hostname = hostname,
		.config_file = info.loaded_from,
		.config_state = config_state_name(info.config_state),
		.reload_error = d->reload_trouble,
		.confirm_in_s = info.confirm_in_s,
		.reloads = d->watch.reloads,
		.reloads_failed = d->watch.reloads_failed,
		.reloaded_at = d->watch.reloaded_at,
		.uptime_s = (monotonic_ms() - d->started_at) / 1000,
		.attached = d->dataplane,
		.synced = d->synced && !d->sync_trouble[0],
		.delay_us = d->watch.delay_us,
		.delays_us = d->watch.delays_us,
		.delays = d->watch.delays,
		.delay_max_us = d->watch.delay_max_us,
		.file_failures = d->metrics_file.failures,
		.events_total = control_events(d->control),
	};
}

static void get_source(void *data, struct collect_source *ret)
{
	struct daemon *d = data;

	*ret = (struct collect_source){
		.model = daemon_model(d),
		.dataplane = d->dataplane,
		.net = d->net,
		.failures = d->failures,
		.now_ms = monotonic_ms(),
	};
	fill_daemon(d, &ret->daemon);
	ret->n_counters = daemon_counters(d, ret->counters, XLB_MAX_COUNTERS);
}

static const json_t *get_events(void *data)
{
	return control_recent(((struct daemon *)data)->control);
}

static void on_metrics(void *data)
{
	metrics_file_ready(data);
}

static void tell(void *data, const char *name, uint16_t port, int r)
{
	if (r < 0)
		log_error("status page: %s port %u: %s; tried again", name, port, strerror(-r));
	else
		log_info("status page: %s %s port %u", r ? "no longer on" : "on", name, port);
}

static const struct page_ops page_ops = {
	.source = get_source, .events = get_events, .metrics_ready = on_metrics, .tell = tell
};

/* ---- life ---------------------------------------------------------------------------------- */
void watch_reloaded(struct daemon *d, bool ok)
{
	*(ok ? &d->watch.reloads : &d->watch.reloads_failed) += 1;
	if (ok)
		d->watch.reloaded_at = time(NULL);
}

int watch_open(struct daemon *d)
{
	int r = -ENOMEM;

	if (d->options.oneshot)
		return 0;
	d->watch.reloaded_at = time(NULL);
	d->failures = failures_new();
	if (d->failures)
		r = page_open(d->event, &page_ops, d, &d->page);
	if (r >= 0)
		r = sd_event_add_time_relative(d->event, &d->watch.timer, CLOCK_MONOTONIC,
					       PERIOD_USEC, 1, on_timer, d);
	if (r >= 0)
		r = metrics_file_open(d);
	if (r < 0) {
		log_error("status page: %s", strerror(-r));
		return r;
	}
	page_listen(d->page, d->model->conf->status);
	return 0;
}

void watch_close(struct daemon *d)
{
	metrics_file_close(d);
	page_close(d->page);
	failures_free(d->failures);
	d->watch.timer = sd_event_source_disable_unref(d->watch.timer);
	d->page = NULL;
	d->failures = NULL;
}
