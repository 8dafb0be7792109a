/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Each host of the model with its check and its next hop: results go into the model, the model into
 * the kernel, and then the log says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/followed.h"
#include "daemon/log.h"

#define OVERRUN_QUIET_MS 60000 /* told again after so long without any */

/* ---- results of checks --------------------------------------------------------------------- */
static void log_change(const struct daemon *d, const struct host_change *change)
{
	const struct cfg *conf = d->model->conf;
	const struct host *h = change->host;
	char text[256], ms[12], percent[16] = "";
	double availability;

	if (change->changed || change->ignored ? !conf->log_state_changes : !conf->log_host_checks)
		return;
	snprintf(ms, sizeof(ms), "%u", h->latency_ms);
	if (host_availability(h, &availability))
		snprintf(percent, sizeof(percent), "%.2f", availability);
	log_fields(LOG_INFO, host_change_text(change, text, sizeof(text)), "XLB_HOST",
		   h->conf->name, "XLB_TABLE", h->table->name, "XLB_CHECK",
		   cfg_check_name(&h->table->target->check), "XLB_OLD_STATE",
		   host_health_name(change->before), "XLB_NEW_STATE",
		   host_health_name(change->after), "XLB_REASON", h->reason, "XLB_LATENCY_MS", ms,
		   "XLB_AVAILABILITY", percent[0] ? percent : NULL, NULL);
}

static void publish_change(const struct daemon *d, const struct host_change *change)
{
	if (!change->changed || !d->control)
		return;
	control_event(d->control,
		      json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "type",
				"host_status", "id", (int)change->host->id, "name",
				change->host->conf->name, "table", change->host->table->name,
				"state", host_health_name(change->after), "before",
				host_health_name(change->before), "reason", change->host->reason,
				"check", cfg_check_name(&change->host->table->target->check),
				"latency_ms", (int)change->host->latency_ms));
}

/* Nothing comes between the result and the kernel, if it is "down". */
static bool take_change(struct daemon *d, const struct host_change *change)
{
	if (change->changed && change->after == HOST_DOWN)
		withdraw_host(d, change->host);
	return change->changed;
}

/* The host and its children: first all states, then the kernel, then the log. */
static void apply_result(struct daemon *d, struct host *host, const struct probe_result *result)
{
	struct host_change changes[1 + CFG_MAX_HOSTS];
	uint64_t now = monotonic_ms();
	bool changed;
	unsigned n = 0;

	if (d->failures && !result->not_made && result->health == HOST_DOWN)
		failures_count(d->failures, host->id, result->reason);
	host_probe_result(host, result, now, &changes[n]);
	changed = take_change(d, &changes[n++]);
	for (struct host *child = host->children; child && n < 1 + CFG_MAX_HOSTS;
	     child = child->next_sibling) {
		host_follow_parent(child, result, now, &changes[n]);
		changed |= take_change(d, &changes[n++]);
	}
	if (changed) {
		d->model_changed = true;
		sync_soon(d);
	}
	for (unsigned i = 0; i < n; i++) {
		log_change(d, &changes[i]);
		publish_change(d, &changes[i]);
	}
}

/* ---- scripts the wrong way round ----------------------------------------------------------- */
/* All hosts of the table that are checked have had their first result, and it is suspicious. */
static bool all_look_inverted(const struct daemon *d, const struct table *t)
{
	for (unsigned i = 0; i < d->n_followed; i++) {
		const struct followed_host *f = &d->followed[i];

		if (f->host->table == t && f->probe && !f->looks_inverted)
			return false;
	}
	return true;
}

/*
 * A script in the manner of other programs says 0 for "ok", which relayd and we take for "down". If
 * that is what all of a table's hosts begin with, it is said once, with the last of them.
 */
static void warn_if_inverted(const struct daemon *d, struct followed_host *f,
			     const struct probe_result *result)
{
	const struct table *t = f->host->table;

	if (f->probed || t->target->check.type != CFG_CHECK_SCRIPT)
		return;
	f->looks_inverted = result->exit_zero;
	if (!f->looks_inverted || !all_look_inverted(d, t))
		return;
	log_warning("table %s: all hosts begin as down, as script %s exits with status 0. As in "
		    "relayd, "
		    "0 means DOWN, and any other status means up: is it the wrong way round?",
		    t->name, t->target->check.path);
}

