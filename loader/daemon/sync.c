/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The model into the kernel. At the start the first sync waits, briefly, for the first answers of
 * checks and neighbours: a restarted daemon that knew nothing yet would move flows for nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/table_lines.h"
#include "dataplane/plan.h"

#define SETTLE_FRESH_MS 500    /* nothing forwards yet: a host that answers is to be used soon */
#define SETTLE_ADOPTED_MS 4000 /* the kernel forwards: ARP may take so long to fail */
#define MAX_DELAY_USEC 100000  /* of a change, when changes come faster than they can be made */
#define RETRY_USEC 5000000     /* of a sync that failed */

/* Results that are there already come first, so that no failed host waits for the sync of another
 * one; then this, before the API tells anybody of the new states. */
#define SYNC_PRIORITY (PROBER_RESULT_PRIORITY + 10)

static uint32_t ifindex_of(const char *name, void *data)
{
	struct daemon *d = data;
	const struct net_link *link;

	return net_link_by_name(d->net, name, &link) ? 0 : link->ifindex;
}

static void log_plan(const struct plan *plan)
{
	for (size_t i = 0; i < plan_size(plan); i++)
		log_debug("plan: %s", plan_get(plan, i)->text);
}

/* Told once, however often it is tried again. */
static void sync_failed(struct daemon *d, const char *why)
{
	bool again = !strncmp(d->sync_trouble, why, sizeof(d->sync_trouble) - 1);

	log_message(again ? LOG_DEBUG : LOG_ERR, "updating the kernel's maps: %s", why);
	snprintf(d->sync_trouble, sizeof(d->sync_trouble), "%s", why);
}

static int sync_desired(struct daemon *d, struct desired *desired)
{
	struct plan *plan = NULL;
	int r = dataplane_sync(d->dataplane, desired, &plan);
	const char *why = dataplane_error(d->dataplane);

	if (plan) {
		log_plan(plan);
		plan_free(plan);
	}
	if (r)
		sync_failed(d, why[0] ? why : strerror(-r));
	else
		d->sync_trouble[0] = '\0';
	attach_tell_changes(d);
	trace_follow(d);
	return r;
}

static int sync_model(struct daemon *d)
{
	struct desired *desired;
	int r = model_desired(daemon_model(d), ifindex_of, d, &desired);

	if (r) {
		sync_failed(d, strerror(-r));
		return r;
	}
	r = sync_desired(d, desired);
	model_desired_free(desired);
	if (!r)
		table_lines_log(d);
	status_notify(d);
	track_update(d);
	return r;
}

static int plan_only(struct dataplane *dp, const struct desired *desired, char *error,
		     size_t error_size)
{
	struct plan *plan = NULL;
	int r = dataplane_plan(dp, desired, &plan);
	const char *why = dataplane_error(dp);

	plan_free(plan);
	if (r)
		snprintf(error, error_size, "%s", why[0] ? why : strerror(-r));
	return r;
}

int sync_check(struct daemon *d, const struct model *m, char *error, size_t error_size)
{
	struct desired *desired;
	int r = model_desired(m, ifindex_of, d, &desired);

	if (r) {
		snprintf(error, error_size, "%s", strerror(-r));
		return r;
	}
	if (d->dataplane)
		r = plan_only(d->dataplane, desired, error, error_size);
	else
		r = dataplane_check(desired, error, error_size);
	model_desired_free(desired);
	return r;
}

int sync_plan(struct daemon *d, const struct model *m, char *error, size_t error_size,
	      struct plan **ret)
{
	struct desired *desired;
	const char *why;
	int r;

	if (!d->dataplane) {
		snprintf(error, error_size, "nothing is attached, so there is nothing to compare");
		return -ENOENT;
	}
	r = model_desired(m, ifindex_of, d, &desired);
	if (r) {
		snprintf(error, error_size, "%s", strerror(-r));
		return r;
	}
	r = dataplane_plan_flows(d->dataplane, desired, ret);
	model_desired_free(desired);
	if (r) {
		why = dataplane_error(d->dataplane);
		snprintf(error, error_size, "%s", why[0] ? why : strerror(-r));
	}
	return r;
}

static int on_later(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *d = data;

	d->later = sd_event_source_disable_unref(d->later);
	sync_now(d);
	return 0;
}

static int sync_at(struct daemon *d, uint64_t usec)
{
	int r;

	d->later = sd_event_source_disable_unref(d->later);
	r = sd_event_add_time(d->event, &d->later, CLOCK_MONOTONIC, usec, 1, on_later, d);
	return r < 0 ? r : sd_event_source_set_priority(d->later, SYNC_PRIORITY);
}

bool sync_is_possible(const struct daemon *d)
{
	return d->dataplane && !d->settling && !d->following;
}

int sync_now(struct daemon *d)
{
	uint64_t begin = monotonic_us(), took;
	int r;

	if (!sync_is_possible(d))
		return 0;
	r = sync_model(d);
	took = monotonic_us() - begin;
	log_debug("the kernel's maps are up to date, which took %u us", (unsigned)took);
	d->sync_again_at = begin + took + (took < MAX_DELAY_USEC ? took : MAX_DELAY_USEC);
	if (r)
		sync_at(d, begin + took + RETRY_USEC);
	else
		d->later = sd_event_source_disable_unref(d->later);
	return r;
}

void sync_soon(struct daemon *d)
{
	uint64_t at, now = monotonic_us();
	uint64_t when = now > d->sync_again_at ? now : d->sync_again_at;

	if (!sync_is_possible(d))
		return;
	if (d->later && sd_event_source_get_time(d->later, &at) >= 0 && at <= when)
		return;
	if (sync_at(d, when) < 0)
		sync_now(d);
}

void sync_flush(struct daemon *d)
{
	if (d->later && !d->sync_trouble[0])
		sync_now(d);
}

void sync_check_started(struct daemon *d)
{
	if (d->started || !d->synced || d->options.oneshot ||
	    (d->dataplane && dataplane_is_loading(d->dataplane)))
		return;
	d->started = true;
	sd_notify(0, "READY=1");
}

static void settled(struct daemon *d)
{
	int r;

	d->settling = false;
	d->settle = sd_event_source_disable_unref(d->settle);
	r = sync_now(d);
	attach_all(d);
	d->synced = true;
	track_update(d);
	if (d->options.oneshot)
		sd_event_exit(d->event, r || !attach_wishes_met(d) ? EXIT_FAILED : EXIT_DONE);
	sync_check_started(d);
}

static int on_settle_timeout(sd_event_source *source, uint64_t usec, void *data)
{
	settled(data);
	return 0;
}

/* --oneshot probes each host once: it waits as long as the slowest check may take. */
static unsigned oneshot_ms(const struct daemon *d)
{
	unsigned ms = SETTLE_ADOPTED_MS;

	for (unsigned i = 0; i < d->model->n_tables; i++)
		if (d->model->tables[i].target->timeout_ms > ms)
			ms = d->model->tables[i].target->timeout_ms;
	return ms + 500;
}

int sync_begin_settling(struct daemon *d, bool adopted)
{
	uint64_t ms = adopted ? SETTLE_ADOPTED_MS : SETTLE_FRESH_MS;

	if (d->options.oneshot)
		ms = oneshot_ms(d);
	d->settling = true;
	return sd_event_add_time_relative(d->event, &d->settle, CLOCK_MONOTONIC, ms * 1000, 0,
					  on_settle_timeout, d);
}

void sync_check_settled(struct daemon *d)
{
	if (d->settling && !d->following && hosts_all_answered(d))
		settled(d);
}
