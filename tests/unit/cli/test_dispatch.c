/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Words, abbreviations, hints and counts of arguments. No daemon is needed. */
#include <criterion/criterion.h>

#include "capture.h"
#include "cli/dispatch.h"

struct prefix_row {
	const char *word;
	const char *command; /* NULL: none */
	bool ambiguous;
};

static const struct prefix_row prefixes[] = {
	{ "attach", "attach", false }, { "a", "attach", false },   { "de", "detach", false },
	{ "d", NULL, true },           { "sh", "show", false },    { "h", NULL, true },
	{ "ho", "host", false },       { "he", "help", false },    { "r", NULL, true },
	{ "re", NULL, true },          { "rel", NULL, true },      { "red", "redirect", false },
	{ "reload", "reload", false }, { "rela", "relay", false }, { "m", "monitor", false },
	{ "shows", NULL, false },      { "", NULL, false },        { "Show", NULL, false },
};

Test(dispatch, prefixes)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const struct prefix_row *row = &prefixes[i];
		const struct command *c;
		bool ambiguous;

		c = command_find(commands, row->word, &ambiguous);
		cr_expect_str_eq(c ? c->name : "none", row->command ? row->command : "none",
				 "\"%s\"", row->word);
		cr_expect_eq(ambiguous, row->ambiguous, "\"%s\"", row->word);
	}
}

static int nothing(struct cli *cli, int argc, char **argv)
{
	return CLI_DONE;
}

Test(dispatch, a_whole_word_wins_over_longer_ones)
{
	static const struct command table[] = {
		{ "hosts", NULL, 0, 0, nothing, "", NULL, NULL },
		{ "host", NULL, 0, 0, nothing, "", NULL, NULL },
		{ "hostess", NULL, 0, 0, nothing, "", NULL, NULL },
		{ 0 },
	};
	bool ambiguous;

	cr_assert_eq(command_find(table, "host", &ambiguous), &table[1]);
	cr_assert_not(ambiguous);
	cr_assert_null(command_find(table, "hos", &ambiguous));
	cr_assert(ambiguous);
}

struct usage_row {
	const char *line;
	const char *says; /* on stderr */
};

static const struct usage_row usage_rows[] = {
	{ "", "xlbctl: missing argument:\nvalid commands/args:\n  attach\n  detach\n" },
	{ "shwo", "xlbctl: unknown argument: shwo\ndid you mean \"show\"?\n" },
	{ "show hots", "xlbctl: unknown argument: hots\ndid you mean \"hosts\"?\n" },
	{ "host disabel 3", "xlbctl: unknown argument: disabel\ndid you mean \"disable\"?\n" },
	{ "log 5", "xlbctl: unknown argument: 5\nvalid commands/args:\n  brief\n  verbose\n" },
	{ "show re", "xlbctl: ambiguous argument: re\n"
		     "valid commands/args:\n  redirects\n  relays\n" },
	{ "show", "xlbctl: missing argument:\nvalid commands/args:\n  summary\n" },
	{ "host enable", "xlbctl: missing argument: host enable NAME|ID\n" },
	{ "host enable 1 2", "xlbctl: superfluous argument: 2\n" },
	{ "show hosts -j", "xlbctl: superfluous argument: -j\noptions come before the command\n" },
	{ "poll now", "xlbctl: superfluous argument: now\n" },
	{ "attach", "xlbctl: missing argument: attach " },
	{ "attach --mode native", "xlbctl: missing argument: attach IFACE...\n" },
	{ "attach --mode", "xlbctl: option needs an argument: --mode\n" },
	{ "attach --fast em0", "xlbctl: unknown option: --fast\n" },
	{ "check -x", "xlbctl: unknown option: -x\n" },
	{ "check -f", "xlbctl: option needs an argument: -f\n" },
	{ "check -D novalue", "xlbctl: novalue: not of the form NAME=VALUE\n" },
	{ "check a.conf b.conf", "xlbctl: superfluous argument: b.conf\n" },
	{ "check --confirm 3", "xlbctl: unknown option: --confirm\ntry: xlbctl help check\n" },
	{ "check --plan -D a=b", "xlbctl: -D needs a FILE with --plan" },
	{ "reload xlb.conf", "xlbctl: superfluous argument: xlb.conf\n" },
	{ "reload --confirm", "xlbctl: option needs an argument: --confirm\n" },
	{ "reload --confirm soon", "xlbctl: --confirm wants a number of seconds, 1 to 86400" },
	{ "reload --confirm 0", "xlbctl: --confirm wants a number of seconds, 1 to 86400" },
	{ "load", "xlbctl: missing argument: load " },
	{ "load --confirm 5", "xlbctl: missing argument: load FILE\n" },
	{ "-w 1 poll", "xlbctl: -w is for show\n" },
	{ "-w soon show hosts", "xlbctl: -w wants seconds, 0.1 to 86400, not \"soon\"\n" },
	{ "-w 0 show hosts", "xlbctl: -w wants seconds" },
	{ "help shwo", "xlbctl: unknown argument: shwo\n" },
	{ "--jason show hosts", "xlbctl: unknown option: --jason\n" },
	{ "-s", "xlbctl: option needs an argument: -s\n" },
};

