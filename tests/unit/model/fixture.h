/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Models from text, without asking the machine for anything. */
#ifndef XLB_TESTS_MODEL_FIXTURE_H
#define XLB_TESTS_MODEL_FIXTURE_H

#include <criterion/criterion.h>
#include <string.h>

#include "config/config.h"
#include "model/model.h"

static struct cfg *parse(const char *text)
{
	const struct cfg_options options = { .no_resolve = true };
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	int r = cfg_parse_text("test", text, strlen(text), &options, &diag, &cfg);

	if (r < 0)
		diag_print(&diag, stderr, false);
	diag_clear(&diag);
	cr_assert_eq(r, 0);
	return cfg;
}

/* `old` goes; NULL is fine. */
static struct model *rebuild(struct model *old, const char *text)
{
	struct model *m = NULL;

	cr_assert_eq(model_build(parse(text), old, &m), 0);
	model_free(old);
	return m;
}

static struct model *build(const char *text)
{
	return rebuild(NULL, text);
}

__attribute__((unused)) static struct table *table(const struct model *m, const char *name)
{
	struct table *t = model_table_by_name(m, name);

	cr_assert_not_null(t, "table %s", name);
	return t;
}

__attribute__((unused)) static struct service *redirect(const struct model *m, const char *name)
{
	struct service *s = model_service_by_name(m, SERVICE_REDIRECT, name);

	cr_assert_not_null(s, "redirect %s", name);
	return s;
}

/* The n-th host of the table, from 0. */
__attribute__((unused)) static struct host *host(const struct model *m, const char *name,
						 unsigned n)
{
	cr_assert_lt(n, table(m, name)->n_hosts);
	return &table(m, name)->hosts[n];
}

__attribute__((unused)) static struct host_change result(struct host *h, enum host_health health)
{
	const struct probe_result r = {
		.health = health,
		.reason = health == HOST_UP ? "tcp connect ok" : "tcp connect failed",
		.latency_ms = 7,
	};
	struct host_change change;

	host_probe_result(h, &r, 1000, &change);
	return change;
}

__attribute__((unused)) static void resolve(struct host *h)
{
	const struct next_hop hop = {
		.state = NEXT_HOP_OK,
		.ifindex = 3,
		.dst_mac = { 2, 0, 0, 0, 0, (uint8_t)h->number },
		.src_mac = { 2, 0, 0, 0, 1, 1 },
	};

	host_set_next_hop(h, &hop);
}

/* All hosts of the table are up and have next hops. */
__attribute__((unused)) static void bring_up(struct model *m, const char *name)
{
	for (unsigned i = 0; i < table(m, name)->n_hosts; i++) {
		resolve(host(m, name, i));
		result(host(m, name, i), HOST_UP);
	}
	model_update(m);
}

#endif
