/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A new configuration: parsed and built beside the old one, which stays until the new one is whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/pflow.h"
#include "daemon/state.h"
#include "daemon/table_lines.h"
#include "dataplane/plan.h"
#include "review/review.h"

#define MAX_SENT_MACROS 64

/* ---- reading ------------------------------------------------------------------------------- */
/* A request brings the files along that its text includes: it is read with the rights of whoever
 * sent it, not with ours. */
static int read_sent(const char *path, char **ret_text, size_t *ret_len, void *data)
{
	const json_t *text = json_object_get(data, path);
	size_t len = json_string_length(text);

	if (!json_is_string(text))
		return -ENOENT;
	*ret_text = malloc(len + 1);
	if (!*ret_text)
		return -ENOMEM;
	memcpy(*ret_text, json_string_value(text), len + 1);
	*ret_len = len;
	return 0;
}

static int parse_sent(const struct daemon *d, const struct control_config *from, struct diag *diag,
		      struct cfg **ret)
{
	struct cfg_macro macros[MAX_MACROS + MAX_SENT_MACROS];
	struct cfg_options options = { .macros = macros,
				       .n_macros = d->options.n_macros,
				       .read = read_sent,
				       .read_data = (void *)from->includes };
	const char *name;
	json_t *value;

	memcpy(macros, d->options.macros, d->options.n_macros * sizeof(*macros));
	json_object_foreach((json_t *)from->macros, name, value)
		if (options.n_macros < MAX_MACROS + MAX_SENT_MACROS)
			macros[options.n_macros++] =
				(struct cfg_macro){ name, json_string_value(value) };
	return cfg_parse_text(from->name, from->text, from->len, &options, diag, ret);
}

static int parse(const struct daemon *d, const struct control_config *from, struct diag *diag,
		 struct cfg **ret)
{
	const struct cfg_options options = { .macros = d->options.macros,
					     .n_macros = d->options.n_macros };

	return from ? parse_sent(d, from, diag, ret) :
		      cfg_parse_file(d->options.config, &options, diag, ret);
}

static int fits(struct daemon *d, const struct model *next, struct diag *diag)
{
	const struct cfg_pos whole = { .file = next->conf->file };
	char text[256];
	int r = sync_check(d, next, text, sizeof(text));

	if (r)
		diag_add(diag, DIAG_ERROR, whole, NULL, NULL, "%s", text);
	return r;
}

static int build(struct daemon *d, const struct control_config *from, struct diag *diag,
		 struct model **ret)
{
	struct cfg *conf;
	int r = parse(d, from, diag, &conf);

	if (r)
		return r;
	r = review_build(conf, d->model, diag, ret);
	if (r) {
		cfg_free(conf);
		return r;
	}
	nat_check(d, *ret);
	model_update(*ret);
	review_notes(*ret, diag);
	return 0;
}

/* ---- loading ------------------------------------------------------------------------------- */
int reload_swap(struct daemon *d, struct model *next, struct model **ret_before)
{
	int r;

	*ret_before = d->model;
	d->model = next;
	d->model_changed = true;
	page_restart(d->page);
	if (nat_check(d, next)) /* since it was built */
		model_update(next);
	trace_packets_follow(d);
	pflog_follow(d);
	r = hosts_follow(d);
	if (!r)
		r = pflow_follow(d);
	if (r)
		return r;
	r = sync_now(d);
	attach_all(d);
	state_save(d->model, d->state);
	if (d->page)
		page_listen(d->page, next->conf->status);
	return r;
}

static const struct diag_item *first_error(const struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++)
		if (diag->items[i].level == DIAG_ERROR)
			return &diag->items[i];
	return NULL;
}

/* In one line, for those who don't see the diagnostics. */
static void note_trouble(struct daemon *d, const char *file, const struct diag *diag)
{
	const struct diag_item *e = first_error(diag);
	char place[256] = "", more[48] = "";

	if (e && e->line)
		snprintf(place, sizeof(place), "%s:%d:%d: ", e->file, e->line, e->col);
	if (diag->n_errors > 1)
		snprintf(more, sizeof(more), " (and %zu more)", diag->n_errors - 1);
	snprintf(d->reload_trouble, sizeof(d->reload_trouble), "reload of %s failed: %s%s%s", file,
		 place, e ? e->message : "out of memory", more);
}

static int refuse(struct daemon *d, const char *file, const struct diag *diag,
		  struct control_error *error, int r)
{
	snprintf(error->message, sizeof(error->message),
		 "%s: not loaded, the former configuration stays", file);
	note_trouble(d, file, diag);
	watch_reloaded(d, false);
	publish(d, json_pack("{s:s, s:b, s:s, s:s}", "type", "reload", "ok", 0, "file", file,
			     "error", d->reload_trouble));
	return r;
}

static int load(struct daemon *d, const struct control_config *from, unsigned confirm_s,
		struct diag *diag, struct control_error *error)
{
	const char *file = from ? from->name : d->options.config;
	struct model *next, *before;
	int r = build(d, from, diag, &next);

	if (r)
		return refuse(d, file, diag, error, r);
	r = fits(d, next, diag);
	if (r) {
		model_free(next);
		return refuse(d, file, diag, error, r);
	}
	d->reload_trouble[0] = '\0';
	r = reload_swap(d, next, &before);
	confirm_reloaded(d, before, confirm_s, !from);
	if (r && d->sync_trouble[0])
		snprintf(
			error->message, sizeof(error->message),
			"loaded, but not in the kernel yet, which is tried again every 5 s: %.400s",
			d->sync_trouble);
	else if (r)
		snprintf(error->message, sizeof(error->message), "loaded, but: %s", strerror(-r));
	else if (confirm_s)
		log_notice("configuration reloaded from %s, for %u s unless confirmed", file,
			   confirm_s);
	else
		log_notice("configuration reloaded from %s", file);
	watch_reloaded(d, true);
	table_lines_relays(d->model);
	publish(d, json_pack("{s:s, s:b, s:s, s:i}", "type", "reload", "ok", !r, "file", file,
			     "confirm_s", (int)confirm_s));
	return r;
}

int reload(struct daemon *d, const struct control_config *from, unsigned confirm_s,
	   struct diag *diag, struct control_error *error)
{
	int r;

	/* As pflogd at SIGHUP, and whatever comes of the rest. */
	pflog_reopen(d);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)monotonic_ms() * 1000);
	r = load(d, from, confirm_s, diag, error);
	sd_notify(0, "READY=1");
	status_notify(d);
	return r;
}

int reload_plan(struct daemon *d, const struct control_config *from, struct diag *diag,
		struct control_error *error, struct plan **ret)
{
	const char *file = from ? from->name : d->options.config;
	struct model *next;
	char why[256];
	int r = build(d, from, diag, &next);

	if (r) {
		snprintf(error->message, sizeof(error->message), "%s would not be loaded", file);
		return r;
	}
	r = sync_plan(d, next, why, sizeof(why), ret);
	if (r)
		snprintf(error->message, sizeof(error->message), "%s would not be loaded: %s", file,
			 why);
	model_free(next);
	return r;
}
