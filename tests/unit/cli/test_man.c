/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl(8) and the table of commands say the same. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "cli/cli.h"

#define MAX_COMMANDS 64

struct list {
	char words[MAX_COMMANDS][64]; /* "show hosts" */
	size_t n;
};

static void list_commands(const struct command *table, const char *words, struct list *ret)
{
	for (const struct command *c = table; c->name; c++) {
		char line[64];

		snprintf(line, sizeof(line), "%s%s%s", words, *words ? " " : "", c->name);
		if (c->sub)
			list_commands(c->sub, line, ret);
		else
			strcpy(ret->words[ret->n++], line);
	}
}

/* "It Ic show hosts" up to the first word that is a macro, such as Ar or Op. */
static void take_item(const char *line, struct list *ret)
{
	char copy[512], *rest = copy, *word;
	char *words = ret->words[ret->n];

	snprintf(copy, sizeof(copy), "%s", line);
	copy[strcspn(copy, "\n")] = '\0';
	words[0] = '\0';
	while ((word = strsep(&rest, " ")) && !isupper((unsigned char)*word)) {
		strcat(words, *words ? " " : "");
		strcat(words, word);
	}
	ret->n++;
}

static void list_documented(struct list *ret)
{
	static const char item[] = ".It Ic ";
	FILE *f = fopen(XLB_SOURCE_DIR "/docs/man/xlbctl.8", "r");
	char line[512];

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, item, strlen(item)) == 0 && ret->n < MAX_COMMANDS)
			take_item(line + strlen(item), ret);
	fclose(f);
}

static bool contains(const struct list *list, const char *words)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->words[i], words) == 0)
			return true;
	return false;
}

Test(man, commands)
{
	struct list commands_there = { 0 }, documented = { 0 };

	list_commands(commands, "", &commands_there);
	list_documented(&documented);
	cr_assert_gt(commands_there.n, 20);
	for (size_t i = 0; i < commands_there.n; i++)
		cr_expect(contains(&documented, commands_there.words[i]), "not in xlbctl.8: %s",
			  commands_there.words[i]);
	for (size_t i = 0; i < documented.n; i++)
		cr_expect(contains(&commands_there, documented.words[i]), "only in xlbctl.8: %s",
			  documented.words[i]);
	cr_expect_eq(commands_there.n, documented.n, "each one once");
}

/* ---- options ------------------------------------------------------------------------------- */
static char *read_page(void)
{
	FILE *f = fopen(XLB_SOURCE_DIR "/docs/man/xlbctl.8", "r");
	static char page[1 << 17];
	size_t n;

	cr_assert_not_null(f);
	n = fread(page, 1, sizeof(page) - 1, f);
	page[n] = '\0';
	fclose(f);
	return page;
}

/* "--confirm" of a help text is "Fl -confirm" in the page. */
static void expect_options(const char *command, const char *page)
{
	char line[64], option[64];
	struct capture c;

	capture_open(&c);
	snprintf(line, sizeof(line), "help %s", command);
	cr_assert_eq(capture_run(&c, *command ? line : "--help"), CLI_DONE);
	for (const char *at = c.out; (at = strstr(at, "--")); at += 2) {
		size_t len = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");

		snprintf(option, sizeof(option), "-%.*s", (int)len, at + 2);
		cr_expect(len > 0 && strstr(page, option), "not in xlbctl.8: --%s of \"%s\"",
			  option + 1, command);
	}
	capture_close(&c);
}

Test(man, options)
{
	const char *page = read_page();

	expect_options("", page);
	for (const struct command *c = commands; c->name; c++)
		expect_options(c->name, page);
}
