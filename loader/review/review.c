/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "review/review.h"

#include <errno.h>
#include <string.h>

#include "dataplane/dataplane.h"

int review_build(struct cfg *conf, const struct model *old, struct diag *diag, struct model **ret)
{
	const struct cfg_pos whole = { .file = conf->file };
	const struct cfg_host *bad;
	int r = model_build(conf, old, ret);

	if (r == -EINVAL && model_bad_parent(conf, &bad) == -EINVAL)
		diag_add(diag, DIAG_ERROR, bad->pos, NULL,
			 "ids of hosts are those of \"xlbctl show hosts\" after a fresh start",
			 "host parent id %u invalid", bad->parent);
	else if (r < 0)
		diag_add(diag, DIAG_ERROR, whole, NULL, NULL, "%s", strerror(-r));
	return r;
}

static void note_left_out(const struct service *s, const struct table *t, struct diag *diag)
{
	for (unsigned i = 0; i < t->n_hosts; i++) {
		const char *why = service_leaves_out(s, &t->hosts[i]);

		if (why)
			diag_add(diag, DIAG_NOTE, t->hosts[i].conf->pos, NULL, NULL,
				 "%s \"%s\" leaves host %s out: %s", service_kind_name(s->kind),
				 s->name, t->hosts[i].conf->name, why);
	}
}

static void note_unserved(const struct service *s, struct diag *diag)
{
	if (!s->served)
		diag_add(diag, DIAG_NOTE, s->relay ? s->relay->pos : s->redirect->pos, NULL, NULL,
			 "%s \"%s\" is not served: %s", service_kind_name(s->kind), s->name,
			 s->why_not);
	for (struct table **t = s->tables; s->served && *t; t++)
		note_left_out(s, *t, diag);
}

void review_notes(const struct model *m, struct diag *diag)
{
	for (unsigned i = 0; i < m->n_services; i++)
		note_unserved(&m->services[i], diag);
}

/* Whether it exists here says nothing about the size. */
static uint32_t any_interface(const char *name, void *data)
{
	return 1;
}

int review_size(const struct model *m, struct diag *diag)
{
	const struct cfg_pos whole = { .file = m->conf->file };
	struct desired *desired;
	char text[256];
	int r = model_desired(m, any_interface, NULL, &desired);

	if (r < 0) {
		diag_add(diag, DIAG_ERROR, whole, NULL, NULL, "%s", strerror(-r));
		return r;
	}
	r = dataplane_check(desired, text, sizeof(text));
	if (r < 0)
		diag_add(diag, DIAG_ERROR, whole, NULL, NULL, "%s", text);
	model_desired_free(desired);
	return r;
}

int review_all(struct cfg *conf, struct diag *diag)
{
	struct model *model;
	int r = review_build(conf, NULL, diag, &model);

	if (r < 0) {
		cfg_free(conf);
		return r;
	}
	review_notes(model, diag);
	r = review_size(model, diag);
	model_free(model);
	return r;
}
