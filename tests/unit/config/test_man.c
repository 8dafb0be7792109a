/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlb.conf(5) and the grammar know the same keywords. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"

#define MAX_WORDS 1024

struct words {
	char *words[MAX_WORDS];
	size_t n;
};

/* What stands after Ic in the page and is no keyword: other programs' words, and names of things.
 */
static const char *const not_keywords[] = {
	"xlbd",    "xlbctl", "show", "hosts", "counters", "sessions", /* commands */
	"https",   "udp",                                             /* words as any others */
	"updates", "snmp",   "ssl", /* of relayd's former versions, refused */
};

static bool is_in(const char *word, const struct words *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->words[i], word) == 0)
			return true;
	return false;
}

static void add(struct words *list, const char *word)
{
	if (is_in(word, list))
		return;
	cr_assert_lt(list->n, MAX_WORDS);
	list->words[list->n++] = strdup(word);
}

static bool is_word(const char *text)
{
	if (!islower((unsigned char)*text))
		return false;
	for (; *text; text++)
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    *text != '-')
			return false;
	return true;
}

/* The lower-case words of a line that come after Ic or Cm, up to the next macro. */
static void take_line(char *line, struct words *ret)
{
	bool inside = false;
	char *word, *rest = line;

	while ((word = strsep(&rest, " ,|\n"))) {
		if (strcmp(word, "Ic") == 0 || strcmp(word, ".Ic") == 0 ||
		    strcmp(word, "Cm") == 0 || strcmp(word, ".Cm") == 0)
			inside = true;
		else if (isupper((unsigned char)*word) || *word == '.')
			inside = false;
		else if (inside && is_word(word))
			add(ret, word);
	}
}

static void read_page(struct words *ret)
{
	FILE *f = fopen(XLB_SOURCE_DIR "/docs/man/xlb.conf.5", "r");
	char line[1024];

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f))
		if (*line == '.')
			take_line(line, ret);
	fclose(f);
}

static void free_words(struct words *list)
{
	while (list->n)
		free(list->words[--list->n]);
}

Test(man, keywords)
{
	static struct words page;
	const char *keywords[512];
	size_t n = grammar_keywords(keywords, 512);
	struct words known = { 0 };

	read_page(&page);
	cr_assert_gt(n, 100);
	for (size_t i = 0; i < n; i++) {
		cr_expect(is_in(keywords[i], &page), "not in xlb.conf.5: %s", keywords[i]);
		add(&known, keywords[i]);
	}
	for (size_t i = 0; i < sizeof(not_keywords) / sizeof(not_keywords[0]); i++)
		add(&known, not_keywords[i]);
	for (size_t i = 0; i < page.n; i++)
		cr_expect(is_in(page.words[i], &known), "only in xlb.conf.5: %s", page.words[i]);
	free_words(&page);
	free_words(&known);
}
