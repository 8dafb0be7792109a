/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Configurations of other people's relayds, if there are any beside the checkout: each is either
 * served, or every line that cannot be is named with what to do instead.
 */
#include <unistd.h>

#include "texts.h"

#define SHARED XLB_SOURCE_DIR "/../shared/"

struct row {
	const char *file;
	unsigned errors; /* 0: it is accepted */
	const char *says; /* one of the messages */
};

static const struct row rows[] = {
	{ "seed-relayd.conf", 0, "prefork has no effect here" },
	{ "corpus/aaronriekenberg-amsterdam.conf", 6, "\"listen … tls\" is not supported" },
	{ "corpus/akarle-euchre.conf", 5, "\"forward to <euchre>\" is not supported" },
	{ "corpus/dentarg-puma.conf", 0, "rules have no effect in a protocol that is not http" },
	{ "corpus/legacy-openbsd-5.6-syntax.conf", 25, "\"log updates\" is gone" },
	{ "corpus/nayden-apu2.conf", 4, "\"block\" is not supported" },
	{ "corpus/negative-json.conf", 1, "unexpected '{'" },
	{ "corpus/northox-apu2.conf", 3, "\"log updates\" is gone" },
	{ "corpus/openbsd-examples-2019.conf", 12, "\"header append\" is not supported" },
	{ "corpus/seheyah-etc.conf", 10, "\"forward to <local>\" is not supported" },
	{ "corpus/tiemma-relayd-go.conf", 0, "unused protocol: tcp_service_tls" },
};

static bool says(const struct diag *diag, const char *text)
{
	for (size_t i = 0; i < diag->n_items; i++) {
		if (strstr(diag->items[i].message, text))
			return true;
	}
	return false;
}

static void check_row(const struct row *row)
{
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;
	char path[512];
	int ret;

	snprintf(path, sizeof(path), "%s%s", SHARED, row->file);
	ret = cfg_parse_file(path, &no_resolve, &diag, &cfg);
	cr_expect_eq(ret == 0, row->errors == 0, "%s", row->file);
	cr_expect_eq(diag.n_errors, row->errors, "%s: %zu errors", row->file, diag.n_errors);
	cr_expect(says(&diag, row->says), "%s: %s", row->file, row->says);
	for (size_t i = 0; i < diag.n_items; i++) {
		cr_expect_gt(diag.items[i].line, 0, "%s", row->file);
		cr_expect_not_null(diag.items[i].source, "%s", row->file);
		/* An error without advice leaves a reader of another's syntax alone. */
		cr_expect(diag.items[i].level != DIAG_ERROR || diag.items[i].hint, "%s:%d: %s",
			  row->file, diag.items[i].line, diag.items[i].message);
	}
	if (ret == 0)
		cfg_free(cfg);
	diag_clear(&diag);
}

Test(corpus, outcomes)
{
	if (access(SHARED "seed-relayd.conf", R_OK) != 0)
		cr_skip("no configurations in " SHARED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

/* The founding configuration gives notes, no warnings, and these services. */
Test(corpus, seed)
{
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;

	if (access(SHARED "seed-relayd.conf", R_OK) != 0)
		cr_skip("no configurations in " SHARED);
	cr_assert_eq(cfg_parse_file(SHARED "seed-relayd.conf", &no_resolve, &diag, &cfg), 0);
	cr_expect_eq(diag.n_warnings, 0);
	cr_expect_eq(diag.n_items, 4);
	cr_expect_str_eq(cfg->tables->name, "kube_api_hosts");
	cr_expect_eq(cfg->tables->next->n_hosts, 4);
	cr_expect_str_eq(cfg->redirects->name, "https_forwarder");
	cr_expect(cfg->redirects->sticky_address);
	cr_expect(cfg->redirects->target->route);
	cr_expect_str_eq(cfg->redirects->target->interface, "em0");
	cr_expect_str_eq(cfg->redirects->listen->interface, "vether0");
	cr_expect_str_eq(cfg->redirects->listen->name, "192.168.0.2");
	cr_expect_str_eq(cfg->relays->name, "kube_forwarder");
	cr_expect_eq(cfg->relays->target->mode, CFG_MODE_LOADBALANCE);
	cr_expect_eq(cfg->relays->target->check.code, 401);
	cr_expect_not(cfg->relays->protocol->match_url_log);
	cr_expect(cfg->relays->next->protocol->match_url_log);
	cfg_free(cfg);
	diag_clear(&diag);
}