/* ---- results ------------------------------------------------------------------------------- */
/* Looking again soon is worth it while it is not sure which way a host goes. */
static void set_pace(const struct followed_host *f)
{
	const struct host *h = f->host;
	const struct cfg_target *target = h->table->target;

	probe_set_interval(f->probe, host_in_transition(h) ? cfg_fast_interval_ms(h->conf, target) :
							     target->interval_s * 1000);
}

static void on_result(void *probe_data, const struct probe_result *result, void *data)
{
	struct followed_host *f = probe_data;

	apply_result(data, f->host, result);
	set_pace(f);
	warn_if_inverted(data, f, result);
	f->probed = true;
	sync_check_settled(data);
}

const struct prober_callbacks daemon_prober_callbacks = { .result = on_result };

/* ---- checks -------------------------------------------------------------------------------- */
static struct probe_target target_of(const struct followed_host *f)
{
	const struct table *t = f->host->table;

	return (struct probe_target){
		.name = f->host->conf->name,
		.addr = f->host->conf->addr,
		.port = t->port,
		.check = &t->target->check,
		.interval_ms = t->target->interval_s * 1000,
		.timeout_ms = t->target->timeout_ms,
		.ttl = f->host->conf->ttl,
	};
}

static int start_probe(struct followed_host *f, const struct probe_target *target)
{
	int r;

	f->mark = target->mark;
	f->ifindex = target->ifindex;
	r = prober_add(f->daemon->prober, target, f->host->health == HOST_UNKNOWN, f, &f->probe);
	if (r == -EOPNOTSUPP) {
		log_warning("table %s: check %s is not done by this version; host %s stays unknown",
			    f->host->table->name, cfg_check_name(target->check),
			    f->host->conf->name);
		f->probed = true;
		return 0;
	}
	return r;
}

static bool wants_probe(const struct host *h)
{
	return host_is_checked(h) && h->conf->addr.family != AF_UNSPEC;
}

/* Starts, ends or renews the host's check, as things are now. */
static int refresh(struct followed_host *f)
{
	struct probe_target target = target_of(f);
	const char *why = NULL;
	bool wanted = wants_probe(f->host) && dsr_prepare(f, &target, &why);

	if (f->probe && (!wanted || target.mark != f->mark || target.ifindex != f->ifindex)) {
		prober_remove(f->probe);
		f->probe = NULL;
	}
	if (why)
		apply_result(f->daemon, f->host,
			     &(struct probe_result){ .not_made = true, .reason = why });
	return !f->probe && wanted ? start_probe(f, &target) : 0;
}

/* The way to the host may be another one. */
static void renew_dsr(struct followed_host *f)
{
	int r;

	dsr_attach(f->daemon);
	r = refresh(f);
	if (r)
		log_error("check of host %s: %s", f->host->conf->name, strerror(-r));
}

/* ---- next hops ----------------------------------------------------------------------------- */
static void on_next_hop(struct net_watch *watch, const struct next_hop *next_hop, void *watch_data,
			void *data)
{
	struct followed_host *f = watch_data;
	struct daemon *d = data;

	if (host_set_next_hop(f->host, next_hop)) {
		if (next_hop->state != NEXT_HOP_OK)
			withdraw_host(d, f->host);
		log_debug("host %s: next hop %s", f->host->conf->name,
			  next_hop_state_name(next_hop->state));
		d->model_changed = true;
		sync_soon(d);
		if (d->synced)
			attach_all(d); /* it may be reached by another interface now */
		if (f->host->table->target->check.dsr && !d->following)
			renew_dsr(f);
	}
	sync_check_settled(d);
}

static void on_link(uint32_t ifindex, void *data)
{
	attach_link_event(data, ifindex);
}

static void on_address(void *data)
{
	struct daemon *d = data;

	if (nat_check(d, d->model)) {
		model_update(d->model);
		sync_soon(d);
	}
	if (d->synced)
		attach_all(d);
}

