/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A new configuration: parsed and built beside the old one, which stays until the new one is whole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/state.h"

static int fits(struct daemon *d, struct model *next, struct diag *diag)
{
	const struct cfg_pos whole = { .file = d->options.config };
	char text[256];
	int r;

	model_update(next);
	r = sync_check(d, next, text, sizeof(text));
	if (r)
		diag_add(diag, DIAG_ERROR, whole, NULL, NULL, "%s", text);
	return r;
}

static int build(struct daemon *d, struct diag *diag, struct model **ret)
{
	const struct cfg_options options = { .macros = d->options.macros,
					     .n_macros = d->options.n_macros };
	const struct cfg_host *bad;
	struct cfg *conf;
	int r;

	r = cfg_parse_file(d->options.config, &options, diag, &conf);
	if (r)
		return r;
	r = model_build(conf, d->model, ret);
	if (r == -EINVAL && model_bad_parent(conf, &bad) == -EINVAL)
		diag_add(diag, DIAG_ERROR, bad->pos, NULL, NULL, "host parent id %u invalid",
			 bad->parent);
	if (r) {
		cfg_free(conf);
		return r;
	}
	r = fits(d, *ret, diag);
	if (r)
		model_free(*ret);
	return r;
}

/* The former model must live until nothing follows its hosts any more. */
static int swap(struct daemon *d, struct model *next)
{
	struct model *before = d->model;
	int r;

	d->model = next;
	r = hosts_follow(d);
	model_free(before);
	if (r)
		return r;
	r = sync_now(d);
	attach_all(d);
	state_save(d->model, d->state);
	return r;
}

int reload(struct daemon *d, struct diag *diag, struct control_error *error)
{
	struct model *next;
	int r;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)monotonic_ms() * 1000);
	r = build(d, diag, &next);
	if (r) {
		snprintf(error->message, sizeof(error->message),
			 "%s: not loaded, the former configuration stays", d->options.config);
		sd_notifyf(0, "READY=1\nSTATUS=reload failed: %s", error->message);
		return r;
	}
	r = swap(d, next);
	sd_notify(0, "READY=1");
	if (r)
		snprintf(error->message, sizeof(error->message), "loaded, but: %s", strerror(-r));
	else
		log_notice("configuration reloaded");
	if (d->control)
		control_event(d->control, json_pack("{s:s, s:b}", "type", "reload", "ok", !r));
	return r;
}
