/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The daemon's life: start in an order in which nothing is half there, run, leave. */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "daemon/conn_log.h"
#include "daemon/conns.h"
#include "daemon/flows.h"
#include "daemon/log.h"
#include "daemon/pflow.h"
#include "daemon/request_log.h"
#include "daemon/state.h"
#include "review/review.h"
#include "daemon/table_lines.h"

#define TICK_USEC 1000000u
#define RETRY_TICKS 10 /* an interface that could not be used is tried again */

extern const struct prober_callbacks daemon_prober_callbacks;
extern const struct net_callbacks daemon_net_callbacks;

uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t monotonic_ms(void)
{
	return monotonic_us() / 1000;
}

struct model *daemon_model(struct daemon *d)
{
	if (d->model_changed)
		model_update(d->model);
	d->model_changed = false;
	return d->model;
}

/* ---- event sources ------------------------------------------------------------------------- */
static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *d = data;
	int r = d->dataplane ? dataplane_tick(d->dataplane) : 0;

	if (r)
		log_warning("sweeping the flow table: %s", strerror(-r));
	if (++d->ticks % RETRY_TICKS == 0) {
		attach_retry(d);
		page_retry(d->page);
	}
	flows_pass_time(d);
	conn_log_tick(d);
	request_log_tick(d);
	pflog_tick(d);
	pflow_tick(d);
	r = signs_look(d);
	if (r)
		log_warning("reading the hosts' counters: %s", strerror(-r));
	r = full_look(d);
	if (r)
		log_warning("reading the counters of reasons: %s", strerror(-r));
	sd_event_source_set_time_relative(source, TICK_USEC);
	return 0;
}

/* For logrotate, which has no business with the configuration. */
static int on_reopen(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	pflog_reopen(data);
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct control_error error = { 0 };
	struct diag diag = { 0 };
	char text[1024];

	if (reload(data, NULL, 0, &diag, &error))
		log_error("reload: %s", error.message);
	for (size_t i = 0; i < diag.n_items; i++) {
		diag_text(&diag.items[i], text, sizeof(text));
		log_message(diag.items[i].level == DIAG_ERROR ? LOG_ERR : LOG_INFO, "%s", text);
	}
	diag_clear(&diag);
	return 0;
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	log_notice("parent terminating, pid %d", getpid()); /* relayd's words */
	sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int add_signals(struct daemon *d)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_add_signal(d->event, NULL, SIGTERM, on_terminate, d);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGINT, on_terminate, d);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGHUP, on_hangup, d);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGUSR1, on_reopen, d);
	return r < 0 ? r : 0;
}

/* ---- start --------------------------------------------------------------------------------- */
static int failed(const char *what, int r)
{
	log_error("%s: %s", what, strerror(-r));
	return r;
}

static int open_event(struct daemon *d)
{
	int r = sd_event_default(&d->event);

	if (r < 0)
		return failed("event loop", r);
	r = add_signals(d);
	if (r)
		return failed("signals", r);
	return 0;
}

static int open_control(struct daemon *d)
{
	const char *path = d->options.socket;
	int r;

	if (!path)
		path = d->model->conf->socket ? d->model->conf->socket : XLB_DEFAULT_SOCKET;
	if (!strcmp(path, XLB_DEFAULT_SOCKET))
		mkdir("/run/xlb", 0755); /* systemd makes it; without systemd we do */
	r = control_open(d->event, path, &daemon_control_ops, d, &d->control);
	if (r == -EADDRINUSE)
		log_error("%s: another xlbd is running", path);
	else if (r)
		log_error("control socket %s: %s", path, strerror(-r));
	return r;
}

static int open_dataplane(struct daemon *d)
{
	const struct dataplane_options options = { .bpffs = d->options.bpffs,
						   .background = !d->options.oneshot };
	char error[1024] = "";
	int r = dataplane_open(&options, error, sizeof(error), &d->dataplane);

	if (r) {
		log_error("%s", error[0] ? error : strerror(-r));
		return r;
	}
	if (dataplane_note(d->dataplane))
		log_notice("%s", dataplane_note(d->dataplane));
	if (!dataplane_has_views(d->dataplane))
		log_notice(
			"the kernel does not allow the maps' text views (show_hosts and others)");
	r = full_begin(d);
	if (r)
		return failed("counters of reasons", r);
	r = conns_follow(d);
	return r ? failed("event buffer", r) : 0;
}

