/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl check, with the reader that the daemon uses. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "capture.h"

static char path[] = "/tmp/xlb-check-XXXXXX";
static struct capture capture;

static void setup(void)
{
	cr_assert_geq(mkstemp(path), 0);
	capture_open(&capture);
}

static void teardown(void)
{
	capture_close(&capture);
	unlink(path);
}

TestSuite(check, .init = setup, .fini = teardown);

static int check_text(const char *options, const char *text)
{
	char line[256];
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	snprintf(line, sizeof(line), "%s -f %s", options, path);
	return capture_run(&capture, line);
}

static const char good[] = "ext=\"192.0.2.1\"\n"
			   "table <web> { 192.0.2.3 }\n"
			   "redirect \"www\" {\n"
			   "	listen on $ext port 80\n"
			   "	route to <web> port 80 check tcp interface lo\n"
			   "}\n";
static const char bad[] = "table <web> { 192.0.2.3 }\n"
			  "redirect \"www\" {\n"
			  "	listen on 192.0.2.1 port 70000\n"
			  "	route to <wbe> port 80 check tcp interface lo\n"
			  "}\n";

Test(check, good)
{
	cr_expect_eq(check_text("check", good), CLI_DONE, "%s", capture.err);
	cr_expect_str_eq(capture.out, "configuration OK\n");
}

Test(check, all_errors_in_one_run)
{
	char place[64];

	cr_expect_eq(check_text("check", bad), CLI_FAILED);
	cr_expect_str_empty(capture.out);
	snprintf(place, sizeof(place), "%s:3:", path);
	cr_expect_not_null(strstr(capture.err, place), "%s", capture.err);
	snprintf(place, sizeof(place), "%s:4:", path);
	cr_expect_not_null(strstr(capture.err, place), "%s", capture.err);
	cr_expect_null(strchr(capture.err, '\033'), "no colour unless asked");
}

Test(check, parents)
{
	cr_expect_eq(check_text("check", "table <web> { 192.0.2.3 parent 7 }\n"
					 "redirect \"www\" {\n"
					 "	listen on 192.0.2.1 port 80\n"
					 "	route to <web> port 80 check tcp interface lo\n"
					 "}\n"),
		     CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, ":1:"), "%s", capture.err);
	cr_expect_not_null(strstr(capture.err, "parent id 7"), "%s", capture.err);
}

Test(check, macros)
{
	cr_expect_eq(check_text("check -D ext=nonsense!", good), CLI_FAILED, "%s", capture.err);
	cr_expect_eq(check_text("check -D ext=192.0.2.9", good), CLI_DONE);
}

Test(check, json)
{
	cr_expect_eq(check_text("-j check", bad), CLI_FAILED);
	cr_expect_not_null(strstr(capture.out, "\"ok\": false"));
	cr_expect_not_null(strstr(capture.out, "\"line\": 3"));
	cr_expect_str_empty(capture.err);
}

Test(check, a_file_that_is_not_there)
{
	cr_expect_eq(capture_run(&capture, "check -f /nowhere/xlb.conf"), CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, "/nowhere/xlb.conf"), "%s", capture.err);
}

Test(check, colour)
{
	capture.cli.colour_err = true;
	cr_expect_eq(check_text("check", bad), CLI_FAILED);
	cr_expect_not_null(strchr(capture.err, '\033'));
}