/* A storm has many of them. */
static void on_overrun(unsigned n, void *data)
{
	struct daemon *d = data;
	uint64_t now = monotonic_ms();
	bool again = d->overrun_at && now - d->overrun_at < OVERRUN_QUIET_MS;

	log_message(again ? LOG_DEBUG : LOG_NOTICE,
		    "rtnetlink: more changes at a time than its socket holds: interfaces, "
		    "addresses and next hops have been read anew (%u in all)",
		    n);
	d->overrun_at = now;
}

const struct net_callbacks daemon_net_callbacks = {
	.next_hop = on_next_hop, .link = on_link, .address = on_address, .overrun = on_overrun
};

/* ---- following ----------------------------------------------------------------------------- */
static bool wants_watch(const struct host *h)
{
	return h->conf->addr.family != AF_UNSPEC;
}

static int follow(struct followed_host *f)
{
	if (!wants_watch(f->host))
		return 0;
	return net_watch_add(f->daemon->net, &f->host->conf->addr,
			     f->host->table->target->interface, f, &f->watch);
}

static void unfollow(struct net *net, struct followed_host *list, unsigned n)
{
	if (net)
		net_begin_changes(net);
	for (unsigned i = 0; i < n; i++) {
		if (list[i].probe)
			prober_remove(list[i].probe);
		if (list[i].watch)
			net_watch_remove(list[i].watch);
	}
	if (net)
		net_end_changes(net);
	free(list);
}

int hosts_follow(struct daemon *d)
{
	struct followed_host *before = d->followed, *list;
	unsigned n_before = d->n_followed, n = 0;
	int r = 0;

	for (unsigned i = 0; i < d->model->n_tables; i++)
		n += d->model->tables[i].n_hosts;
	list = calloc(n ? n : 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	d->followed = list;
	d->n_followed = 0;
	d->following = true;
	for (unsigned i = 0; i < d->model->n_tables && !r; i++) {
		struct table *t = &d->model->tables[i];

		for (unsigned j = 0; j < t->n_hosts && !r; j++) {
			struct followed_host *f = &list[d->n_followed++];

			f->daemon = d;
			f->host = &t->hosts[j];
			r = follow(f);
		}
	}
	if (!r)
		r = hosts_refresh(d);
	d->following = false;
	unfollow(d->net, before, n_before);
	return r;
}

void hosts_unfollow(struct daemon *d)
{
	unfollow(d->net, d->followed, d->n_followed);
	d->followed = NULL;
	d->n_followed = 0;
}

int hosts_refresh(struct daemon *d)
{
	int r = 0;

	dsr_attach(d);
	for (unsigned i = 0; i < d->n_followed && !r; i++)
		r = refresh(&d->followed[i]);
	return r;
}

bool hosts_all_answered(const struct daemon *d)
{
	for (unsigned i = 0; i < d->n_followed; i++) {
		const struct followed_host *f = &d->followed[i];

		if (f->probe && !f->probed && f->host->health == HOST_UNKNOWN)
			return false;
		if (f->watch && net_watch_next_hop(f->watch)->state == NEXT_HOP_UNKNOWN)
			return false;
	}
	return true;
}

/* ---- adoption ------------------------------------------------------------------------------ */
/* A host that takes new flows in the kernel was up when the former daemon last looked. */
static bool adopt_host(struct daemon *d, struct service *s, struct host *h)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	uint8_t flags;

	for (unsigned i = 0; i < 2; i++) {
		if (dataplane_host_flags(d->dataplane, s->name, protocols[i], &h->conf->addr,
					 &flags))
			continue;
		if (flags & XLB_HOST_NEW) {
			host_adopt(h, HOST_UP, monotonic_ms());
			return true;
		}
	}
	return false;
}

unsigned hosts_adopt(struct daemon *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->model->n_services; i++) {
		struct service *s = &d->model->services[i];

		for (struct table **t = s->tables; s->served && t && *t; t++)
			for (unsigned j = 0; j < (*t)->n_hosts; j++)
				n += adopt_host(d, s, &(*t)->hosts[j]);
	}
	if (n)
		model_update(d->model);
	return n;
}