/* Better no start than one that serves nothing: the kernel goes on as before. */
static int check_size(struct daemon *d)
{
	char text[256];
	int r = sync_check(d, d->model, text, sizeof(text));

	if (r)
		log_error("%s: %s", d->options.config, text);
	return r;
}

static void add_wishes(struct daemon *d)
{
	for (size_t i = 0; i < d->options.n_attach; i++) {
		struct interface_wish *w = &d->wishes[d->n_wishes++];

		snprintf(w->name, sizeof(w->name), "%s", d->options.attach[i]);
		w->mode = d->options.mode;
	}
}

/* What is true of the file whether it is read by a start or by -n. */
static void report_notes(const struct daemon *d)
{
	struct diag diag = { 0 };
	char text[1024];

	review_notes(d->model, &diag);
	for (size_t i = 0; i < diag.n_items; i++) {
		diag_text(&diag.items[i], text, sizeof(text));
		log_warning("%s", text);
	}
	diag_clear(&diag);
}

static int follow_hosts(struct daemon *d)
{
	unsigned adopted = hosts_adopt(d);
	int r = sync_begin_settling(d, adopted);

	if (r < 0)
		return failed("timer", r);
	r = hosts_follow(d);
	if (r)
		return failed("checks", r);
	if (adopted)
		log_notice("adopted %u hosts that the kernel already forwards to", adopted);
	sync_check_settled(d);
	return 0;
}

int daemon_start(struct daemon *d, const struct options *options, struct cfg *conf,
		 bool rolled_back)
{
	int r;

	*d = (struct daemon){ .options = *options,
			      .started_at = monotonic_ms(),
			      .rolled_back = rolled_back };
	r = model_build(conf, NULL, &d->model);
	if (r) {
		cfg_free(conf);
		return failed("configuration", r);
	}
	model_update(d->model);
	d->state = state_directory(options->state);
	state_load(d->model, d->state);
	r = open_event(d);
	if (!r)
		r = open_control(d);
	if (r)
		return r;
	r = net_open(d->event, &daemon_net_callbacks, d, &d->net);
	if (r)
		return failed("rtnetlink", r);
	if (nat_check(d, d->model))
		model_update(d->model);
	r = prober_open(d->event, &daemon_prober_callbacks, d, &d->prober);
	if (r)
		return failed("checks", r);
	r = request_log_open(d);
	if (r)
		return failed("log of requests", r);
	r = open_dataplane(d);
	if (!r)
		r = check_size(d);
	if (r)
		return r;
	trace_packets_follow(d);
	pflog_follow(d);
	trace_follow(d);
	r = flows_follow(d);
	if (!r)
		r = pflow_follow(d);
	if (r)
		return failed("connections", r);
	r = watch_open(d);
	if (r)
		return r;
	add_wishes(d);
	report_notes(d);
	nat_note_routed(d);
	log_info("startup"); /* relayd's word */
	table_lines_relays(d->model);
	r = follow_hosts(d);
	if (r)
		return r;
	r = sd_event_add_time_relative(d->event, &d->tick, CLOCK_MONOTONIC, TICK_USEC, 0, on_tick,
				       d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->tick, SD_EVENT_ON);
	/* Not before the loop is about to run: the first sign of life arms systemd's clock, and the
	 * verifier may take longer than that. */
	if (r >= 0)
		r = sd_event_set_watchdog(d->event, true);
	return r < 0 ? failed("timer", r) : 0;
}

void daemon_stop(struct daemon *d)
{
	watch_close(d);
	control_close(d->control);
	confirm_stop(d);
	hosts_unfollow(d);
	if (d->prober)
		prober_close(d->prober);
	conns_unfollow(d);
	trace_unfollow(d);
	pflog_unfollow(d);
	trace_packets_clear(d);
	flows_unfollow(d);
	pflow_stop(d);
	if (d->net) /* packets that are read last are told with their interface's name */
		net_close(d->net);
	dataplane_close(d->dataplane);
	request_log_close(d);
	model_free(d->model);
	table_lines_free(d->pf_tables);
	sd_event_source_disable_unref(d->tick);
	sd_event_source_disable_unref(d->settle);
	sd_event_source_disable_unref(d->later);
	sd_event_unref(d->event);
}
