/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What was switched outlives the daemon; a file that is not one does no harm. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../model/fixture.h"
#include "daemon/state.h"

#define CONFIG(host_options, redirect_options)                                                     \
	"table <a> { 10.0.0.1, 10.0.0.2, www.example.com " host_options " }\n"                     \
	"table <b> { 10.0.1.1 parent 1 }\n"                                                        \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n" redirect_options                        \
	" route to <a> port 80 check tcp interface em0\n}\n"                                       \
	"redirect \"s\" {\n listen on 192.0.2.1 port 81\n"                                         \
	" route to <a> port 80 check icmp interface em0\n}\n"                                      \
	"redirect \"t\" {\n listen on 192.0.2.1 port 82\n"                                         \
	" route to <b> port 80 check tcp interface em0\n}\n"

static char directory[] = "/tmp/xlb-state-XXXXXX";
static char file[64], aside[80];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/state.json", directory);
	snprintf(aside, sizeof(aside), "%s.bad", file);
}

static void tear_down(void)
{
	unlink(file);
	unlink(aside);
	cr_expect_eq(rmdir(directory), 0, "nothing else was left behind");
}

TestSuite(state, .init = set_up, .fini = tear_down);

/* The model after a restart of the daemon, perhaps with another configuration. */
static struct model *restart(struct model *before, const char *config)
{
	struct model *m;

	cr_assert_eq(state_save(before, directory), 0);
	model_free(before);
	m = build(config);
	state_load(m, directory);
	return m;
}

Test(state, outlives_the_daemon)
{
	struct model *m = build(CONFIG("", ""));

	host_set_admin(&m->tables[0].hosts[0], HOST_DISABLED);
	host_set_admin(&m->tables[0].hosts[1], HOST_DRAINING);
	host_set_admin(&m->tables[1].hosts[2], HOST_DISABLED);
	service_set_disabled(redirect(m, "t"), true);
	m = restart(m, CONFIG("", ""));
	cr_expect_eq(m->tables[0].hosts[0].admin, HOST_DISABLED);
	cr_expect_eq(m->tables[0].hosts[1].admin, HOST_DRAINING);
	cr_expect_eq(m->tables[0].hosts[2].admin, HOST_ENABLED);
	cr_expect_eq(m->tables[1].hosts[0].admin, HOST_ENABLED, "two tables of one name");
	cr_expect_eq(m->tables[1].hosts[2].admin, HOST_DISABLED, "by its name");
	cr_expect_eq(host(m, "b:80", 0)->admin, HOST_DISABLED, "as its parent");
	cr_expect(redirect(m, "t")->disabled);
	cr_expect(table(m, "b:80")->disabled);
	cr_expect_not(redirect(m, "r")->disabled);

	host_set_admin(&m->tables[0].hosts[0], HOST_ENABLED);
	service_set_disabled(redirect(m, "t"), false);
	m = restart(m, CONFIG("", ""));
	cr_expect_eq(m->tables[0].hosts[0].admin, HOST_ENABLED);
	cr_expect_eq(m->tables[0].hosts[1].admin, HOST_DRAINING);
	cr_expect_not(redirect(m, "t")->disabled);
	cr_expect_not(table(m, "b:80")->disabled);
	model_free(m);
}

/* Enabled by hand what the file disables: so it stays, until the file changes. */
Test(state, file_that_changed_wins)
{
	struct model *m = build(CONFIG("", "disable\n"));

	service_set_disabled(redirect(m, "r"), false);
	m = restart(m, CONFIG("", "disable\n"));
	cr_expect_not(redirect(m, "r")->disabled);
	m = restart(m, CONFIG("", ""));
	cr_expect_not(redirect(m, "r")->disabled);
	m = restart(m, CONFIG("", "disable\n"));
	cr_expect(redirect(m, "r")->disabled);
	model_free(m);
}

Test(state, hosts_that_are_gone_are_forgotten)
{
	struct model *m = build(CONFIG("", ""));

	host_set_admin(&m->tables[0].hosts[0], HOST_DISABLED);
	m = restart(m, "table <a> { 10.0.0.7 }\nredirect \"z\" {\n listen on 192.0.2.1 port 80\n"
		       " route to <a> port 80 check tcp interface em0\n}\n");
	cr_expect_eq(m->tables[0].hosts[0].admin, HOST_ENABLED);
	model_free(m);
}

Test(state, none_is_fine)
{
	struct model *m = build(CONFIG("", ""));

	state_load(m, directory);
	state_load(m, "/nowhere/at/all");
	cr_expect_lt(state_save(m, "/nowhere/at/all"), 0);
	cr_expect_neq(access(aside, F_OK), 0);
	model_free(m);
}

Test(state, what_is_no_state_is_put_aside)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "nonsense", "{\"version\": 2}", "\xff\xfe",
		"{\"version\":1,\"services\":[],\"tables\":[]}",
		"{\"version\":1,\"services\":[],\"tables\":[],\"hosts\":[{\"table\":\"a:80\"}]}",
		"{\"version\":1,\"services\":[],\"tables\":[],\"hosts\":[{\"table\":\"a:80\","
		"\"ordinal\":-1,\"host\":\"10.0.0.1\",\"admin\":\"disabled\"}]}",
		"{\"version\":1,\"services\":[],\"tables\":[],\"hosts\":[{\"table\":\"a:80\","
		"\"ordinal\":0,\"host\":\"10.0.0.1\",\"admin\":\"asleep\"}]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct model *m = build(CONFIG("", ""));
		FILE *f = fopen(file, "we");
		char kept[256] = "";

		cr_assert_not_null(f);
		fputs(texts[i], f);
		fclose(f);
		state_load(m, directory);
		for (unsigned n = 0; n < m->tables[0].n_hosts; n++)
			cr_expect_eq(m->tables[0].hosts[n].admin, HOST_ENABLED, "%s", texts[i]);
		cr_expect_neq(access(file, F_OK), 0, "%s", texts[i]);
		f = fopen(aside, "re");
		cr_assert_not_null(f, "%s", texts[i]);
		cr_expect_eq(fread(kept, 1, sizeof(kept), f), strlen(texts[i]), "nothing is lost");
		fclose(f);
		cr_expect_eq(state_save(m, directory), 0, "and it goes on");
		model_free(m);
		unlink(file);
	}
}

Test(state, where_it_is)
{
	unsetenv("STATE_DIRECTORY");
	cr_expect_str_eq(state_directory(NULL), "/var/lib/xlb");
	cr_expect_str_eq(state_directory("/x"), "/x");
	setenv("STATE_DIRECTORY", "/y", 1);
	cr_expect_str_eq(state_directory(NULL), "/y");
	cr_expect_str_eq(state_directory("/x"), "/x");
}