Test(dispatch, wrong_usage)
{
	for (size_t i = 0; i < sizeof(usage_rows) / sizeof(usage_rows[0]); i++) {
		const struct usage_row *row = &usage_rows[i];
		struct capture c;

		capture_open(&c);
		cr_expect_eq(capture_run(&c, row->line), CLI_USAGE, "\"%s\"", row->line);
		cr_expect(strncmp(c.err, row->says, strlen(row->says)) == 0, "\"%s\" says: %s",
			  row->line, c.err);
		cr_expect_str_empty(c.out, "\"%s\"", row->line);
		capture_close(&c);
	}
}

/* Every leaf of the tables, with as many arguments as it wants at least. */
static void try_all(const struct command *table, const char *words)
{
	for (const struct command *c = table; c->name; c++) {
		char line[256];
		struct capture capture;

		snprintf(line, sizeof(line), "%s%s%s", words, *words ? " " : "", c->name);
		if (c->sub) {
			try_all(c->sub, line);
			continue;
		}
		for (int i = 0; i < c->min_args; i++)
			strcat(line, " 192.0.2.1:80");
		capture_open(&capture);
		cr_expect_neq(capture_run(&capture, line), CLI_USAGE, "%s: %s", line, capture.err);
		capture_close(&capture);
	}
}

Test(dispatch, all_commands_take_their_arguments)
{
	setenv("PATH", "/nowhere", 1); /* no loader */
	try_all(commands, "");
}

Test(dispatch, no_daemon)
{
	static const char *const lines[] = { "show summary", "show sessions 5", "host disable 1",
					     "poll",         "reload",          "log brief",
					     "monitor",      "-j show hosts" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct capture c;

		capture_open(&c);
		cr_expect_eq(capture_run(&c, lines[i]), CLI_UNREACHABLE, "%s", lines[i]);
		cr_expect_str_eq(c.err,
				 "xlbctl: cannot reach the daemon at /nowhere/xlbd.sock: No "
				 "such file or directory\nhint: is xlbd running? See "
				 "\"systemctl status xlbd\"; another socket is named by -s\n");
		cr_expect_str_empty(c.out, "%s", lines[i]);
		capture_close(&c);
	}
}

Test(dispatch, version_needs_no_daemon)
{
	struct capture c;

	capture_open(&c);
	cr_expect_eq(capture_run(&c, "version"), CLI_DONE);
	cr_expect_str_eq(c.out, "xlbctl " XLB_VERSION "\nxlbd is not running\n");
	cr_expect_str_empty(c.err);
	capture_close(&c);
}

static void expect_output(const char *line, const char *part)
{
	struct capture c;

	capture_open(&c);
	cr_expect_eq(capture_run(&c, line), CLI_DONE, "%s", line);
	cr_expect_not_null(strstr(c.out, part), "%s: %s", line, c.out);
	cr_expect_str_empty(c.err, "%s", line);
	capture_close(&c);
}

Test(dispatch, help)
{
	expect_output("--help",
		      "usage: xlbctl [-j] [-w SECONDS] [-s SOCKET] [--bpffs DIR] COMMAND");
	expect_output("--help", "\n  show counters ");
	expect_output("help", "\n  host drain NAME|ID ");
	expect_output("help attach", "--mode native ");
	expect_output("help sh ho", "  show hosts ");
	expect_output("help host", "  host disable NAME|ID ");
	expect_output("host drain --help", "  host drain NAME|ID ");
	expect_output("check --help", "-f FILE ");
	expect_output("-V", "xlbctl " XLB_VERSION "\n");
}

Test(dispatch, output_that_cannot_be_written)
{
	struct capture c;
	FILE *full = fopen("/dev/full", "w"), *out;

	capture_open(&c);
	out = c.cli.out;
	c.cli.out = full;
	cr_expect_eq(capture_run(&c, "help"), CLI_FAILED);
	cr_expect_str_eq(c.err, "xlbctl: cannot write the output\n");
	c.cli.out = out;
	fclose(full);
	capture_close(&c);
}
