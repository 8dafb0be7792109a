/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What comes from outside of the text: files, includes, and what this very box knows. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/print.h"
#include "texts.h"

static char dir[] = "/tmp/xlb-config-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(path_of(name), "w");

	cr_assert_not_null(out, "%s", name);
	fputs(text, out);
	fclose(out);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
}

static void cleanup(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(files, .init = setup, .fini = cleanup);

static struct cfg *parse_file(const char *name, struct diag *diag)
{
	struct cfg *cfg = NULL;

	if (cfg_parse_file(path_of(name), &no_resolve, diag, &cfg) < 0)
		return NULL;
	return cfg;
}

Test(files, missing)
{
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;

	cr_expect_eq(cfg_parse_file(path_of("none.conf"), &no_resolve, &diag, &cfg), -ENOENT);
	cr_expect_null(cfg);
	cr_expect_eq(diag.n_errors, 1);
	cr_expect_str_eq(diag.items[0].message, "cannot read none.conf: No such file or directory");
	diag_clear(&diag);
}

Test(files, directory)
{
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;

	cr_expect_eq(cfg_parse_file(dir, &no_resolve, &diag, &cfg), -EISDIR);
	cr_expect_eq(diag.n_errors, 1);
	diag_clear(&diag);
}

/* At the top, in a list of hosts (in place of a name) and in each kind of block. */
Test(files, includes)
{
	struct diag diag = { 0 };
	struct cfg *cfg;

	cr_assert_eq(mkdir(path_of("sub"), 0700), 0);
	write_file("main.conf",
		   "include \"sub/globals\"\ntable <t> { 10.0.0.1, include \"hosts\" }\n"
		   "redirect r {\ninclude \"sub/listen\"\nforward to <t> check tcp\n}\n"
		   "http protocol h {\ntcp nodelay\ninclude \"rules\"\n}\n"
		   "relay s {\nlisten on 10.9.9.8 port 80\ninclude \"relay\"\n}\n");
	write_file("sub/globals", "interval 30\ninclude \"more\"");
	write_file("sub/more", "timeout 400\n");
	write_file("hosts", "10.0.0.2 weight 2\n10.0.0.3");
	write_file("sub/listen", "listen on 10.9.9.9 port 80\nsticky-address\n");
	write_file("rules", "match url log\n");
	write_file("relay", "protocol h\nforward to <t> port 80\n");
	cfg = parse_file("main.conf", &diag);
	cr_assert(cfg, "%s", diag.n_items ? diag.items[0].message : "");
	cr_expect_eq(cfg->interval_s, 30);
	cr_expect_eq(cfg->timeout_ms, 400);
	cr_expect_eq(cfg->tables->n_hosts, 3);
	cr_expect_eq(cfg->tables->hosts->next->weight, 2);
	cr_expect_str_eq(cfg->tables->hosts->next->pos.file, path_of("hosts"));
	cr_expect_eq(cfg->tables->hosts->next->next->pos.line, 2);
	cr_expect(cfg->redirects->sticky_address);
	cr_expect(cfg->protocols->match_url_log);
	cr_expect_eq(cfg->relays->protocol, cfg->protocols);
	cfg_free(cfg);
	diag_clear(&diag);
}

/* Errors carry the file they are in, and come file by file. */
Test(files, errors_in_includes)
{
	struct diag diag = { 0 };

	write_file("main.conf", "include \"a\"\nbad {\n}\ntimeout 0\n");
	write_file("a", "interval 0\nbroken line\n");
	cr_expect_null(parse_file("main.conf", &diag));
	cr_assert_eq(diag.n_items, 4);
	cr_expect_str_eq(diag.items[0].file, path_of("main.conf"));
	cr_expect_eq(diag.items[0].line, 2);
	cr_expect_eq(diag.items[1].line, 4);
	cr_expect_str_eq(diag.items[2].file, path_of("a"));
	cr_expect_eq(diag.items[2].line, 1);
	cr_expect_str_eq(diag.items[2].source, "interval 0");
	cr_expect_eq(diag.items[3].line, 2);
	cr_expect_str_eq(diag.items[3].source, "broken line");
	diag_clear(&diag);
}

Test(files, include_of_itself)
{
	struct diag diag = { 0 };
	char expected[300];

	write_file("main.conf", "include \"a\"\n");
	write_file("a", "include \"main.conf\"\n");
	cr_expect_null(parse_file("main.conf", &diag));
	snprintf(expected, sizeof(expected), "file %s includes itself", path_of("main.conf"));
	cr_assert_eq(diag.n_errors, 1);
	cr_expect_str_eq(diag.items[0].message, expected);
	diag_clear(&diag);
}

Test(files, includes_too_deep)
{
	struct diag diag = { 0 };

	for (int i = 0; i < 20; i++) {
		char name[16], text[32];

		snprintf(name, sizeof(name), "%d", i);
		snprintf(text, sizeof(text), "include \"%d\"\n", i + 1);
		write_file(name, text);
	}
	cr_expect_null(parse_file("0", &diag));
	cr_assert_eq(diag.n_errors, 1);
	cr_expect(strstr(diag.items[0].message, "nested too deep"));
	diag_clear(&diag);
}

Test(files, too_large)
{
	struct diag diag = { 0 };
	struct cfg *cfg = NULL;

	write_file("large", "");
	cr_assert_eq(truncate(path_of("large"), (4 << 20) + 1), 0);
	cr_expect_eq(cfg_parse_file(path_of("large"), &no_resolve, &diag, &cfg), -EFBIG);
	diag_clear(&diag);
}

/* Without no_resolve the box is asked; what it does not know is a warning. */
static const struct cfg_options resolve;

Test(box, loopback_has_addresses)
{
	struct diag diag = { 0 };
	struct cfg *cfg = parse_with("table <t> { 10.0.0.1 }\nrelay r {\nlisten on lo port 80\n"
				     "forward to <t> port 80\n}\n",
				     &resolve, &diag);

	cr_assert_not_null(cfg);
	cr_expect_eq(diag.n_items, 0);
	cr_expect_eq(cfg->relays->listen->addr.family, AF_INET);
	cr_expect_eq(cfg->relays->listen->addr.v4.s_addr, htonl(INADDR_LOOPBACK));
	cr_expect_str_eq(cfg->relays->listen->name, "lo");
	cfg_free(cfg);
	diag_clear(&diag);
}

/* A redirect listens on all addresses of an interface; printed, that is one line. */
Test(box, redirect_on_an_interface)
{
	struct diag diag = { 0 };
	struct cfg *cfg = parse_with("table <t> { 10.0.0.1 }\nredirect r {\n"
				     "listen on lo port 80\nforward to <t> check tcp\n}\n",
				     &resolve, &diag);
	const struct cfg_listen *listen;
	unsigned n = 0;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(cfg);
	for (listen = cfg->redirects->listen; listen; listen = listen->next, n++) {
		cr_expect_str_eq(listen->name, "lo");
		cr_expect_eq(listen->further, n > 0);
		cr_expect_neq(listen->addr.family, AF_UNSPEC);
	}
	cr_expect_eq(cfg->redirects->n_listen, n);
	cr_expect_gt(n, 0);
	cr_expect_eq(cfg_print(cfg, out), 0);
	fclose(out);
	cr_expect_not_null(strstr(text, "listen on"));
	cr_expect_null(strstr(strstr(text, "listen on") + 1, "listen on"));
	free(text);
	cfg_free(cfg);
	diag_clear(&diag);
}

Test(box, localhost_resolves)
{
	struct diag diag = { 0 };
	struct cfg *cfg = parse_with("table <t> { localhost }\n" REDIRECT_R, &resolve, &diag);

	cr_assert_not_null(cfg);
	cr_expect_eq(diag.n_items, 0);
	cr_expect_neq(cfg->tables->hosts->addr.family, AF_UNSPEC);
	cfg_free(cfg);
	diag_clear(&diag);
}

/* ".invalid" is reserved for names that never resolve. */
Test(box, what_is_not_here_is_a_warning)
{
	static const char text[] =
		"table <t> { no.such.host.invalid }\n"
		"redirect r { listen on 10.9.9.9 port 80 interface nosuchif0\n"
		"route to <t> check tcp interface nosuchif1\n}\n"
		"relay s {\nlisten on egress port 80\nforward to <t> port 80\n}\n";
	struct diag diag = { 0 };
	struct cfg *cfg = parse_with(text, &resolve, &diag);

	cr_assert_not_null(cfg);
	cr_assert_eq(diag.n_items, 4);
	cr_expect_eq(diag.n_warnings, 4);
	cr_expect(
		strstr(diag.items[0].message, "no.such.host.invalid is neither an interface nor"));
	cr_expect_str_eq(diag.items[1].message, "there is no interface nosuchif0 here");
	cr_expect_eq(diag.items[1].col, 51);
	cr_expect_str_eq(diag.items[2].message, "there is no interface nosuchif1 here");
	cr_expect(strstr(diag.items[3].message, "egress is neither"));
	cr_expect_not_null(diag.items[3].hint);
	cr_expect_eq(cfg->tables->hosts->addr.family, AF_UNSPEC);
	cr_expect_eq(cfg->relays->listen->addr.family, AF_UNSPEC);
	cfg_free(cfg);
	diag_clear(&diag);
}
