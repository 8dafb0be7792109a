/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/failures.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#define OTHER "other"

struct host_failures {
	uint32_t id;
	bool asked;
	size_t n;
	struct failure reasons[FAILURES_REASONS + 1];
	UT_hash_handle hh;
};

struct failures {
	struct host_failures *hosts;
};

struct failures *failures_new(void)
{
	return calloc(1, sizeof(struct failures));
}

static void remove_host(struct failures *f, struct host_failures *h)
{
	HASH_DEL(f->hosts, h);
	free(h);
}

void failures_free(struct failures *f)
{
	struct host_failures *h, *next;

	if (!f)
		return;
	HASH_ITER(hh, f->hosts, h, next)
		remove_host(f, h);
	free(f);
}

static struct host_failures *add_host(struct failures *f, uint32_t id)
{
	struct host_failures *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->id = id;
	h->asked = true; /* not to be forgotten before anybody could ask */
	HASH_ADD(hh, f->hosts, id, sizeof(h->id), h);
	if (h->hh.tbl)
		return h;
	free(h);
	return NULL;
}

static struct failure *reason_of(struct host_failures *h, const char *reason)
{
	struct failure *r;

	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->reasons[i].reason, reason) == 0)
			return &h->reasons[i];
	if (h->n > FAILURES_REASONS)
		return &h->reasons[FAILURES_REASONS];
	r = &h->reasons[h->n++];
	snprintf(r->reason, sizeof(r->reason), "%s", h->n > FAILURES_REASONS ? OTHER : reason);
	return r;
}

void failures_count(struct failures *f, uint32_t id, const char *reason)
{
	struct host_failures *h;
	char text[sizeof(h->reasons[0].reason)];

	snprintf(text, sizeof(text), "%s", reason);
	HASH_FIND(hh, f->hosts, &id, sizeof(id), h);
	if (!h)
		h = add_host(f, id);
	if (h)
		reason_of(h, text)->count++;
}

const struct failure *failures_of(struct failures *f, uint32_t id, size_t *ret_n)
{
	struct host_failures *h;

	HASH_FIND(hh, f->hosts, &id, sizeof(id), h);
	*ret_n = h ? h->n : 0;
	if (!h)
		return NULL;
	h->asked = true;
	return h->reasons;
}

void failures_tidy(struct failures *f)
{
	struct host_failures *h, *next;

	HASH_ITER(hh, f->hosts, h, next) {
		if (!h->asked)
			remove_host(f, h);
		else
			h->asked = false;
	}
}
