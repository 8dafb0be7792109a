/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A reload that is undone unless somebody confirms it: whoever locks himself out need only wait.
 *
 * The former model is put aside, whole. So that the end of the daemon, or of the box, does not
 * confirm what nobody did, there is a record in the state directory: what waits to be confirmed,
 * and what it replaces, as text. A daemon that starts with a file that says what the record says
 * nobody confirmed uses the one before. A file that says something else is a new decision, and the
 * record is over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/print.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/state.h"

#define UNCONFIRMED "unconfirmed.conf" /* there is a record if this file is there */
#define FORMER "former.conf"

/* ---- the record ---------------------------------------------------------------------------- */
static const char *record_path(const char *directory, const char *name, char path[4096])
{
	snprintf(path, 4096, "%s/%s", directory, name);
	return path;
}

static int print_text(const struct cfg *cfg, char **ret_text, size_t *ret_len)
{
	FILE *out = open_memstream(ret_text, ret_len);
	int r;

	if (!out)
		return -errno;
	r = cfg_print(cfg, out);
	if (fclose(out) != 0 && !r)
		r = -ENOMEM;
	if (r)
		free(*ret_text);
	return r;
}

static int record_write(const char *directory, const char *name, const struct cfg *cfg)
{
	char path[4096];
	size_t len;
	char *text;
	int r = print_text(cfg, &text, &len);

	if (r)
		return r;
	r = state_write_file(record_path(directory, name, path), text, len);
	free(text);
	return r;
}

static void record_remove(const char *directory)
{
	char path[4096];

	unlink(record_path(directory, UNCONFIRMED, path));
	unlink(record_path(directory, FORMER, path));
}

/* The former one first: half a record is none. */
static bool record_keep(const struct daemon *d)
{
	int r;

	mkdir(d->state, 0755); /* systemd makes it; without systemd we do */
	record_remove(d->state);
	r = record_write(d->state, FORMER, d->former->conf);
	if (!r)
		r = record_write(d->state, UNCONFIRMED, d->model->conf);
	if (r)
		log_warning("%s: %s; a restart would confirm this reload", d->state, strerror(-r));
	return !r;
}

/* ---- waiting ------------------------------------------------------------------------------- */
static void forget_former(struct daemon *d)
{
	d->confirm = sd_event_source_disable_unref(d->confirm);
	model_free(d->former);
	d->former = NULL;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *data)
{
	struct control_error error = { 0 };

	log_warning("nobody has confirmed the reload");
	confirm_rollback(data, &error);
	return 0;
}

static int wait_for(struct daemon *d, unsigned seconds)
{
	d->confirm = sd_event_source_disable_unref(d->confirm);
	d->confirm_until = time(NULL) + seconds;
	return sd_event_add_time_relative(d->event, &d->confirm, CLOCK_MONOTONIC,
					  seconds * 1000000ull, 0, on_timeout, d);
}

void confirm_reloaded(struct daemon *d, struct model *former, unsigned confirm_s, bool own_file)
{
	bool waits = d->former;

	if (!confirm_s) {
		model_free(former);
		if (own_file)
			record_remove(d->state);
		forget_former(d);
		d->rolled_back = false;
		d->keeps_record = false;
		return;
	}
	/* Not confirmed itself: the one before it is what to go back to. */
	if (waits)
		model_free(former);
	else
		d->former = former;
	d->rolled_back = false;
	d->keeps_record = own_file && record_keep(d);
	if (wait_for(d, confirm_s) < 0) {
		log_error("no timer: the reload is taken for confirmed");
		forget_former(d);
	}
}

unsigned confirm_left(const struct daemon *d)
{
	time_t now = time(NULL);

	if (!d->former)
		return 0;
	return d->confirm_until > now ? (unsigned)(d->confirm_until - now) : 1;
}

int confirm(struct daemon *d, struct control_error *error)
{
	if (!d->former) {
		snprintf(error->message, sizeof(error->message), "there is nothing to confirm");
		return -ENOENT;
	}
	forget_former(d);
	if (d->keeps_record)
		record_remove(d->state);
	d->keeps_record = false;
	log_notice("the reload is confirmed");
	publish(d, json_pack("{s:s}", "type", "confirm"));
	status_notify(d);
	return 0;
}

/* The record stays: a restart, too, is to use the former one. */
int confirm_rollback(struct daemon *d, struct control_error *error)
{
	struct model *former = d->former, *abandoned;
	int r;

	if (!former) {
		snprintf(error->message, sizeof(error->message), "there is nothing to roll back");
		return -ENOENT;
	}
	d->confirm = sd_event_source_disable_unref(d->confirm);
	d->former = NULL;
	model_catch_up(former, d->model);
	r = reload_swap(d, former, &abandoned);
	model_free(abandoned);
	d->rolled_back = true;
	if (r) {
		snprintf(error->message, sizeof(error->message), "rolled back, but: %s",
			 strerror(-r));
		log_error("%s", error->message);
	} else {
		log_notice("rolled back to the configuration before the reload");
	}
	publish(d, json_pack("{s:s, s:b}", "type", "rollback", "ok", !r));
	status_notify(d);
	return r;
}

void confirm_stop(struct daemon *d)
{
	if (d->former && d->keeps_record)
		log_warning("the reload was not confirmed: the next start goes back to the "
			    "configuration before it");
	else if (d->former)
		log_warning("what was loaded is not confirmed; the next start reads %s",
			    d->options.config);
	forget_former(d);
}

/* ---- at the start -------------------------------------------------------------------------- */
static bool is_unconfirmed(const char *directory, const struct cfg *conf)
{
	size_t len, recorded_len;
	char path[4096], *text, *recorded;
	bool same;

	if (cfg_read_include(record_path(directory, UNCONFIRMED, path), &recorded, &recorded_len,
			     NULL))
		return false;
	if (print_text(conf, &text, &len)) {
		free(recorded);
		return false;
	}
	same = len == recorded_len && memcmp(text, recorded, len) == 0;
	free(text);
	free(recorded);
	return same;
}

int confirm_recover(const struct options *o, struct cfg **conf, bool *ret_rolled_back)
{
	const char *directory = state_directory(o->state);
	const struct cfg_options options = { 0 };
	struct diag diag = { 0 };
	struct cfg *former;
	char path[4096];
	int r;

	*ret_rolled_back = false;
	if (!is_unconfirmed(directory, *conf)) {
		record_remove(directory);
		return 0;
	}
	r = cfg_parse_file(record_path(directory, FORMER, path), &options, &diag, &former);
	if (!r) {
		cfg_free(*conf);
		*conf = former;
		*ret_rolled_back = true;
		fprintf(stderr,
			"xlbd: %s was reloaded and not confirmed: using what was before it, %s\n"
			"xlbd: \"xlbctl reload\" loads %s\n",
			o->config, path, o->config);
	} else {
		diag_print(&diag, stderr, false);
	}
	diag_clear(&diag);
	return r;
}
